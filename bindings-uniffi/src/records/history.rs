//! What recorded runs say.

use super::{Kind, Problem, Severity, record, words};
use crate::typed::{Moment, json_form};

words! {
    /// How much is shown of what was found.
    Sensitivity {
        /// Hides also what the name of an attribute suggests to be noise.
        Low,
        /// Hides what is proven or known to be noise, and changes that are informational.
        Medium,
        /// Hides only what is proven to be noise.
        High,
    }
}

words! {
    /// What became of a finding.
    FindingStatus {
        /// It was there when its object was last looked at.
        Open,
        /// The object was looked at, and the difference was gone.
        Resolved,
        /// The state dropped the object while the difference was there.
        LeftState,
    }
}

words! {
    /// What became of one object in one run.
    Outcome {
        /// Looked at, and as the state says.
        Same,
        /// Left out by the caller.
        Skipped,
        /// Looked at; it differs only in ways that were not shown.
        Hidden,
        /// Looked at, and as the state says but for its address.
        Moved,
        /// It could not be looked at: the answer is open.
        Unverifiable,
        /// Looked at, and it differs.
        Modified,
        /// Looked at, and not there.
        Missing,
    }
}

record! {
    /// What recorded runs say.
    HistoryAnswer {
        /// Version of this form, MAJOR.MINOR.
        format_version: String,
        /// When the question was asked.
        asked: Moment,
        /// From when on runs were taken into account.
        since: Option<Moment>,
        /// The states.
        targets: Vec<TargetSummary>,
        /// The runs, the last one first.
        runs: Vec<RunSummary>,
        /// Findings that are open, or were over since then; sorted by target, address, kind and attribute.
        findings: Vec<TrackedFinding>,
        /// How often objects of each type drift, sorted by type.
        rates: Vec<TypeRate>,
        /// What tends to drift next.
        outlook: Outlook,
        /// What became of each object, if that was asked.
        objects: Option<Vec<ObjectTimeline>>,
    }
}

record! {
    /// A state in the history.
    TargetSummary {
        /// Where it was found last.
        target: String,
        /// Its lineage; empty where it has none.
        lineage: String,
        /// Runs that looked at it.
        runs: i64,
        /// When the first of them ended.
        first: Option<Moment>,
        /// When the last of them ended.
        last: Option<Moment>,
    }
}

record! {
    /// One run.
    RunSummary {
        /// Its id.
        id: String,
        /// When it began.
        started: Moment,
        /// When it ended.
        ended: Moment,
        /// The version of the library that made it.
        version: String,
        /// How much was shown.
        sensitivity: Sensitivity,
        /// How many problems its report named.
        problems: i64,
        /// The states it looked at.
        targets: Vec<LookSummary>,
    }
}

record! {
    /// What a run says of one state.
    LookSummary {
        /// Where it was found.
        target: String,
        /// Its lineage; empty where it has none.
        lineage: String,
        /// Its serial.
        serial: i64,
        /// Objects by what became of them.
        summary: OutcomeCounts,
    }
}

record! {
    /// Objects of one state by what became of them.
    OutcomeCounts {
        /// As the state says.
        same: i64,
        /// Different, visibly.
        modified: i64,
        /// Not there.
        missing: i64,
        /// Only at another address.
        moved: i64,
        /// Different in ways that were not shown.
        hidden: i64,
        /// Could not be looked at.
        unverifiable: i64,
        /// Left out by the caller.
        skipped: i64,
    }
}

record! {
    /// How often a finding came and went while its object was looked at.
    FlapCount {
        /// From looked at without it to there.
        came: i64,
        /// From there to looked at without it.
        went: i64,
    }
}

