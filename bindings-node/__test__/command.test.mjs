import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import test from 'node:test';

import { open } from 'driftmgr';

import { quickstart } from './helpers.mjs';

function npx(...words) {
  const { status, stdout, stderr } = spawnSync('npx', ['--no-install', 'driftmgr', ...words], { encoding: 'utf8', timeout: 60_000 });
  return { status, stdout, stderr };
}

test('npx driftmgr is the command line', async () => {
  const { status, stdout } = npx('check', quickstart);
  assert.equal(stdout, 'Drift: 2 of 6 objects differ from the state (2 deleted).\n');
  assert.equal(status, 2);
});

test('it gives the answer of the library', async () => {
  const { status, stdout } = npx('drift', quickstart, '--format', 'json');
  assert.equal(status, 0);
  const report = await (await open(quickstart)).detectDrift();
  assert.deepEqual(JSON.parse(stdout), JSON.parse(JSON.stringify(report)));
});

test('a wrong command line is 1, an error too', () => {
  assert.equal(npx('chek').status, 1);
  const { status, stderr } = npx('check', '/nowhere');
  assert.equal(status, 1);
  assert.match(stderr, /\/nowhere/);
});

test('it says the version of the package', () => {
  const { version } = createRequire(import.meta.url)('driftmgr/package.json');
  assert.match(npx('--version').stdout, new RegExp(`\\b${version.replaceAll('.', '\\.')}\\b`));
});

test('a reader that has seen enough is no error', () => {
  const { status, stderr } = spawnSync('bash', ['-c', 'set -o pipefail; node_modules/.bin/driftmgr drift "$1" --format json | head -1', '-', quickstart], { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.equal(status, 0);
});
