import { ask, callRules, now, run, split, type CallOptions } from './call.js';
import { parse } from './exchange.js';
import type { Stack as NativeStack } from './native.types.js';
import { count, duration, flag, instanceOf, judge, oneOf, options, text, textMap, texts, type Rules } from './options.js';
import { Plan } from './plan.js';
import { asking, realities, type Reality } from './reality.js';
import { DriftReport } from './report.js';
import type { Check, ConfigurationSummary, Explanation, Problem, WorkspaceInfo } from './results.js';
import { Snapshot } from './snapshot.js';
import { State } from './state.js';
import { DriftStream } from './stream.js';

/** How drift is looked for. What is not given is as the settings have it. */
export interface DriftOptions extends CallOptions {
  /** Reads that one provider configuration serves at a time. Clouds throttle by account, so more is not always faster. */
  readonly parallelism?: number | undefined;
  /** How long one read may take, in milliseconds. */
  readonly readTimeout?: number | undefined;
  /** Whether provider plugins may be run. They are native code and run with the credentials of this process. */
  readonly plugins?: boolean | undefined;
  /** Only instances whose address is, or lies below, one of these: `module.a`, `aws_vpc.main`, `aws_vpc.main["x"]`. */
  readonly targets?: readonly string[] | undefined;
  /** No instances whose address is, or lies below, one of these. */
  readonly exclude?: readonly string[] | undefined;
  /** How much is shown: `low` hides what probably means nothing, `high` only what certainly does. */
  readonly sensitivity?: 'low' | 'medium' | 'high' | undefined;
  /** Binaries of providers by source address, instead of the installed ones. */
  readonly providerPaths?: Readonly<Record<string, string>> | undefined;
  /** A file in the form of driftctl's `.driftignore` whose changes are not shown. */
  readonly driftignore?: string | undefined;
  /** A file of differences that are known, which are not shown. `report.baseline()` makes one. */
  readonly baseline?: string | undefined;
}

/** @internal */
export const driftRules: Rules<DriftOptions> = {
  ...callRules,
  parallelism: count,
  readTimeout: duration,
  plugins: flag,
  targets: texts,
  exclude: texts,
  sensitivity: oneOf('low', 'medium', 'high'),
  providerPaths: textMap,
  driftignore: text,
  baseline: text,
};

/** @internal Judges the options of a look, and gives those of the call and the others as text. */
export function looking(given: DriftOptions | undefined): [CallOptions, string] {
  const [call, rest] = split(options(given, driftRules));
  return [call, JSON.stringify(rest)];
}

const plans = instanceOf(Plan, 'a Plan');
const snapshots = instanceOf(Snapshot, 'a Snapshot');
const states = instanceOf(State, 'a State');

/** A state with what is known around it: its root module, its workspace, its place. `open()` gives one. */
export class Stack {
  readonly #native: NativeStack;

  /** @internal */
  constructor(inner: NativeStack) {
    this.#native = inner;
    Object.freeze(this);
  }

  /** @internal */
  get native(): NativeStack {
    return this.#native;
  }

  /** The target as the caller named it. */
  get label(): string {
    return this.#native.label;
  }

  /** The folder of the root module: what relative paths in the state start from. */
  get root(): string {
    return this.#native.root;
  }

  /** The workspace, and what selected it. */
  get workspace(): WorkspaceInfo {
    return parse(now(() => this.#native.workspace()));
  }

  /** What could not be read of the configuration. The state is whole all the same. */
  get problems(): readonly Problem[] {
    return parse(now(() => this.#native.problems()));
  }

  /** The state. */
  get state(): State {
    return new State(this.#native.state());
  }

  /** What the configuration declares, each with file and line; `null` when the folder holds none. */
  configuration(): ConfigurationSummary | null {
    return parse(now(() => this.#native.configuration()));
  }

  /** Looks at every managed instance. What cannot be looked at is in the report, never taken for clean and never for deleted. */
  async detectDrift(given?: DriftOptions): Promise<DriftReport> {
    const [call, rest] = looking(given);
    return new DriftReport(await run(call, (native) => this.#native.detectDrift(native, rest)));
  }

  /** Looks at every managed instance and gives the short answer: is it safe to go on? */
  async check(given?: DriftOptions): Promise<Check> {
    return (await this.detectDrift(given)).check();
  }

  /**
   * The same as `detectDrift`, with findings as soon as they are known.
   *
   * @example
   * for await (const finding of stack.driftStream({ signal })) console.log(finding.address);
   */
  driftStream(given?: DriftOptions): DriftStream {
    const [call, rest] = looking(given);
    return new DriftStream(call, (native) => this.#native.driftStream(native, rest));
  }

  /** Everything about one instance: its state, its provider, and how it differs. */
  async explain(address: string, given?: DriftOptions): Promise<Explanation> {
    judge('address', address, text);
    const [call, rest] = looking(given);
    return ask(call, (native) => this.#native.explain(native, address, rest));
  }

  /**
   * The same stack, with somebody else to say what is really there instead of the providers: for `detectDrift`, `driftStream`, `check`, `explain` and
   * `snapshot`, and for a client's that it is given to.
   */
  withReality(reality: Reality): Stack {
    judge('reality', reality, realities);
    return new Stack(now(() => this.#native.withReality(asking(reality))));
  }

  /** Compares with what a plan says, which must have been made from this state. No provider is asked. */
  async againstPlan(plan: Plan, given?: DriftOptions): Promise<DriftReport> {
    judge('plan', plan, plans);
    const [call, rest] = looking(given);
    return new DriftReport(await run(call, (native) => this.#native.againstPlan(native, plan.native, rest)));
  }

  /** Compares with what a snapshot found. No provider is asked. */
  async againstSnapshot(snapshot: Snapshot, given?: DriftOptions): Promise<DriftReport> {
    judge('snapshot', snapshot, snapshots);
    const [call, rest] = looking(given);
    return new DriftReport(await run(call, (native) => this.#native.againstSnapshot(native, snapshot.native, rest)));
  }

  /** Compares with another state as if that were reality. No provider is asked. */
  async againstState(other: State, given?: DriftOptions): Promise<DriftReport> {
    judge('other', other, states);
    const [call, rest] = looking(given);
    return new DriftReport(await run(call, (native) => this.#native.againstState(native, other.native, rest)));
  }

  /** Looks at every managed instance and writes down what was found. Secrets are keyed hashes in it. */
  async snapshot(given?: DriftOptions): Promise<{ readonly snapshot: Snapshot; readonly report: DriftReport }> {
    const [call, rest] = looking(given);
    const recorded = await run(call, (native) => this.#native.snapshot(native, rest));
    return Snapshot.recorded(recorded);
  }
}
