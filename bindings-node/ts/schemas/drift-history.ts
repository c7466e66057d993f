// Written by scripts/types.mjs from schemas/drift-history.schema.json.

/**
 * What `driftmgr drift history --format json` prints: what recorded runs say of drift over time. Fields may be added within a major version and are never renamed, so readers ignore what they do not know.
 */
export interface DriftHistory {
    /**
     * Version of this form, MAJOR.MINOR.
     */
    readonly format_version: string;
    /**
     * When the question was asked. RFC 3339, UTC.
     */
    readonly asked: string;
    /**
     * From when on runs were taken into account; null for all. RFC 3339, UTC.
     */
    readonly since: string | null;
    /**
     * The states, sorted by place.
     */
    readonly targets: readonly Target[];
    /**
     * The runs, the last one first.
     */
    readonly runs: readonly Run[];
    /**
     * Findings that are open, or were over since then; sorted by target, address, kind and attribute.
     */
    readonly findings: readonly Finding[];
    /**
     * How often objects of each type drift, sorted by type. Deposed objects are not counted.
     */
    readonly rates: readonly Rate[];
    readonly outlook: Outlook;
    /**
     * What became of each object, when --address was given; else null.
     */
    readonly objects: readonly Object[] | null;
}
/**
 * A state in the history.
 */
export interface Target {
    /**
     * Where its state was found last.
     */
    readonly target: string;
    /**
     * The state's lineage; empty where it has none.
     */
    readonly lineage: string;
    /**
     * Runs that looked at it.
     */
    readonly runs: number;
    /**
     * When the first of them ended. RFC 3339, UTC.
     */
    readonly first: string | null;
    /**
     * When the last of them ended. RFC 3339, UTC.
     */
    readonly last: string | null;
}
/**
 * One run.
 */
export interface Run {
    /**
     * Its id, which follows from its content.
     */
    readonly id: string;
    /**
     * When it began. RFC 3339, UTC.
     */
    readonly started: string;
    /**
     * When it ended: what it says, it says of this moment. RFC 3339, UTC.
     */
    readonly ended: string;
    /**
     * The version of driftmgr that made it.
     */
    readonly version: string;
    /**
     * How much it showed.
     */
    readonly sensitivity: 'low' | 'medium' | 'high';
    /**
     * Problems that its report named.
     */
    readonly problems: number;
    /**
     * The states it looked at.
     */
    readonly targets: readonly Look[];
}
/**
 * What a run says of one state.
 */
export interface Look {
    /**
     * Where it was found.
     */
    readonly target: string;
    /**
     * The state's lineage; empty where it has none.
     */
    readonly lineage: string;
    /**
     * Its serial.
     */
    readonly serial: number;
    readonly summary: Counts;
}
/**
 * Managed objects by what became of them.
 */
export interface Counts {
    /**
     * As the state says.
     */
    readonly same: number;
    /**
     * Different, visibly.
     */
    readonly modified: number;
    /**
     * Not there.
     */
    readonly missing: number;
    /**
     * Only at another address.
     */
    readonly moved: number;
    /**
     * Different in ways that were not shown.
     */
    readonly hidden: number;
    /**
     * Could not be looked at.
     */
    readonly unverifiable: number;
    /**
     * Left out by the caller.
     */
    readonly skipped: number;
}
/**
 * A finding with its past.
 */
export interface Finding {
    /**
     * Its stable id: the same difference of the same object has it in every run, and in reports as the `fingerprint` of the change.
     */
    readonly id: string;
    /**
     * Where its state was found last.
     */
    readonly target: string;
    /**
     * The object's address in the state.
     */
    readonly address: string;
    /**
     * The key of a deposed object; null for the current one.
     */
    readonly deposed: string | null;
    /**
     * How reality differs.
     */
    readonly kind: 'missing' | 'modified' | 'moved';
    /**
     * The attribute as Terraform spells it, members of sets as […]; empty for the object as a whole. No value is in it.
     */
    readonly path: string;
    /**
     * How much it matters, as it was last seen.
     */
    readonly severity: 'informational' | 'important' | 'critical';
    /**
     * It was not shown when it was last seen.
     */
    readonly hidden: boolean;
    /**
     * open: it was there when its object was last looked at. resolved: the object was looked at, and the difference was gone. left_state: the state dropped the object while the difference was there, and nobody saw it gone.
     */
    readonly status: 'open' | 'resolved' | 'left_state';
    /**
     * The run that first saw it, ever. RFC 3339, UTC.
     */
    readonly first_seen: string;
    /**
     * The run that last saw it. RFC 3339, UTC.
     */
    readonly last_seen: string;
    /**
     * Runs that saw it, ever. A run that could not look at the object is not among them.
     */
    readonly times_seen: number;
    /**
     * Since when it is there without having been gone; null when it is over. RFC 3339, UTC.
     */
    readonly open_since: string | null;
    /**
     * Seconds since then; null when it is over.
     */
    readonly age_seconds: number | null;
    /**
     * When it was over; null while it is open. RFC 3339, UTC.
     */
    readonly ended: string | null;
    /**
     * When the object was last looked at. RFC 3339, UTC.
     */
    readonly last_looked_at: string;
    /**
     * How often it came and went in the time asked about, while its object was looked at.
     */
    readonly transitions: {
        /**
         * From looked at without it to there.
         */
        readonly came: number;
        /**
         * From there to looked at without it.
         */
        readonly went: number;
    };
    /**
     * It went at least twice in that time.
     */
    readonly flapping: boolean;
}
/**
 * What runs say of one resource type.
 */
