//! The short answer: is it safe to go on?

use serde::Serialize;

use crate::drift::{DriftReport, Severity, Summary, Verdict};

/// The answer of a check. In JSON as `driftmgr check --format json` prints it: `{"safe", "exit", "summary"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Check {
    /// `true` in sync, `false` drifted, `None` when nothing drifted and something could not be looked at.
    pub safe: Option<bool>,
    /// The exit code that says the same: 0, 2 or 3.
    pub exit: u8,
    /// The counts.
    pub summary: Summary,
    /// The same in a word.
    #[serde(skip)]
    pub verdict: Verdict,
}

impl DriftReport {
    /// The short answer. Hidden findings do not count.
    ///
    /// ```
    /// use driftmgr_core::drift::{DriftReport, Verdict};
    ///
    /// let nothing = DriftReport::default();
    /// assert_eq!(nothing.check().verdict, Verdict::InSync);
    /// assert_eq!(nothing.check().exit, 0);
    /// ```
    pub fn check(&self) -> Check {
        self.check_from(Severity::Informational)
    }

    /// The short answer when only findings of this severity and above count.
    pub fn check_from(&self, severity: Severity) -> Check {
        let verdict = self.verdict_from(severity);
        Check {
            safe: verdict.safe(),
            exit: verdict.exit_code(),
            summary: self.summary,
            verdict,
        }
    }
}
