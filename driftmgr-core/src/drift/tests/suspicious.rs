//! The safety valve.

use std::sync::Arc;

use super::fake::*;
use crate::drift::{Kind, SurveyOptions, Verdict, survey};
use crate::error::{Error, ErrorKind};
use crate::state::State;

fn gone<const N: usize>(ids: [&str; N]) -> Fake {
    Fake::new(ids.map(|id| (id, Answer::Gone)))
}

fn of_types<const N: usize>(objects: [(&str, &str); N]) -> Arc<State> {
    state(objects.map(|(ty, id)| object(&format!("{ty}.{id}"), id)))
}

#[tokio::test]
async fn three_gone_of_three_are_suspicious_and_no_drift() {
    let report = look(things(["a", "b", "c"]), gone(["a", "b", "c"])).await;
    assert!(report.findings.is_empty());
    assert_eq!(
        (report.summary.unverifiable, report.summary.deleted),
        (3, 0)
    );
    assert_eq!(report.verdict(), Verdict::Incomplete);
    let [problem] = report.problems.as_slice() else {
        panic!("{:?}", report.problems)
    };
    assert!(problem.message().contains("wrong account or region?"));
    assert_eq!(problem.context_value("target"), Some("t"));
    assert_eq!(problem.context_value("provider"), Some(PROVIDER));
    assert_eq!(problem.context_value("instances"), Some("3"));
    assert!(!problem.hints().is_empty());
    assert!(
        report
            .not_looked_at
            .iter()
            .all(|n| n.reason.contains("suspicious"))
    );
}

#[tokio::test]
async fn two_gone_of_two_can_have_been_deleted() {
    let report = look(things(["a", "b"]), gone(["a", "b"])).await;
    assert_eq!(report.summary.deleted, 2);
    assert!(report.problems.is_empty());
}

#[tokio::test]
async fn one_that_is_there_proves_the_place() {
    let report = look(things(["a", "b", "c", "d"]), gone(["a", "b", "c"])).await;
    assert_eq!((report.summary.deleted, report.summary.same), (3, 1));
    assert!(report.problems.is_empty());
}

#[tokio::test]
async fn one_that_differs_proves_the_place_too() {
    let mut answers = ["a", "b", "c", "d"].map(|id| (id, Answer::Gone));
    answers[3].1 = Answer::With(serde_json::json!({"size": 5}));
    let report = look(things(["a", "b", "c", "d"]), Fake::new(answers)).await;
    assert_eq!((report.summary.deleted, report.summary.drifted), (3, 1));
}

#[tokio::test]
async fn what_has_no_region_proves_nothing_about_it() {
    let state = of_types([
        ("aws_instance", "a"),
        ("aws_instance", "b"),
        ("aws_instance", "c"),
        ("aws_iam_role", "role"),
        ("aws_s3_bucket", "bucket"),
    ]);
    let report = look(state, gone(["a", "b", "c"])).await;
    assert_eq!((report.summary.deleted, report.summary.same), (0, 2));
    assert_eq!(report.summary.unverifiable, 3);
    assert_eq!(report.problems.len(), 1);
}

/// What has no region proves the account by being there, so what is gone beside it was deleted.
#[tokio::test]
async fn what_has_no_region_vouches_for_its_like() {
    let state = of_types([
        ("aws_iam_role", "a"),
        ("aws_iam_role", "b"),
        ("aws_iam_role", "c"),
        ("aws_iam_role", "d"),
    ]);
    let report = look(state, gone(["a", "b", "c"])).await;
    assert_eq!((report.summary.deleted, report.summary.same), (3, 1));
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

#[tokio::test]
async fn what_has_no_region_does_not_help_to_make_three() {
    let state = of_types([
        ("aws_instance", "a"),
        ("aws_iam_role", "b"),
        ("aws_iam_role", "c"),
        ("aws_iam_role", "d"),
    ]);
    let report = look(state, gone(["a", "b", "c"])).await;
    assert_eq!((report.summary.deleted, report.summary.same), (3, 1));
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

#[tokio::test]
async fn a_wrong_region_does_not_excuse_what_has_none() {
    let state = of_types([
        ("aws_instance", "a"),
        ("aws_instance", "b"),
        ("aws_instance", "c"),
        ("aws_iam_role", "d"),
        ("aws_iam_role", "e"),
    ]);
    let report = look(state, gone(["a", "b", "c", "d"])).await;
    let s = report.summary;
    assert_eq!((s.unverifiable, s.deleted, s.same), (3, 1, 1));
    assert_eq!(only(&report).address.to_string(), "aws_iam_role.d");
    assert_eq!(report.problems[0].context_value("instances"), Some("3"));
}

#[tokio::test]
async fn what_every_account_can_see_proves_no_account() {
    let state = of_types([
        ("aws_instance", "a"),
        ("aws_iam_role", "b"),
        ("aws_iam_role", "c"),
        ("aws_s3_bucket", "d"),
        ("aws_s3_bucket", "e"),
    ]);
    let report = look(state, gone(["a", "b", "c", "d"])).await;
    let s = report.summary;
    assert_eq!((s.unverifiable, s.deleted, s.same), (3, 1, 1));
    assert_eq!(only(&report).address.to_string(), "aws_s3_bucket.d");
    let problem = &report.problems[0];
    assert!(
        problem.message().contains("that belongs to an account"),
        "{problem}"
    );
}

#[tokio::test]
async fn with_nothing_there_all_are_suspicious_whatever_their_type() {
    let state = of_types([
        ("aws_instance", "a"),
        ("aws_iam_role", "b"),
        ("aws_iam_role", "c"),
    ]);
    let report = look(state, gone(["a", "b", "c"])).await;
    assert_eq!(
        (report.summary.unverifiable, report.summary.deleted),
        (3, 0)
    );
}

#[tokio::test]
async fn what_could_not_be_read_proves_nothing() {
    let mut answers = ["a", "b", "c", "d"].map(|id| (id, Answer::Gone));
    answers[3].1 = Answer::Fails(Error::new(ErrorKind::PermissionDenied, "denied"));
    let report = look(things(["a", "b", "c", "d"]), Fake::new(answers)).await;
    assert_eq!(
        (report.summary.deleted, report.summary.unverifiable),
        (0, 4)
    );
    assert_eq!(report.problems[0].context_value("instances"), Some("3"));
    let reason = &report.not_looked_at[3].reason;
    assert_eq!(reason, "denied", "its own reason stays");
}

#[tokio::test]
async fn what_is_read_here_has_a_folder_and_no_account() {
    let report = look(things(["a", "b", "c"]), gone(["a", "b", "c"]).native()).await;
    let message = report.problems[0].message();
    assert!(message.contains("wrong working directory?"), "{message}");
    assert!(report.problems[0].hints()[0].contains("folder"));
}

#[tokio::test]
async fn each_state_and_provider_configuration_is_judged_alone() {
    let fake = gone(["a", "b", "c"]).reality();
    let inputs = [
        input("x", things(["a", "b", "c"]), fake.clone()),
        input("y", things(["a", "b", "c", "d"]), fake.clone()),
        input("z", things(["d"]), fake),
    ];
    let report = survey(&context(), &inputs, &SurveyOptions::default()).await;
    adds_up(&report, &inputs);
    assert_eq!(
        (report.summary.unverifiable, report.summary.deleted),
        (3, 3)
    );
    assert!(
        report
            .findings
            .iter()
            .all(|f| f.target == "y" && f.kind == Kind::Missing)
    );
    assert_eq!(report.problems.len(), 1);
}
