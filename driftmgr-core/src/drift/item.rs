//! What a run tells while it goes on.

use serde::Serialize;

use super::model::{DriftReport, Finding, NotLookedAt};
use crate::address::InstanceAddress;

/// Part of an answer, told as soon as it holds.
#[derive(Debug)]
#[non_exhaustive]
pub enum DriftItem {
    /// An object was looked at.
    Looked(LookedAt),
    /// A difference, hidden ones included. The report has the same.
    Finding(Box<Finding>),
    /// An object that was not compared. The report has the same.
    NotLookedAt(NotLookedAt),
    /// The whole answer; the last item.
    Report(Box<DriftReport>),
}

/// An object that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LookedAt {
    /// The state that it belongs to, as the caller named the target.
    pub target: String,
    /// Its address in the state.
    pub address: InstanceAddress,
    /// The key of a deposed object.
    pub deposed: Option<String>,
    /// What the read gave: `same`, `drifted`, `deleted` or `unverifiable`. What the others show can still turn it into another outcome.
    pub outcome: &'static str,
    /// Objects looked at so far, this one included.
    pub done: u64,
    /// Objects to look at.
    pub total: u64,
}

impl DriftItem {
    /// What it is, in a word: `looked`, `finding`, `not_looked_at` or `report`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Looked(_) => "looked",
            Self::Finding(_) => "finding",
            Self::NotLookedAt(_) => "not_looked_at",
            Self::Report(_) => "report",
        }
    }
}
