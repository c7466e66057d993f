import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { Client, DriftmgrError, errorCodes, isDriftmgrError, open, Settings, Snapshot, State } from 'driftmgr';

import { folder, native, quickstart, repository } from './helpers.mjs';

const caught = async (promise) => promise.then(() => assert.fail('nothing was thrown'), (error) => error);

test('the codes are those of the core and of the other languages', () => {
  assert.deepEqual([...errorCodes], native.errorCodes());
  const list = JSON.parse(readFileSync(join(repository, 'driftmgr-core/parity/operations.json'), 'utf8'));
  assert.deepEqual([...errorCodes].sort(), list.errors.map((error) => error.kind ?? error).sort());
});

test('an error names the place, the cause and the way out', async () => {
  const error = await caught(open('/nowhere'));
  assert.ok(error instanceof DriftmgrError);
  assert.equal(error.name, 'DriftmgrError');
  assert.equal(error.code, 'not_found');
  assert.equal(error.retryable, false);
  assert.match(error.message, /\/nowhere/);
  assert.ok(error.message.startsWith(error.reason));
  assert.ok(error.hints.length > 0);
  assert.ok(error.context.some(([, value]) => value === '/nowhere'));
  assert.ok(error.cause instanceof Error);
  assert.deepEqual(Object.keys(error.toJSON()), ['kind', 'message', 'place', 'hints']);
  assert.ok(Object.isFrozen(error.hints) && Object.isFrozen(error.context) && Object.isFrozen(error.context[0]));
});

test('an error names the operation where the core does', async () => {
  const error = await caught(open(join(repository, 'driftmgr-core/parity/fixtures/stacks/empty')));
  assert.equal(error.operation, 'client.open');
});

test('the stack of an error leads to the caller', async () => {
  async function mine() {
    await open('/nowhere');
  }
  assert.match((await caught(mine())).stack, /mine/);
});

test('what is no state is invalid_state, and its bytes are not told', async () => {
  const error = await caught(State.parse('{"password": "hunter2"}'));
  assert.equal(error.code, 'invalid_state');
  assert.doesNotMatch(JSON.stringify(error) + error.stack, /hunter2/);
});

test('a guard tells ours from others', () => {
  assert.ok(!isDriftmgrError(new Error('x')));
  assert.ok(!isDriftmgrError(undefined));
});

