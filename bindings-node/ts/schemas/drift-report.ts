// Written by scripts/types.mjs from schemas/drift-report.schema.json.

import type { JsonValue } from '../exchange.js';

/**
 * What `driftmgr drift --format json` prints: where states and reality differ, and what was not looked at. Fields may be added within a major version and are never renamed, so readers ignore what they do not know.
 */
export interface DriftReport {
    /**
     * Version of this form, MAJOR.MINOR.
     */
    readonly format_version: string;
    readonly summary: Summary;
    readonly score: Score;
    /**
     * The states that were looked at, sorted, those without a difference too.
     */
    readonly targets: readonly SurveyedTarget[];
    /**
     * The differences, hidden ones included, sorted by target and address.
     */
    readonly resource_drift: readonly Finding[];
    /**
     * Findings with one cause, and changes of one finding that belong together. A finding can be in several groups, or in none.
     */
    readonly groups: readonly Group[];
    /**
     * Objects that were not compared, sorted by target and address.
     */
    readonly not_looked_at: readonly NotLookedAt[];
    /**
     * Who was asked, once each.
     */
    readonly providers: readonly Provider[];
    /**
     * What each rule of a user did.
     */
    readonly rules: readonly Rule[];
    /**
     * What could not be read or done.
     */
    readonly problems: readonly Problem[];
}
/**
 * Counts of all objects.
 */
export interface Summary {
    /**
     * Objects compared with reality.
     */
    readonly checked: number;
    /**
     * Objects without a difference.
     */
    readonly same: number;
    /**
     * Objects with a visible difference, moved ones included.
     */
    readonly drifted: number;
    /**
     * Objects that the state has and reality has not.
     */
    readonly deleted: number;
    /**
     * Objects that reality has and no state has.
     */
    readonly unmanaged: number;
    /**
     * Objects that should have been compared and could not be: the answer about them is open.
     */
    readonly unverifiable: number;
    /**
     * Objects that are not to be compared, such as data sources.
     */
    readonly skipped: number;
    /**
     * Objects with nothing but hidden differences.
     */
    readonly hidden: number;
}
/**
 * How well reality complies with the states, with reasons. docs/rules.md defines it.
 */
export interface Score {
    /**
     * 0 to 100: 100 less all deductions, and no more than `at_most`.
     */
    readonly value: number;
    /**
     * What can be claimed at most: the share of objects that were looked at in percent, and never 100 when something is open.
     */
    readonly at_most: number;
    /**
     * How many objects that is said of.
     */
    readonly looked_at: {
        /**
         * Objects that were looked at.
         */
        readonly objects: number;
        /**
         * Objects that there were to look at. Data sources are not among them.
         */
        readonly of: number;
    };
    /**
     * Why no more can be claimed, a sentence each.
     */
    readonly limits: readonly string[];
    /**
     * What each visible finding takes, the most severe first.
     */
    readonly deductions: readonly Deduction[];
    /**
     * Visible findings that take nothing more, since those of their severity have taken all that they can together.
     */
    readonly uncounted: number;
}
/**
 * What one finding takes from the score.
 */
export interface Deduction {
    /**
     * The state it concerns, as the caller named the target.
     */
    readonly target: string;
    /**
     * The instance, as in the finding.
     */
    readonly address: string;
    /**
     * The key of a deposed object; absent for the current one.
     */
    readonly deposed?: string;
    /**
     * The finding's severity.
     */
    readonly severity: 'informational' | 'important' | 'critical';
    /**
     * Points of 100.
     */
    readonly points: number;
    /**
     * Why, for people.
     */
    readonly reason: string;
}
/**
 * A state that was looked at.
 */
export interface SurveyedTarget {
    /**
     * The target, as the caller named it.
     */
    readonly target: string;
    readonly summary: Summary1;
}
/**
 * Counts of its objects.
 */
export interface Summary1 {
    /**
     * Objects compared with reality.
     */
    readonly checked: number;
    /**
     * Objects without a difference.
     */
    readonly same: number;
    /**
     * Objects with a visible difference, moved ones included.
     */
    readonly drifted: number;
    /**
     * Objects that the state has and reality has not.
     */
    readonly deleted: number;
    /**
     * Objects that reality has and no state has.
     */
    readonly unmanaged: number;
    /**
     * Objects that should have been compared and could not be: the answer about them is open.
     */
    readonly unverifiable: number;
    /**
     * Objects that are not to be compared, such as data sources.
     */
    readonly skipped: number;
    /**
     * Objects with nothing but hidden differences.
     */
    readonly hidden: number;
}
/**
 * One difference. All but `drift` has the form of Terraform's plan JSON.
 */
