import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';

import { quickstart } from './helpers.mjs';

/**
 * How much resident memory grows with so many calls, after half as many, in MiB. What waits for the collector is most at first, and an allocator takes
 * another arena now and then: of three rounds the one that grows least counts, since what leaks does so in each.
 */
function grown(body, calls) {
  const script = `
    import { open, State, DriftmgrError } from 'driftmgr';
    const [path, calls] = [process.argv[1], Number(process.argv[2])];
    const settled = async () => {
      for (let i = 0; i < 5; i += 1) { globalThis.gc(); await new Promise((resolve) => setTimeout(resolve, 20)); }
      return process.memoryUsage.rss() / 2 ** 20;
    };
    ${body}
    const many = async () => {
      for (let done = 0; done < calls / 2; done += 20) await Promise.all(Array.from({ length: 20 }, once));
    };
    await many();
    const grown = [];
    for (let before = await settled(); grown.length < 3; ) {
      await many();
      const after = await settled();
      grown.push(after - before);
      before = after;
    }
    console.log(2 * Math.min(...grown));
  `;
  const words = ['--expose-gc', '--input-type=module', '-e', script, '--', quickstart, String(calls)];
  return Number(execFileSync(process.execPath, words, { encoding: 'utf8', timeout: 300_000 }));
}

test('100,000 calls after 100,000 others take no more memory', () => {
  const mebibytes = grown(
    `const text = JSON.stringify({ version: 4, serial: 1, lineage: 'l', outputs: {}, resources: [] });
     const once = async () => { const state = await State.parse(text); state.health(); return state.list(); };`,
    100_000,
  );
  assert.ok(mebibytes < 8, `${mebibytes} MiB`);
});

test('neither do errors, events, aborts and streams that were left', () => {
  const mebibytes = grown(
    `const stack = await open(path);
     const once = async () => {
       await open('/nowhere').catch((error) => { if (!(error instanceof DriftmgrError)) throw error; });
       await stack.detectDrift({ onEvent() {}, targets: ['terraform_data.none'] });
       for await (const finding of stack.driftStream()) break;
       const controller = new AbortController();
       const run = stack.detectDrift({ signal: controller.signal }).catch(() => {});
       controller.abort();
       await run;
     };`,
    400,
  );
  assert.ok(mebibytes < 16, `${mebibytes} MiB`);
});

test('neither do realities, their answers and those that nobody waited for', () => {
  const mebibytes = grown(
    `const stack = await open(path);
     const once = async () => {
       await stack.withReality({ observe: (address, attributes) => attributes }).detectDrift();
       await stack.withReality({ async observe() { throw new Error('no'); } }).detectDrift();
       const controller = new AbortController();
       const observe = (address, attributes, { signal }) => new Promise((resolve) => { signal.addEventListener('abort', () => resolve(null)); });
       const run = stack.withReality({ observe }).detectDrift({ signal: controller.signal }).catch(() => {});
       setImmediate(() => controller.abort());
       await run;
     };`,
    400,
  );
  assert.ok(mebibytes < 16, `${mebibytes} MiB`);
});
