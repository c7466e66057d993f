import { ask, callRules, run, split, type CallOptions } from './call.js';
import { native } from './native.js';
import type { History as NativeHistory } from './native.types.js';
import { duration, flag, instanceOf, judge, options, path, texts, type PathLike, type Rules } from './options.js';
import { DriftReport } from './report.js';
import type { DriftHistory, PrunedRuns, RecordedRun } from './results.js';

/** How a history is opened. */
export interface HistoryOptions extends CallOptions {
  /** Whether a file that does not exist is created; it is unless this is `false`. */
  readonly create?: boolean | undefined;
}

/** What a history is asked. */
export interface HistoryQuestion extends CallOptions {
  /** Only these targets; all that were ever looked at when there is none. */
  readonly targets?: readonly string[] | undefined;
  /** Only runs of this last time, in milliseconds. */
  readonly since?: number | undefined;
  /** Only what is, or lies below, these addresses; their timelines are then part of the answer. */
  readonly addresses?: readonly string[] | undefined;
}

const openRules: Rules<HistoryOptions> = { ...callRules, create: flag };
const questionRules: Rules<HistoryQuestion> = { ...callRules, targets: texts, since: duration, addresses: texts };
const reports = instanceOf(DriftReport, 'a DriftReport');

/** Recorded runs: since when, how often, what tends to drift next. */
export class History {
  readonly #native: NativeHistory;

  /** @internal */
  constructor(inner: NativeHistory) {
    this.#native = inner;
    Object.freeze(this);
  }

  /** Opens a history file; without one, that of the user. */
  static async open(file?: PathLike, given?: HistoryOptions): Promise<History> {
    const name = file === undefined ? undefined : path('file', file);
    const [call, { create = true }] = split(options(given, openRules));
    return new History(await run(call, (current) => native.History.open(current, name, create)));
  }

  /** Keeps a report of a run. */
  async record(report: DriftReport, given?: CallOptions): Promise<RecordedRun> {
    judge('report', report, reports);
    return ask(options(given, callRules), (call) => this.#native.record(call, report.native));
  }

  /** What all runs say together. */
  async ask(question?: HistoryQuestion): Promise<DriftHistory> {
    const [call, rest] = split(options(question, questionRules));
    return ask(call, (current) => this.#native.ask(current, JSON.stringify(rest)));
  }

  /** Forgets runs that are older than so many milliseconds. */
  async prune(age: number, given?: CallOptions): Promise<PrunedRuns> {
    judge('age', age, duration);
    return ask(options(given, callRules), (call) => this.#native.prune(call, age));
  }
}
