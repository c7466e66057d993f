import { ask, askThrough, callRules, now, run, runThrough, split, type CallOptions } from './call.js';
import { parse } from './exchange.js';
import type { ManagedState as NativeManagedState } from './native.types.js';
import { bytes, duration, flag, instanceOf, judge, options, text, texts, type Rules } from './options.js';
import type { BackendInfo, Capability, Changed, Comparison, HistoricVersion } from './results.js';
import { State } from './state.js';

/** Which version of a stored state. */
export interface VersionOptions extends CallOptions {
  /** An id of `versions()`; the current state unless given. */
  readonly version?: string | undefined;
}

/** Between which versions of a stored state. */
export interface DiffOptions extends CallOptions {
  /** An id of `versions()`; the current state unless given. */
  readonly from?: string | undefined;
  /** An id of `versions()`; the current state unless given. */
  readonly to?: string | undefined;
}

/** How a lock is waited for. */
export interface LockOptions extends CallOptions {
  /**
   * How long somebody else's lock is waited for, in milliseconds; not at all unless given. A `timeout` that is over sooner ends the wait, with code `locked`
   * as well.
   */
  readonly lockTimeout?: number | undefined;
}

/** How a stored state is changed. */
export interface ChangeOptions extends LockOptions {
  /** Only says what would change. */
  readonly dryRun?: boolean | undefined;
  /** Changes a state that cannot be locked, or although somebody holds the lock: only when nobody else writes it. */
  readonly withoutLock?: boolean | undefined;
  /** Writes a state of another lineage, or an older one, over what is there; deletes one that holds resources. Nothing else is forced. */
  readonly force?: boolean | undefined;
}

const versionRules: Rules<VersionOptions> = { ...callRules, version: text };
const diffRules: Rules<DiffOptions> = { ...callRules, from: text, to: text };
const lockRules: Rules<LockOptions> = { ...callRules, lockTimeout: duration };
const changeRules: Rules<ChangeOptions> = { ...lockRules, dryRun: flag, withoutLock: flag, force: flag };

/** Judges the options of a change, and gives those of the call and the others as text. */
function changing(given: ChangeOptions | undefined): [CallOptions, string] {
  const [call, rest] = split(options(given, changeRules));
  return [call, JSON.stringify(rest)];
}

/**
 * A state where it is stored, to be read with its past and to be changed. `client.manage()` gives one.
 *
 * Every change takes the lock that Terraform takes, reads the state under it, writes down what was there, writes the new state under the condition that nobody
 * else wrote, reads it back and compares. When the check fails, the old state is put back. What was done before an abort came is told as if none had come.
 *
 * @example
 * const state = await client.manage('./infra');
 * const { changes } = await state.mv('aws_vpc.main', 'module.net.aws_vpc.main', { dryRun: true });
 */
export class ManagedState {
  readonly #native: NativeManagedState;

  /** @internal */
  constructor(inner: NativeManagedState) {
    this.#native = inner;
    Object.freeze(this);
  }

  /** @internal */
  get native(): NativeManagedState {
    return this.#native;
  }

  /** The target as the caller named it. */
  get label(): string {
    return this.#native.label;
  }

  /** The name of its workspace. */
  get workspace(): string {
    return this.#native.workspace;
  }

