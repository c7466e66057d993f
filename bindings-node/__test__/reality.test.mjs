import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { Client, ExactNumber, isDriftmgrError, open } from 'driftmgr';

import { folder, quickstart, random, randoms, state, until } from './helpers.mjs';

/** Objects of the quickstart that a run looks at. */
const MANAGED = 6;
const ROBOTS = 'local_file.robots';

/** Answers what it was told by address, and what the state says for the rest. What it was told may be a function. */
function told(answers = {}) {
  return {
    async observe(address, attributes, call) {
      if (!(address in answers)) return attributes;
      const answer = answers[address];
      return typeof answer === 'function' ? answer(attributes, call) : answer;
    },
  };
}

/** A stack of so many objects that are as the state says. */
async function many(t, count) {
  const file = join(folder(t), 'many.tfstate');
  writeFileSync(file, state(randoms(count)));
  return open(file);
}

/** Why the quickstart's file was not looked at. */
async function reason(answer) {
  const report = await (await open(quickstart)).withReality(told({ [ROBOTS]: answer })).detectDrift();
  assert.deepEqual(report.findings, []);
  assert.equal(report.summary.unverifiable, 1);
  assert.equal(report.summary.checked, MANAGED - 1);
  assert.equal(report.check().safe, null);
  return report.notLookedAt.find(({ address }) => address === ROBOTS).reason;
}

