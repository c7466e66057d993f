//! JUnit's XML: a suite for each target, a test for each object.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::row;
use crate::drift::{DriftReport, Finding, NotLookedAtKind};
use crate::error::{Error, ErrorKind, Result};

/// Visible drift is a failure, what could not be looked at an error, what was left out or is hidden is skipped. Objects without a
/// difference have no test each; a suite says how many of all targets there are.
///
/// # Errors
/// `Unexpected` when the XML cannot be written.
pub(super) fn drift(report: &DriftReport) -> Result<String> {
    let findings = report.findings.iter().map(|f| f.target.as_str());
    let left_out = report.not_looked_at.iter().map(|n| n.target.as_str());
    let mut targets: Vec<&str> = findings.chain(left_out).collect();
    targets.sort_unstable();
    targets.dedup();

    let mut document = Report::new("driftmgr");
    for target in targets {
        let mut suite = TestSuite::new(target);
        for finding in report.findings.iter().filter(|f| f.target == target) {
            suite.add_test_case(case(finding));
        }
        for left_out in report.not_looked_at.iter().filter(|n| n.target == target) {
            let mut status = match left_out.kind {
                NotLookedAtKind::Unverifiable => TestCaseStatus::non_success(NonSuccessKind::Error),
                NotLookedAtKind::Skipped => TestCaseStatus::skipped(),
            };
            status.set_message(left_out.reason.as_str());
            let mut test = TestCase::new(left_out.address.to_string(), status);
            test.set_classname(left_out.address.resource.resource_type.clone());
            suite.add_test_case(test);
        }
        document.add_test_suite(suite);
    }
    let mut all = TestSuite::new("all targets");
    let mut same = TestCase::new(
        format!("{} objects are as their states say", report.summary.same),
        TestCaseStatus::success(),
    );
    same.set_classname("driftmgr");
    all.add_test_case(same);
    for problem in &report.problems {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status
            .set_message(problem.message())
            .set_description(problem.to_string());
        all.add_test_case(TestCase::new("problem", status));
    }
    document.add_test_suite(all);
    document.to_string().map_err(|e| {
        Error::new(
            ErrorKind::Unexpected,
            format!("the report cannot be written as XML: {e}"),
        )
    })
}

fn case(finding: &Finding) -> TestCase {
    let status = match &finding.hidden {
        Some(hidden) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("hidden by {}: {}", hidden.rule, hidden.reason));
            status
        }
        None => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status
                .set_message(row::headline(finding))
                .set_type(format!(
                    "{} {}",
                    row::severity(finding.severity),
                    row::kind(finding.kind)
                ))
                .set_description(details(finding));
            status
        }
    };
    let mut test = TestCase::new(row::address(finding), status);
    test.set_classname(finding.address.resource.resource_type.clone());
    test
}

fn details(finding: &Finding) -> String {
    let side = |text: Option<String>| text.unwrap_or_else(|| "nothing".to_owned());
    let changes = row::visible(finding)
        .map(|c| format!("{}: {} -> {}", c.path, side(c.before), side(c.after)));
    let at = finding
        .declared
        .iter()
        .map(|at| format!("declared at {}:{}", at.file.display(), at.line));
    let lines: Vec<String> = changes
        .chain(finding.reasons.iter().cloned())
        .chain(at)
        .collect();
    lines.join("\n")
}
