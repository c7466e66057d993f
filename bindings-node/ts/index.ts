/**
 * Is this Terraform or OpenTofu state still true?
 *
 * @example
 * import { open } from 'driftmgr';
 *
 * const stack = await open('./infra');
 * const report = await stack.detectDrift({ timeout: 60_000 });
 * for (const finding of report.visible) console.log(finding.address, finding.drift.kind);
 */

export { Backend, type ReadOptions, type StateOptions, type WriteOptions } from './backend.js';
export { Baseline } from './baseline.js';
export type { CallOptions } from './call.js';
export { Client, open, type AgainstOptions, type BackendOptions, type ClientOptions, type DriftAtOptions, type OpenOptions, type Survey } from './client.js';
export { DriftmgrError, errorCodes, isDriftmgrError, type ErrorCode, type ErrorContext } from './errors.js';
export { ExactNumber, type JsonObject, type JsonValue } from './exchange.js';
export { History, type HistoryOptions, type HistoryQuestion } from './history.js';
export { ManagedState, type ChangeOptions, type DiffOptions, type LockOptions, type VersionOptions } from './managed.js';
export type { PathLike } from './options.js';
export { Plan } from './plan.js';
export type { ObserveCall, ObservedAttributes, ObservedValue, Reality } from './reality.js';
export { DriftReport, type RenderOptions, type ReportFormat } from './report.js';
export type * from './results.js';
export { Settings, type SettingsOptions } from './settings.js';
export { Snapshot } from './snapshot.js';
export { Stack, type DriftOptions } from './stack.js';
export { State, type SecretOptions } from './state.js';
export { DriftStream } from './stream.js';
export { version } from './version.js';
