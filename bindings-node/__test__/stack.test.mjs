import assert from 'node:assert/strict';
import { copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

import { Baseline, Client, DriftReport, ExactNumber, History, open, Plan, Settings, Snapshot, State } from 'driftmgr';

import { folder, quickstart, randoms, repository, state } from './helpers.mjs';

const GONE = ['module.site.local_file.page["contact"]', 'module.site.local_file.page["index"]'];

function frozen(value, at = 'result') {
  if (typeof value !== 'object' || value === null) return;
  assert.ok(Object.isFrozen(value), `${at} is not frozen`);
  for (const [key, member] of Object.entries(value)) frozen(member, `${at}.${key}`);
}

test('a folder is opened and looked at', async () => {
  const stack = await open(quickstart);
  assert.equal(stack.label, quickstart);
  assert.equal(stack.workspace.name, 'default');
  assert.deepEqual(stack.problems, []);
  const report = await stack.detectDrift();
  assert.equal(report.summary.deleted, 2);
  assert.deepEqual(report.findings.map((finding) => finding.address), GONE);
  assert.deepEqual(report.visible, report.findings);
  assert.equal(report.check().safe, false);
  assert.equal((await stack.check({ exclude: ['module.site'] })).safe, true);
  frozen(report.toJSON());
});

test('a file: URL is a path', async () => {
  const stack = await open(pathToFileURL(join(quickstart, 'terraform.tfstate')));
  assert.equal((await stack.detectDrift()).summary.deleted, 2);
});

test('changing a result is refused and changes nothing', async () => {
  const report = await (await open(quickstart)).detectDrift();
  assert.throws(() => report.findings.pop(), TypeError);
  assert.throws(() => { report.summary.drifted = 0; }, TypeError);
  assert.throws(() => { report.summary = {}; }, TypeError);
});

test('a report goes through JSON and back', async () => {
  const report = await (await open(quickstart)).detectDrift();
  const text = JSON.stringify(report);
  assert.deepEqual(DriftReport.fromJSON(text).toJSON(), JSON.parse(text));
  assert.equal(JSON.stringify(DriftReport.fromJSON(report.toJSON())), text);
});

test('a report is written in every format', async () => {
  const report = await (await open(quickstart)).detectDrift();
  const timestamp = new Date('2026-01-02T03:04:05Z');
  assert.match(await report.render('text'), /2 of 6 objects differ/);
  assert.match(await report.render('html', { timestamp }), /^<!doctype html>/);
  assert.match(await report.render('ndjson', { timestamp }), /"@timestamp":"2026-01-02T03:04:05/);
  assert.equal(JSON.parse(await report.render('sarif', { timestamp })).version, '2.1.0');
  assert.deepEqual(JSON.parse(await report.render('json')), JSON.parse(JSON.stringify(report)));
  for (const format of ['markdown', 'junit', 'github', 'gitlab', 'csv']) {
    assert.ok((await report.render(format, { timestamp, hidden: true })).length > 0, format);
  }
});

test('a stream gives each finding once, and the report has the same', async () => {
  const stream = (await open(quickstart)).driftStream();
  assert.equal(stream.report, undefined);
  const found = [];
  for await (const finding of stream) found.push(finding);
  assert.deepEqual(found.map((finding) => finding.address).sort(), GONE);
  const byAddress = (a, b) => a.address.localeCompare(b.address);
  assert.deepEqual(found.sort(byAddress), [...stream.report.findings].sort(byAddress));
  await assert.rejects(async () => { for await (const _ of stream); }, /iterated once/);
});

test('a stream tells what was looked at', async () => {
  const words = new Map();
  for await (const item of (await open(quickstart)).driftStream().items()) {
    words.set(item.type, (words.get(item.type) ?? 0) + 1);
    frozen(item);
    assert.ok(item[item.type] !== undefined);
  }
  assert.equal(words.get('finding'), 2);
  assert.equal(words.get('looked'), 6);
});

test('leaving a stream ends the run', async () => {
  const stream = (await open(quickstart)).driftStream();
  for await (const finding of stream) {
    assert.ok(GONE.includes(finding.address));
    break;
  }
  assert.equal(stream.report, undefined);
});

test('events arrive before the result, in order', async () => {
  const events = [];
  const stack = await open(quickstart);
  await stack.detectDrift({ onEvent: (event) => events.push(event) });
  const read = events.filter((event) => event.type === 'instance_read');
  assert.equal(read.length, 6);
  events.forEach((event) => frozen(event));
  const progress = events.filter((event) => event.type === 'progressed').map((event) => event.done);
  assert.deepEqual(progress, [...progress].sort((a, b) => a - b));
});

test('an observer that throws ends the run with its error', async () => {
  const stack = await open(quickstart);
  const mine = new RangeError('mine');
  await assert.rejects(stack.detectDrift({ onEvent: () => { throw mine; } }), (error) => error === mine);
});

test('one instance is explained', async () => {
  const answer = await (await open(quickstart)).explain(GONE[0]);
  assert.equal(answer.address ?? answer.report.resource_drift[0].address, GONE[0]);
  assert.equal(answer.report.resource_drift.length, 1);
});

test('a snapshot tells later runs what was there', async (t) => {
  const stack = await open(quickstart);
  const { snapshot, report } = await stack.snapshot();
  const file = join(folder(t), 'now.json');
  await snapshot.write(file);
  const again = await Snapshot.read(file);
  assert.deepEqual(again.info(), snapshot.info());
  assert.equal(again.info().targets[0].objects.absent, 2);
  const later = await stack.againstSnapshot(again);
  assert.deepEqual(later.findings, report.findings);
});

test('another state stands for reality', async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'mine.tfstate'), state(randoms(3)));
  const other = await State.parse(state(randoms(2)));
  const report = await (await open(join(dir, 'mine.tfstate'))).againstState(other);
  assert.deepEqual(report.findings.map((finding) => [finding.address, finding.drift.kind]), [['null_resource.r2', 'missing']]);
});

