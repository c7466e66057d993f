/**
 * What the operations answer with: frozen documents in the form that `driftmgr … --format json` prints and `schemas/` describes, so that a result of
 * JavaScript, of the command line and of the other languages is the same. Their members are spelled as there, in snake_case.
 */

import type { JsonObject, JsonValue } from './exchange.js';
import type { Config } from './schemas/config.js';
import type { DriftReport, Finding, NotLookedAt, Problem } from './schemas/drift-report.js';
import type { StateAnalysis } from './schemas/state-analyze.js';
import type { ComparisonOfTwoStates } from './schemas/state-compare.js';

export type { Check } from './schemas/check.js';
export type { Diagnosis } from './schemas/doctor.js';
export type { DriftHistory } from './schemas/drift-history.js';
export type {
  Change,
  Deduction,
  DriftReport as DriftDocument,
  Finding,
  Group,
  Member,
  NotLookedAt,
  Problem,
  Provider,
  Rule as RuleOutcome,
  Score,
  SurveyedTarget,
} from './schemas/drift-report.js';
export type { Explanation } from './schemas/explain.js';
export type { StateAnalysis } from './schemas/state-analyze.js';
export type { Status } from './schemas/status.js';

/** How much a difference matters. */
export type Severity = Finding['drift']['severity'];

/** Counts of objects. */
export type Summary = DriftReport['summary'];

/** How well a state is kept. */
export type Health = StateAnalysis['health'];

/** All settings. */
export type SettingsDocument = Config;

/** One setting, with where its value comes from. */
export type SettingEntry = Config['settings'][number];

/** What changed from one state to another, and what could not be compared. */
export type Comparison = ComparisonOfTwoStates & { readonly problems: readonly Problem[] };

/** What happens during an operation. More types may come. */
export type DriftEvent =
  | { readonly type: 'started'; readonly step: string; readonly total: number | null }
  | { readonly type: 'progressed'; readonly done: number; readonly total: number | null }
  | { readonly type: 'provider_started'; readonly source: string; readonly version: string | null; readonly path: string }
  | { readonly type: 'provider_stopped'; readonly source: string }
  | { readonly type: 'instance_read'; readonly address: string; readonly outcome: Outcome }
  | { readonly type: 'warning'; readonly message: string };

/** What a read gave. */
export type Outcome = 'same' | 'drifted' | 'deleted' | 'unverifiable' | 'skipped';

/** What a stream tells. */
export type DriftItem =
  | { readonly type: 'looked'; readonly looked: LookedAt }
  | { readonly type: 'finding'; readonly finding: Finding }
  | { readonly type: 'not_looked_at'; readonly not_looked_at: NotLookedAt };

/** An object that was looked at. */
export interface LookedAt {
  /** The state that it belongs to, as the caller named the target. */
  readonly target: string;
  /** Its address in the state. */
  readonly address: string;
  /** The key of a deposed object. */
  readonly deposed: string | null;
  /** What the read gave. What the others show can still turn it into another outcome. */
  readonly outcome: Outcome;
  /** Objects looked at so far, this one included. */
  readonly done: number;
  /** Objects to look at. */
  readonly total: number;
}

/** What the backends of a client were asked so far. */
export interface BackendMetrics {
  /** By the kind of the backend and the method; times in seconds, errors by the name of their kind. */
  readonly calls: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly calls: number;
            readonly errors: Readonly<Record<string, number>>;
            readonly seconds: number;
            readonly longest: number;
            readonly sent: number;
            readonly received: number;
          }
        >
      >
    >
  >;
  readonly retries: number;
  readonly rate_limit: { readonly waited: number; readonly seconds: number };
  readonly circuit_breaker: { readonly opened: number; readonly refused: number };
  readonly cache: {
    readonly fresh: number;
    readonly revalidated: number;
    readonly missed: number;
    readonly damaged: number;
    readonly evicted: number;
  };
}

/** What this build is. */
export interface Version {
  readonly version: string;
  /** Optional parts that it has. */
  readonly features: readonly string[];
  /** The operating system, such as `linux`. */
  readonly os: string;
  /** The architecture, such as `x86_64`. */
  readonly arch: string;
}