export interface Rate {
    /**
     * The type.
     */
    readonly resource_type: string;
    /**
     * Objects of it that were looked at.
     */
    readonly objects: number;
    /**
     * Times that one of them was looked at.
     */
    readonly looks: number;
    /**
     * Times that it was found drifted then; a difference that stays is counted each time.
     */
    readonly drifted_looks: number;
    /**
     * Looks at an object that had been in sync at the look before, at the same sensitivity.
     */
    readonly chances: number;
    /**
     * How many of those found it drifted; a difference that stays is counted once.
     */
    readonly drifts: number;
    /**
     * drifts / chances; null without chances.
     */
    readonly rate: number | null;
    readonly interval: Interval;
}
/**
 * Where the true share lies, in 95 of 100 cases (Wilson score interval).
 */
export interface Interval {
    /**
     * Not below this share, 0 to 1.
     */
    readonly low: number;
    /**
     * Not above this share, 0 to 1.
     */
    readonly high: number;
}
/**
 * What tends to drift next, with its evidence.
 */
export interface Outlook {
    /**
     * Looks that it takes before anything is said of an object.
     */
    readonly minimum_looks: number;
    /**
     * Looks that the most looked-at object had; below the minimum there is no ranking.
     */
    readonly most_looks: number;
    /**
     * Objects that drifted and were looked at too few times to rank them.
     */
    readonly too_few_looks: number;
    /**
     * Objects that are in sync and drifted before, the likeliest first.
     */
    readonly ranking: readonly Tendency[];
}
/**
 * One object that drifted before.
 */
export interface Tendency {
    /**
     * Where its state was found last.
     */
    readonly target: string;
    /**
     * The object's address in the state.
     */
    readonly address: string;
    /**
     * How likely it is that the next run finds it drifted, 0 to 1; docs/history.md has the formula.
     */
    readonly estimate: number;
    readonly interval: Interval1;
    /**
     * Times it drifted.
     */
    readonly drifts: number;
    /**
     * Looks that had found it in sync at the look before.
     */
    readonly chances: number;
    /**
     * When it drifted last, the latest first; at most five.
     */
    readonly drifted_at: readonly string[];
    /**
     * What differed most often; at most five.
     */
    readonly attributes: readonly {
        /**
         * How reality differs.
         */
        readonly kind: 'missing' | 'modified' | 'moved';
        /**
         * The attribute as Terraform spells it, members of sets as […]; empty for the object as a whole. No value is in it.
         */
        readonly path: string;
        /**
         * Times that the difference appeared.
         */
        readonly times: number;
    }[];
    /**
     * Drifts of the other objects of its type.
     */
    readonly others_drifts: number;
    /**
     * Chances of those.
     */
    readonly others_chances: number;
}
/**
 * Where the true share lies, in 95 of 100 cases (Wilson score interval).
 */
export interface Interval1 {
    /**
     * Not below this share, 0 to 1.
     */
    readonly low: number;
    /**
     * Not above this share, 0 to 1.
     */
    readonly high: number;
}
/**
 * What became of one object.
 */
export interface Object {
    /**
     * Where its state was found last.
     */
    readonly target: string;
    /**
     * The object's address in the state.
     */
    readonly address: string;
    /**
     * The key of a deposed object; null for the current one.
     */
    readonly deposed: string | null;
    /**
     * The changes, in order of time.
     */
    readonly changes: readonly {
        /**
         * The run from which on it was so. RFC 3339, UTC.
         */
        readonly at: string;
        /**
         * What became of it; null from when on the state does not have it.
         */
        readonly outcome: 'same' | 'skipped' | 'hidden' | 'moved' | 'unverifiable' | 'modified' | 'missing' | null;
    }[];
}
