//! What users do not want to see, honestly: every rule says where it is written and why, hides nothing but changes that may be hidden,
//! and is held against the whole report afterwards.
//!
//! Rules come from `driftmgr.yaml` ([`IgnoreRules`], [`IgnoreTags`]), from a `.driftignore` file ([`DriftIgnore`]) and from a list of
//! what is known today ([`Baseline`]); each is a [`Silencer`](super::Silencer). The configuration's own `ignore_changes` is no user's rule
//! but a fact about apply, and so a [`Noise`](super::Noise).

mod baseline;
mod changes;
mod driftignore;
mod glob;
mod outcome;
mod path;
mod rule;
mod suggest;
mod tags;

pub use baseline::{Baseline, Standpoint};
pub(in crate::drift) use changes::IgnoredChanges;
pub use driftignore::DriftIgnore;
pub use outcome::{Origin, RuleOutcome, RuleStatus};
pub use rule::{IgnoreRule, IgnoreRules};
pub use suggest::{Candidate, Suggestion, suggest};
pub use tags::IgnoreTags;

#[cfg(test)]
pub(in crate::drift) mod tests;
