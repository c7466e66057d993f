//! What follows from recorded runs. Nothing here does I/O, and the same runs always give the same answer.

mod findings;
mod outlook;
mod rates;
mod tries;
mod wilson;

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::Serialize;

use super::moment::Moment;
use super::run::{Counts, Outcome};
use super::store::TargetHistory;
use crate::address::InstanceAddress;
use crate::drift::{Selection, Sensitivity};

pub(super) use findings::track;
pub use findings::{FindingStatus, FlapCount, TrackedFinding};
pub use outlook::{AttributeTendency, Outlook, Tendency};
pub use rates::TypeRate;
pub use wilson::Interval;

/// Version of the answer's form in JSON. Fields are added within a major version, never renamed.
const FORMAT_VERSION: &str = "1.0";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// Now: ages are counted up to it.
    pub now: SystemTime,
    /// Nothing that was over before, and no run that ended before. Findings that are open are always in the answer.
    pub since: Option<SystemTime>,
    /// Only these objects.
    pub only: Selection,
    /// Whether the answer has a timeline of each object.
    pub timelines: bool,
}

impl Question {
    /// Everything about all objects.
    pub fn new(now: SystemTime) -> Self {
        Self {
            now,
            since: None,
            only: Selection::default(),
            timelines: false,
        }
    }
}

/// What recorded runs say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct History {
    /// Version of this form, `MAJOR.MINOR`.
    pub format_version: &'static str,
    /// When the question was asked.
    pub asked: Moment,
    /// From when on runs were taken into account.
    pub since: Option<Moment>,
    /// The states.
    pub targets: Vec<TargetSummary>,
    /// The runs, the last one first.
    pub runs: Vec<RunSummary>,
    /// Findings that are open, or were over since then; sorted by target, address, kind and attribute.
    pub findings: Vec<TrackedFinding>,
    /// How often objects of each type drift, sorted by type.
    pub rates: Vec<TypeRate>,
    /// What tends to drift next.
    pub outlook: Outlook,
    /// What became of each object, if that was asked.
    pub objects: Option<Vec<ObjectTimeline>>,
}

/// A state in the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TargetSummary {
    /// Where it was found last.
    pub target: String,
    /// Its lineage; empty where it has none.
    pub lineage: String,
    /// Runs that looked at it.
    pub runs: u64,
    /// When the first of them ended.
    pub first: Option<Moment>,
    /// When the last of them ended.
    pub last: Option<Moment>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunSummary {
    /// Its id.
    pub id: String,
    /// When it began.
    pub started: Moment,
    /// When it ended.
    pub ended: Moment,
    /// The version of the library that made it.
    pub version: String,
    /// How much was shown.
    pub sensitivity: Sensitivity,
    /// How many problems its report named.
    pub problems: u64,
    /// The states it looked at.
    pub targets: Vec<LookSummary>,
}

/// What a run says of one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LookSummary {
    /// Where it was found.
    pub target: String,
    /// Its lineage; empty where it has none.
    pub lineage: String,
    /// Its serial.
    pub serial: u64,
    /// Objects by what became of them.
    pub summary: Counts,
}

/// What became of one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectTimeline {
    /// Where its state was found last.
    pub target: String,
    /// Its address in the state.
    pub address: InstanceAddress,
    /// The key of a deposed object.
    pub deposed: Option<String>,
    /// The changes, in order of time.
    pub changes: Vec<OutcomeChange>,
}

/// One change of what became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OutcomeChange {
    /// The run after which it was so.
    pub at: Moment,
    /// What became of it; `None` from when on the state does not have it.
    pub outcome: Option<Outcome>,
}

/// Answers a question from what a store gave.
pub fn answer(past: &[TargetHistory], question: &Question) -> History {
    let since = question.since.map(Moment::from);
    let past = chosen(past, &question.only);
    let tries = tries::count(&past, since);
    History {
        format_version: FORMAT_VERSION,
        asked: question.now.into(),
        since,
        targets: past.iter().map(summary).collect(),
        runs: runs(&past, since),
        findings: findings::tracked(&past, question.now.into(), since),
        rates: rates::by_type(&tries),
        outlook: outlook::of(&past, &tries, since),
        objects: question.timelines.then(|| timelines(&past, since)),
    }
}

/// The states without the objects that were not asked for.
fn chosen(past: &[TargetHistory], only: &Selection) -> Vec<TargetHistory> {
    past.iter()
        .map(|target| TargetHistory {
            lineage: target.lineage.clone(),
            looks: target.looks.clone(),
            objects: target
                .objects
                .iter()
                .filter(|o| only.contains(&o.address))
                .cloned()
                .collect(),
        })
        .collect()
}

fn summary(target: &TargetHistory) -> TargetSummary {
    TargetSummary {
        target: target.location().to_owned(),
        lineage: target.lineage.clone(),
        runs: target.looks.len() as u64,
        first: target.looks.first().map(|look| look.run.ended),
        last: target.looks.last().map(|look| look.run.ended),
    }
}

fn runs(past: &[TargetHistory], since: Option<Moment>) -> Vec<RunSummary> {
    let mut runs: BTreeMap<(Moment, &str), RunSummary> = BTreeMap::new();
    for target in past {
        for look in target.looks.iter().filter(|l| recent(l.run.ended, since)) {
            let run = &look.run;
            let entry = runs.entry((run.ended, &run.id));
            let summary = entry.or_insert_with(|| RunSummary {
                id: run.id.clone(),
                started: run.started,
                ended: run.ended,
                version: run.version.clone(),
                sensitivity: run.sensitivity,
                problems: run.problems,
                targets: Vec::new(),
            });
            summary.targets.push(LookSummary {
                target: look.location.clone(),
                lineage: target.lineage.clone(),
                serial: look.serial,
                summary: look.counts,
            });
        }
    }
    runs.into_values().rev().collect()
}

fn timelines(past: &[TargetHistory], since: Option<Moment>) -> Vec<ObjectTimeline> {
    let mut all = Vec::new();
    for target in past {
        for object in &target.objects {
            let changes: Vec<OutcomeChange> = object
                .outcomes
                .changes()
                .iter()
                .filter(|(at, _)| recent(*at, since))
                .map(|(at, outcome)| OutcomeChange {
                    at: *at,
                    outcome: *outcome,
                })
                .collect();
            if !changes.is_empty() {
                all.push(ObjectTimeline {
                    target: target.location().to_owned(),
                    address: object.address.clone(),
                    deposed: object.deposed.clone(),
                    changes,
                });
            }
        }
    }
    all
}

fn recent(at: Moment, since: Option<Moment>) -> bool {
    since.is_none_or(|since| at >= since)
}