export interface Finding {
    /**
     * The instance, as Terraform spells it, such as `module.a["x"].aws_vpc.main[0]`. The new address where a `moved` block has changed it.
     */
    readonly address: string;
    /**
     * The address in the state, where a `moved` block of the configuration has changed it since.
     */
    readonly previous_address?: string;
    /**
     * The module instance; absent in the root module.
     */
    readonly module_address?: string;
    /**
     * Whether Terraform manages the object or only reads it.
     */
    readonly mode: 'managed' | 'data';
    /**
     * The resource type.
     */
    readonly type: string;
    /**
     * The resource's name in the configuration.
     */
    readonly name: string;
    /**
     * The instance's key from `count` or `for_each`; absent without one.
     */
    readonly index?: number | string;
    /**
     * The key of a deposed object; absent for the current one.
     */
    readonly deposed?: string;
    /**
     * The provider's source address.
     */
    readonly provider_name: string;
    /**
     * From the state to reality. Secret parts are `(sensitive value)`.
     */
    readonly change: {
        /**
         * `delete`: it is gone; `update`: it differs; `no-op`: it has moved.
         */
        readonly actions: readonly ('delete' | 'update' | 'no-op')[];
        /**
         * The object in the state, in the provider's current schema.
         */
        readonly before: {
            readonly [k: string]: JsonValue;
        };
        /**
         * The object in reality; null when it does not exist.
         */
        readonly after: {
            readonly [k: string]: JsonValue;
        } | null;
        /**
         * Empty: reality has no unknown values.
         */
        readonly after_unknown: {
            readonly [k: string]: JsonValue;
        };
        /**
         * True in the place of each secret of `before`, in objects and arrays of the same form.
         */
        readonly before_sensitive: {
            readonly [k: string]: JsonValue;
        } | boolean;
        /**
         * True in the place of each secret of `after`; false when `after` is null.
         */
        readonly after_sensitive: {
            readonly [k: string]: JsonValue;
        } | boolean;
    };
    /**
     * What driftmgr says about it.
     */
    readonly drift: {
        /**
         * Its name, the same in every run and in every output: SHA-256 over the state's lineage (the target without one), address in the state, deposed key, kind and the attributes that really differ. No value is part of it.
         */
        readonly fingerprint: string;
        /**
         * The state it concerns, as the caller named the target.
         */
        readonly target: string;
        /**
         * `missing`: in the state and not in reality; `modified`: in both and different; `moved`: the same object under an address that the configuration has changed.
         */
        readonly kind: 'missing' | 'modified' | 'moved';
        /**
         * `cosmetic`: apply would change nothing; `material`: it would; `unclassified`: the provider could not say.
         */
        readonly class: 'cosmetic' | 'material' | 'unclassified';
        /**
         * How much it matters: the highest severity among its changes that are not noise.
         */
        readonly severity: 'informational' | 'important' | 'critical';
        /**
         * What the most severe change is about.
         */
        readonly category: 'exposure' | 'encryption' | 'public_access' | 'authentication' | 'logging' | 'backup' | 'capacity' | 'network' | 'version' | 'metadata' | 'other';
        /**
         * The areas it touches, each once.
         */
        readonly impact: readonly ('security' | 'cost' | 'availability' | 'compliance')[];
        /**
         * Why, a sentence each.
         */
        readonly reasons: readonly string[];
        /**
         * The attributes that differ; empty for a missing or merely moved object.
         */
        readonly changes: readonly Change[];
        /**
         * What apply would do; null when that is not known.
         */
        readonly effect: {
            /**
             * What apply would do with the object.
             */
            readonly action: 'none' | 'update' | 'replace' | 'create' | 'destroy';
            /**
             * The attributes that make it a replacement.
             */
            readonly replace_because: readonly string[];
        } | null;
        /**
         * The block of the configuration that declares it; null without a configuration, or when it holds no such block.
         */
        readonly declared: {
            /**
             * The file, as it was reached from the target.
             */
            readonly file: string;
            /**
             * The line, from 1.
             */
            readonly line: number;
        } | null;
        /**
         * Why people are not shown it; null for a visible finding.
         */
        readonly hidden: {
            /**
             * The rule that hides it.
             */
            readonly rule: string;
            /**
             * The rule's reason.
             */
            readonly reason: string;
        } | null;
    };
}
/**
 * An attribute that differs.
 */
export interface Change {
    /**
     * Its name, made as that of the finding, for this attribute alone: the id that `drift history` shows. Changes inside one set share it.
     */
    readonly fingerprint: string;
    /**
     * Where, spelled as in Terraform expressions: `tags["env"]`, `ingress[0].port`; members of sets by value.
     */
    readonly path: string;
    /**
     * The value in the state; null where there is none. Secret parts are `(sensitive value)`.
     */
    readonly before: JsonValue;
    /**
     * The value in reality; null where there is none. Secret parts are `(sensitive value)`.
     */
    readonly after: JsonValue;
    /**
     * Either value is a secret or holds one.
     */
    readonly sensitive: boolean;
    /**
     * Apply would change it.
     */
    readonly material: boolean;
    /**
     * How much it matters.
     */
    readonly severity: 'informational' | 'important' | 'critical';
    /**
     * What it is about.
     */
    readonly category: 'exposure' | 'encryption' | 'public_access' | 'authentication' | 'logging' | 'backup' | 'capacity' | 'network' | 'version' | 'metadata' | 'other';
    /**
     * Why it has this severity.
     */
    readonly reason: string;
    /**
     * The configuration sets this attribute; null without a configuration.
     */
    readonly configured: boolean | null;
    /**
     * Why both sides mean the same; null for a real change. It does not depend on what is shown.
     */
    readonly noise: {
        /**
         * The rule that says so.
         */
        readonly rule: string;
        /**
         * The rule's reason.
         */
        readonly reason: string;
        /**
         * How sure that is.
         */
        readonly certainty: 'presumed' | 'known' | 'proven';
    } | null;
    /**
     * Why people are not shown it; null for a visible change.
     */
    readonly hidden: {
        /**
         * The rule that hides it.
         */
        readonly rule: string;
        /**
         * The rule's reason.
         */
        readonly reason: string;
    } | null;
}
/**
 * Findings with one cause, or changes of one finding.
 */
