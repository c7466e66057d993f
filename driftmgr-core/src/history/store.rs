//! Where runs are kept.

use std::fmt::Debug;

use async_trait::async_trait;

use super::moment::Moment;
use super::run::{Counts, Outcome, Run};
use super::timeline::{FindingState, Timeline};
use crate::address::InstanceAddress;
use crate::context::Context;
use crate::drift::{Kind, Sensitivity};
use crate::error::{Error, Result};

/// Keeps runs and gives them back.
///
/// # Behavior
/// - What is given back does not depend on the order in which runs were recorded, but for two runs that looked at the same state in
///   the same millisecond: the one that is recorded second counts as a millisecond later.
/// - A run that is there already is not recorded again.
/// - A run is recorded whole or not at all, also when several programs record at a time: they wait for each other.
#[async_trait]
pub trait HistoryStore: Debug + Send + Sync {
    /// Records a run.
    ///
    /// # Errors
    /// `Locked` when other programs keep the store busy, `Unavailable` and `PermissionDenied` when it cannot be written.
    async fn record(&self, cx: &Context, run: Run) -> Result<Recorded>;

    /// All that is known of the wanted states, or of all when there is none wanted. Sorted by location, then lineage.
    ///
    /// # Errors
    /// `NotFound` for a state that no run has looked at.
    async fn load(&self, cx: &Context, wanted: Vec<Wanted>) -> Result<Vec<TargetHistory>>;

    /// Forgets the runs that ended before `moment`, but for the last run of each state. Of findings that are still there, it keeps when
    /// they were first seen and how often.
    ///
    /// # Errors
    /// Those of [`HistoryStore::record`].
    async fn prune(&self, cx: &Context, moment: Moment) -> Result<Pruned>;
}

/// A state that is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What the caller calls it; a lineage is a name.
    pub name: String,
    /// Where it is, as [`super::Looked::location`] has it.
    pub location: String,
}

impl Wanted {
    /// True for a state with this lineage that was found at one of these places.
    pub fn is<'a>(&self, lineage: &str, locations: impl IntoIterator<Item = &'a str>) -> bool {
        self.name == lineage || locations.into_iter().any(|place| place == self.location)
    }
}

/// What became of a run that was to be recorded.
#[derive(Debug)]
pub struct Recorded {
    /// Its id.
    pub id: String,
    /// False when it was there already.
    pub new: bool,
    /// States that were left out, each with the reason.
    pub problems: Vec<Error>,
}

/// What was forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Runs.
    pub runs: u64,
    /// Findings that were over by then.
    pub findings: u64,
}

/// A run, without what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRun {
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
}

/// A run's look at one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastLook {
    /// When, as the timelines count: the end of the run. No two looks at a state have the same.
    pub at: Moment,
    /// The run.
    pub run: PastRun,
    /// Where the state was found.
    pub location: String,
    /// Its serial.
    pub serial: u64,
    /// Objects by what became of them.
    pub counts: Counts,
}

/// A finding over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingHistory {
    /// Its stable id.
    pub id: String,
    /// How reality differs.
    pub kind: Kind,
    /// The attribute; empty for the object as a whole.
    pub path: String,
    /// What is known from runs that were forgotten.
    pub carried: Option<Carried>,
    /// In which looks it was reported.
    pub states: Timeline<FindingState>,
}

/// What is kept of a finding when runs are forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// When it was first seen.
    pub first_seen: Moment,
    /// When it was last seen.
    pub last_seen: Moment,
    /// How it was reported then.
    pub state: FindingState,
    /// Since when it was there without having been gone in between, if it was there at the end.
    pub open_since: Option<Moment>,
    /// In how many runs it was seen.
    pub times: u64,
}

/// An object over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHistory {
    /// Its address in the state.
    pub address: InstanceAddress,
    /// The key of a deposed object.
    pub deposed: Option<String>,
    /// What became of it; `None` while the state does not have it.
    pub outcomes: Timeline<Outcome>,
    /// Everything that was ever found, sorted by kind and path.
    pub findings: Vec<FindingHistory>,
}

/// A state over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetHistory {
    /// Its lineage; empty where it has none.
    pub lineage: String,
    /// The looks, in order of time; at least one.
    pub looks: Vec<PastLook>,
    /// Every object that the state has had, sorted by address.
    pub objects: Vec<ObjectHistory>,
}

impl TargetHistory {
    /// Where the state was found last.
    pub fn location(&self) -> &str {
        self.looks.last().map_or("", |look| &look.location)
    }

    /// When it was looked at.
    pub fn moments(&self) -> impl Iterator<Item = Moment> + Clone + '_ {
        self.looks.iter().map(|look| look.at)
    }
}
