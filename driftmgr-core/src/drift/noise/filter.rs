//! Deciding what is shown.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::compare::{Certainty, Noise};
use crate::drift::ignore::RuleOutcome;
use crate::drift::model::{AttributeChange, DriftReport, Finding, Hidden, Kind, Severity};

/// How much is shown. What a higher sensitivity hides, a lower one hides as well.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// Hides also what the name of an attribute suggests to be noise.
    Low,
    /// Hides what is proven or known to be noise, and changes that are informational: tags, descriptions, metadata.
    #[default]
    Medium,
    /// Hides only what is proven to be noise.
    High,
}

impl Sensitivity {
    fn hides(self, noise: &Noise) -> bool {
        let needed = match self {
            Self::Low => Certainty::Presumed,
            Self::Medium => Certainty::Known,
            Self::High => Certainty::Proven,
        };
        noise.certainty >= needed
    }
}

/// A user's reason not to see a change: an ignore rule, a baseline.
///
/// # Behavior
/// - It is never asked about a deleted object or a critical change: those are shown.
/// - The answer depends on nothing but the finding and the change.
pub trait Silencer: Debug + Send + Sync {
    /// Why the change is not to be shown; `None` when there is nothing against it.
    fn silences(&self, finding: &Finding, change: &AttributeChange) -> Option<Hidden>;

    /// What each of its rules did, judged by a whole report: what it hides, what it speaks of in vain, what it speaks of at all. Rules
    /// that nobody wrote down have no outcome.
    fn outcomes(&self, report: &DriftReport) -> Vec<RuleOutcome> {
        let _ = report;
        Vec::new()
    }
}

/// Whether a user's rule may hide the change: not a deletion, and not a critical change unless both sides mean the same.
pub(in crate::drift) fn may_be_hidden(finding: &Finding, change: &AttributeChange) -> bool {
    finding.kind == Kind::Modified
        && (change.severity < Severity::Critical || change.noise.is_some())
}

/// What is not shown.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// How much is shown.
    pub sensitivity: Sensitivity,
    /// Users' rules; the first that silences a change gives the reason.
    pub silencers: Vec<Arc<dyn Silencer>>,
}

impl Filter {
    /// Marks what is not shown of a finding, and the finding itself when nothing is left to show. Nothing but `hidden` changes.
    pub fn apply(&self, finding: &mut Finding) {
        let hidden: Vec<Option<Hidden>> = finding
            .changes
            .iter()
            .map(|change| self.hides(finding, change))
            .collect();
        for (change, hidden) in finding.changes.iter_mut().zip(hidden) {
            change.hidden = hidden;
        }
        finding.hidden = whole(finding);
    }

    /// What users' rules did, in the order of the silencers.
    pub fn outcomes(&self, report: &DriftReport) -> Vec<RuleOutcome> {
        let each = self.silencers.iter().map(|s| s.outcomes(report));
        each.flatten().collect()
    }

    fn hides(&self, finding: &Finding, change: &AttributeChange) -> Option<Hidden> {
        if finding.kind != Kind::Modified {
            return None;
        }
        if let Some(noise) = change.noise.as_ref().filter(|n| self.sensitivity.hides(n)) {
            return Some(Hidden {
                rule: noise.rule.clone(),
                reason: noise.reason.clone(),
            });
        }
        if !may_be_hidden(finding, change) {
            return None;
        }
        let silenced = self
            .silencers
            .iter()
            .find_map(|each| each.silences(finding, change));
        silenced.or_else(|| {
            (self.sensitivity < Sensitivity::High && change.severity == Severity::Informational)
                .then(|| Hidden {
                    rule: "informational".to_owned(),
                    reason: change.reason.clone(),
                })
        })
    }
}

/// Why nothing of a finding is shown: the rules and reasons of all its changes, each once.
fn whole(finding: &Finding) -> Option<Hidden> {
    if finding.kind != Kind::Modified || finding.changes.is_empty() {
        return None;
    }
    let all: Option<Vec<&Hidden>> = finding.changes.iter().map(|c| c.hidden.as_ref()).collect();
    let all = all?;
    let join = |part: fn(&Hidden) -> &str, separator: &str| {
        let mut seen = BTreeSet::new();
        let each: Vec<&str> = all
            .iter()
            .map(|h| part(h))
            .filter(|text| seen.insert(*text))
            .collect();
        each.join(separator)
    };
    Some(Hidden {
        rule: join(|h| &h.rule, ", "),
        reason: join(|h| &h.reason, "; "),
    })
}

#[cfg(test)]
mod tests;
