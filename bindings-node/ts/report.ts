import { Baseline } from './baseline.js';
import { now, run } from './call.js';
import { parse } from './exchange.js';
import { native } from './native.js';
import type { DriftReport as NativeReport } from './native.types.js';
import { flag, instanceOf, judge, moment, oneOf, options, path, text, type PathLike, type Rules } from './options.js';
import type {
  Check,
  DriftDocument,
  Finding,
  Group,
  IgnoreSuggestion,
  NotLookedAt,
  Problem,
  Provider,
  RuleOutcome,
  Score,
  Severity,
  Summary,
  SurveyedTarget,
} from './results.js';

/** The formats that a report can be written in. */
export type ReportFormat = 'text' | 'json' | 'ndjson' | 'markdown' | 'html' | 'sarif' | 'junit' | 'github' | 'gitlab' | 'csv';

/** How a report is written. */
export interface RenderOptions {
  /** Show hidden findings also in formats that only count them: markdown, SARIF, JUnit, GitHub and GitLab. */
  readonly hidden?: boolean | undefined;
  /** Which comment a markdown report is, when several comment on one pull request. */
  readonly comment?: string | undefined;
  /** When the report was made; now unless given. */
  readonly timestamp?: Date | undefined;
}

const renderRules: Rules<RenderOptions> = { hidden: flag, comment: text, timestamp: moment };
const baselines = instanceOf(Baseline, 'a Baseline');
const formats = oneOf(...native.formats());
const severities = oneOf('informational', 'important', 'critical');

/**
 * The whole answer of a drift check. What was not looked at is part of it.
 *
 * `JSON.stringify(report)` gives what `driftmgr drift --format json` prints; the getters are its parts. All of them are frozen.
 */
export class DriftReport {
  readonly #native: NativeReport;
  #document: DriftDocument | undefined;

  /** @internal */
  constructor(inner: NativeReport) {
    this.#native = inner;
    Object.freeze(this);
  }

  /** @internal */
  get native(): NativeReport {
    return this.#native;
  }

  /** Reads a report that was written as JSON. Masked values stay masked. */
  static fromJSON(json: string | DriftDocument): DriftReport {
    const document = typeof json === 'string' ? json : JSON.stringify(json);
    judge('json', document, text);
    return new DriftReport(now(() => native.DriftReport.fromJson(document)));
  }

  /** The whole report as a document; `schemas/drift-report.schema.json` describes it. */
  toJSON(): DriftDocument {
    this.#document ??= parse<DriftDocument>(now(() => this.#native.document()));
    return this.#document;
  }

  /** Counts of objects. */
  get summary(): Summary {
    return this.toJSON().summary;
  }

  /** The states that were looked at, sorted, each with its counts. */
  get targets(): readonly SurveyedTarget[] {
    return this.toJSON().targets;
  }

  /** The differences, hidden ones included, sorted by target and address. */
  get findings(): readonly Finding[] {
    return this.toJSON().resource_drift;
  }

  /** The differences that people are shown. */
  get visible(): readonly Finding[] {
    return this.findings.filter((finding) => finding.drift.hidden === null);
  }

  /** Findings with one cause. */
  get groups(): readonly Group[] {
    return this.toJSON().groups;
  }

  /** Objects that were not compared, each with the reason. */
  get notLookedAt(): readonly NotLookedAt[] {
    return this.toJSON().not_looked_at;
  }

  /** Who was asked. */
  get providers(): readonly Provider[] {
    return this.toJSON().providers;
  }

  /** What the rules of users did. */
  get rules(): readonly RuleOutcome[] {
    return this.toJSON().rules;
  }

  /** What could not be read or done. */
  get problems(): readonly Problem[] {
    return this.toJSON().problems;
  }

  /** How well reality complies with the states, with reasons. */
  get score(): Score {
    return this.toJSON().score;
  }

  /** The short answer: `safe` is `true`, `false`, or `null` when something could not be looked at. Only findings of this severity and above count. */
  check(from: Severity = 'informational'): Check {
    judge('from', from, severities);
    return parse(now(() => this.#native.check(from)));
  }

  /** The report in a format, as text. */
  async render(format: ReportFormat, given?: RenderOptions): Promise<string> {
    judge('format', format, formats);
    const { timestamp, ...rest } = options(given, renderRules);
    const choices = JSON.stringify({ ...rest, ...(timestamp && { timestamp: timestamp.getTime() }) });
    const bytes = await run({}, () => this.#native.render(format, choices));
    return bytes.toString('utf8');
  }

  /**
   * What the report shows as a list of what is known today, for `file` and with one reason for all of it. What `previous` knows keeps its date and reason.
   */
  baseline(file: PathLike, reason: string, previous?: Baseline): Baseline {
    const name = path('file', file);
    judge('reason', reason, text);
    if (previous !== undefined) judge('previous', previous, baselines);
    return new Baseline(now(() => this.#native.baseline(name, reason, previous?.native)));
  }

  /**
   * A report for each of `targets`, by its name. Providers, rules, and problems that belong to no single target stand in each. A target that could not be
   * opened has no report, only its problem in the whole.
   */
  byTarget(): ReadonlyMap<string, DriftReport> {
    const parts = now(() => this.#native.byTarget());
    return new Map(parts.map((part, i) => [this.targets[i]!.target, new DriftReport(part)]));
  }

  /** Ignore rules that would hide what the report shows, the narrowest first. Each needs a reason before it can be used. */
  suggestIgnores(): readonly IgnoreSuggestion[] {
    return parse(now(() => this.#native.suggestIgnores()));
  }
}
