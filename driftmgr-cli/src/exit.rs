//! Exit codes. They depend on what was found, never on how it is shown.

use std::process::ExitCode;

use driftmgr_core::drift::{DriftReport, Severity, Verdict};
use driftmgr_core::error::{Error, ErrorKind};

use crate::args::Judge;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// In sync, or done.
    Ok = 0,
    /// An error; also a wrong command line, so that 2 always means drift.
    Error = 1,
    /// Drift.
    Drift = 2,
    /// No drift was found, and something could not be looked at.
    Open = 3,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// The number the process ends with.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What a report means, when drift of this severity and above counts.
    pub(crate) fn of(report: &DriftReport, from: Severity) -> Self {
        match report.verdict_from(from) {
            Verdict::Drift => Self::Drift,
            Verdict::Incomplete => Self::Open,
            Verdict::InSync => Self::Ok,
        }
    }

    /// What a report means for a command that is not `check`: nothing, unless the user asked.
    pub(crate) fn judged(report: &DriftReport, judge: &Judge) -> Self {
        match (judge.fail_on, judge.detailed_exitcode) {
            (Some(level), _) => Self::of(report, level.into()),
            (None, true) => Self::of(report, Severity::Informational),
            (None, false) => Self::Ok,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command ends early.
#[derive(Debug)]
pub enum Failure {
    /// Something went wrong, and the user has to know.
    Error(Error),
    /// Whoever read our output has seen enough. That is no error.
    BrokenPipe,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<std::io::Error> for Failure {
    /// For writing to standard output.
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::BrokenPipe
        } else {
            Self::Error(
                Error::new(
                    ErrorKind::Unavailable,
                    format!("cannot write to standard output: {error}"),
                )
                .with_source(error),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use driftmgr_core::address::ProviderConfigAddress;
    use driftmgr_core::drift::{Category, Class, Finding, Hidden, Kind, Summary};
    use driftmgr_core::value::Value;

    use super::*;
    use crate::args::FailOn;

    fn finding(severity: Severity) -> Finding {
        Finding {
            fingerprint: String::new(),
            target: ".".to_owned(),
            address: "a.b".parse().unwrap(),
            previous_address: None,
            deposed: None,
            provider: "provider.a".parse::<ProviderConfigAddress>().unwrap(),
            kind: Kind::Modified,
            class: Class::Material,
            severity,
            category: Category::Other,
            reasons: vec![],
            effect: None,
            changes: vec![],
            before: Value::Null,
            after: None,
            sensitive: Default::default(),
            declared: None,
            hidden: None,
        }
    }

    fn report(findings: Vec<Finding>, unverifiable: u64) -> DriftReport {
        DriftReport {
            findings,
            summary: Summary {
                unverifiable,
                ..Summary::default()
            },
            ..DriftReport::default()
        }
    }

    #[test]
    fn the_worst_that_counts_decides() {
        let low = || finding(Severity::Informational);
        let all = Severity::Informational;
        let mut hidden = low();
        hidden.hidden = Some(Hidden {
            rule: "r".to_owned(),
            reason: "r".to_owned(),
        });
        for (report, from, want) in [
            (report(vec![], 0), all, Exit::Ok),
            (report(vec![hidden], 0), all, Exit::Ok),
            (report(vec![], 1), all, Exit::Open),
            (report(vec![low()], 1), all, Exit::Drift),
            (report(vec![low()], 0), Severity::Important, Exit::Ok),
            (report(vec![low()], 1), Severity::Important, Exit::Open),
            (
                report(vec![low(), finding(Severity::Critical)], 0),
                Severity::Critical,
                Exit::Drift,
            ),
        ] {
            assert_eq!(Exit::of(&report, from), want);
        }
        let mut broken = report(vec![], 0);
        broken.problems.push(Error::new(ErrorKind::NotFound, "x"));
        assert_eq!(Exit::of(&broken, all), Exit::Open);
    }

    #[test]
    fn only_who_asks_gets_more_than_zero_and_one() {
        let drifted = report(vec![finding(Severity::Important)], 0);
        for (detailed_exitcode, fail_on, want) in [
            (false, None, Exit::Ok),
            (true, None, Exit::Drift),
            (false, Some(FailOn::Important), Exit::Drift),
            (true, Some(FailOn::Critical), Exit::Ok),
        ] {
            let judge = Judge {
                detailed_exitcode,
                fail_on,
            };
            assert_eq!(Exit::judged(&drifted, &judge), want);
        }
    }
}
