import { Backend } from './backend.js';
import { ask, callRules, now, run, runThrough, split, type CallOptions } from './call.js';
import { parse, type JsonValue } from './exchange.js';
import { ManagedState } from './managed.js';
import { native } from './native.js';
import type { Client as NativeClient } from './native.types.js';
import { either, flag, instanceOf, judge, options, path, paths, record, rule, text, textMap, texts, type PathLike, type Rules } from './options.js';
import { Plan } from './plan.js';
import { DriftReport } from './report.js';
import type { BackendKind, BackendMetrics, Diagnosis, SeverityRule, Status } from './results.js';
import { Settings } from './settings.js';
import { Snapshot } from './snapshot.js';
import { driftRules, looking, Stack, type DriftOptions } from './stack.js';
import { State } from './state.js';
import { DriftStream } from './stream.js';

/** What a client is made with. */
export interface ClientOptions {
  /** Settings; the defaults unless given. No file is read that nobody told it to read. */
  readonly settings?: Settings | undefined;
  /**
   * Lets provider processes go on for the next run, until `endProviders` or the end of the client: for programs that look again and again. They go on with
   * the credentials that they got; a run with another environment or other limits starts them anew. Off unless given: all processes have ended when a run has.
   */
  readonly keepProviders?: boolean | undefined;
  /**
   * Layers over every backend that the client opens, times in seconds: `{ read_only: true }` writes, deletes and locks nothing; `rate_limit`,
   * `circuit_breaker`, `retry` and `cache` spare the servers.
   */
  readonly backendOptions?: BackendOptions | undefined;
}

/** Layers over the backends of a client. Times are in seconds, sizes in bytes. */
export interface BackendOptions {
  /** Nothing is written, deleted or locked. */
  readonly read_only?: boolean;
  /** Reading calls are repeated for kinds that do not do so by themselves. */
  readonly retry?: { readonly max?: number; readonly wait_min?: number; readonly wait_max?: number };
  /** So many calls in a second, for all backends of an account together. */
  readonly rate_limit?: { readonly per_second: number; readonly burst?: number };
  /** A server that fails so often in a row is left alone for a while. */
  readonly circuit_breaker?: { readonly failures?: number; readonly pause?: number };
  /** States are kept, and fetched again only when they have changed; `key` is 32 bytes in base64. */
  readonly cache?: {
    readonly ttl?: number;
    readonly memory?: number;
    readonly disk?: { readonly folder: string; readonly max_bytes?: number; readonly key?: string };
  };
}

/** How a target is opened. */
export interface OpenOptions extends CallOptions {
  /** The workspace, instead of the selected one. For folders only: a state file is one workspace. */
  readonly workspace?: string | undefined;
  /** Values of root module variables, as `-var` gives them. They win over files. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  /** Files of values, as `-var-file` names them. */
  readonly variableFiles?: readonly string[] | undefined;
  /** Arguments of the backend beside its block, as `terraform init` takes them with `-backend-config`: each `NAME=VALUE`, or a file. */
  readonly backendConfig?: readonly string[] | undefined;
}

/** How targets are opened and looked at. */
export type DriftAtOptions = DriftOptions &
  OpenOptions & {
    /** Every workspace that exists and has a state, instead of one: each is a target of the report, as `infra (prod)`. */
    readonly everyWorkspace?: boolean | undefined;
  };

/** What a plan that needs no target is called. */
export interface AgainstOptions {
  /** The name of the plan's own state in the report; `plan` unless given. */
  readonly label?: string | undefined;
}

/** A report, what was opened for it, and what could not be. */
export interface Survey {
  readonly report: DriftReport;
  readonly stacks: readonly Stack[];
  readonly unopened: readonly string[];
}

