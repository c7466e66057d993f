//! One object, one answer, one word for it.

use serde_json::json;

use super::fake::*;
use crate::drift::{Class, EffectAction, Kind, Severity, Summary, Verdict};
use crate::error::{Error, ErrorKind};
use crate::value::Path;

#[tokio::test]
async fn what_is_as_stored_is_the_same() {
    let report = look(things(["a", "b"]), Fake::new([])).await;
    assert!(report.findings.is_empty() && report.not_looked_at.is_empty());
    let want = Summary {
        checked: 2,
        same: 2,
        ..Summary::default()
    };
    assert_eq!(report.summary, want);
    assert_eq!(report.verdict(), Verdict::InSync);
    assert_eq!(report.providers.len(), 1);
    assert_eq!(report.providers[0].version.as_deref(), Some("1.2.3"));
}

#[tokio::test]
async fn a_change_that_apply_undoes_is_material() {
    let fake = Fake::new([("a", Answer::With(json!({"size": 2})))]);
    let report = look(things(["a", "b"]), fake).await;
    let finding = only(&report);
    assert_eq!(finding.address.to_string(), "demo_thing.a");
    assert_eq!(
        (finding.kind, finding.class),
        (Kind::Modified, Class::Material)
    );
    assert_eq!(paths(finding), ["size"]);
    let change = &finding.changes[0];
    assert!(change.material && !change.sensitive);
    assert_eq!(change.before, Some(1.into()));
    assert_eq!(change.after, Some(2.into()));
    assert_eq!(
        finding.effect.as_ref().unwrap().action,
        EffectAction::Update
    );
    assert!(finding.hidden.is_none() && finding.previous_address.is_none());
    assert_eq!(report.verdict(), Verdict::Drift);
    assert_eq!((report.summary.drifted, report.summary.same), (1, 1));
}

#[tokio::test]
async fn a_change_that_apply_cannot_undo_in_place_is_a_replacement() {
    let fake = Fake::new([("a", Answer::With(json!({"name": "m", "size": 2})))]);
    let report = look(things(["a"]), fake.planning(Plan::Replace("name"))).await;
    let effect = only(&report).effect.clone().unwrap();
    assert_eq!(effect.action, EffectAction::Replace);
    assert_eq!(effect.replace_because, [Path::attribute_of_root("name")]);
    assert_eq!(paths(only(&report)), ["name", "size"]);
}

#[tokio::test]
async fn a_replacement_needs_the_attribute_to_differ() {
    let fake = Fake::new([("a", Answer::With(json!({"size": 2})))]);
    let report = look(things(["a"]), fake.planning(Plan::Replace("name"))).await;
    let effect = only(&report).effect.clone().unwrap();
    assert_eq!(effect.action, EffectAction::Update);
    assert!(effect.replace_because.is_empty());
}

#[tokio::test]
async fn a_change_that_apply_leaves_alone_is_cosmetic_and_hidden() {
    let fake = Fake::new([("a", Answer::With(json!({"size": 2})))]);
    let report = look(things(["a"]), fake.planning(Plan::Nothing)).await;
    let finding = only(&report);
    assert_eq!(finding.class, Class::Cosmetic);
    assert!(!finding.changes[0].material);
    assert_eq!(finding.effect.as_ref().unwrap().action, EffectAction::None);
    assert_eq!(finding.hidden.as_ref().unwrap().rule, "plan-back");
    assert_eq!((report.summary.hidden, report.summary.drifted), (1, 0));
    assert_eq!(report.verdict(), Verdict::InSync);
}

#[tokio::test]
async fn a_change_that_nobody_can_judge_is_unclassified_and_shown() {
    let fake = Fake::new([("a", Answer::With(json!({"size": 2})))]);
    let report = look(
        things(["a"]),
        fake.planning(Plan::Fails(ErrorKind::RateLimited)),
    )
    .await;
    let finding = only(&report);
    assert_eq!(finding.class, Class::Unclassified);
    assert!(finding.effect.is_none() && finding.hidden.is_none());
    assert!(finding.changes[0].material);
    let said = finding.reasons.iter().any(|r| r.contains("no plan today"));
    assert!(said, "{:?}", finding.reasons);
    assert_eq!(report.verdict(), Verdict::Drift);
}

#[tokio::test]
async fn an_object_that_is_gone_is_deleted() {
    let report = look(things(["a", "b"]), Fake::new([("a", Answer::Gone)])).await;
    let finding = only(&report);
    assert_eq!(
        (finding.kind, finding.class),
        (Kind::Missing, Class::Material)
    );
    assert_eq!(finding.severity, Severity::Important);
    assert!(finding.changes.is_empty() && finding.after.is_none());
    assert_eq!(attribute_of(&finding.before, "id"), &"a".into());
    assert_eq!(
        finding.effect.as_ref().unwrap().action,
        EffectAction::Create
    );
    assert_eq!((report.summary.deleted, report.summary.same), (1, 1));
}

#[tokio::test]
async fn what_the_provider_noted_stands_with_the_finding() {
    let mut fake = Fake::new([("a", Answer::Gone)]);
    fake.warning = Some("it was archived");
    let report = look(things(["a"]), fake).await;
    assert_eq!(only(&report).reasons, ["it was archived"]);
    let mut fake = Fake::new([("a", Answer::With(json!({"size": 2})))]);
    fake.warning = Some("it is being resized");
    let report = look(things(["a"]), fake).await;
    assert!(
        only(&report)
            .reasons
            .contains(&"it is being resized".to_owned())
    );
}

#[tokio::test]
async fn an_error_of_any_kind_is_never_an_absence() {
    for kind in [
        ErrorKind::NotFound,
        ErrorKind::PermissionDenied,
        ErrorKind::Unauthenticated,
        ErrorKind::Locked,
        ErrorKind::Conflict,
        ErrorKind::RateLimited,
        ErrorKind::Timeout,
        ErrorKind::Cancelled,
        ErrorKind::Unsupported,
        ErrorKind::InvalidConfig,
        ErrorKind::InvalidState,
        ErrorKind::InvalidInput,
        ErrorKind::Unavailable,
        ErrorKind::ToolFailed,
        ErrorKind::Unexpected,
    ] {
        let error = Error::new(kind, format!("said {kind}")).with("region", "eu");
        let report = look(things(["a", "b"]), Fake::new([("a", Answer::Fails(error))])).await;
        assert!(report.findings.is_empty(), "{kind}");
        let open = &report.not_looked_at[0];
        assert_eq!(open.reason, format!("said {kind} (region eu)"));
        assert_eq!(open.address.to_string(), "demo_thing.a");
        assert_eq!((report.summary.unverifiable, report.summary.same), (1, 1));
        assert_eq!(report.verdict(), Verdict::Incomplete, "{kind}");
    }
}

#[tokio::test]
async fn drift_wins_over_what_is_open() {
    let denied = Error::new(ErrorKind::PermissionDenied, "denied");
    let fake = Fake::new([
        ("a", Answer::Fails(denied)),
        ("b", Answer::With(json!({"size": 2}))),
    ]);
    let report = look(things(["a", "b"]), fake).await;
    assert_eq!(report.verdict(), Verdict::Drift);
    assert_eq!(report.verdict_from(Severity::Critical), Verdict::Incomplete);
}

#[tokio::test]
async fn a_reader_that_panics_costs_one_object() {
    let report = look(things(["a", "b"]), Fake::new([("a", Answer::Panics)])).await;
    assert_eq!((report.summary.unverifiable, report.summary.same), (1, 1));
    assert_eq!(report.not_looked_at[0].reason, "the reader panicked");
}
