// How JavaScript answers the operations that all languages are asked. `driftmgr-core/parity/README.md` says what the inputs mean.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Client, DriftReport, History, Plan, Settings, Snapshot, State, version } from 'driftmgr';

import { folder, repository } from './helpers.mjs';

const client = new Client();

/** A JSON file of the repository. */
export const json = (path) => JSON.parse(readFileSync(at(path), 'utf8'));

/** Every case of the table, in order. */
export function cases() {
  const files = readdirSync(at('driftmgr-core/parity/cases')).sort();
  return files.flatMap((file) => json(`driftmgr-core/parity/cases/${file}`).cases);
}

/** Makes this process the one that the table was written in: in the folder of the repository, without a home folder and variables of this machine. */
export function settle() {
  process.chdir(repository);
  for (const name of Object.keys(process.env)) if (name !== 'PATH') delete process.env[name];
}

/** What JavaScript answers to each operation of the table. */
export const answers = {
  version: () => version(),
  rules: () => client.rules(),
  backends: () => client.backends(),
  backend_metrics: () => new Client().backendMetrics(),
  status: ({ targets, workspace, backend_config }) => client.status(targets, { workspace, backendConfig: backend_config }),
  doctor: ({ targets }) => client.doctor(targets),

  'client.open': async (input) => (await stack(input)).workspace,
  'client.open_with': async (input) => (await stack(input)).workspace,
  'client.detect_drift': async (input) => client.detectDrift(await stacks(input), input.options),
  'client.detect_drift_at': async ({ targets, workspace, backend_config, every_workspace, options }) => {
    const open = { workspace, backendConfig: backend_config, everyWorkspace: every_workspace };
    return (await client.detectDriftAt(targets, { ...options, ...open })).report;
  },
  'client.drift_stream': async (input) => streamed(client.driftStream(await stacks(input), input.options)),
  'client.drift_of_plan': async (input) => client.driftOfPlan(input.plan, await plan(input), input.options),
  'client.snapshot': async (input) => (await client.snapshot(await stacks(input), input.options)).snapshot.info(),

  'client.manage': async (input) => place(await managed(input)),
  'client.manage_with': async (input) => place(await managed(input)),

  // Every change is a dry run: the files of the repository stay as they are.
  'managed.pull': async (input) => JSON.parse(await (await managed(input)).pull()),
  'managed.state': async (input) => (await (await managed(input)).state({ version: input.version })).list(),
  'managed.push': async (input) => (await managed(input)).push(readFileSync(at(input.state)), DRY),
  'managed.restore': async (input) => (await managed(input)).restore(readFileSync(at(input.state)), DRY),
  'managed.mv': async (input) => (await managed(input)).mv(input.from, input.to, DRY),
  'managed.rm': async (input) => (await managed(input)).rm(input.addresses, DRY),
  'managed.replace_provider': async (input) => (await managed(input)).replaceProvider(input.from, input.to, DRY),
  'managed.import_object': async (input) => (await managed(input)).importObject(input.address, input.provider, input.object, DRY),
  'managed.workspaces': async (input) => (await managed(input)).workspaces(),
  'managed.in_workspace': async ({ target, workspace }) => place((await client.manage(target)).inWorkspace(workspace)),

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
  'report.by_target': (input) => Object.fromEntries(report(input).byTarget()),
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

const DRY = { dryRun: true };
const at = (path) => join(repository, path);
const stack = ({ target, workspace }) => client.open(target, { workspace });
const managed = ({ target, workspace }) => client.manage(target, { workspace });
const place = ({ label, workspace, info: { kind }, capability }) => ({ label, workspace, kind, capability });
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
