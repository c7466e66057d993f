//! Drift: what a state says against what is really there.
//!
//! [`survey`] looks at every managed instance of many states through a [`Reality`], asks the provider of each difference whether apply
//! would change anything, and reports what differs, what does not, and what was not looked at.

mod aloud;
mod count;
mod engine;
mod finding;
mod fingerprint;
mod group;
pub mod ignore;
mod impact;
mod item;
mod model;
mod moved;
mod noise;
pub mod plan;
mod reality;
mod score;
mod secrets;
mod selection;
mod severity;
pub mod snapshot;
mod valve;
mod verdict;

pub use aloud::Sink;
pub use engine::{DriftInput, SurveyOptions, survey};
pub(crate) use fingerprint::digest;
pub use fingerprint::fingerprint;
pub use group::{Cause, Group, Member, group};
pub use impact::Area;
pub use item::{DriftItem, LookedAt};
pub use model::{
    AttributeChange, Circumstances, Class, DriftReport, Effect, EffectAction, Finding, Hidden,
    Kind, NotLookedAt, NotLookedAtKind, Severity, Summary, SurveyedProvider, SurveyedTarget,
};
pub use moved::{Move, Renames};
pub use noise::{
    Certainty, Comparator, Comparators, Compared, EqualityRule, Filter, Format, Noise, Sensitivity,
    Silencer,
};
pub use plan::Plan;
pub use reality::{
    Answer, Asked, Basis, InstanceRef, Observation, Observed, PlanReality, Readers, Reality,
    Routes, StateReality, Support,
};
pub use score::{Deduction, Score};
pub use selection::Selection;
pub use severity::{Category, Changed, ListedRule, Rule, Rules};
pub(crate) use snapshot::Recording;
pub use snapshot::{Snapshot, SnapshotReality};
pub use verdict::Verdict;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
pub(crate) mod tests;
