//! One report with a finding of each kind, to see what rules do to it.

use std::sync::{Arc, OnceLock};

use serde_json::json;

use super::survey::{client, shows_what_must_be_shown, wait};
use crate::client::DriftOptions;
use crate::drift::{
    DriftReport, Filter, Finding, Plan, Sensitivity, Silencer, Summary, SurveyedTarget,
};

/// Deleted, opened to the world, changed, changed in a tag, changed in a secret, and a thing in a module.
fn findings() -> &'static [Finding] {
    static FINDINGS: OnceLock<Vec<Finding>> = OnceLock::new();
    FINDINGS.get_or_init(|| {
        let options = DriftOptions {
            filter: Filter {
                sensitivity: Sensitivity::High,
                ..Filter::default()
            },
            ..DriftOptions::default()
        };
        let plan = Arc::new(Plan::parse(plan().as_bytes()).expect("a plan"));
        let report = client().drift_of_plan("plan.json", &plan, &options);
        wait(report).expect("a report").findings
    })
}

fn plan() -> String {
    let entry = |module: Option<&str>, kind: &str, name: &str, sides: [serde_json::Value; 2]| {
        let [before, after] = sides;
        let action = if after.is_null() { "delete" } else { "update" };
        json!({
            "module_address": module, "mode": "managed", "type": kind, "name": name,
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {
                "actions": [action], "before": before, "after": after, "after_unknown": {},
                "before_sensitive": {"password": true}, "after_sensitive": {"password": true},
            },
        })
    };
    let drift = [
        entry(
            None,
            "aws_instance",
            "gone",
            [json!({"id": "i-1"}), json!(null)],
        ),
        entry(
            None,
            "aws_s3_bucket_public_access_block",
            "open",
            [
                json!({"id": "b", "block_public_acls": true}),
                json!({"id": "b", "block_public_acls": false}),
            ],
        ),
        entry(
            None,
            "aws_instance",
            "web",
            [
                json!({"id": "i-2", "instance_type": "small", "tags": {"note": "a"}}),
                json!({"id": "i-2", "instance_type": "large", "tags": {"note": "b"}}),
            ],
        ),
        entry(
            None,
            "aws_db_instance",
            "secret",
            [
                json!({"id": "db-1", "password": "one"}),
                json!({"id": "db-1", "password": "two"}),
            ],
        ),
        entry(
            Some("module.a[\"x\"]"),
            "aws_iam_role",
            "role",
            [
                json!({"id": "r", "path": "/a/", "list": [1, 2]}),
                json!({"id": "r", "path": "/b/", "list": [1, 3]}),
            ],
        ),
    ];
    json!({
        "format_version": "1.2", "terraform_version": "1.9.0",
        "resource_drift": drift, "resource_changes": [],
    })
    .to_string()
}

/// The report as a filter with these rules shows it: whatever they say, what must be shown is shown.
pub(super) fn shown_with(silencers: Vec<Arc<dyn Silencer>>) -> DriftReport {
    shown_by(&Filter {
        sensitivity: Sensitivity::High,
        silencers,
    })
}

/// The report as a filter shows it.
pub(super) fn shown_by(filter: &Filter) -> DriftReport {
    let mut report = DriftReport {
        targets: vec![SurveyedTarget {
            target: "plan.json".to_owned(),
            summary: Summary::default(),
        }],
        findings: findings().to_vec(),
        ..DriftReport::default()
    };
    for finding in &mut report.findings {
        filter.apply(finding);
    }
    report.rules = filter.outcomes(&report);
    shows_what_must_be_shown(&report);
    report
}

/// What is hidden: the finding, and the path of the change.
pub(super) fn hidden(report: &DriftReport) -> Vec<String> {
    let changes = report
        .findings
        .iter()
        .flat_map(|f| f.changes.iter().map(move |c| (f, c)));
    changes
        .filter(|(_, change)| change.hidden.is_some())
        .map(|(finding, change)| format!("{} {}", finding.address, change.path))
        .collect()
}

#[test]
fn the_sample_has_one_of_each_kind() {
    use crate::drift::{Kind, Severity};

    let report = shown_with(Vec::new());
    let kinds: Vec<Kind> = report.findings.iter().map(|f| f.kind).collect();
    assert_eq!(kinds.len(), 5);
    assert_eq!(kinds.iter().filter(|k| **k == Kind::Missing).count(), 1);
    let changes: Vec<_> = report.findings.iter().flat_map(|f| &f.changes).collect();
    assert!(changes.iter().any(|c| c.severity == Severity::Critical));
    assert!(
        changes
            .iter()
            .any(|c| c.severity == Severity::Informational)
    );
    assert!(changes.iter().any(|c| c.sensitive));
    assert!(hidden(&report).is_empty());
}
