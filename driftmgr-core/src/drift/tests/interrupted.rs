//! Slow providers, cancellation and deadlines: what was read stays, what was not reached is open.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::fake::*;
use crate::drift::{NotLookedAtKind, SurveyOptions, Verdict, survey};
use crate::event::{Event, Observer};

const FOREVER: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn at_the_deadline_what_was_read_stays() {
    let fake = Fake::new([
        ("slow", Answer::After(FOREVER)),
        ("gone", Answer::Gone),
        ("odd", Answer::With(json!({"size": 2}))),
    ]);
    let cx = context().with_timeout(Duration::from_secs(1));
    let started = Instant::now();
    let state = things(["gone", "odd", "same", "slow"]);
    let report = look_with(&cx, &SurveyOptions::default(), state, fake.reality()).await;
    assert!(started.elapsed() < FOREVER / 100);
    let s = report.summary;
    assert_eq!((s.deleted, s.drifted, s.same, s.unverifiable), (1, 1, 1, 1));
    let open = &report.not_looked_at[0];
    assert_eq!(open.address.to_string(), "demo_thing.slow");
    assert_eq!(open.kind, NotLookedAtKind::Unverifiable);
    assert_eq!(open.reason, "the time was over before it was read");
}

/// Cancels as soon as an object was read.
struct CancelsAfterOne(CancellationToken);

impl Observer for CancelsAfterOne {
    fn on_event(&self, event: &Event) {
        if matches!(event, Event::InstanceRead { .. }) {
            self.0.cancel();
        }
    }
}

#[tokio::test]
async fn after_a_cancellation_nothing_more_is_read() {
    let token = CancellationToken::new();
    let cx = context()
        .with_cancellation(token.clone())
        .with_observer(Arc::new(CancelsAfterOne(token)));
    let options = SurveyOptions {
        in_flight: 1,
        ..SurveyOptions::default()
    };
    let fake = Arc::new(Fake::new([]));
    let state = things(["a", "b", "c"]);
    let report = look_with(&cx, &options, state, reality(Ok(fake.clone()))).await;
    assert_eq!(fake.reads.load(Ordering::SeqCst), 1);
    assert_eq!((report.summary.same, report.summary.unverifiable), (1, 2));
    assert!(
        report
            .not_looked_at
            .iter()
            .all(|n| n.reason == "cancelled before it was read")
    );
    assert_eq!(report.verdict(), Verdict::Incomplete);
}

#[tokio::test]
async fn what_is_under_way_is_let_go() {
    let token = CancellationToken::new();
    let cx = context().with_cancellation(token.clone());
    let fake = Fake::new([("a", Answer::After(FOREVER)), ("b", Answer::After(FOREVER))]);
    let inputs = [input("t", things(["a", "b"]), fake.reality())];
    let options = SurveyOptions::default();
    let (report, ()) = tokio::join!(survey(&cx, &inputs, &options), async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        token.cancel();
    });
    adds_up(&report, &inputs);
    assert_eq!(report.summary.unverifiable, 2);
}

#[tokio::test]
async fn everything_gone_is_not_said_of_a_survey_that_was_cut_short() {
    let cx = context();
    cx.cancellation().cancel();
    let fake = Fake::new([("a", Answer::Gone)]);
    let report = look_with(
        &cx,
        &SurveyOptions::default(),
        things(["a"]),
        fake.reality(),
    )
    .await;
    assert!(report.findings.is_empty());
    assert_eq!(report.summary.unverifiable, 1);
}

#[tokio::test]
async fn no_more_than_allowed_are_under_way() {
    let times = ["a", "b", "c", "d"].map(|id| (id, Answer::After(Duration::from_millis(20))));
    let options = SurveyOptions {
        in_flight: 2,
        ..SurveyOptions::default()
    };
    let started = Instant::now();
    let state = things(["a", "b", "c", "d"]);
    let report = look_with(&context(), &options, state, Fake::new(times).reality()).await;
    assert!(started.elapsed() >= Duration::from_millis(40));
    assert_eq!(report.summary.same, 4);
}

#[tokio::test]
async fn observers_hear_of_each_object_once() {
    let ear = Arc::new(Ear::default());
    let cx = context().with_observer(ear.clone());
    let fake = Fake::new([
        ("b", Answer::Gone),
        ("c", Answer::With(json!({"size": 2}))),
        ("d", Answer::Panics),
    ]);
    let state = things(["a", "b", "c", "d"]);
    look_with(&cx, &SurveyOptions::default(), state, fake.reality()).await;
    let heard = ear.0.lock().unwrap();
    let mut words: Vec<(String, &str)> = Vec::new();
    let mut progress = Vec::new();
    for event in heard.iter() {
        match event {
            Event::InstanceRead { address, outcome } => {
                words.push((address.resource.name.clone(), outcome))
            }
            Event::Progressed { done, total } => progress.push((*done, *total)),
            _ => {}
        }
    }
    words.sort();
    let want = [
        ("a", "same"),
        ("b", "deleted"),
        ("c", "drifted"),
        ("d", "unverifiable"),
    ];
    assert_eq!(words, want.map(|(name, word)| (name.to_owned(), word)));
    assert_eq!(progress, [1, 2, 3, 4].map(|n| (n, Some(4))));
}
