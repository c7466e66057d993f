//! What became of drift over many runs: what is open and since when, what was resolved, what comes and goes, what tends to drift next.
//!
//! A [`Run`] is made from a drift report and the states it is about. A [`HistoryStore`] keeps runs, without any attribute value;
//! [`SqliteHistory`] keeps them in one file. [`answer`] says what follows from them, each answer with its evidence.
//!
//! Two rules hold throughout. What was not looked at says nothing: such a run neither resolves a finding nor counts as having seen it.
//! And the order in which runs are recorded does not matter, only the times at which they ended.

mod answer;
mod fingerprint;
mod moment;
mod run;
mod sqlite;
mod store;
#[cfg(test)]
mod tests;
mod timeline;

pub use crate::drift::Circumstances;
pub use answer::{
    AttributeTendency, FindingStatus, FlapCount, History, Interval, LookSummary, ObjectTimeline,
    OutcomeChange, Outlook, Question, RunSummary, TargetSummary, Tendency, TrackedFinding,
    TypeRate, answer,
};
pub use moment::Moment;
pub use run::{Counts, Look, Looked, Outcome, Run, Seen, SeenFinding};
pub use sqlite::{SqliteHistory, default_path};
pub use store::{
    Carried, FindingHistory, HistoryStore, ObjectHistory, PastLook, PastRun, Pruned, Recorded,
    TargetHistory, Wanted,
};
pub use timeline::{FindingState, Timeline};