const layers = rule('an object of layers', (value) => typeof value === 'object' && value !== null && !Array.isArray(value));
const clientRules: Rules<ClientOptions> = { settings: instanceOf(Settings, 'Settings'), keepProviders: flag, backendOptions: layers };
const openRules: Rules<OpenOptions> = { ...callRules, workspace: text, variables: textMap, variableFiles: texts, backendConfig: texts };
const stackList = rule('an array of Stacks', (value) => Array.isArray(value) && value.every((one) => one instanceof Stack));
const snapshots = instanceOf(Snapshot, 'a Snapshot');
const plans = instanceOf(Plan, 'a Plan');
const realities = either(plans, snapshots, instanceOf(State, 'a State'));
const againstRules: Rules<AgainstOptions> = { label: text };
const natives = (stacks: readonly Stack[]) => stacks.map((stack) => stack.native);

/**
 * Opens states and answers questions about several of them at once: a provider process serves all that share its configuration.
 *
 * @example
 * const client = new Client({ settings: await Settings.load() });
 * const { report } = await client.detectDriftAt(['network', 'database']);
 */
export class Client {
  readonly #native: NativeClient;

  constructor(given?: ClientOptions) {
    const { settings, keepProviders = false, backendOptions } = options(given, clientRules);
    this.#native = now(() => new native.Client(settings?.native, keepProviders, backendOptions && JSON.stringify(backendOptions)));
    Object.freeze(this);
  }

