import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { answers, cases, settle } from './answers.mjs';

const require = createRequire(import.meta.url);
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
const home = fileURLToPath(new URL('../consumers', import.meta.url));

const CONSUMER = `
import { Client, DriftmgrError, DriftReport, ExactNumber, History, isDriftmgrError, open, Settings, State, version } from 'driftmgr';
import type { Check, DriftEvent, ErrorCode, Finding, JsonValue, ObservedAttributes, Reality, Severity, StateChange } from 'driftmgr';

function exhaustive(code: ErrorCode): number {
  switch (code) {
    case 'not_found': case 'permission_denied': case 'unauthenticated': case 'locked': case 'conflict': case 'rate_limited': case 'timeout':
    case 'cancelled': case 'unsupported': case 'invalid_config': case 'invalid_state': case 'invalid_input': case 'unavailable':
    case 'tool_failed': case 'unexpected': return 1;
  }
}

function shown(value: JsonValue): string {
  if (value instanceof ExactNumber) return value.digits;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value).join() : String(value);
}

function told(change: StateChange): string {
  switch (change.change) {
    case 'moved': case 'moved_empty': return change.from + change.to;
    case 'removed': case 'imported': case 'dependencies_dropped': return change.address;
    case 'provider_replaced': return change.resource + change.to;
    case 'provider_changed': return change.to ?? 'none';
  }
}

export async function main(signal: AbortSignal): Promise<number> {
  const stack = await open(new URL('file:///infra'), { signal, workspace: 'prod', variables: { a: 'b' } });
  const onEvent = (event: DriftEvent): void => {
    if (event.type === 'instance_read') console.log(event.address.length, event.outcome === 'same');
  };
  const report: DriftReport = await stack.detectDrift({ signal, onEvent, timeout: 1000, sensitivity: 'low' });
  const severities: Severity[] = report.findings.map((finding) => finding.drift.severity);
  for await (const finding of stack.driftStream()) {
    const one: Finding = finding;
    for (const change of one.drift.changes) console.log(change.path, shown(change.before), change.hidden?.reason);
  }
  for await (const item of stack.driftStream().items()) {
    if (item.type === 'looked') console.log(item.looked.done / item.looked.total);
  }
  const inventory: Reality = {
    async observe(address, attributes, { signal: given }) {
      if (given.aborted || address.length === 0) return null;
      const tags: ObservedAttributes = { size: 2n ** 64n, owner: undefined };
      return { ...attributes, tags };
    },
  };
  console.log((await stack.withReality(inventory).check({ signal })).safe);
  console.log(stack.withReality({ observe: (_, { id }) => (id === null ? null : { id }) }).label);
  const check: Check = report.check('critical');
  if (check.safe === null) console.log(check.exit);
  const html: string = await report.render('html', { timestamp: new Date() });
  const client = new Client({ settings: await Settings.load('.') });
  const { report: all, unopened } = await client.detectDriftAt(['a', 'b'], { plugins: false, variableFiles: ['x.tfvars'] });
  const state: State = await State.parse(Buffer.from(''));
  const outputs = await state.outputs();
  for (const { value, sensitive } of Object.values(outputs)) console.log(sensitive ? '' : shown(value));
  const managed = await client.manage('.', { workspace: 'blue', signal });
  const changed = await managed.mv('a.b', 'a.c', { dryRun: true, lockTimeout: 1000, withoutLock: false, force: false, signal });
  const backup: string | null = changed.backup ?? (await managed.delete());
  if (backup !== null) console.log((await managed.diff({ from: backup })).problems, changed.changes.map(told));
  for (const { id, kept_by: keeper } of await managed.versions()) if (keeper === 'backup') console.log((await managed.state({ version: id })).serial);
  const history = await History.open();
  console.log((await history.record(all)).new, html, unopened.length, severities, version().features);
  try {
    return 0;
  } catch (error) {
    if (isDriftmgrError(error, 'locked')) return exhaustive(error.code);
    if (error instanceof DriftmgrError) console.log(error.hints[0]?.length, error.context[0]?.[1], error.retryable === true);
    throw error;
  }
}
`;

/** Each of these must not compile. */
const refused = {
  'an unknown option': `stack.detectDrift({ paralelism: 1 })`,
  'a wrong word': `stack.detectDrift({ sensitivity: 'hihg' })`,
  'a wrong format': `report.render('pdf')`,
  'an error code that there is not': `isDriftmgrError(0, 'not_fuond')`,
  'changing a result': `report.summary.drifted = 0`,
  'changing a list': `report.findings.push(report.findings[0]!)`,
  'changing a list inside': `report.findings[0]!.drift.reasons.pop()`,
  'a member that there is not': `report.findings[0]!.severity`,
  'another kind of state': `stack.againstState(stack)`,
  'a change without an address': `managed.mv('a.b')`,
  'an option of another operation': `managed.push('', { lock: 'id' })`,
  'a copy to a state that is read': `managed.copyTo(stack.state)`,
  'a change that there is not': `(change.change === 'renamed')`,
  'a reality without its method': `stack.withReality({})`,
  'a reality that answers nothing': `stack.withReality({ observe: () => undefined })`,
  'a reality that answers a list': `stack.withReality({ observe: async () => [1] })`,
};