const stack = await open(quickstart);
const client = new Client();
const managed = await client.manage(quickstart);
const wrong = [
  ['target', /^target must be a path or a file: URL, not 7/, () => open(7)],
  ['target that is empty', /^target must be a path or a file: URL, not an empty string/, () => open('')],
  ['target that is no file', /^target must be a path or a file: URL, not one with https:/, () => open(new URL('https://example.com'))],
  ['options', /^options must be an object, not a string/, () => open('.', 'prod')],
  ['unknown option', /^options\.workspaces is unknown; there are .*workspace/, () => open('.', { workspaces: 'prod' })],
  ['workspace', /^options\.workspace must be a string, not 1/, () => open('.', { workspace: 1 })],
  ['variables', /^options\.variables must be an object of strings, not an object/, () => open('.', { variables: { password: 5 } })],
  ['signal', /^options\.signal must be an AbortSignal/, () => stack.detectDrift({ signal: {} })],
  ['timeout', /^options\.timeout must be a number of milliseconds, 0 or more, not -1/, () => stack.detectDrift({ timeout: -1 })],
  ['timeout that is none', /^options\.timeout must be/, () => stack.detectDrift({ timeout: Number.NaN })],
  ['parallelism', /^options\.parallelism must be an integer of 1 or more, not 0/, () => stack.detectDrift({ parallelism: 0 })],
  ['sensitivity', /^options\.sensitivity must be one of 'low', 'medium', 'high', not 'hihg'/, () => stack.detectDrift({ sensitivity: 'hihg' })],
  ['onEvent', /^options\.onEvent must be a function, not true/, () => stack.detectDrift({ onEvent: true })],
  ['targets', /^options\.targets must be an array of strings/, () => stack.detectDrift({ targets: 'a.b' })],
  ['address', /^address must be a string/, () => stack.explain(undefined)],
  ['snapshot', /^snapshot must be a Snapshot, not an object of class Object/, () => stack.againstSnapshot({})],
  ['other', /^other must be a State/, () => stack.againstState(stack)],
  ['plan', /^plan must be a Plan, not null/, () => stack.againstPlan(null)],
  ['reality', /^reality must be an object with a method observe\(\), not an object of class Object/, () => stack.withReality({})],
  ['reality that is a function', /^reality must be an object with a method observe\(\), not a function/, () => stack.withReality(() => null)],
  ['stacks', /^stacks must be an array of Stacks/, () => client.detectDrift(['.'])],
  ['lockTimeout', /^options\.lockTimeout must be a number of milliseconds, 0 or more, not -1/, () => managed.lock('test', { lockTimeout: -1 })],
  ['option of a lock', /^options\.force is unknown/, () => managed.lock('test', { force: true })],
  ['dryRun', /^options\.dryRun must be a boolean, not a string/, () => managed.mv('a.b', 'a.c', { dryRun: 'yes' })],
  ['from', /^from must be a string, not undefined/, () => managed.mv()],
  ['addresses', /^addresses must be an array of strings, not a string/, () => managed.rm('a.b')],
  ['content', /^content must be a string or a Uint8Array, not an object of class Object/, () => managed.push({ version: 4 })],
  ['object', /^object must be a string, not an object of class Object/, () => managed.importObject('a.b', 'p', {})],
  ['to', /^to must be a ManagedState, not an object of class Stack/, () => managed.copyTo(stack)],
  ['prototype', /^options\.__proto__|^options\.constructor is unknown/, () => stack.detectDrift({ constructor: 1 })],
];
for (const [name, message, call] of wrong) {
  test(`a wrong ${name} is a TypeError that names it`, async () => {
    await assert.rejects(async () => call(), (error) => error instanceof TypeError && message.test(error.message));
  });
}

test('wrong arguments of what answers at once are thrown at once', async () => {
  assert.throws(() => new Client({ setings: 1 }), { name: 'TypeError', message: /^options\.setings is unknown; there are settings/ });
  assert.throws(() => stack.driftStream({ timeout: 'x' }), TypeError);
  const report = await stack.detectDrift();
  assert.throws(() => report.check('fatal'), { name: 'TypeError', message: /^from must be one of/ });
  await assert.rejects(report.render('pdf'), { name: 'TypeError', message: /^format must be one of .*'sarif'.*not 'pdf'/ });
});

test('an option that is undefined is left out', async () => {
  await stack.detectDrift({ timeout: undefined, signal: undefined, targets: undefined });
});

test('an address that is none is the error of the core', async () => {
  await assert.rejects(stack.detectDrift({ targets: ['not an address!'] }), { code: 'invalid_input' });
});

test('settings with mistakes are refused, each mistake with its place', async (t) => {
  const { writeFileSync } = await import('node:fs');
  const dir = folder(t);
  const file = join(dir, 'driftmgr.yaml');
  writeFileSync(file, 'drift:\n  paralelism: 4\n');
  const settings = await Settings.validate(file);
  assert.equal(settings.problems.length, 1);
  assert.match(JSON.stringify(settings.problems), /parallelism/);
  assert.throws(() => new Client({ settings }), (error) => error.code === 'invalid_config' && error.message.includes('paralelism'));
});

test('a snapshot that is none is refused', async (t) => {
  const { writeFileSync } = await import('node:fs');
  const file = join(folder(t), 'no.json');
  writeFileSync(file, '{}');
  await assert.rejects(Snapshot.read(file), DriftmgrError);
});

for (const way of ['now', 'heavy', 'future']) {
  test(`a panic (${way}) becomes an error, and the process goes on`, async () => {
    const error = await caught((async () => native.panicForTests(way))());
    const envelope = JSON.parse(error.message);
    assert.equal(envelope.code, 'unexpected');
    assert.match(envelope.message, /^a defect in driftmgr: (at once|in a thread|in a future)/);
    assert.equal((await open(quickstart)).label, quickstart);
  });
}
