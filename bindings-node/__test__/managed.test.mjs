// Stored states that are changed: what the table of all languages cannot ask, since its files stay as they are.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client, isDriftmgrError, State } from 'driftmgr';

import { folder, quickstart, random, state as stateText } from './helpers.mjs';

const backups = mkdtempSync(join(tmpdir(), 'driftmgr-node-backups-'));
process.env.DRIFTMGR_BACKUPS = backups;
test.after(() => rmSync(backups, { recursive: true, force: true }));

const ANNOUNCE = 'null_resource.announce';
const SERIAL = 7;
const client = new Client();

/** A copy of the quickstart, whose state may be changed. */
async function copied(t) {
  const root = folder(t);
  cpSync(quickstart, root, { recursive: true });
  const file = join(root, 'terraform.tfstate');
  return { root, file, text: () => readFileSync(file, 'utf8'), state: await client.manage(root) };
}

/** The stored state of a root module that has none. */
async function empty(t) {
  const root = folder(t);
  writeFileSync(join(root, 'main.tf'), '');
  return client.manage(root);
}

const caught = async (promise) => promise.then(() => assert.fail('nothing was thrown'), (error) => error);
const fact = (error, wanted) => error.context.find(([name]) => name === wanted)?.[1];

test('a move is written, and what was there is a version', async (t) => {
  const { state, text } = await copied(t);
  const before = text();
  const changed = await state.mv(ANNOUNCE, 'null_resource.told');
  const { backup, ...rest } = changed;
  assert.deepEqual(rest, {
    written: true,
    serial_before: SERIAL,
    serial: SERIAL + 1,
    changes: [{ change: 'moved', from: ANNOUNCE, to: 'null_resource.told' }],
    unmatched: [],
  });
  assert.ok(Object.isFrozen(changed) && Object.isFrozen(changed.changes[0]));
  assert.equal(JSON.parse(text()).serial, SERIAL + 1);

  const versions = await state.versions();
  assert.ok(versions[0].latest && versions[0].kept_by === 'backend');
  const [kept] = versions.filter(({ kept_by: keeper }) => keeper === 'backup');
  assert.deepEqual({ ...kept, modified: null }, { id: backup, kept_by: 'backup', modified: null, size: before.length, latest: false });
  assert.ok(Math.abs(Date.now() - Date.parse(kept.modified)) < 60_000, kept.modified);

  const then = await state.state({ version: backup });
  assert.ok(then instanceof State);
  assert.equal(then.serial, SERIAL);
  assert.ok((await then.list()).includes(ANNOUNCE));
  assert.ok((await (await state.state()).list()).includes('null_resource.told'));
});

test('a dry run says the same and changes nothing', async (t) => {
  const { state, text } = await copied(t);
  const before = text();
  const versions = await state.versions();
  const dry = await state.rm(['module.site', 'local_file.none'], { dryRun: true });
  assert.equal(text(), before);
  assert.deepEqual(await state.versions(), versions);
  const done = await state.rm(['module.site', 'local_file.none']);
  assert.deepEqual({ ...done, written: false, backup: null }, dry);
  assert.deepEqual(done.unmatched, ['local_file.none']);
  assert.equal(done.changes.length, 3);
});

test('what lies between two versions, and the way back', async (t) => {
  const { state } = await copied(t);
  const { backup } = await state.rm([ANNOUNCE]);
  const there = await state.diff({ from: backup });
  const back = await state.diff({ to: backup });
  assert.deepEqual([there.removed, there.added], [[ANNOUNCE], []]);
  assert.deepEqual([back.removed, back.added], [[], [ANNOUNCE]]);
  assert.deepEqual(there.problems, []);

  const rolled = await state.rollback(backup);
  assert.deepEqual([rolled.written, rolled.serial], [true, SERIAL + 2]);
  assert.ok((await (await state.state()).list()).includes(ANNOUNCE));
  assert.equal((await caught(state.rollback('backup:none'))).code, 'not_found');
});

test('bytes are pulled, pushed and restored as they are', async (t) => {
  const { state, text } = await copied(t);
  const pulled = await state.pull();
  assert.ok(Buffer.isBuffer(pulled));
  assert.equal(pulled.toString(), text());

  const next = text().replace(`"serial": ${SERIAL}`, `"serial": ${SERIAL + 5}`);
  assert.equal((await state.push(Buffer.from(next))).serial, SERIAL + 5);
  assert.equal(text(), next);
  const older = await caught(state.push(pulled));
  assert.equal(older.code, 'conflict');
  assert.equal((await state.push(pulled, { force: true })).written, true);
  assert.equal(text(), pulled.toString());

  const strange = stateText([], { lineage: 'another' });
  assert.equal((await caught(state.restore(strange))).code, 'conflict');
  const restored = await state.restore(new TextEncoder().encode(strange), { force: true });
  assert.deepEqual([restored.serial, (await state.state()).lineage], [SERIAL + 1, (await State.parse(pulled)).lineage]);
  assert.equal((await caught(state.push('{"password": "hunter2"}'))).code, 'invalid_state');
});