test('a plan stands for reality', async () => {
  const plan = await Plan.read(join(repository, 'driftmgr-core/parity/fixtures/plans/steady.json'));
  assert.match(plan.formatVersion, /^1\./);
  const client = new Client();
  const alone = await client.driftOfPlan('mine', plan);
  const survey = await client.detectDriftAgainst([], plan, { label: 'mine' });
  assert.deepEqual(survey.report.toJSON(), alone.toJSON());
  await assert.rejects(client.detectDriftAgainst([quickstart, quickstart], plan), { code: 'invalid_input' });
  await assert.rejects(client.detectDriftAt([quickstart], { label: 'x' }), TypeError);
});

test('an old state is upgraded where it stands', async (t) => {
  const file = join(folder(t), 'old.tfstate');
  copyFileSync(join(repository, 'driftmgr-core/parity/fixtures/states/format3.tfstate'), file);
  const client = new Client();
  const before = await (await State.read(file)).list();
  assert.equal(await client.upgradeState(file), 3);
  assert.equal(await client.upgradeState(file), null);
  assert.equal(JSON.parse(readFileSync(file, 'utf8')).version, 4);
  assert.deepEqual(await (await State.read(file)).list(), before);
});

test('many targets are looked at in one run; one that cannot be opened is a problem', async () => {
  const survey = await new Client().detectDriftAt([quickstart, '/nowhere'], { plugins: false });
  assert.equal(survey.report.summary.deleted, 2);
  assert.deepEqual(survey.unopened, ['/nowhere']);
  assert.equal(survey.stacks.length, 1);
  assert.equal(survey.report.problems[0].kind, 'not_found');
});