  /** Where it is stored; no secrets. */
  get info(): BackendInfo {
    return parse(now(() => this.#native.info()));
  }

  /** What its backend can do. */
  get capability(): Capability {
    return parse(now(() => this.#native.capability()));
  }

  /** The bytes of the state, decrypted, as they stand otherwise; `null` when there is none. Takes no lock. Secrets are in them. */
  async pull(given?: CallOptions): Promise<Buffer | null> {
    return (await run(options(given, callRules), (call) => this.#native.pull(call))) ?? null;
  }

  /** What the state says, or one of its versions; the error has code `not_found` when there is none. */
  async state(given?: VersionOptions): Promise<State> {
    const [call, { version }] = split(options(given, versionRules));
    return new State(await run(call, (current) => this.#native.state(current, version)));
  }

  /** What can still be read of its past, the newest first: versions of the backend, and backups and snapshots on this machine. */
  async versions(given?: CallOptions): Promise<readonly HistoricVersion[]> {
    return ask(options(given, callRules), (call) => this.#native.versions(call));
  }

  /** What changed from one version to another. */
  async diff(given?: DiffOptions): Promise<Comparison> {
    const [call, { from, to }] = split(options(given, diffRules));
    return ask(call, (current) => this.#native.diff(current, from, to));
  }

  /**
   * Writes a state as it is, by the rules of `terraform state push`: the same lineage, and a serial that is not lower. Another one has code `conflict`, unless
   * it is forced. A state that says the same with the same serial is not written again.
   */
  async push(content: string | Uint8Array, given?: ChangeOptions): Promise<Changed> {
    const stored = bytes('content', content);
    const [call, rest] = changing(given);
    return askThrough(call, (current) => this.#native.push(current, stored, rest));
  }

  /** Makes one of its `versions()` the next state: with the lineage of the current one and the serial after it. */
  async rollback(version: string, given?: ChangeOptions): Promise<Changed> {
    judge('version', version, text);
    const [call, rest] = changing(given);
    return askThrough(call, (current) => this.#native.rollback(current, version, rest));
  }

  /**
   * Makes a state that was kept elsewhere the next one: with the lineage of the current one and the serial after it. Where there is no state, it is written as
   * it is. One of another lineage has code `conflict`, unless it is forced.
   */
  async restore(content: string | Uint8Array, given?: ChangeOptions): Promise<Changed> {
    const stored = bytes('content', content);
    const [call, rest] = changing(given);
    return askThrough(call, (current) => this.#native.restore(current, stored, rest));
  }

  /** Keeps the current state on this machine, without changing it. Gives the id of the version. */
  async snapshot(given?: CallOptions): Promise<string> {
    return runThrough(options(given, callRules), (call) => this.#native.snapshot(call));
  }

  /** Moves an instance, a resource or a module to another address, as `terraform state mv`. */
  async mv(from: string, to: string, given?: ChangeOptions): Promise<Changed> {
    judge('from', from, text);
    judge('to', to, text);
    const [call, rest] = changing(given);
    return askThrough(call, (current) => this.#native.mv(current, from, to, rest));
  }

  /** Forgets instances, resources and modules, as `terraform state rm`. The real objects are left alone. */
  async rm(addresses: readonly string[], given?: ChangeOptions): Promise<Changed> {
    judge('addresses', addresses, texts);
    const [call, rest] = changing(given);
    return askThrough(call, (current) => this.#native.rm(current, [...addresses], rest));
  }

  /** Gives all resources of one provider to another one, by their source addresses, as `terraform state replace-provider`. */
  async replaceProvider(from: string, to: string, given?: ChangeOptions): Promise<Changed> {
    judge('from', from, text);
    judge('to', to, text);
    const [call, rest] = changing(given);
    return askThrough(call, (current) => this.#native.replaceProvider(current, from, to, rest));
  }

  /**
   * Takes in an object that exists, at an address where nothing is. What it is, the provider was asked before.
   *
   * @param provider its provider configuration, such as `provider["registry.terraform.io/hashicorp/aws"]`
   * @param object what a state of format 4 says of an instance, as JSON text: `attributes`, `schema_version`, and where there are any
   * `sensitive_attributes`, `private`, `identity`, `dependencies`
   */
  async importObject(address: string, provider: string, object: string, given?: ChangeOptions): Promise<Changed> {
    judge('address', address, text);
    judge('provider', provider, text);
    judge('object', object, text);
    const [call, rest] = changing(given);
    return askThrough(call, (current) => this.#native.importObject(current, address, provider, object, rest));
  }

  /**
   * Copies the state to another place as it is, with its lineage and serial, encrypted as that place's configuration says. Both are locked meanwhile, this one
   * where it can be; it is left as it is. What is there must be a state that this one may follow, as for `push`.
   */
  async copyTo(to: ManagedState, given?: ChangeOptions): Promise<Changed> {
    judge('to', to, instanceOf(ManagedState, 'a ManagedState'));
    const [call, rest] = changing(given);
    return askThrough(call, (current) => this.#native.copyTo(current, to.native, rest));
  }

  /**
   * Deletes the state, under its lock. One that holds resources has code `conflict`, unless it is forced: the real objects would be left without a state.
   * Gives the id of the version that keeps it on this machine; `null` when there was none, and for a dry run.
   */
  async delete(given?: ChangeOptions): Promise<string | null> {
    const [call, rest] = changing(given);
    return (await runThrough(call, (current) => this.#native.delete(current, rest))) ?? null;
  }

  /**
   * Takes the lock, and gives its id. `operation` says what for: whoever meets the lock reads it. While somebody else holds it, the error has code `locked`,
   * and `lock`, `holder`, `operation` and `since` in its context. The lock on a file is given back, too, when this object is collected.
   */
  async lock(operation: string, given?: LockOptions): Promise<string> {
    judge('operation', operation, text);
    const [call, { lockTimeout = 0 }] = split(options(given, lockRules));
    return runThrough(call, (current) => this.#native.lock(current, operation, lockTimeout));
  }

  /**
   * Gives a lock back. With the id of somebody else's lock, as an error with code `locked` names it, that lock is broken: only when its holder is known to be
   * gone. An id that is not that of the lock has code `conflict`.
   */
  async unlock(id: string, given?: CallOptions): Promise<void> {
    judge('id', id, text);
    await runThrough(options(given, callRules), (call) => this.#native.unlock(call, id));
  }

  /** The names of all workspaces beside this one, itself among them where it exists: `default` first, the others sorted. */
  async workspaces(given?: CallOptions): Promise<readonly string[]> {
    return ask(options(given, callRules), (call) => this.#native.workspaces(call));
  }

  /** The state of another workspace of the same configuration; it need not exist. */
  inWorkspace(name: string): ManagedState {
    judge('name', name, text);
    return new ManagedState(now(() => this.#native.inWorkspace(name)));
  }

  /** Makes another workspace, with an empty state as Terraform makes it. One that exists has code `conflict`. */
  async createWorkspace(name: string, given?: ChangeOptions): Promise<ManagedState> {
    judge('name', name, text);
    const [call, rest] = changing(given);
    return new ManagedState(await runThrough(call, (current) => this.#native.createWorkspace(current, name, rest)));
  }

  /** Deletes another workspace with its state; gives what `delete` gives. `default` always exists and is not deleted. */
  async deleteWorkspace(name: string, given?: ChangeOptions): Promise<string | null> {
    judge('name', name, text);
    const [call, rest] = changing(given);
    return (await runThrough(call, (current) => this.#native.deleteWorkspace(current, name, rest))) ?? null;
  }
}
