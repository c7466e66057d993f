// One list of operations and one table of cases for all languages; driftmgr-core/parity/README.md says what they mean.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import * as driftmgr from 'driftmgr';
import { Backend, Client, DriftReport, History, Plan, Settings, Snapshot, State, version } from 'driftmgr';

import { folder, repository } from './helpers.mjs';

const json = (path) => JSON.parse(readFileSync(join(repository, path), 'utf8'));
const { operations, errors } = json('driftmgr-core/parity/operations.json');

// As the table was written: in the folder of the repository, without a home folder and without variables of this machine.
process.chdir(repository);
for (const name of Object.keys(process.env)) delete process.env[name];

const client = new Client();

/** Where the name of the list is found: `stack.detectDrift` is a method of the class `Stack`. */
function found(name) {
  const [room, member] = name.split('.');
  if (member === undefined) return name in driftmgr;
  const type = driftmgr[{ report: 'DriftReport' }[room] ?? room[0].toUpperCase() + room.slice(1)];
  return type !== undefined && (member in type || member in type.prototype);
}

test('every operation of the list is here, or the list says why not', () => {
  for (const { name, node, why } of operations) {
    if (node === null) assert.ok(why?.node, `${name} has no reason`);
    else assert.ok(found(node), `${name}: there is no ${node}`);
  }
});

test('every kind of error is here', () => {
  assert.deepEqual([...driftmgr.errorCodes], errors);
});

/** What JavaScript answers to each operation of the table. */
const answers = {
  version: () => version(),
  rules: () => client.rules(),
  backends: () => client.backends(),
  doctor: ({ targets }) => client.doctor(targets),

  'client.open': async (input) => (await stack(input)).workspace,
  'client.open_with': async (input) => (await stack(input)).workspace,
  'client.detect_drift': async (input) => client.detectDrift(await stacks(input), input.options),
  'client.detect_drift_at': async ({ targets, workspace, options }) => (await client.detectDriftAt(targets, { ...options, workspace })).report,
  'client.drift_stream': async (input) => streamed(client.driftStream(await stacks(input), input.options)),
  'client.drift_of_plan': async (input) => client.driftOfPlan(input.plan, await plan(input), input.options),
  'client.snapshot': async (input) => (await client.snapshot(await stacks(input), input.options)).snapshot.info(),

  'stack.detect_drift': async (input) => (await stack(input)).detectDrift(input.options),
  'stack.drift_stream': async (input) => streamed((await stack(input)).driftStream(input.options)),
  'stack.check': async (input) => (await stack(input)).check(input.options),
  'stack.explain': async (input) => (await stack(input)).explain(input.address, input.options),
  'stack.against_plan': async (input) => (await stack(input)).againstPlan(await plan(input), input.options),
  'stack.against_snapshot': async (input) => (await stack(input)).againstSnapshot(await Snapshot.read(at(input.snapshot)), input.options),
  'stack.against_state': async (input) => (await stack(input)).againstState(await State.read(at(input.real)), input.options),
  'stack.snapshot': async (input) => (await (await stack(input)).snapshot(input.options)).snapshot.info(),
  'stack.state': async (input) => (await stack(input)).state.list(),
  'stack.workspace': async (input) => (await stack(input)).workspace,
  'stack.configuration': async (input) => (await stack(input)).configuration(),

  'state.list': async (input) => (await state(input)).list(input.addresses),
  'state.inspect': async (input) => (await state(input)).inspect(),
  'state.outputs': async (input) => (await state(input)).outputs({ secrets: input.reveal }),
  'state.view': async (input) => (await state(input)).view({ secrets: input.reveal }),
  'state.health': async (input) => (await state(input)).health(),
  'state.analyze': async (input) => (await state(input)).analyze(),
  'state.upgrade': async (input) => JSON.parse(await (await state(input)).upgrade()),
  'state.compare': async (input) => {
    const { problems, ...comparison } = await (await state(input)).compare(await State.read(at(input.after)));
    assert.deepEqual(problems, []);
    return comparison;
  },

  'report.from_json': (input) => report(input),
  'report.to_json': (input) => report(input),
  'report.check': (input) => report(input).check(),
  'report.score': (input) => report(input).score,
  'report.suggest_ignores': (input) => ({ rules: report(input).suggestIgnores() }),
  'report.render': async (input) => ({ text: await report(input).render(input.format, { timestamp: new Date(0) }) }),
  'report.baseline': (input) => report(input).baseline(at(input.file), input.reason),

  'plan.read': async (input) => ({ format_version: (await plan(input)).formatVersion }),
  'snapshot.read': async (input) => (await Snapshot.read(at(input.snapshot))).info(),
  'snapshot.info': async (input) => (await Snapshot.read(at(input.snapshot))).info(),

  'settings.load': (input) => settings(input),
  'settings.entries': async (input) => (await settings(input)).entries(),
  'settings.schema': () => Settings.schema(),
  'settings.validate': async (input) => {
    const { warnings, problems } = await Settings.validate(at(input.file));
    return { warnings, problems };
  },

  'backend.open': (input) => about(backend(input)),
  'backend.info': (input) => about(backend(input)),
  'backend.workspaces': (input) => backend(input).workspaces(),
  'backend.versions': (input) => backend(input).versions(where(input)),
  'backend.write': (input) => backend(input).write(input.text, where(input)),
  'backend.delete': (input) => backend(input).delete(where(input)),
  'backend.unlock': (input) => backend(input).unlock(input.lock, where(input)),
  'backend.read': async (input) => {
    const stored = await backend(input).read(where(input));
    return stored && { ...stored, bytes: stored.bytes.length };
  },
  'backend.lock': async (input) => {
    const one = backend(input);
    await one.lock('first');
    return one.lock('second');
  },

  'history.open': async (input, t) => (await (await history(t)).ask()).targets,
  'history.record': async (input, t) => (await recorded(input, t)).told,
  'history.prune': async (input, t) => (await recorded(input, t)).history.prune(input.age * 1000),
  'history.ask': async (input, t) => {
    if (input.file !== undefined) return (await History.open(at(input.file), { create: false })).ask();
    return (await recorded(input, t)).history.ask({ addresses: input.addresses });
  },
};

