mod baseline;
mod driftctl;
mod laws;
mod rules;
mod suggested;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::path::literal;
use crate::drift::{
    AttributeChange, Certainty, DriftReport, Filter, Finding, Kind, Noise, NotLookedAt,
    NotLookedAtKind, Severity, Silencer, Summary, SurveyedTarget, testing,
};
use crate::value::Value;

/// Noon of 2026-07-01, UTC.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_782_907_200)
}

/// An important change.
pub(in crate::drift) fn change(path: &str) -> AttributeChange {
    AttributeChange {
        before: Some(Value::from("a")),
        after: Some(Value::from("b")),
        reason: "it matters".to_owned(),
        ..testing::change(literal(path).unwrap())
    }
}

fn critical(path: &str) -> AttributeChange {
    AttributeChange {
        severity: Severity::Critical,
        ..change(path)
    }
}

pub(in crate::drift) fn noise(path: &str) -> AttributeChange {
    AttributeChange {
        noise: Some(Noise {
            rule: "equal".to_owned(),
            reason: "the same".to_owned(),
            certainty: Certainty::Proven,
        }),
        ..change(path)
    }
}

/// A modified object whose id is the address's last word.
pub(in crate::drift) fn finding(address: &str, changes: Vec<AttributeChange>) -> Finding {
    let id = address.rsplit('.').next().unwrap();
    Finding {
        changes,
        before: [("id", id)].into_iter().collect(),
        ..testing::finding("infra", address, Kind::Modified)
    }
}

fn gone(address: &str) -> Finding {
    Finding {
        kind: Kind::Missing,
        ..finding(address, Vec::new())
    }
}

fn unseen(address: &str) -> NotLookedAt {
    NotLookedAt {
        target: "infra".to_owned(),
        address: address.parse().unwrap(),
        deposed: None,
        kind: NotLookedAtKind::Unverifiable,
        reason: "no plugin".to_owned(),
    }
}

/// The report after the silencers have had their say.
fn filtered(findings: Vec<Finding>, silencers: Vec<Arc<dyn Silencer>>) -> DriftReport {
    let filter = Filter {
        silencers,
        ..Filter::default()
    };
    let mut targets: Vec<_> = findings.iter().map(|f| surveyed(&f.target)).collect();
    targets.push(surveyed("infra"));
    let mut report = DriftReport {
        targets,
        findings,
        ..DriftReport::default()
    };
    for finding in &mut report.findings {
        filter.apply(finding);
    }
    report.rules = filter.outcomes(&report);
    report
}

/// A target of which only the name matters.
fn surveyed(target: &str) -> SurveyedTarget {
    SurveyedTarget {
        target: target.to_owned(),
        summary: Summary::default(),
    }
}

/// What is still shown, as `address path`.
fn shown(report: &DriftReport) -> Vec<String> {
    super::outcome::each(report)
        .filter(|(finding, change)| change.map_or(&finding.hidden, |c| &c.hidden).is_none())
        .map(|(finding, change)| super::outcome::named(finding, change))
        .collect()
}
