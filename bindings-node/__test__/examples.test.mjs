import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { Client } from 'driftmgr';

import { quickstart, repository } from './helpers.mjs';

/** An example beside this file, so that it finds the packages of this project. */
function example(name) {
  const copy = fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
  mkdirSync(copy, { recursive: true });
  cpSync(join(repository, 'examples', name), copy, { recursive: true });
  return copy;
}

test('the gate stops for drift, and says why it cannot look', () => {
  const script = join(example('node-gate'), 'gate.mjs');
  const drifted = spawnSync(process.execPath, [script, quickstart], { encoding: 'utf8' });
  assert.equal(drifted.status, 2, drifted.stderr);
  assert.match(drifted.stdout, /^important +missing +module\.site\.local_file\.page\["contact"\]$/m);
  const broken = spawnSync(process.execPath, [script, '/nowhere'], { encoding: 'utf8' });
  assert.equal(broken.status, 1);
  assert.match(broken.stderr, /hint: a target is the folder of a root module/);
});

test('the portal shows stacks, reports and findings as they come', async (t) => {
  const { portal } = await import(pathToFileURL(join(example('node-portal'), 'server.mjs')));
  const server = portal(new Map([['quick', quickstart], ['gone', '/nowhere']]), new Client()).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const get = (path) => fetch(`http://127.0.0.1:${server.address().port}${path}`);

  assert.match(await (await get('/')).text(), /<a href="\/stacks\/quick">quick<\/a>/);
  assert.match(await (await get('/stacks/quick')).text(), /^<!doctype html>/);
  assert.equal((await (await get('/api/stacks/quick')).json()).summary.deleted, 2);
  const live = await (await get('/api/stacks/quick/live')).text();
  assert.equal(live.match(/^event: finding$/gm).length, 2);
  assert.match(live, /event: summary\ndata: \{"checked":6/);

  const gone = await get('/api/stacks/gone');
  assert.equal(gone.status, 404);
  assert.equal((await gone.json()).kind, 'not_found');
  assert.equal((await get('/stacks/other')).status, 404);
});
