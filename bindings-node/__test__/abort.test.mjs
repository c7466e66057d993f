import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { DriftmgrError, isDriftmgrError, open } from 'driftmgr';

import { folder, quickstart, random, randoms, state } from './helpers.mjs';

/** A stack that takes a while. */
async function large(t, count = 4000) {
  const file = join(folder(t), 'large.tfstate');
  writeFileSync(file, state(randoms(count)));
  return open(file);
}

test('an aborted operation is rejected with the reason of its signal', async (t) => {
  const stack = await large(t);
  const controller = new AbortController();
  const reason = new Error('the user left');
  const started = stack.detectDrift({ signal: controller.signal, onEvent: () => controller.abort(reason) });
  await assert.rejects(started, (error) => {
    assert.ok(error instanceof DriftmgrError);
    assert.equal(error.name, 'AbortError');
    assert.equal(error.code, 'cancelled');
    assert.equal(error.cause, reason);
    return true;
  });
});

test('aborting ends the run in the core, not only the promise', async (t) => {
  const stack = await large(t);
  let read = 0;
  const controller = new AbortController();
  const onEvent = (event) => {
    if (event.type === 'instance_read' && ++read === 10) controller.abort();
  };
  await assert.rejects(stack.detectDrift({ signal: controller.signal, onEvent, parallelism: 1 }), { code: 'cancelled' });
  const until = read;
  await sleep(50);
  assert.equal(read, until, 'objects were read after the promise had settled');
});

test('a signal that is aborted already starts nothing', async () => {
  const signal = AbortSignal.abort();
  await assert.rejects(open(quickstart, { signal }), { code: 'cancelled' });
  const stack = await open(quickstart);
  await assert.rejects(stack.detectDrift({ signal, onEvent: () => assert.fail('something was done') }), { code: 'cancelled' });
  await assert.rejects(stack.driftStream({ signal })[Symbol.asyncIterator]().next(), { code: 'cancelled' });
});

test('AbortSignal.timeout is a cancellation', async (t) => {
  const stack = await large(t, 20000);
  await assert.rejects(stack.detectDrift({ signal: AbortSignal.timeout(1) }), (error) => error.cause?.name === 'TimeoutError');
});

test('an abort between two findings ends the loop', async () => {
  const controller = new AbortController();
  const stream = (await open(quickstart)).driftStream({ signal: controller.signal });
  let seen = 0;
  await assert.rejects(
    (async () => {
      for await (const _ of stream) {
        seen += 1;
        controller.abort();
      }
    })(),
    { code: 'cancelled' },
  );
  assert.equal(seen, 1);
});

test('a signal that lives long is let go of', async () => {
  const { signal } = new AbortController();
  let listening = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...words) => { listening += 1; addEventListener.apply(signal, words); };
  signal.removeEventListener = (...words) => { listening -= 1; removeEventListener.apply(signal, words); };
  const stack = await open(quickstart, { signal });
  await stack.detectDrift({ signal });
  await assert.rejects(open('/nowhere', { signal }));
  for await (const _ of stack.driftStream({ signal })) break;
  assert.equal(listening, 0);
});

test('a timeout gives what was reached, or is the error', async (t) => {
  const stack = await large(t, 20000);
  const report = await stack.detectDrift({ timeout: 0 }).catch((error) => error);
  if (report instanceof Error) assert.equal(report.code, 'timeout');
  else assert.equal(report.summary.checked + report.summary.unverifiable, 20000);
});

test('aborts at random points leave nothing broken', async (t) => {
  const stack = await large(t, 500);
  const next = random(7);
  let ended = 0;
  let whole = 0;
  const one = async (i) => {
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const timer = setTimeout(() => controller.abort(), next() * 40);
    try {
      if (i % 3 === 0) {
        for await (const _ of stack.driftStream(options));
      } else if (i % 3 === 1) {
        await stack.detectDrift(options);
      } else {
        await (await open(quickstart, options)).detectDrift(options);
      }
      whole += 1;
    } catch (error) {
      assert.ok(isDriftmgrError(error, 'cancelled'), error);
      ended += 1;
    } finally {
      clearTimeout(timer);
    }
  };
  for (let round = 0; round < 20; round += 1) await Promise.all(Array.from({ length: 8 }, (_, i) => one(i)));
  assert.equal(ended + whole, 160);
  assert.ok(ended > 0, 'nothing was aborted');
  assert.equal((await stack.detectDrift()).summary.checked, 500);
});
