//! How much a difference matters, once the provider has judged it.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::fake::*;
use crate::drift::{Category, Class, Finding, Rules, Severity, SurveyOptions};
use crate::error::ErrorKind;

async fn finding(changes: Json, plan: Plan) -> Finding {
    let fake = Fake::new([("a", Answer::With(changes))]).planning(plan);
    only(&look(things(["a"]), fake).await).clone()
}

#[tokio::test]
async fn tags_are_informational() {
    let finding = finding(
        json!({"tags": {"env": "prod", "colour": "red"}}),
        Plan::Restore,
    )
    .await;
    assert_eq!(finding.severity, Severity::Informational);
    assert_eq!(finding.category, Category::Metadata);
    assert_eq!(paths(&finding), ["tags[\"colour\"]"]);
    assert!(finding.hidden.is_none(), "informational is not hidden");
}

#[tokio::test]
async fn encryption_that_was_switched_off_is_critical() {
    let finding = finding(
        json!({"storage_encrypted": false, "size": 2}),
        Plan::Restore,
    )
    .await;
    assert_eq!(finding.severity, Severity::Critical);
    assert_eq!(finding.category, Category::Encryption);
    let severities: Vec<_> = finding.changes.iter().map(|c| c.severity).collect();
    assert_eq!(severities, [Severity::Important, Severity::Critical]);
    assert!(finding.reasons.iter().any(|r| r.contains("encrypted")));
}

#[tokio::test]
async fn the_providers_word_alone_does_not_hide_a_critical_change() {
    let finding = finding(json!({"storage_encrypted": false}), Plan::Nothing).await;
    assert_eq!(finding.class, Class::Cosmetic);
    assert!(finding.hidden.is_none());
    assert_eq!(finding.severity, Severity::Critical);
}

#[tokio::test]
async fn what_apply_leaves_alone_is_hidden_beside_what_it_changes() {
    let finding = finding(json!({"size": 2, "arn": "moved"}), Plan::Restore).await;
    assert!(finding.hidden.is_none());
    let hidden: Vec<_> = finding
        .changes
        .iter()
        .map(|c| {
            let rule = c.hidden.as_ref().map(|h| h.rule.as_str());
            (c.path.to_string(), rule)
        })
        .collect();
    assert_eq!(
        hidden,
        [
            ("arn".to_owned(), Some("plan-back")),
            ("size".to_owned(), None)
        ]
    );
}

#[tokio::test]
async fn an_exposure_that_apply_cannot_undo_is_shown() {
    for plan in [Plan::Nothing, Plan::Restore] {
        let finding = finding(json!({"publicly_accessible": true}), plan).await;
        assert_eq!(
            finding.class,
            Class::Cosmetic,
            "apply leaves computed values alone"
        );
        assert!(finding.hidden.is_none());
        assert_eq!(finding.severity, Severity::Critical);
        assert_eq!(finding.category, Category::PublicAccess);
    }
}

#[tokio::test]
async fn without_a_plan_the_worst_counts() {
    let finding = finding(
        json!({"storage_encrypted": false, "tags": {}}),
        Plan::Fails(ErrorKind::Timeout),
    )
    .await;
    assert_eq!(
        (finding.class, finding.severity),
        (Class::Unclassified, Severity::Critical)
    );
    assert!(finding.changes.iter().all(|c| c.material));
}

#[tokio::test]
async fn what_apply_leaves_alone_does_not_make_a_finding_worse() {
    let changes = json!({"size": 2, "publicly_accessible": true});
    let finding = finding(changes, Plan::Restore).await;
    assert_eq!(finding.class, Class::Material);
    let material: Vec<_> = finding
        .changes
        .iter()
        .map(|c| (c.path.to_string(), c.material))
        .collect();
    assert_eq!(
        material,
        [
            ("publicly_accessible".to_owned(), false),
            ("size".to_owned(), true)
        ]
    );
}

#[tokio::test]
async fn the_callers_rules_decide() {
    let rules = r#"[{"type": "demo_*", "path": "size", "severity": "critical", "category": "capacity", "reason": "the quota is paid by size"}]"#;
    let options = SurveyOptions {
        rules: Arc::new(Rules::with_user_rules(rules).unwrap()),
        ..SurveyOptions::default()
    };
    let fake = Fake::new([("a", Answer::With(json!({"size": 2})))]);
    let report = look_with(&context(), &options, things(["a"]), fake.reality()).await;
    let finding = only(&report);
    assert_eq!(
        (finding.severity, finding.category),
        (Severity::Critical, Category::Capacity)
    );
    assert_eq!(finding.reasons, ["the quota is paid by size"]);
}
