//! How well reality complies with the states, as a number with its reasons. `docs/rules.md` defines it.

use super::model::{DriftReport, Finding, Kind, NotLookedAt, NotLookedAtKind, Severity};
use crate::address::{InstanceAddress, ResourceMode};

/// The best score.
const FULL: u64 = 100;

/// How much is taken for one finding of a severity, and for all of them together. The budgets add up to [`FULL`].
struct Price {
    each: u64,
    budget: u64,
}

fn price(severity: Severity) -> Price {
    let (each, budget) = match severity {
        Severity::Critical => (20, 60),
        Severity::Important => (5, 30),
        Severity::Informational => (1, 10),
    };
    Price { each, budget }
}

/// The compliance score of a report, with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// 0 to 100: `min(100 - all deductions, at_most)`.
    pub value: u64,
    /// What can be claimed at most, 0 to 100: the share of objects that were looked at, and never 100 when something is open.
    pub at_most: u64,
    /// How many objects were looked at.
    pub looked_at: u64,
    /// How many there were to look at; data sources are not among them.
    pub objects: u64,
    /// Why no more than `at_most` can be claimed, one sentence each.
    pub limits: Vec<String>,
    /// What each finding takes, the most severe first.
    pub deductions: Vec<Deduction>,
    /// Visible findings that take nothing more, since those of their severity have taken all that they can together.
    pub uncounted: u64,
}

/// What one finding takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deduction {
    /// The state it concerns.
    pub target: String,
    /// The instance, as in the finding.
    pub address: InstanceAddress,
    /// The key of a deposed object.
    pub deposed: Option<String>,
    /// The finding's severity.
    pub severity: Severity,
    /// Points of 100.
    pub points: u64,
    /// Why, for people.
    pub reason: String,
}

impl DriftReport {
    /// The compliance score. Hidden findings take nothing. More findings, and more that is open, never make it better.
    pub fn score(&self) -> Score {
        let (deductions, uncounted) = deductions(&self.findings);
        let open = self.not_looked_at.iter().filter(|n| is_open(n)).count() as u64;
        let looked_at = self.summary.checked;
        let objects = looked_at + open;
        let incomplete = open > 0 || !self.problems.is_empty();
        let share = (looked_at * FULL).checked_div(objects).unwrap_or(FULL);
        let at_most = share.min(if incomplete { FULL - 1 } else { FULL });
        let taken: u64 = deductions.iter().map(|d| d.points).sum();
        Score {
            value: FULL.saturating_sub(taken).min(at_most),
            at_most,
            looked_at,
            objects,
            limits: limits(self, open, objects),
            deductions,
            uncounted,
        }
    }
}

/// What could have been looked at and was not, whatever the reason. A data source is nobody's object.
fn is_open(left_out: &NotLookedAt) -> bool {
    left_out.kind == NotLookedAtKind::Unverifiable
        || left_out.address.resource.mode == ResourceMode::Managed
}

fn limits(report: &DriftReport, open: u64, objects: u64) -> Vec<String> {
    let unverifiable = report.summary.unverifiable;
    let left_out = open.saturating_sub(unverifiable);
    let mut limits = Vec::new();
    if unverifiable > 0 {
        limits.push(format!(
            "{unverifiable} of {objects} objects could not be looked at"
        ));
    }
    if left_out > 0 {
        limits.push(format!(
            "{left_out} of {objects} objects were left out by the caller"
        ));
    }
    if !report.problems.is_empty() {
        limits.push(match report.problems.len() {
            1 => "1 problem is open".to_owned(),
            n => format!("{n} problems are open"),
        });
    }
    limits
}

/// What the visible findings take, and how many more there are than the budgets pay for.
fn deductions(findings: &[Finding]) -> (Vec<Deduction>, u64) {
    let mut visible: Vec<&Finding> = findings.iter().filter(|f| f.hidden.is_none()).collect();
    visible.sort_by(|a, b| {
        let place = |f: &'_ Finding| (f.target.clone(), f.address.clone(), f.deposed.clone());
        let by_severity = b.severity.cmp(&a.severity);
        by_severity.then_with(|| place(a).cmp(&place(b)))
    });
    let mut deductions = Vec::new();
    let mut uncounted = 0;
    let mut current = None;
    let mut left = 0;
    for finding in visible {
        let price = price(finding.severity);
        if current != Some(finding.severity) {
            current = Some(finding.severity);
            left = price.budget;
        }
        let points = price.each.min(left);
        left -= points;
        if points == 0 {
            uncounted += 1;
            continue;
        }
        deductions.push(Deduction {
            target: finding.target.clone(),
            address: finding.address.clone(),
            deposed: finding.deposed.clone(),
            severity: finding.severity,
            points,
            reason: reason(finding),
        });
    }
    (deductions, uncounted)
}

fn reason(finding: &Finding) -> String {
    finding.reasons.first().cloned().unwrap_or_else(|| {
        match finding.kind {
            Kind::Missing => "the object no longer exists",
            Kind::Modified => "it differs from the state",
            Kind::Moved => "the state has it at another address",
        }
        .to_owned()
    })
}