test('another provider and an object that exists are written', async (t) => {
  const { state } = await copied(t);
  const replaced = await state.replaceProvider('registry.terraform.io/hashicorp/null', 'example.com/acme/null');
  assert.deepEqual(replaced.changes.map(({ change, resource }) => [change, resource]), [['provider_replaced', ANNOUNCE]]);
  const object = JSON.stringify({ schema_version: 0, attributes: { id: '1', triggers: null } });
  const taken = await state.importObject('null_resource.more[0]', 'provider["example.com/acme/null"]', object);
  assert.deepEqual(taken.changes, [{ change: 'imported', address: 'null_resource.more[0]' }]);
  assert.ok((await (await state.state()).list()).includes('null_resource.more[0]'));
});

test('a snapshot keeps the state, and changes nothing', async (t) => {
  const { state, text } = await copied(t);
  const before = text();
  const id = await state.snapshot();
  assert.equal(text(), before);
  assert.ok((await state.versions()).some((version) => version.id === id && version.kept_by === 'backup'));
  assert.equal((await state.state({ version: id })).serial, SERIAL);
  assert.equal((await caught((await empty(t)).snapshot())).code, 'not_found');
});

test('a copy is at the other place as it is here', async (t) => {
  const [{ state, text }, other] = [await copied(t), await empty(t)];
  assert.equal(await other.pull(), null);
  assert.equal((await state.copyTo(other, { dryRun: true })).written, false);
  assert.equal(await other.pull(), null);
  const changed = await state.copyTo(other);
  assert.deepEqual([changed.written, changed.serial_before, changed.serial], [true, null, SERIAL]);
  assert.equal((await other.pull()).toString(), text());
  assert.equal((await caught(state.copyTo(state))).code, 'invalid_input');
});

test('a state that holds resources is deleted by force alone, and is kept', async (t) => {
  const { state, file, text } = await copied(t);
  const before = text();
  const refused = await caught(state.delete());
  assert.deepEqual([refused.code, fact(refused, 'resources')], ['conflict', '4']);
  assert.equal(text(), before);
  assert.equal(await state.delete({ force: true, dryRun: true }), null);
  const backup = await state.delete({ force: true });
  assert.ok(!existsSync(file));
  assert.equal(await state.pull(), null);
  assert.equal(await state.delete(), null);
  assert.equal((await state.state({ version: backup })).serial, SERIAL);
  await state.rollback(backup);
  assert.equal((await state.state()).serial, SERIAL);
});

test('a lock keeps others out, says who holds it, and is given back', async (t) => {
  const { root, state } = await copied(t);
  const other = await client.manage(root);
  const id = await state.lock('maintenance');
  const error = await caught(other.mv(ANNOUNCE, 'null_resource.told'));
  assert.ok(isDriftmgrError(error, 'locked'));
  assert.deepEqual([fact(error, 'lock'), fact(error, 'operation')], [id, 'maintenance']);
  assert.ok(fact(error, 'holder') && fact(error, 'since'));
  assert.equal((await caught(other.lock('again', { lockTimeout: 0 }))).code, 'locked');
  assert.equal((await other.mv(ANNOUNCE, 'null_resource.told', { dryRun: true })).written, false);

  assert.equal((await caught(state.unlock('another'))).code, 'conflict');
  await state.unlock(id);
  assert.equal((await other.mv(ANNOUNCE, 'null_resource.told')).written, true);
});

test('a lock is waited for', async (t) => {
  const { root, state } = await copied(t);
  const other = await client.manage(root);
  const id = await state.lock('soon over');
  const waiting = other.rm([ANNOUNCE], { lockTimeout: 60_000 });
  await sleep(100);
  await state.unlock(id);
  assert.equal((await waiting).written, true);
});

/** Waits for a lock that is never given back, and says how that ended. */
async function waited(t, options) {
  const { root, state, text } = await copied(t);
  const before = text();
  const id = await state.lock('for long');
  const begun = Date.now();
  const other = await client.manage(root);
  const error = await caught(other.mv(ANNOUNCE, 'null_resource.told', { lockTimeout: 600_000, ...options }));
  assert.ok(Date.now() - begun < 10_000, 'the wait went on');
  assert.deepEqual([fact(error, 'lock'), fact(error, 'operation')], [id, 'for long']);
  await state.unlock(id);
  assert.equal(text(), before);
  // The object has no deadline and no signal of its own.
  assert.equal((await other.mv(ANNOUNCE, 'null_resource.told')).written, true);
  return error;
}

test('an abort ends the wait for a lock, and says who held it', async (t) => {
  const controller = new AbortController();
  const reason = new Error('the user left');
  setTimeout(() => controller.abort(reason), 100);
  const error = await waited(t, { signal: controller.signal });
  assert.deepEqual([error.code, error.name, error.cause], ['cancelled', 'AbortError', reason]);
});

test('a timeout ends it, too', async (t) => {
  assert.equal((await waited(t, { timeout: 100 })).code, 'locked');
});

