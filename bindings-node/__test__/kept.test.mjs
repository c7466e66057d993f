// Provider processes that go on for the next run. The provider is a real one, behind a script that counts its starts.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { Client } from 'driftmgr';

import { folder, randoms, state } from './helpers.mjs';

const mirror = join(process.env.DRIFTMGR_TOOLS_DIR ?? '.', 'mirror/registry.terraform.io/hashicorp/null');
const packages = existsSync(mirror) ? readdirSync(mirror, { recursive: true }) : [];
const provider = packages.map((name) => join(mirror, name)).find((name) => name.includes('/terraform-provider-null_v'));
const skip = provider === undefined && 'no provider is installed: `cargo xtask tools` does it';

test('a client keeps its providers until it is told to end them', { skip }, async (t) => {
  const dir = folder(t);
  const log = join(dir, 'starts');
  const wrapper = join(dir, 'terraform-provider-null');
  writeFileSync(wrapper, `#!/bin/sh\necho $$ >> '${log}'\nexec '${provider}' "$@"\n`, { mode: 0o755 });
  writeFileSync(join(dir, 'mine.tfstate'), state(randoms(1)));
  const pids = () => readFileSync(log, 'utf8').trim().split('\n');
  const running = () => pids().filter((pid) => existsSync(`/proc/${pid}/exe`)).length;
  const options = { providerPaths: { 'registry.terraform.io/hashicorp/null': wrapper } };

  const client = new Client({ keepProviders: true });
  const look = async () => {
    const report = await client.detectDrift([await client.open(join(dir, 'mine.tfstate'))], options);
    assert.equal(report.summary.checked, 1);
  };
  await look();
  await look();
  assert.deepEqual([pids().length, running()], [1, 1]);
  await client.endProviders();
  assert.equal(running(), 0);
  await look();
  assert.deepEqual([pids().length, running()], [2, 1]);
  await client.endProviders();
  assert.equal(running(), 0);
});

test('a client that keeps none has nothing to end', async () => {
  await new Client().endProviders();
  assert.throws(() => new Client({ keepProviders: 'yes' }), { name: 'TypeError', message: /keepProviders/ });
});