test('a history says since when', async (t) => {
  const dir = folder(t);
  cpSync(quickstart, join(dir, 'stack'), { recursive: true });
  const stack = await open(join(dir, 'stack'));
  const history = await History.open(join(dir, 'runs.db'));
  const first = await history.record(await stack.detectDrift());
  await history.record(await stack.detectDrift());
  assert.equal(first.new, true);
  const answer = await history.ask();
  assert.equal(answer.runs.length, 2);
  assert.equal(answer.findings.length, 2);
  assert.equal((await history.ask({ addresses: [GONE[0]] })).findings.length, 1);
  assert.equal((await history.prune(0)).runs, 1, 'the last run of a state is kept');
  await assert.rejects(History.open(join(dir, 'none.db'), { create: false }), { code: 'not_found' });
});

test('a report that was read back is no run', async (t) => {
  const report = await (await open(quickstart)).detectDrift();
  const history = await History.open(join(folder(t), 'runs.db'));
  await assert.rejects(history.record(DriftReport.fromJSON(JSON.stringify(report))), { code: 'invalid_input' });
});

test('a state says what it is', async () => {
  const one = await State.read(join(quickstart, 'terraform.tfstate'));
  const list = await one.list();
  assert.ok(GONE.every((address) => list.includes(address)));
  assert.deepEqual(await one.list(['module.site.local_file.page["index"]']), [GONE[1]]);
  const inspection = await one.inspect();
  assert.equal(inspection.serial, one.serial);
  assert.equal(inspection.lineage, one.lineage);
  assert.equal(inspection.bytes, readFileSync(join(quickstart, 'terraform.tfstate')).length);
  assert.ok(one.health().score <= 100);
  assert.equal((await one.analyze()).state, one.name);
  assert.equal((await one.view()).format_version, '1.0');
  frozen(inspection);
});

test('states are compared', async () => {
  const [before, after] = await Promise.all([State.parse(state(randoms(2))), State.parse(state(randoms(3)))]);
  assert.deepEqual((await before.compare(after)).added, ['null_resource.r2']);
  assert.deepEqual((await after.compare(before)).removed, ['null_resource.r2']);
});

test('secrets are masked unless they are asked for', async () => {
  const outputs = { token: { value: 'hunter2', type: 'string', sensitive: true } };
  const one = await State.parse(state([], { outputs }));
  assert.deepEqual((await one.outputs()).token, { sensitive: true, value: '(sensitive value)', type: 'string' });
  assert.equal((await one.outputs({ secrets: true })).token.value, 'hunter2');
  assert.doesNotMatch(JSON.stringify(await one.view()), /hunter2/);
});

test('no digit of a number is lost', async () => {
  const outputs = {};
  const kept = ['0', '-0.5', '0.1', '1e3', '9007199254740991', '123.456', '5e-324', '1.7976931348623157e308'];
  const large = `1${'0'.repeat(400)}`;
  const exact = ['9007199254740993', '12345678901234567890', '0.1234567890123456789', large, '-12345678901234567891'];
  kept.forEach((digits, i) => { outputs[`kept${i}`] = digits; });
  exact.forEach((digits, i) => { outputs[`exact${i}`] = digits; });
  const text = state([], { outputs: Object.fromEntries(Object.entries(outputs).map(([name, digits]) => [name, { value: `#${digits}#`, type: 'number' }])) });
  const one = await State.parse(text.replace(/"#([^#]+)#"/g, '$1'));
  const read = await one.outputs();
  kept.forEach((digits, i) => assert.equal(read[`kept${i}`].value, Number(digits), digits));
  exact.forEach((digits, i) => {
    const value = read[`exact${i}`].value;
    assert.ok(value instanceof ExactNumber, digits);
    assert.equal(`${value}`, digits);
    assert.equal(JSON.stringify(value), `"${digits}"`);
  });
});

test('an upgraded state is a state', async () => {
  const one = await State.read(join(quickstart, 'terraform.tfstate'));
  const bytes = await one.upgrade();
  assert.ok(Buffer.isBuffer(bytes));
  assert.deepEqual(await (await State.parse(bytes)).list(), await one.list());
});