if (isMainThread) {
  test('a reality in JavaScript is the reality', async () => {
    const stack = await open(quickstart);
    const report = await stack.withReality(told({ [ROBOTS]: (attributes) => ({ ...attributes, content: 'other' }) })).detectDrift();
    assert.deepEqual(report.findings.map(({ address, drift }) => [address, drift.kind]), [[ROBOTS, 'modified']]);
    const [change] = report.findings[0].drift.changes;
    assert.deepEqual([change.path, change.after], ['content', 'other']);
    assert.equal(report.summary.checked, MANAGED);
    assert.equal((await stack.withReality(told()).check()).safe, true);
    assert.equal((await stack.detectDrift()).summary.deleted, 2, 'the stack itself asks its providers');
  });

  test('an answer may come at once, later, or from a method of a class', async () => {
    class Inventory {
      #known = new Set([ROBOTS]);
      observe(address, attributes) {
        return this.#known.has(address) ? null : attributes;
      }
    }
    const later = { observe: (address, attributes) => ({ then: (resolve) => setTimeout(resolve, 1, address === ROBOTS ? null : attributes) }) };
    const stack = await open(quickstart);
    for (const reality of [new Inventory(), later]) {
      const report = await stack.withReality(reality).detectDrift();
      assert.deepEqual(report.findings.map(({ address, drift }) => [address, drift.kind]), [[ROBOTS, 'missing']]);
    }
  });

  test('every operation that asks providers asks the reality instead', async (t) => {
    const stack = (await open(quickstart)).withReality(told({ [ROBOTS]: null }));
    assert.equal((await stack.check()).safe, false);
    const found = [];
    for await (const finding of stack.driftStream()) found.push(finding.address);
    assert.deepEqual(found, [ROBOTS]);
    assert.match(JSON.stringify(await stack.explain(ROBOTS)), /missing/);
    const { snapshot, report } = await stack.snapshot();
    assert.equal(report.summary.deleted, 1);
    const file = join(folder(t), 'now.json');
    await snapshot.write(file);
    assert.deepEqual((await new Client().detectDrift([stack])).findings.map(({ address }) => address), [ROBOTS]);
    assert.deepEqual((await (await open(quickstart)).againstSnapshot(snapshot)).findings.map(({ address }) => address), [ROBOTS]);
  });

  test('attributes are those of the state, frozen, secrets included', async (t) => {
    const file = join(folder(t), 'secret.tfstate');
    const [resource] = randoms(1);
    resource.instances[0].attributes = { id: 'a', triggers: { password: 'hunter2' }, list: [1, 2.5, null, true] };
    resource.instances[0].sensitive_attributes = [[{ type: 'get_attr', value: 'triggers' }]];
    writeFileSync(file, state([resource]));
    const seen = [];
    const observe = (address, attributes) => {
      seen.push([address, attributes]);
      return { ...attributes, triggers: { password: 'changed' } };
    };
    const report = await (await open(file)).withReality({ observe }).detectDrift();
    assert.deepEqual(seen, [['null_resource.r0', resource.instances[0].attributes]]);
    assert.ok(Object.isFrozen(seen[0][1]) && Object.isFrozen(seen[0][1].list));
    assert.equal(report.summary.drifted, 1);
    assert.doesNotMatch(JSON.stringify(report), /hunter2|changed"/);
  });

  test('numbers are exact on both ways', async (t) => {
    const file = join(folder(t), 'numbers.tfstate');
    const digits = ['9007199254740993', '12345678901234567890', '0.1234567890123456789', '-7', '1e2'];
    const text = state(randoms(1)).replace('"triggers":null', `"triggers":[${digits}]`);
    writeFileSync(file, text);
    const stack = await open(file);
    const same = { observe: (_, attributes) => ({ id: '0', triggers: attributes.triggers.map((value) => value) }) };
    assert.equal((await stack.withReality(same).detectDrift()).summary.same, 1);
    const change = async (observe) => {
      const { findings } = await stack.withReality({ observe }).detectDrift();
      return findings.flatMap(({ drift }) => drift.changes.map(({ path, after }) => [path, String(after)]));
    };
    const other = (_, { id, triggers }) => ({ id, triggers: [triggers[0], 12345678901234567891n, ...triggers.slice(2)] });
    const [[path, after]] = await change(other);
    assert.match(path, /^triggers/);
    assert.match(after, /12345678901234567891/);
    let exact;
    await change((_, attributes) => { exact = attributes.triggers; return attributes; });
    assert.ok(exact[0] instanceof ExactNumber && exact[0].digits === digits[0]);
    assert.deepEqual(await change((_, { id, triggers }) => ({ id, triggers: [BigInt(triggers[0].digits), ...triggers.slice(1)] })), []);
  });

  test('what it throws or rejects with is a reason, and the rest is looked at', async () => {
    assert.equal(await reason(() => { throw new RangeError('not you'); }), 'RangeError: not you');
    assert.equal(await reason(async () => Promise.reject(new Error('later'))), 'Error: later');
    assert.equal(await reason(() => { throw 'hunter2'; }), 'observe() threw a string');
    assert.equal(await reason(() => Promise.reject()), 'observe() threw undefined');
    assert.equal(await reason(() => { throw null; }), 'observe() threw null');
    const nasty = new Proxy(new Error('x'), { get() { throw new Error('y'); }, getPrototypeOf() { throw new Error('z'); } });
    assert.equal(await reason(() => { throw nasty; }), 'observe() threw what cannot be shown');
    assert.match(await reason(() => open('/nowhere')), /^there is no .*\/nowhere|\/nowhere/);
    const deep = () => deep();
    assert.match(await reason(deep), /^RangeError: Maximum call stack/);
  });

  test('an answer that is none is a reason too, and never an absence', async () => {
    const must = 'observe() must answer with an object of attributes or null, not ';
    for (const [answer, shown] of [
      [() => undefined, 'undefined'],
      [() => 7, '7'],
      [() => false, 'false'],
      [() => 'hunter2', 'a string'],
      [() => [], 'an array'],
      [() => new Map(), 'an object of class Map'],
      [() => new Date(0), 'a Date'],
      [() => () => null, 'a function'],
      [() => Symbol('x'), 'Symbol(x)'],
    ]) {
      assert.equal(await reason(answer), must + shown);
    }
    const json = 'observe() must answer with JSON, and ';
    assert.equal(await reason((attributes) => ({ ...attributes, size: Number.NaN })), `${json}'size' is NaN`);
    assert.equal(await reason((attributes) => ({ ...attributes, tags: new Map() })), `${json}'tags' is an object of class Map`);
    assert.equal(await reason((attributes) => ({ ...attributes, list: [{ f() {} }] })), `${json}'f' is a function`);
    assert.equal(await reason((attributes) => ({ ...attributes, name: Symbol.iterator })), `${json}'name' is Symbol(Symbol.iterator)`);
    const circle = {};
    circle.circle = circle;
    assert.match(await reason(() => circle), /^TypeError: Converting circular structure/);
    const deep = Array.from({ length: 300 }).reduce((inner) => ({ inner }), {});
    assert.match(await reason(() => deep), /nests too deep/);
  });

  test('a snapshot keeps which kind of error it was', async (t) => {
    const kind = async (thrown) => {
      const stack = (await open(quickstart)).withReality(told({ [ROBOTS]: () => { throw thrown; } }));
      const file = join(folder(t), 'kinds.json');
      await (await stack.snapshot()).snapshot.write(file);
      return /"kind":\s*"(\w+)"/.exec(/\{[^{}]*not you[^{}]*\}/.exec(readFileSync(file, 'utf8'))[0])[1];
    };
    assert.equal(await kind(new Error('not you')), 'unexpected');
    assert.equal(await kind(Object.assign(new Error('not you'), { code: 'EACCES' })), 'permission_denied');
    assert.equal(await kind(Object.assign(new Error('not you'), { code: 'constructor' })), 'unexpected');
    assert.equal(await kind(new DOMException('not you', 'TimeoutError')), 'timeout');
  });

  test('no more than 16 are asked for at a time, and all of them are', async (t) => {
    const stack = await many(t, 200);
    let [now, most, all] = [0, 0, 0];
    const observe = async (_, attributes) => {
      most = Math.max(most, (now += 1));
      await sleep(2);
      now -= 1;
      all += 1;
      return attributes;
    };
    assert.equal((await stack.withReality({ observe }).detectDrift()).summary.same, 200);
    assert.deepEqual([now, most, all], [0, 16, 200]);
  });

  test('aborting a run aborts the signals of what is under way, and asks for nothing more', async (t) => {
    const stack = await many(t, 100);
    const controller = new AbortController();
    const [signals, aborted] = [[], []];
    const observe = (_, attributes, { signal }) => {
      signals.push(signal);
      signal.addEventListener('abort', () => aborted.push(signal.reason.name));
      if (signals.length === 16) controller.abort();
      return new Promise(() => {});
    };
    await assert.rejects(stack.withReality({ observe }).detectDrift({ signal: controller.signal }), { code: 'cancelled' });
    await sleep(20);
    assert.equal(signals.length, 16);
    assert.deepEqual(aborted, Array.from({ length: 16 }, () => 'AbortError'));
  });

  test('a timeout gives what was answered, and ends the rest', async () => {
    const stack = await open(quickstart);
    let signal;
    const slow = told({ [ROBOTS]: (_, call) => { signal = call.signal; return new Promise(() => {}); } });
    const report = await stack.withReality(slow).detectDrift({ timeout: 2_000 });
    assert.equal(report.summary.same, MANAGED - 1);
    assert.deepEqual(report.notLookedAt.filter(({ kind }) => kind === 'unverifiable').map(({ address, reason }) => [address, reason]), [
      [ROBOTS, 'the time was over before it was read'],
    ]);
    await until(() => signal.aborted);
  });

  test('the signal of a call that has answered is left alone', async () => {
    const signals = [];
    const observe = (_, attributes, call) => { signals.push(call.signal); return attributes; };
    await (await open(quickstart)).withReality({ observe }).detectDrift();
    await sleep(20);
    assert.deepEqual(signals.map(({ aborted }) => aborted), Array.from({ length: MANAGED }, () => false));
  });

  test('leaving a stream ends what is under way', async () => {
    let signal;
    const slow = told({ [ROBOTS]: (_, call) => { signal = call.signal; return new Promise(() => {}); } });
    for await (const item of (await open(quickstart)).withReality(slow).driftStream().items()) {
      assert.equal(item.type, 'looked');
      await until(() => signal !== undefined);
      break;
    }
    await until(() => signal.aborted);
  });

  test('aborts at random points leave nothing broken', async (t) => {
    const stack = await many(t, 100);
    const next = random(11);
    const observe = async (_, attributes, { signal }) => sleep(next() * 4, attributes, next() < 0.5 ? { signal } : {});
    const slow = stack.withReality({ observe });
    const ends = { whole: 0, cancelled: 0 };
    const one = async (i) => {
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(), next() * 30);
      try {
        if (i % 2 === 0) await slow.detectDrift({ signal: controller.signal });
        else for await (const _ of slow.driftStream({ signal: controller.signal }));
        ends.whole += 1;
      } catch (error) {
        assert.ok(isDriftmgrError(error, 'cancelled'), error);
        ends.cancelled += 1;
      } finally {
        clearTimeout(timer);
      }
    };
    for (let round = 0; round < 10; round += 1) await Promise.all(Array.from({ length: 6 }, (_, i) => one(i)));
    assert.equal(ends.whole + ends.cancelled, 60);
    assert.ok(ends.cancelled > 0);
    assert.equal((await slow.detectDrift()).summary.same, 100);
  });

  test('a reality may look for drift itself', async () => {
    const stack = await open(quickstart);
    const inner = told({ [ROBOTS]: null });
    const outer = told({ [ROBOTS]: async () => { throw new Error(`${(await stack.withReality(inner).detectDrift()).summary.deleted} gone`); } });
    const report = await stack.withReality(outer).detectDrift();
    assert.equal(report.notLookedAt.find(({ address }) => address === ROBOTS).reason, 'Error: 1 gone');
  });

  test('worker threads have realities of their own, and one that is ended takes nothing with it', async () => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { slow: false } });
    assert.deepEqual(await once(worker, 'message'), [{ deleted: 1 }]);
    await worker.terminate();
    for (let i = 0; i < 6; i += 1) {
      const slow = new Worker(new URL(import.meta.url), { workerData: { slow: true } });
      slow.on('error', assert.fail);
      await once(slow, 'message');
      await sleep(i * 5);
      await slow.terminate();
    }
    assert.equal((await (await open(quickstart)).withReality(told()).detectDrift()).summary.same, MANAGED);
  });

  const script = (observe) => `const { open } = require('driftmgr');
    open(process.argv[1]).then(async (stack) => {
      const kept = stack.withReality({ observe: ${observe} });
      console.log((await kept.detectDrift()).summary.same);
      globalThis.kept = kept;
    });`;
  const run = (observe) => execFileSync(process.execPath, ['-e', script(observe), quickstart], { encoding: 'utf8', timeout: 30_000 });

  test('a process ends when its work is done, and not before', () => {
    assert.equal(run('(address, attributes) => attributes'), '6\n');
    assert.equal(run('async (address, attributes, { signal }) => new Promise((resolve) => setTimeout(resolve, 50, attributes))'), '6\n');
  });

  test('a process may end in the middle of an answer', () => {
    assert.throws(() => run('() => process.exit(7)'), (error) => error.status === 7);
  });
} else {
  const stack = await open(quickstart);
  const observe = (address, attributes) => {
    if (!workerData.slow) return address === ROBOTS ? null : attributes;
    parentPort.postMessage('asked');
    return new Promise(() => {});
  };
  const report = await stack.withReality({ observe }).detectDrift();
  parentPort.postMessage({ deleted: report.summary.deleted });
}
