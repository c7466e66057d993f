//! `ignore_changes`, as a survey with a configuration sees it.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::fake::*;
use crate::configuration::RootModule;
use crate::drift::{
    Class, EffectAction, Filter, Finding, Kind, Sensitivity, SurveyOptions, survey,
};

fn ignoring(ignored: &str) -> Arc<RootModule> {
    configuration(&format!(
        "resource \"demo_thing\" \"a\" {{\n  name = \"n\"\n  lifecycle {{\n    ignore_changes = {ignored}\n  }}\n}}\n"
    ))
}

async fn found(ignored: &str, fake: Fake) -> Vec<Finding> {
    let mut input = input("t", things(["a"]), fake.reality());
    input.configuration = Some(ignoring(ignored));
    let inputs = [input];
    let report = survey(&context(), &inputs, &SurveyOptions::default()).await;
    adds_up(&report, &inputs);
    report.findings
}

async fn only(ignored: &str, changes: Json, plan: Plan) -> Finding {
    let fake = Fake::new([("a", Answer::With(changes))]).planning(plan);
    let mut found = found(ignored, fake).await;
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn rules(finding: &Finding) -> Vec<(String, Option<&str>)> {
    let rule = |c: &'_ crate::drift::AttributeChange| c.path.display_masked(&finding.sensitive);
    finding
        .changes
        .iter()
        .map(|c| (rule(c), c.hidden.as_ref().map(|h| h.rule.as_str())))
        .collect()
}

#[tokio::test]
async fn a_change_that_apply_leaves_alone_is_hidden_with_its_line() {
    let finding = only("[size]", json!({"size": 2}), Plan::Restore).await;
    assert_eq!(
        rules(&finding),
        [("size".to_owned(), Some("ignore_changes"))]
    );
    let hidden = finding.hidden.as_ref().unwrap();
    assert!(
        hidden.reason.ends_with("main.tf:4 leaves it as it is"),
        "{}",
        hidden.reason
    );
    assert_eq!(finding.class, Class::Cosmetic);
    assert_eq!(finding.effect.unwrap().action, EffectAction::None);
    assert!(!finding.changes[0].material);
}

#[tokio::test]
async fn what_is_not_ignored_is_drift_beside_it() {
    let finding = only("[size]", json!({"size": 2, "zones": ["c"]}), Plan::Restore).await;
    assert!(finding.hidden.is_none());
    assert_eq!(finding.class, Class::Material);
    assert_eq!(
        finding.effect.as_ref().unwrap().action,
        EffectAction::Update
    );
    let material: Vec<_> = finding.changes.iter().map(|c| c.material).collect();
    assert_eq!(
        rules(&finding)[0],
        ("size".to_owned(), Some("ignore_changes"))
    );
    assert!(material.ends_with(&[true]) && !material[0]);
}

#[tokio::test]
async fn what_would_have_forced_a_replacement_forces_none() {
    let changes = json!({"name": "m", "size": 2});
    let finding = only("[name]", changes.clone(), Plan::Replace("name")).await;
    assert_eq!(
        finding.effect.as_ref().unwrap().action,
        EffectAction::Update
    );
    assert!(finding.effect.unwrap().replace_because.is_empty());
    let finding = only("[size]", changes, Plan::Replace("name")).await;
    assert_eq!(finding.effect.unwrap().action, EffectAction::Replace);
}

#[tokio::test]
async fn keys_positions_and_all() {
    let tags = |env: &str, team: &str| json!({"tags": {"env": env, "team": team}});
    for (ignored, changes, hidden) in [
        ("[tags]", tags("x", "y"), true),
        ("[tags[\"env\"], tags[\"team\"]]", tags("x", "y"), true),
        ("[tags[\"env\"], tags.team]", tags("x", "y"), true),
        ("[zones]", json!({"zones": ["a", "c"]}), true),
        ("[zones[1]]", json!({"zones": ["a", "c"]}), true),
        ("[zones[0]]", json!({"zones": ["a", "c"]}), false),
        (
            "[rule[0].cidr]",
            json!({"rule": [{"cidr": "10.0.0.0/9", "note": null}]}),
            true,
        ),
        (
            "[rule[0].note]",
            json!({"rule": [{"cidr": "10.0.0.0/9", "note": null}]}),
            false,
        ),
        ("[tags[\"env\"]]", json!({"tags": null}), true),
        ("all", json!({"zones": ["c"], "size": 3}), true),
        ("[\"size\"]", json!({"size": 3}), true),
        ("[]", json!({"size": 3}), false),
    ] {
        let finding = only(ignored, changes, Plan::Restore).await;
        let by_rule = finding.changes.iter().all(|c| {
            c.hidden
                .as_ref()
                .is_some_and(|h| h.rule == "ignore_changes")
        });
        assert_eq!(by_rule, hidden, "{ignored} {finding:?}");
    }
}

#[tokio::test]
async fn a_critical_change_is_shown_and_says_why_apply_leaves_it() {
    for ignored in ["all", "[storage_encrypted]"] {
        let finding = only(ignored, json!({"storage_encrypted": false}), Plan::Restore).await;
        assert!(finding.hidden.is_none(), "{ignored}");
        assert_eq!(finding.severity, crate::drift::Severity::Critical);
        assert!(!finding.changes[0].material);
        assert_eq!(finding.effect.as_ref().unwrap().action, EffectAction::None);
        let said = finding.reasons.iter().any(|r| {
            r.contains("ignore_changes")
                && r.contains("main.tf:4")
                && r.contains("storage_encrypted")
        });
        assert!(said, "{:?}", finding.reasons);
    }
}

#[tokio::test]
async fn a_deleted_object_is_deleted_whatever_is_ignored() {
    let found = found("all", Fake::new([("a", Answer::Gone)])).await;
    assert_eq!(found[0].kind, Kind::Missing);
    assert!(found[0].hidden.is_none());
}

#[tokio::test]
async fn who_wants_to_see_more_sees_it_named() {
    let mut input = input(
        "t",
        things(["a"]),
        Fake::new([("a", Answer::With(json!({"size": 2})))]).reality(),
    );
    input.configuration = Some(ignoring("[size]"));
    let options = SurveyOptions {
        filter: Filter {
            sensitivity: Sensitivity::High,
            ..Filter::default()
        },
        ..SurveyOptions::default()
    };
    let report = survey(&context(), &[input], &options).await;
    let change = &report.findings[0].changes[0];
    assert!(change.hidden.is_none());
    assert_eq!(change.noise.as_ref().unwrap().rule, "ignore_changes");
}