test('a backend moves bytes and knows locks', async (t) => {
  const dir = folder(t);
  const client = new Client();
  assert.ok(client.backends().some(({ kind, capability }) => kind === 'local' && capability.lock));
  const backend = client.backend('local', { path: 'a.tfstate' }, dir);
  assert.equal(backend.info.kind, 'local');
  assert.equal(await backend.read(), null);
  const lock = await backend.lock('test');
  await assert.rejects(backend.lock('other'), (error) => error.code === 'locked' && error.context.some(([name]) => name === 'holder'));
  await backend.write(state(randoms(1)), { lock });
  await backend.unlock(lock);
  const { bytes, etag } = await backend.read();
  assert.deepEqual(await (await State.parse(bytes)).list(), ['null_resource.r0']);
  assert.equal(typeof etag, 'string');
  await assert.rejects(backend.write('{}', { ifMatch: 'other' }), { code: 'conflict' });
  assert.deepEqual(await backend.workspaces(), ['default']);
  assert.throws(() => client.backend('floppy'), { code: 'unsupported' });
});

test('settings say where they come from', async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'driftmgr.yaml'), 'drift:\n  parallelism: 3\n');
  const settings = await Settings.load(dir, { values: { 'drift.read_timeout': '7s' } });
  assert.deepEqual(settings.problems, []);
  const entry = (key) => settings.entries().find((one) => one.key === key);
  assert.equal(entry('drift.parallelism').value, 3);
  assert.match(JSON.stringify(entry('drift.parallelism').origin), /driftmgr\.yaml/);
  assert.match(JSON.stringify(entry('drift.read_timeout').value), /7s/);
  assert.equal(Settings.schema().title, 'driftmgr.yaml');
  assert.equal((await new Client({ settings }).open(quickstart)).label, quickstart);
});

test('what is known today is not shown tomorrow, but for deletions', async (t) => {
  const dir = folder(t);
  const triggers = (one) => [{ ...randoms(1)[0], instances: [{ schema_version: 0, attributes: { id: '0', triggers: { one } } }] }];
  writeFileSync(join(dir, 'mine.tfstate'), state(triggers('a')));
  const [stack, other] = await Promise.all([open(join(dir, 'mine.tfstate')), State.parse(state(triggers('b')))]);
  const report = await stack.againstState(other);
  assert.equal(report.visible.length, 1);
  assert.deepEqual(report.suggestIgnores().map(({ path }) => path), ['triggers["one"]']);
  const file = join(dir, 'known.json');
  assert.throws(() => report.baseline(file, ' '), { code: 'invalid_input' });
  const known = report.baseline(file, 'taken over');
  assert.deepEqual([known.size, known.secret, known.problems], [1, 0, []]);
  await known.write();
  const hidden = await stack.againstState(other, { baseline: file });
  assert.deepEqual([hidden.visible.length, hidden.findings.length], [0, 1]);
  const again = report.baseline(file, 'later', await Baseline.read(file));
  assert.deepEqual(again.toJSON(), known.toJSON());

  writeFileSync(join(dir, '.driftignore'), 'local_file.*\n');
  const shown = await (await open(quickstart)).detectDrift({ driftignore: join(dir, '.driftignore') });
  assert.equal(shown.summary.deleted, 2, 'a deletion is always shown');
});

test('rules and the doctor answer', async () => {
  const client = new Client();
  assert.ok(client.rules().length >= 150);
  const diagnosis = await client.doctor([quickstart]);
  assert.equal(diagnosis.targets.length, 1);
  frozen(diagnosis);
});

test('a client that only reads changes no state, and tells what it was asked', async () => {
  const reading = new Client({ backendOptions: { read_only: true } });
  const state = await reading.manage(quickstart);
  await assert.rejects(state.rm(['local_file.page']), { code: 'unsupported' });
  assert.ok((await state.pull()).length > 0);
  const { calls } = reading.backendMetrics();
  assert.ok(calls.local.read.received > 0);
  assert.equal(calls.local.write, undefined);
  assert.throws(() => new Client({ backendOptions: { reed_only: true } }), { code: 'invalid_input' });
});
