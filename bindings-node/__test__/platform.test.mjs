import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import test from 'node:test';

import { folder } from './helpers.mjs';

const installed = dirname(createRequire(import.meta.url).resolve('driftmgr/package.json'));

/** What loading says where the native package is missing. */
function loading(t, script) {
  const dir = folder(t);
  mkdirSync(join(dir, 'node_modules'));
  cpSync(installed, join(dir, 'node_modules/driftmgr'), { recursive: true });
  const { stdout } = spawnSync(process.execPath, ['-e', `${script}
    try { require('driftmgr'); } catch (error) {
      console.log(JSON.stringify({ code: error.code, name: error.name, message: error.message, hints: error.hints }));
    }`], { cwd: dir, encoding: 'utf8' });
  return JSON.parse(stdout);
}

test('a platform whose package was left out is told how to get it', (t) => {
  const error = loading(t, '');
  assert.equal(error.name, 'DriftmgrError');
  assert.equal(error.code, 'unsupported');
  assert.match(error.message, /@driftmgr\/linux-\w+-\w+, which holds driftmgr for this platform, is not installed/);
  assert.match(error.hints[0], /--omit=optional/);
});

test('a platform that there is no package for is told which there are', (t) => {
  const error = loading(t, "Object.defineProperty(process, 'platform', { value: 'sunos' });");
  assert.equal(error.code, 'unsupported');
  assert.match(error.message, /^driftmgr is not built for sunos-\w+; it is for linux-x64-gnu, /);
});

test('the package names one optional package for each platform, of its own version', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  const { platforms } = JSON.parse(readFileSync(join(installed, 'platforms.json'), 'utf8'));
  assert.deepEqual(
    manifest.optionalDependencies,
    Object.fromEntries(platforms.map(({ name }) => [`@driftmgr/${name}`, manifest.version])),
  );
  assert.equal(manifest.scripts, undefined, 'a package runs nothing when it is installed');
});