/** Mistakes that are refused before the core sees them: there is no such option, no such word. */
const impossible = {
  'an old version cannot be written': /^options\.version is unknown/,
  'a format that is none': /^format must be one of/,
};

const at = (path) => join(repository, path);
const stack = ({ target, workspace }) => client.open(target, { workspace });
const plan = (input) => Plan.read(at(input.plan));
const report = (input) => DriftReport.fromJSON(readFileSync(at(input.report), 'utf8'));
const where = ({ workspace, version: id }) => ({ workspace, ...(id !== undefined && { version: id }) });
// A new client has a new memory.
const backend = ({ kind, config, root }) => new Client().backend(kind, config, root);
const about = ({ info, capability }) => ({ info, capability });
const history = (t) => History.open(join(folder(t), 'runs.sqlite'));

async function stacks({ targets }) {
  const opened = [];
  for (const target of targets) opened.push(await client.open(target));
  return opened;
}

function state(input) {
  return input.bytes === undefined ? State.read(at(input.state)) : State.parse(readFileSync(at(input.bytes)), input.bytes);
}

async function settings({ dir, overrides }) {
  const read = await Settings.load(at(dir), { values: overrides });
  new Client({ settings: read });
  return read;
}

async function recorded(input, t) {
  const kept = await history(t);
  const told = await kept.record(await (await stack(input)).detectDrift(input.options));
  return { history: kept, told };
}

async function streamed(stream) {
  const told = { looked: [], findings: [], not_looked_at: [] };
  for await (const item of stream.items()) {
    if (item.type === 'looked') told.looked.push(`${item.looked.address} ${item.looked.outcome}`);
    if (item.type === 'finding') told.findings.push(item.finding.address);
    if (item.type === 'not_looked_at') told.not_looked_at.push(item.not_looked_at.address);
  }
  // The order is that of the answers.
  for (const list of Object.values(told)) list.sort((a, b) => (a < b ? -1 : Number(a > b)));
  return { ...told, report: stream.report };
}

/** An answer in the form in which it is compared. */
function normal(answer, volatile = []) {
  const text = JSON.stringify(answer ?? null).replaceAll(`${repository}/`, '');
  const plain = JSON.parse(text);
  for (const pointer of volatile) {
    const names = pointer.slice(1).split('/').map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = names.pop();
    const parent = names.reduce((value, name) => value[name], plain);
    assert.ok(last in parent, `nothing at ${pointer}`);
    parent[last] = '${ANY}';
  }
  return plain;
}

let count = 0;
for (const file of readdirSync(at('driftmgr-core/parity/cases')).sort()) {
  for (const one of json(`driftmgr-core/parity/cases/${file}`).cases) {
    count += 1;
    test(`${one.operation}: ${one.name}`, async (t) => {
      const answer = answers[one.operation];
      assert.ok(answer, 'nothing answers this operation');
      const refusal = impossible[one.name];
      if (refusal) return assert.rejects(async () => answer(one.input, t), { name: 'TypeError', message: refusal });
      const got = await (async () => normal(await answer(one.input, t), one.volatile))().catch((error) => {
        if (!driftmgr.isDriftmgrError(error)) throw error;
        return { error: { kind: error.code, message: error.reason.replaceAll(`${repository}/`, '') } };
      });
      if (one.expected_error) assert.deepEqual(got, { error: one.expected_error });
      else if (one.expected_file) assert.deepEqual(got, normal(json(one.expected_file)));
      else assert.deepEqual(got, one.expected);
    });
  }
}

test('the table has cases', () => {
  assert.ok(count >= 40, `${count} cases`);
  const asked = operations.filter(({ node }) => node !== null).map(({ name }) => name);
  assert.deepEqual(Object.keys(answers).filter((name) => !asked.includes(name)), [], 'answers to what the list does not have');
});

test('the classes that the cases use are those of the package', () => {
  assert.ok(client.backend('memory') instanceof Backend);
});