record! {
    /// A finding with its past.
    TrackedFinding {
        /// Its stable id.
        id: String,
        /// Where its state was found last.
        target: String,
        /// The object's address in the state.
        address: String,
        /// The key of a deposed object.
        deposed: Option<String>,
        /// How reality differs.
        kind: Kind,
        /// The attribute; empty for the object as a whole.
        path: String,
        /// How much it matters, as it was last seen.
        severity: Severity,
        /// It was not shown when it was last seen.
        hidden: bool,
        /// What became of it.
        status: FindingStatus,
        /// The run that first saw it, ever.
        first_seen: Moment,
        /// The run that last saw it.
        last_seen: Moment,
        /// Runs that saw it, ever.
        times_seen: i64,
        /// Since when it is there without having been gone; null when it is over.
        open_since: Option<Moment>,
        /// Seconds since then; null when it is over.
        age_seconds: Option<i64>,
        /// When it was over, and null while it is open.
        ended: Option<Moment>,
        /// When the object was last looked at.
        last_looked_at: Moment,
        /// How often it came and went in the time asked about.
        transitions: FlapCount,
        /// It went at least twice in that time.
        flapping: bool,
    }
}

record! {
    /// Where a true share lies, in 95 of 100 cases.
    Interval {
        /// Not below this share.
        low: f64,
        /// Not above this share.
        high: f64,
    }
}

record! {
    /// How often objects of a type drift.
    TypeRate {
        /// The type.
        resource_type: String,
        /// Objects of it that were looked at.
        objects: i64,
        /// Times that one of them was looked at.
        looks: i64,
        /// Times that it was found drifted then. A difference that stays is counted each time.
        drifted_looks: i64,
        /// Looks at an object that had been in sync at the look before, at the same sensitivity.
        chances: i64,
        /// How many of those found it drifted: a difference that stays is counted once.
        drifts: i64,
        /// `drifts / chances`; null without chances.
        rate: Option<f64>,
        /// Where the true share lies.
        interval: Interval,
    }
}

record! {
    /// What tends to drift next.
    Outlook {
        /// Looks that it takes before anything is said of an object.
        minimum_looks: i64,
        /// Looks that the most looked-at object had. Below the minimum there is no ranking.
        most_looks: i64,
        /// Objects that drifted and were looked at too few times to rank them.
        too_few_looks: i64,
        /// Objects that are in sync and drifted before, the likeliest first.
        ranking: Vec<Tendency>,
    }
}

record! {
    /// One object that drifted before.
    Tendency {
        /// Where its state was found last.
        target: String,
        /// Its address in the state.
        address: String,
        /// How likely it is that the next run finds it drifted.
        estimate: f64,
        /// Where the true share lies.
        interval: Interval,
        /// Times it drifted.
        drifts: i64,
        /// Looks that had found it in sync at the look before.
        chances: i64,
        /// When it drifted last, the latest first; at most five.
        drifted_at: Vec<Moment>,
        /// What differed most often; at most five.
        attributes: Vec<AttributeTendency>,
        /// Drifts of the other objects of its type.
        others_drifts: i64,
        /// Chances of those.
        others_chances: i64,
    }
}

record! {
    /// An attribute that differed.
    AttributeTendency {
        /// How reality differed.
        kind: Kind,
        /// The attribute; empty for the object as a whole.
        path: String,
        /// Times that the difference appeared.
        times: i64,
    }
}

record! {
    /// What became of one object.
    ObjectTimeline {
        /// Where its state was found last.
        target: String,
        /// Its address in the state.
        address: String,
        /// The key of a deposed object.
        deposed: Option<String>,
        /// The changes, in order of time.
        changes: Vec<OutcomeChange>,
    }
}

record! {
    /// One change of what became of an object.
    OutcomeChange {
        /// The run after which it was so.
        at: Moment,
        /// What became of it; null from when on the state does not have it.
        outcome: Option<Outcome>,
    }
}

record! {
    /// What became of a run that was to be recorded.
    Recorded {
        /// Its id.
        id: String,
        /// False when it was there already.
        new: bool,
        /// States that were left out, each with the reason.
        problems: Vec<Problem>,
    }
}

record! {
    /// What was forgotten.
    Pruned {
        /// Runs.
        runs: i64,
        /// Findings that were over by then.
        findings: i64,
    }
}

json_form!(HistoryAnswer, TargetSummary, Recorded, Pruned);
