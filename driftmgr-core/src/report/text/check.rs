//! The one sentence of `check`.

use super::page::count;
use crate::drift::{DriftReport, Finding, Kind, Severity};

/// Whether the states are still true, in one sentence without a line break.
pub fn check(report: &DriftReport) -> String {
    let s = &report.summary;
    let all = s.checked.saturating_add(s.unverifiable);
    let objects = |n| count(n, "object", "objects");
    let open = if s.unverifiable > 0 {
        format!("; {} could not be looked at", s.unverifiable)
    } else {
        String::new()
    };
    let aside = aside(report);
    let differing = s.drifted.saturating_add(s.deleted);
    if differing > 0 {
        return format!(
            "Drift: {differing} of {} {} from the state ({}){open}{aside}.",
            objects(all),
            if differing == 1 { "differs" } else { "differ" },
            parts(report)
        );
    }
    if !report.problems.is_empty() && all == 0 {
        return format!(
            "Nothing could be looked at: {} met{aside}.",
            count(report.problems.len() as u64, "problem was", "problems were")
        );
    }
    if s.unverifiable > 0 {
        return if s.checked == 0 {
            format!("None of {} could be looked at{aside}.", objects(all))
        } else {
            format!(
                "No drift in the {} that could be looked at{open}{aside}.",
                objects(s.checked)
            )
        };
    }
    if !report.problems.is_empty() {
        return format!(
            "No drift in {}, but {} met{aside}.",
            objects(s.checked),
            count(report.problems.len() as u64, "problem was", "problems were")
        );
    }
    match s.checked {
        0 => format!(
            "Nothing to look at: the states hold no objects that a provider manages{aside}."
        ),
        1 => format!("In sync: the one object is as its state says{aside}."),
        n => format!("In sync: all {n} objects are as their state says{aside}."),
    }
}

/// `1 modified, 1 deleted, 1 critical`.
fn parts(report: &DriftReport) -> String {
    let visible = |test: &dyn Fn(&&Finding) -> bool| {
        report
            .findings
            .iter()
            .filter(|f| f.hidden.is_none())
            .filter(test)
            .count()
    };
    [
        (visible(&|f| f.kind == Kind::Modified), "modified"),
        (visible(&|f| f.kind == Kind::Missing), "deleted"),
        (visible(&|f| f.kind == Kind::Moved), "moved"),
        (visible(&|f| f.severity == Severity::Critical), "critical"),
    ]
    .iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, word)| format!("{n} {word}"))
    .collect::<Vec<_>>()
    .join(", ")
}

/// What does not decide, and is said all the same.
fn aside(report: &DriftReport) -> String {
    let s = &report.summary;
    let mut parts = Vec::new();
    if s.hidden > 0 {
        parts.push(format!(
            "{} only in ways that are not shown",
            if s.hidden == 1 {
                "1 differs".to_owned()
            } else {
                format!("{} differ", s.hidden)
            }
        ));
    }
    if s.skipped > 0 {
        parts.push(format!("{} skipped", s.skipped));
    }
    if parts.is_empty() {
        String::new()
    } else {
        format!(" ({})", parts.join(", "))
    }
}