const REFUSED = `
import { DriftReport, isDriftmgrError, ManagedState, Stack, type StateChange } from 'driftmgr';
export function refused(stack: Stack, report: DriftReport, managed: ManagedState, change: StateChange): void {
${Object.values(refused).map((statement) => `  // @ts-expect-error\n  void (${statement});`).join('\n')}
}
`;

/** The type of each answer that is a document. */
const TYPES = {
  version: 'Version',
  rules: 'readonly SeverityRule[]',
  backends: 'readonly BackendKind[]',
  doctor: 'Diagnosis',
  'client.open': 'WorkspaceInfo',
  'client.detect_drift': 'DriftDocument',
  'client.detect_drift_at': 'DriftDocument',
  'client.drift_of_plan': 'DriftDocument',
  'client.snapshot': 'SnapshotInfo',
  'stack.detect_drift': 'DriftDocument',
  'stack.against_plan': 'DriftDocument',
  'stack.against_snapshot': 'DriftDocument',
  'stack.against_state': 'DriftDocument',
  'stack.check': 'Check',
  'stack.explain': 'Explanation',
  'stack.snapshot': 'SnapshotInfo',
  'stack.workspace': 'WorkspaceInfo',
  'stack.configuration': 'ConfigurationSummary | null',
  'state.list': 'readonly string[]',
  'state.inspect': 'Inspection',
  'state.outputs': 'Readonly<Record<string, Output>>',
  'state.view': 'StateView',
  'state.health': 'Health',
  'state.analyze': 'StateAnalysis',
  'state.compare': "Omit<Comparison, 'problems'>",
  'report.to_json': 'DriftDocument',
  'report.check': 'Check',
  'report.score': 'Score',
  'report.by_target': 'Readonly<Record<string, DriftDocument>>',
  'report.suggest_ignores': '{ rules: readonly IgnoreSuggestion[] }',
  'snapshot.info': 'SnapshotInfo',
  'settings.load': 'SettingsDocument',
  'settings.entries': 'readonly SettingEntry[]',
  'settings.validate': '{ warnings: readonly string[]; problems: readonly Problem[] }',
  'backend.info': '{ info: BackendInfo; capability: Capability }',
  'backend.read': "Omit<StoredBytes, 'bytes'> & { bytes: number } | null",
  'backend.write': 'Written',
  'client.manage': "Pick<ManagedState, 'label' | 'workspace' | 'capability'> & Pick<BackendInfo, 'kind'>",
  'managed.push': 'Changed',
  'managed.mv': 'Changed',
  'managed.rm': 'Changed',
  'managed.replace_provider': 'Changed',
  'managed.import_object': 'Changed',
  'managed.workspaces': 'readonly string[]',
  'history.record': 'RecordedRun',
  'history.ask': 'DriftHistory',
  'history.prune': 'PrunedRuns',
};

/** Every answer of the table as a literal of its type: a member that the type does not have does not compile, nor one that is missing. */
async function documents(t) {
  const lines = [];
  for (const { operation, input } of cases()) {
    const type = TYPES[operation];
    if (type === undefined) continue;
    const answer = await Promise.resolve(answers[operation](input, t)).catch(() => undefined);
    if (answer !== undefined) lines.push(`export const a${lines.length}: ${type} = ${JSON.stringify(answer)};`);
  }
  assert.ok(lines.length >= 40, `${lines.length}`);
  const names = [...new Set(Object.values(TYPES).flatMap((type) => type.match(/\b[A-Z]\w+/g) ?? []))];
  const ours = names.filter((name) => !['Omit', 'Pick', 'Readonly', 'Record'].includes(name));
  return `import type { ${ours.join(', ')} } from 'driftmgr';\n${lines.join('\n')}\n`;
}

test('a strict consumer compiles, as a module and as CommonJS; what would fail at run time does not; types are exact', async (t) => {
  settle();
  const files = { 'consumer.mts': CONSUMER, 'consumer.cts': CONSUMER, 'refused.mts': REFUSED, 'documents.mts': await documents(t) };
  mkdirSync(home, { recursive: true });
  for (const [name, source] of Object.entries(files)) writeFileSync(join(home, name), source);
  // The types of the package itself are judged too: skipLibCheck is off.
  const words = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022', '--module', 'node16', '--types', 'node'];
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...words, ...Object.keys(files)], { encoding: 'utf8', cwd: home });
  assert.equal(status, 0, stdout);
});