/** What a state is, and a row for every object in it. */
export interface Inspection {
  readonly name: string;
  /** Its size as stored. */
  readonly bytes: number;
  /** The format it was read from, 1 to 4. */
  readonly format_version: number;
  readonly terraform_version: string | null;
  readonly serial: number;
  readonly lineage: string;
  /** Names of root module outputs. */
  readonly outputs: readonly string[];
  /** Every object, sorted by address; deposed ones after the current one. */
  readonly objects: readonly ObjectRow[];
}

/** One object of a state, without its values. */
export interface ObjectRow {
  readonly address: string;
  readonly mode: 'managed' | 'data';
  readonly type: string;
  readonly name: string;
  /** The module's address; empty for the root module. */
  readonly module: string;
  /** The key of `count` or `for_each`. */
  readonly key: string | number | null;
  readonly deposed: string | null;
  /** The provider configuration that manages it. */
  readonly provider: string | null;
  readonly status: 'ready' | 'tainted';
  readonly schema_version: number;
  /** Size of its attributes as stored. */
  readonly bytes: number;
  /** Some of its attributes were secret when it was written. */
  readonly has_secrets: boolean;
  readonly create_before_destroy: boolean;
  /** Addresses of what it depends on, as stored. */
  readonly dependencies: readonly string[];
}

/** An output of a root module. */
export interface Output {
  readonly sensitive: boolean;
  /** `(sensitive value)` in the place of a secret, unless secrets were asked for. */
  readonly value: JsonValue;
  /** Terraform's type, such as `"string"` or `["list", "string"]`. */
  readonly type: JsonValue;
}

/** What `terraform show -json` prints of a state; Terraform's documentation describes it. */
export interface StateView {
  readonly format_version: string;
  readonly terraform_version?: string;
  readonly values?: JsonObject;
  readonly [name: string]: JsonValue | undefined;
}

/** A workspace, and what selected it. */
export interface WorkspaceInfo {
  readonly name: string;
  /** `explicit`, `TF_WORKSPACE`, a file, or `default`. */
  readonly origin: string;
}

/** A place in a file of the configuration. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** What a root module declares, its child modules included. No value of an argument is in it. */
export interface ConfigurationSummary {
  readonly root: string;
  readonly required_version: readonly string[];
  readonly backend: { readonly kind: string; readonly declared: Place } | null;
  readonly required_providers: Readonly<Record<string, { readonly source: string; readonly version: string | null }>>;
  readonly provider_configurations: readonly {
    readonly module: string;
    readonly name: string;
    readonly alias: string | null;
    readonly source: string;
    readonly declared: Place;
  }[];
  readonly modules: readonly {
    readonly address: string;
    readonly source: string | null;
    readonly version: string | null;
    /** Its files could be read. */
    readonly installed: boolean;
    readonly declared: Place;
  }[];
  readonly resources: readonly {
    readonly address: string;
    readonly mode: 'managed' | 'data';
    readonly type: string;
    readonly name: string;
    readonly provider: string;
    readonly declared: Place;
  }[];
  readonly variables: readonly string[];
  readonly outputs: readonly string[];
  /** What could not be read, a sentence each. */
  readonly problems: readonly string[];
}

/** What is in a snapshot. */
export interface SnapshotInfo {
  readonly driftmgr_snapshot: string;
  readonly driftmgr_version: string;
  /** When the run began and ended, RFC 3339. */
  readonly created_at: string;
  readonly finished_at: string;
  readonly targets: readonly {
    readonly target: string;
    readonly lineage: string;
    readonly serial: number;
    readonly providers: readonly {
      readonly address: string;
      readonly source: string;
      readonly version: string | null;
      readonly origin: string;
      readonly path: string | null;
    }[];
    readonly objects: { readonly present: number; readonly absent: number; readonly unreadable: number };
    readonly not_looked_at: readonly { readonly address: string; readonly deposed: string | null; readonly reason: string }[];
  }[];
}

