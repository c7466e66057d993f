//! The compliance score and its reasons.

use proptest::prelude::*;
use serde_json::json;

use super::fake::*;
use crate::drift::{DriftReport, Score, Selection, Severity, SurveyOptions};
use crate::error::{Error, ErrorKind};

fn ids(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("i{i:02}")).collect()
}

/// As many objects, of which the first ones have critical, important and informational findings, are gone, or cannot be read.
async fn report(objects: usize, answers: [usize; 5]) -> DriftReport {
    let ids = ids(objects);
    let kinds: Vec<usize> = answers
        .iter()
        .enumerate()
        .flat_map(|(kind, n)| std::iter::repeat_n(kind, *n))
        .collect();
    let fake = ids
        .iter()
        .zip(kinds)
        .fold(Fake::new([]), |fake, (id, kind)| {
            let answer = match kind {
                0 => Answer::With(json!({"storage_encrypted": false})),
                1 => Answer::With(json!({"size": 2})),
                2 => Answer::With(json!({"tags": {"env": "prod", "colour": "red"}})),
                3 => Answer::Gone,
                _ => Answer::Fails(Error::new(ErrorKind::Timeout, "late")),
            };
            fake.answering(id, answer)
        });
    let objects = ids.iter().map(|id| object(&format!("demo_thing.{id}"), id));
    look(state(objects), fake).await
}

fn points(score: &Score) -> Vec<u64> {
    score.deductions.iter().map(|d| d.points).collect()
}

#[tokio::test]
async fn each_finding_takes_its_points() {
    for (answers, value, want) in [
        ([0, 0, 0, 0, 0], 100, vec![]),
        ([1, 0, 0, 0, 0], 80, vec![20]),
        ([0, 1, 0, 0, 0], 95, vec![5]),
        ([0, 0, 1, 0, 0], 99, vec![1]),
        ([0, 0, 0, 1, 0], 95, vec![5]),
        ([1, 2, 3, 0, 0], 67, vec![20, 5, 5, 1, 1, 1]),
        ([4, 0, 0, 0, 0], 40, vec![20, 20, 20]),
        ([0, 8, 0, 0, 0], 70, vec![5; 6]),
        (
            [4, 8, 12, 0, 0],
            0,
            [vec![20; 3], vec![5; 6], vec![1; 10]].concat(),
        ),
    ] {
        let score = report(30, answers).await.score();
        assert_eq!(
            (score.value, points(&score)),
            (value, want.clone()),
            "{answers:?}"
        );
        let findings: usize = answers[..4].iter().sum();
        assert_eq!(score.uncounted as usize, findings - want.len());
        assert_eq!(
            (score.at_most, score.looked_at, score.objects),
            (100, 30, 30)
        );
        assert!(score.limits.is_empty());
    }
}

#[tokio::test]
async fn a_deduction_says_which_finding_and_why() {
    let score = report(3, [1, 1, 0, 0, 0]).await.score();
    let told: Vec<_> = score
        .deductions
        .iter()
        .map(|d| (d.address.to_string(), d.severity, d.reason.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                "demo_thing.i00".to_owned(),
                Severity::Critical,
                "it is not encrypted any more"
            ),
            (
                "demo_thing.i01".to_owned(),
                Severity::Important,
                "size or number changed"
            ),
        ]
    );
}

#[tokio::test]
async fn what_was_not_looked_at_limits_what_can_be_claimed() {
    for (objects, open, at_most) in [(10, 1, 90), (3, 1, 66), (1000, 1, 99), (4, 4, 0)] {
        let score = report(objects, [0, 0, 0, 0, open]).await.score();
        assert_eq!((score.value, score.at_most), (at_most, at_most));
        assert_eq!(
            (score.looked_at as usize, score.objects as usize),
            (objects - open, objects)
        );
        assert_eq!(
            score.limits,
            [format!(
                "{open} of {objects} objects could not be looked at"
            )]
        );
    }
}

#[tokio::test]
async fn what_the_caller_left_out_was_not_looked_at() {
    let options = SurveyOptions {
        selection: Selection::new(&["demo_thing.a".to_owned()], &[]).unwrap(),
        ..showing_all()
    };
    let report = look_with(
        &context(),
        &options,
        things(["a", "b"]),
        Fake::new([]).reality(),
    )
    .await;
    let score = report.score();
    assert_eq!((score.value, score.looked_at, score.objects), (50, 1, 2));
    assert_eq!(score.limits, ["1 of 2 objects were left out by the caller"]);
}

#[tokio::test]
async fn a_problem_is_never_full_marks() {
    let mut report = report(3, [0; 5]).await;
    report
        .problems
        .push(Error::new(ErrorKind::InvalidConfig, "unreadable"));
    assert_eq!(report.score().value, 99);
    assert_eq!(report.score().limits, ["1 problem is open"]);
}

#[tokio::test]
async fn hidden_findings_take_nothing() {
    let fake = Fake::new([(
        "a",
        Answer::With(json!({"tags": {"env": "prod", "colour": "red"}})),
    )]);
    let options = SurveyOptions::default();
    let report = look_with(&context(), &options, things(["a"]), fake.reality()).await;
    assert_eq!(report.summary.hidden, 1);
    assert_eq!(report.score().value, 100);
}

fn run(objects: usize, answers: [usize; 5]) -> Score {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(report(objects, answers)).score()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// One finding more, of whatever severity, or one object less that was looked at, never makes it better.
    #[test]
    fn worse_is_never_better(answers in proptest::array::uniform5(0usize..5), which in 0usize..5) {
        let mut worse = answers;
        worse[which] += 1;
        let (score, other) = (run(30, answers), run(30, worse));
        prop_assert!(other.value <= score.value, "{} for {:?}, {} for {:?}", score.value, answers, other.value, worse);
        prop_assert!(score.value <= 100 && score.value <= score.at_most);
        prop_assert_eq!(score.value == 100, answers == [0; 5]);
        let taken: u64 = points(&score).iter().sum();
        prop_assert_eq!(score.value, (100 - taken).min(score.at_most));
    }
}