  /** Opens a target: the folder of a root module, a state file, or the address of a state. */
  async open(target: PathLike, given?: OpenOptions): Promise<Stack> {
    const name = path('target', target);
    const [call, rest] = split(options(given, openRules));
    return new Stack(await run(call, (current) => this.#native.open(current, name, JSON.stringify(rest))));
  }

  /** The state of a target where it is stored, to be changed: of the folder of a root module, a state file, or the address of a state. It is not read yet. */
  async manage(target: PathLike, given?: OpenOptions): Promise<ManagedState> {
    const name = path('target', target);
    const [call, rest] = split(options(given, openRules));
    return new ManagedState(await run(call, (current) => this.#native.manage(current, name, JSON.stringify(rest))));
  }

  /** Looks at every managed instance of the stacks. */
  async detectDrift(stacks: readonly Stack[], given?: DriftOptions): Promise<DriftReport> {
    judge('stacks', stacks, stackList);
    const [call, rest] = looking(given);
    return new DriftReport(await run(call, (current) => this.#native.detectDrift(current, natives(stacks), rest)));
  }

  /** Opens targets and looks at them. One target that cannot be opened is the error; among several it is a problem of the report. */
  async detectDriftAt(targets: readonly PathLike[], given?: DriftAtOptions): Promise<Survey> {
    return this.#survey(targets, given, {});
  }

  /**
   * Opens targets and holds them against what stands for reality: a snapshot for any number of targets, a state for one, a plan for one or for none, which
   * is then about the plan's own state. No provider is asked.
   */
  async detectDriftAgainst(
    targets: readonly PathLike[],
    against: Plan | Snapshot | State,
    given?: DriftAtOptions & AgainstOptions,
  ): Promise<Survey> {
    judge('against', against, realities);
    return this.#survey(targets, given, {
      plan: against instanceof Plan ? against : undefined,
      snapshot: against instanceof Snapshot ? against : undefined,
      state: against instanceof State ? against : undefined,
    });
  }

  async #survey(
    targets: readonly PathLike[],
    given: (DriftAtOptions & AgainstOptions) | undefined,
    { plan, snapshot, state }: { plan?: Plan | undefined; snapshot?: Snapshot | undefined; state?: State | undefined },
  ): Promise<Survey> {
    const names = paths('targets', targets);
    const rules = { ...driftRules, ...openRules, everyWorkspace: flag, ...(plan && againstRules) } as Rules<DriftAtOptions & AgainstOptions>;
    const [call, judged] = split(options(given, rules));
    const { workspace, variables, variableFiles, backendConfig, everyWorkspace, label = 'plan', ...rest } = judged;
    const opened = JSON.stringify({ workspace, variables, variableFiles, backendConfig, everyWorkspace });
    const survey = await run(call, (current) =>
      this.#native.detectDriftAt(current, names, opened, JSON.stringify(rest), plan?.native, snapshot?.native, state?.native, label),
    );
    return Object.freeze({
      report: new DriftReport(survey.report()),
      stacks: Object.freeze(survey.stacks().map((stack) => new Stack(stack))),
      unopened: Object.freeze(survey.unopened()),
    });
  }

  /** Looks at the stacks, with findings as soon as they are known. */
  driftStream(stacks: readonly Stack[], given?: DriftOptions): DriftStream {
    judge('stacks', stacks, stackList);
    const [call, rest] = looking(given);
    return new DriftStream(call, (current) => this.#native.driftStream(current, natives(stacks), rest));
  }

  /** Looks at the stacks and writes down what was found. */
  async snapshot(
    stacks: readonly Stack[],
    given?: DriftOptions,
  ): Promise<{ readonly snapshot: Snapshot; readonly report: DriftReport }> {
    judge('stacks', stacks, stackList);
    const [call, rest] = looking(given);
    return Snapshot.recorded(await run(call, (current) => this.#native.snapshot(current, natives(stacks), rest)));
  }

  /** Compares the stacks with what a snapshot found. No provider is asked. */
  async driftBySnapshot(stacks: readonly Stack[], snapshot: Snapshot, given?: DriftOptions): Promise<DriftReport> {
    judge('stacks', stacks, stackList);
    judge('snapshot', snapshot, snapshots);
    const [call, rest] = looking(given);
    return new DriftReport(
      await run(call, (current) => this.#native.againstSnapshot(current, natives(stacks), snapshot.native, rest)),
    );
  }

  /** What a plan says about the state it was made from; no state is needed. `label` names it in the report. */
  async driftOfPlan(label: string, plan: Plan, given?: DriftOptions): Promise<DriftReport> {
    judge('label', label, text);
    judge('plan', plan, plans);
    const [call, rest] = looking(given);
    return new DriftReport(await run(call, (current) => this.#native.driftOfPlan(current, label, plan.native, rest)));
  }

  /** Ends the provider processes that were kept; the next run starts them anew. Does nothing unless the client was made with `keepProviders`. */
  async endProviders(given?: CallOptions): Promise<void> {
    await run(options(given, callRules), (call) => this.#native.endProviders(call));
  }

  /** What this machine offers: the environment, caches, and for each target the binary of every provider. Nothing is started. */
  async doctor(targets: readonly PathLike[] = [], given?: CallOptions): Promise<Diagnosis> {
    const names = paths('targets', targets);
    return ask(options(given, callRules), (call) => this.#native.doctor(call, names));
  }

  /** Whether each target's state can be read, and what its backend is configured by. No lock is taken and nothing is written. */
  async status(targets: readonly PathLike[] = ['.'], given?: OpenOptions): Promise<Status> {
    const names = paths('targets', targets);
    const [call, open] = split(options(given, openRules));
    return ask(call, (current) => this.#native.status(current, names, JSON.stringify(open)));
  }

  /** Writes a state file in format 4, under Terraform's own lock; gives the format it had, `null` when it was 4 already. */
  async upgradeState(file: PathLike, given?: CallOptions): Promise<number | null> {
    const name = path('file', file);
    return (await runThrough(options(given, callRules), (call) => this.#native.upgradeState(call, name))) ?? null;
  }

  /** The severity rules that hold. */
  rules(): readonly SeverityRule[] {
    return parse(now(() => this.#native.rules()));
  }

  /** What the backends of this client were asked so far, and what its layers did. Figures only grow. */
  backendMetrics(): BackendMetrics {
    return parse(now(() => this.#native.backendMetrics()));
  }

  /** The kinds of backends that can be opened. */
  backends(): readonly BackendKind[] {
    return parse(now(() => this.#native.backends()));
  }

  /** Opens a backend by its kind and arguments, as a `backend` block has them. Relative paths in them start at `root`. */
  backend(kind: string, config: Readonly<Record<string, JsonValue>> = {}, root: PathLike = '.'): Backend {
    judge('kind', kind, text);
    judge('config', config, record);
    const folder = path('root', root);
    return new Backend(now(() => this.#native.backend(kind, JSON.stringify(config), folder)));
  }
}

/** Opens a target with the default settings: the folder of a root module, a state file, or the address of a state. */
export async function open(target: PathLike, given?: OpenOptions): Promise<Stack> {
  return new Client().open(target, given);
}