/** An ignore rule that would hide something. */
export interface IgnoreSuggestion {
  /** How many instances it speaks of. */
  readonly instances: number;
  /** How many visible changes it would hide. */
  readonly changes: number;
  /** The address, when the rule is for one resource. */
  readonly address: string | null;
  /** The resource type, when it is for several. */
  readonly type: string | null;
  /** The attributes, separated by `|`. */
  readonly path: string;
  /** The lines of a `.driftignore` that would do the same. */
  readonly driftignore: readonly string[];
}

/** A severity rule; docs/rules.md describes the form. */
export interface SeverityRule {
  /** `settings`, or the family of providers that a built-in rule is for. */
  readonly origin: string;
  readonly type: string;
  readonly path?: string;
  readonly when?: JsonObject;
  readonly severity: Severity;
  readonly category: Finding['drift']['category'];
  readonly reason: string;
}

/** A run that was kept. */
export interface RecordedRun {
  readonly id: string;
  /** It was not there before. */
  readonly new: boolean;
  readonly problems: readonly Problem[];
}

/** What was forgotten. */
export interface PrunedRuns {
  readonly runs: number;
  readonly findings: number;
}

/** What a backend is and where. */
export interface BackendInfo {
  readonly kind: string;
  /** Without secrets. */
  readonly location: string;
}

/** What a backend can do. */
export interface Capability {
  readonly write: boolean;
  readonly lock: boolean;
  readonly workspaces: boolean;
  readonly versions: boolean;
  readonly if_match: boolean;
  /** How many requests it takes at a time. */
  readonly concurrency: number;
}

/** A kind of backend. */
export interface BackendKind {
  readonly kind: string;
  /** `null` where that depends on how it is configured. */
  readonly capability: Capability | null;
}

/** A state as it is stored. */
export interface StoredBytes {
  readonly bytes: Buffer;
  readonly etag: string | null;
  readonly version: string | null;
  /** When it was written, RFC 3339. */
  readonly modified: string | null;
}

/** A version of a state that can still be read. */
export interface StateVersion {
  readonly id: string;
  readonly modified: string | null;
  readonly size: number | null;
  readonly latest: boolean;
}

/** A version of a stored state that can be read again. */
export interface HistoricVersion {
  readonly id: string;
  /** The backend, or this machine: what was there before one of our changes, or a snapshot. */
  readonly kept_by: 'backend' | 'backup';
  /** When it was written, RFC 3339. */
  readonly modified: string | null;
  /** Its size in bytes. */
  readonly size: number | null;
  /** It is the current one. */
  readonly latest: boolean;
}

/** What a change of a stored state did, or would do. */
export interface Changed {
  /** Whether anything was written. */
  readonly written: boolean;
  /** The serial before; `null` when there was no state. */
  readonly serial_before: number | null;
  /** The serial after. */
  readonly serial: number;
  /** What changed, for edits; what a push or a rollback changes, `diff` tells. */
  readonly changes: readonly StateChange[];
  /** Addresses that were asked for beside others and match nothing. */
  readonly unmatched: readonly string[];
  /** The version that keeps what was there before, for `rollback`. */
  readonly backup: string | null;
}

/** One thing that an edit of a state changes. More kinds may come. */
export type StateChange =
  /** An instance, with its deposed objects, stands at another address. */
  | { readonly change: 'moved'; readonly from: string; readonly to: string }
  /** A resource without any instance stands at another address. */
  | { readonly change: 'moved_empty'; readonly from: string; readonly to: string }
  /** An instance, with its deposed objects, is no longer in the state. The real object is left alone. */
  | { readonly change: 'removed'; readonly address: string }
  /** A resource and all of its instances belong to another provider configuration. */
  | { readonly change: 'provider_replaced'; readonly resource: string; readonly from: string; readonly to: string }
  /** An instance was moved into a resource of another provider configuration, which it belongs to now. */
  | { readonly change: 'provider_changed'; readonly address: string; readonly from: string | null; readonly to: string | null }
  /** An object was taken in. */
  | { readonly change: 'imported'; readonly address: string }
  /** The dependencies that were stored with an instance name what was moved, and are dropped: the next apply of Terraform writes them anew. */
  | { readonly change: 'dependencies_dropped'; readonly address: string };

/** What a write left. */
export interface Written {
  readonly etag: string | null;
  readonly version: string | null;
  /** The version that keeps what was there before. */
  readonly backup: string | null;
}
