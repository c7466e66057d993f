import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { open } from 'driftmgr';

import { quickstart } from './helpers.mjs';

if (isMainThread) {
  test('worker threads look for drift side by side', async () => {
    const workers = Array.from({ length: 8 }, () => new Worker(new URL(import.meta.url), { workerData: { times: 5 } }));
    const here = open(quickstart).then((stack) => stack.detectDrift());
    const told = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]));
    assert.deepEqual(told, Array.from({ length: 8 }, () => ({ drifted: [2, 2, 2, 2, 2], code: 'not_found' })));
    assert.equal((await here).summary.deleted, 2);
    await Promise.all(workers.map((worker) => worker.terminate()));
  });

  test('a worker that is ended in the middle takes nothing with it', async () => {
    for (let i = 0; i < 10; i += 1) {
      const worker = new Worker(new URL(import.meta.url), { workerData: { times: 1000 } });
      worker.on('error', assert.fail);
      await once(worker, 'online');
      await new Promise((resolve) => setTimeout(resolve, 30 + i * 20));
      await worker.terminate();
    }
    assert.equal((await (await open(quickstart)).detectDrift()).summary.deleted, 2);
  });

  test('a process ends when its work is done, also with an observer', () => {
    const script = `const { open } = require('driftmgr');
      open(process.argv[1]).then((s) => s.detectDrift({ onEvent() {} })).then((r) => console.log(r.summary.deleted));`;
    const out = execFileSync(process.execPath, ['-e', script, quickstart], { encoding: 'utf8', timeout: 30_000 });
    assert.equal(out, '2\n');
  });

  test('a process may end in the middle of the work', () => {
    const script = `const { open } = require('driftmgr');
      open(process.argv[1]).then((s) => { s.detectDrift({ onEvent() {} }); process.exit(7); });`;
    assert.throws(
      () => execFileSync(process.execPath, ['-e', script, quickstart], { timeout: 30_000, stdio: 'pipe' }),
      (error) => error.status === 7,
    );
  });
} else {
  const drifted = [];
  for (let i = 0; i < workerData.times; i += 1) {
    drifted.push((await (await open(quickstart)).detectDrift({ onEvent() {} })).summary.deleted);
  }
  const code = await open('/nowhere').catch((error) => error.code);
  parentPort.postMessage({ drifted, code });
}