test('a signal that is aborted already changes nothing', async (t) => {
  const { state, text } = await copied(t);
  const before = text();
  const signal = AbortSignal.abort();
  await assert.rejects(state.mv(ANNOUNCE, 'null_resource.told', { signal }), { code: 'cancelled' });
  await assert.rejects(client.manage(quickstart, { signal }), { code: 'cancelled' });
  assert.equal(text(), before);
});

test('what was done before an abort came is told', async (t) => {
  const { root, state, text } = await copied(t);
  const controller = new AbortController();
  const moving = state.mv(ANNOUNCE, 'null_resource.told', { signal: controller.signal });
  // JavaScript hears of nothing meanwhile.
  for (const end = Date.now() + 20_000; JSON.parse(text()).serial === SERIAL || existsSync(join(root, '.terraform.tfstate.lock.info')); ) {
    assert.ok(Date.now() < end, 'the state was not written');
  }
  controller.abort();
  const { written, backup } = await moving;
  assert.equal(written, true);
  assert.equal((await state.state({ version: backup })).serial, SERIAL);
});

test('a change that was aborted was not made, and leaves no lock', async (t) => {
  const { root, state } = await copied(t);
  const next = random(11);
  const names = [ANNOUNCE, 'null_resource.told'];
  const begun = performance.now();
  let { serial } = await state.mv(...names);
  const usual = performance.now() - begun;
  const counts = { fulfilled: 0, rejected: 0 };
  for (let round = 0; round < 60; round += 1) {
    const controller = new AbortController();
    const [from, to] = serial % 2 === SERIAL % 2 ? names : names.toReversed();
    const timer = setTimeout(() => controller.abort(), next() * 2 * usual);
    const [{ status, value, reason }] = await Promise.allSettled([state.mv(from, to, { signal: controller.signal })]);
    clearTimeout(timer);
    counts[status] += 1;
    if (status === 'rejected') assert.ok(isDriftmgrError(reason, 'cancelled'), reason);
    else serial = value.serial;
    assert.equal((await state.state()).serial, serial, status);
    const other = await client.manage(root);
    await other.unlock(await other.lock('free'));
  }
  assert.ok(counts.rejected > 0 && counts.fulfilled > 0, JSON.stringify(counts));
});

test('workspaces are made and deleted', async (t) => {
  const { state } = await copied(t);
  assert.deepEqual(await state.workspaces(), ['default']);
  assert.equal(state.inWorkspace('blue').workspace, 'blue');
  assert.deepEqual(await state.workspaces(), ['default'], 'naming one makes none');

  const blue = await state.createWorkspace('blue');
  assert.deepEqual([blue.workspace, blue.label, state.workspace], ['blue', state.label, 'default']);
  assert.deepEqual(await state.workspaces(), ['default', 'blue']);
  assert.deepEqual(await (await blue.state()).list(), []);
  assert.equal((await caught(state.createWorkspace('blue'))).code, 'conflict');

  await state.copyTo(state.inWorkspace('green'));
  assert.equal((await caught(state.deleteWorkspace('green'))).code, 'conflict');
  const backup = await state.deleteWorkspace('green', { force: true });
  assert.equal((await state.inWorkspace('green').state({ version: backup })).serial, SERIAL);
  await state.deleteWorkspace('blue');
  assert.deepEqual(await state.workspaces(), ['default']);
  assert.equal((await caught(state.deleteWorkspace('blue'))).code, 'not_found');
  assert.equal((await caught(state.deleteWorkspace('default'))).code, 'invalid_input');
});

test('where nothing can be locked, nothing is written unless that is allowed', async (t) => {
  let stored = readFileSync(join(quickstart, 'terraform.tfstate'));
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') stored = Buffer.concat(await request.toArray());
    response.end(request.method === 'GET' ? stored : undefined);
  });
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const root = folder(t);
  writeFileSync(join(root, 'main.tf'), `terraform {\n  backend "http" {\n    address = "http://127.0.0.1:${server.address().port}/state"\n  }\n}\n`);

  const state = await client.manage(root);
  assert.deepEqual([state.info.kind, state.capability.lock], ['http', false]);
  assert.equal((await caught(state.rm([ANNOUNCE]))).code, 'unsupported');
  assert.equal((await state.state()).serial, SERIAL);
  assert.equal((await state.rm([ANNOUNCE], { withoutLock: true })).written, true);
  assert.equal(JSON.parse(stored).serial, SERIAL + 1);
  assert.throws(() => state.inWorkspace('blue'), { code: 'unsupported' });
});

test('backups are where the variable says', async (t) => {
  const { state } = await copied(t);
  const elsewhere = join(folder(t), 'kept');
  mkdirSync(elsewhere);
  process.env.DRIFTMGR_BACKUPS = elsewhere;
  t.after(() => { process.env.DRIFTMGR_BACKUPS = backups; });
  const id = await state.snapshot();
  assert.equal((await state.state({ version: id })).serial, SERIAL);
  process.env.DRIFTMGR_BACKUPS = backups;
  assert.equal((await caught(state.state({ version: id }))).code, 'not_found');
});