export interface Group {
    /**
     * `deleted_parent`: an object is gone, and the others depend on it and hold its id; `same_change`: the same attributes have the same values now on several instances of one type; `moves_together`: attributes of one object that the cloud changes together.
     */
    readonly cause: 'deleted_parent' | 'same_change' | 'moves_together';
    /**
     * What happened, for people.
     */
    readonly reason: string;
    /**
     * The deleted object of `deleted_parent`; null for other causes.
     */
    readonly parent: {
        /**
         * The state it concerns, as the caller named the target.
         */
        readonly target: string;
        /**
         * The instance, as in the finding.
         */
        readonly address: string;
        /**
         * The key of a deposed object; absent for the current one.
         */
        readonly deposed?: string;
    } | null;
    /**
     * The findings, sorted; a deleted parent is one of them.
     */
    readonly members: readonly Member[];
    /**
     * The changed attributes that it is about; empty for a deleted parent.
     */
    readonly paths: readonly string[];
}
/**
 * A finding, named.
 */
export interface Member {
    /**
     * The state it concerns, as the caller named the target.
     */
    readonly target: string;
    /**
     * The instance, as in the finding.
     */
    readonly address: string;
    /**
     * The key of a deposed object; absent for the current one.
     */
    readonly deposed?: string;
}
/**
 * An object that was not compared.
 */
export interface NotLookedAt {
    /**
     * The instance, by its address in the state.
     */
    readonly address: string;
    /**
     * The key of a deposed object; absent for the current one.
     */
    readonly deposed?: string;
    /**
     * `unverifiable`: the answer is open; `skipped`: there is nothing to compare, or the caller left it out.
     */
    readonly kind: 'unverifiable' | 'skipped';
    /**
     * Why, for people.
     */
    readonly reason: string;
    /**
     * The state it concerns, as the caller named the target.
     */
    readonly target: string;
}
/**
 * A provider configuration that was asked.
 */
export interface Provider {
    /**
     * The configuration's address, as states spell it.
     */
    readonly address: string;
    /**
     * The provider's version; null when it is not known.
     */
    readonly version: string | null;
    /**
     * `plugin`: a binary that was started; `reattached`: a provider that was running; `native`: driftmgr itself.
     */
    readonly origin: 'plugin' | 'reattached' | 'native';
    /**
     * The binary of a plugin, else null.
     */
    readonly path: string | null;
}
/**
 * A rule of a user, held against the whole report.
 */
export interface Rule {
    /**
     * What kind of rule; what it hides names the same word: `ignore`, `ignore_tags`, `driftignore`, `baseline`; more may come.
     */
    readonly rule: string;
    /**
     * Where it is written.
     */
    readonly origin: {
        /**
         * The file, as it was named.
         */
        readonly file: string;
        /**
         * The line, from 1; null when the rule does not stand in a line.
         */
        readonly line: number | null;
    };
    /**
     * How many changes it speaks of and may hide, whether or not another rule hides them too.
     */
    readonly hidden: number;
    /**
     * `active`: it speaks of something that may be hidden; `dead`: it speaks of nothing in the report; `expired`: its time is over; `refused`: it speaks only of what is always shown; `unseen`: it speaks of nothing in the report, and may speak of something that was not looked at.
     */
    readonly status: 'active' | 'dead' | 'expired' | 'refused' | 'unseen';
    /**
     * The last day on which it holds, as YYYY-MM-DD; null for good.
     */
    readonly until: string | null;
    /**
     * What it speaks of and does not apply to: deletions, moves and critical changes, as an address and the path of a change.
     */
    readonly refused: readonly string[];
    /**
     * Entries of a baseline that no difference needs any more.
     */
    readonly unneeded: readonly string[];
}
/**
 * Something that could not be read or done.
 */
export interface Problem {
    /**
     * The kind of error; more may come.
     */
    readonly kind: 'not_found' | 'permission_denied' | 'unauthenticated' | 'locked' | 'conflict' | 'rate_limited' | 'timeout' | 'cancelled' | 'unsupported' | 'invalid_config' | 'invalid_state' | 'invalid_input' | 'unavailable' | 'tool_failed' | 'unexpected';
    /**
     * What is wrong.
     */
    readonly message: string;
    /**
     * Where, and with what: `file`, `line`, `provider`, `target` and others.
     */
    readonly place: {
        readonly [k: string]: string;
    };
    /**
     * Ways out.
     */
    readonly hints: readonly string[];
}
