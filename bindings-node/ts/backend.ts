import { ask, askThrough, callRules, now, run, runThrough, split, type CallOptions } from './call.js';
import { parse } from './exchange.js';
import type { Backend as NativeBackend } from './native.types.js';
import { bytes, judge, options, text, type Rules } from './options.js';
import type { BackendInfo, Capability, StateVersion, StoredBytes, Written } from './results.js';

/** Which state of a backend. */
export interface StateOptions extends CallOptions {
  /** The workspace; `default` unless given. */
  readonly workspace?: string | undefined;
}

/** Which version of a state is read. */
export interface ReadOptions extends StateOptions {
  /** An id of `versions()`; the current one unless given. */
  readonly version?: string | undefined;
}

/** On what conditions a state is written. */
export interface WriteOptions extends StateOptions {
  /** The lock that the caller holds. */
  readonly lock?: string | undefined;
  /** Only if the stored state has this etag. */
  readonly ifMatch?: string | undefined;
}

const stateRules: Rules<StateOptions> = { ...callRules, workspace: text };
const readRules: Rules<ReadOptions> = { ...stateRules, version: text };
const writeRules: Rules<WriteOptions> = { ...stateRules, lock: text, ifMatch: text };

/** Where states are kept. It moves their bytes and knows locks and versions, never what the bytes mean. */
export class Backend {
  readonly #native: NativeBackend;

  /** @internal */
  constructor(inner: NativeBackend) {
    this.#native = inner;
    Object.freeze(this);
  }

  /** What it is and where; no secrets. */
  get info(): BackendInfo {
    return parse(now(() => this.#native.info()));
  }

  /** What it can do. */
  get capability(): Capability {
    return parse(now(() => this.#native.capability()));
  }

  /** The workspaces that exist, `default` first. */
  async workspaces(given?: CallOptions): Promise<readonly string[]> {
    return ask(options(given, callRules), (call) => this.#native.workspaces(call));
  }

  /** The bytes of a state; `null` when there is none. Takes no lock. */
  async read(given?: ReadOptions): Promise<StoredBytes | null> {
    const [call, rest] = split(options(given, readRules));
    const stored = await run(call, (current) => this.#native.read(current, JSON.stringify(rest)));
    return stored == null ? null : Object.freeze({ ...parse<StoredBytes>(stored.about), bytes: stored.bytes });
  }

  /** The versions that can still be read, newest first. */
  async versions(given?: StateOptions): Promise<readonly StateVersion[]> {
    const [call, rest] = split(options(given, stateRules));
    return ask(call, (current) => this.#native.versions(current, JSON.stringify(rest)));
  }

  /** Replaces the bytes of a state, as they are: nothing checks that they are one. */
  async write(content: string | Uint8Array, given?: WriteOptions): Promise<Written> {
    const stored = bytes('content', content);
    const [call, rest] = split(options(given, writeRules));
    return askThrough(call, (current) => this.#native.write(current, stored, JSON.stringify(rest)));
  }

  /** Removes a state. Removing what is not there is no error. */
  async delete(given?: WriteOptions): Promise<void> {
    const [call, rest] = split(options(given, writeRules));
    await runThrough(call, (current) => this.#native.delete(current, JSON.stringify(rest)));
  }

  /** Takes the lock of a workspace, or fails at once with code `locked`. It is Terraform's own lock. Gives its id. */
  async lock(operation: string, given?: StateOptions): Promise<string> {
    judge('operation', operation, text);
    const [call, rest] = split(options(given, stateRules));
    return runThrough(call, (current) => this.#native.lock(current, operation, JSON.stringify(rest)));
  }

  /** Gives a lock back. */
  async unlock(id: string, given?: StateOptions): Promise<void> {
    judge('id', id, text);
    const [call, rest] = split(options(given, stateRules));
    await runThrough(call, (current) => this.#native.unlock(current, id, JSON.stringify(rest)));
  }
}
