//! What a report means for an exit code.

use super::model::{DriftReport, Severity};

/// The answer of `check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// In sync, and everything was looked at.
    InSync,
    /// Something differs.
    Drift,
    /// Nothing differs among what was looked at, and something could not be looked at.
    Incomplete,
}

impl DriftReport {
    /// The answer. Hidden findings do not count; instances that were skipped for a reason do not make it incomplete.
    pub fn verdict(&self) -> Verdict {
        self.verdict_from(Severity::Informational)
    }

    /// The answer when only findings of this severity and above count.
    pub fn verdict_from(&self, severity: Severity) -> Verdict {
        if self
            .findings
            .iter()
            .any(|f| f.hidden.is_none() && f.severity >= severity)
        {
            Verdict::Drift
        } else if self.summary.unverifiable > 0 || !self.problems.is_empty() {
            Verdict::Incomplete
        } else {
            Verdict::InSync
        }
    }
}

impl Verdict {
    /// True when it is safe to go on, `None` when that cannot be said.
    pub fn safe(self) -> Option<bool> {
        match self {
            Self::InSync => Some(true),
            Self::Drift => Some(false),
            Self::Incomplete => None,
        }
    }

    /// The exit code of `check`: 0, 2 or 3.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::InSync => 0,
            Self::Drift => 2,
            Self::Incomplete => 3,
        }
    }
}
