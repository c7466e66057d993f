//! When a server is left alone.

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::support::{Fault, Faulty, at, cx, get, layers, spec, spec_of};
use crate::backend::layers::circuit_breaker::{Breaker, Refusal, Verdict};
use crate::backend::layers::{BackendOptions, CircuitBreakerOptions, Layers};
use crate::backend::{LockInfo, WriteOptions};
use crate::error::{ErrorKind, Retry};

fn breaker(failures: u32, pause: Duration) -> Layers {
    layers(BackendOptions {
        circuit_breaker: Some(CircuitBreakerOptions { failures, pause }),
        ..BackendOptions::default()
    })
}

/// What a breaker has to do, written down without its states: by what happened so far.
#[derive(Default)]
struct Model {
    failures: u32,
    open: Option<(u64, u64)>,
    probing: bool,
}

proptest! {
    #[test]
    fn it_opens_after_so_many_failures_in_a_row_and_one_call_closes_it(
        most in 1_u32..5,
        pause in 1_u64..20,
        steps in prop::collection::vec((0_u64..12, 0_u8..3), 1..80),
    ) {
        let seconds = Duration::from_secs;
        let mut breaker = Breaker::new(&CircuitBreakerOptions { failures: most, pause: seconds(pause) });
        let (mut model, mut now) = (Model::default(), 0);
        for (passed, what) in steps {
            now += passed;
            let admitted = breaker.admit(seconds(now));
            let expected = match model.open {
                Some((since, until)) if now < until => Err(Refusal {
                    since: seconds(since),
                    until: Some(seconds(until)),
                }),
                open => {
                    model.probing = open.is_some();
                    Ok(())
                }
            };
            prop_assert_eq!(admitted, expected);
            if admitted.is_err() {
                continue;
            }
            if let (true, Some((since, _))) = (model.probing, model.open) {
                // While one is on its way there is no other.
                let other = Refusal { since: seconds(since), until: None };
                prop_assert_eq!(breaker.admit(seconds(now)), Err(other));
            }
            let (verdict, opens) = match what {
                0 => (Verdict::Answered, false),
                1 => (Verdict::Failed, !model.probing && model.failures + 1 == most),
                _ => (Verdict::Unknown, false),
            };
            prop_assert_eq!(breaker.learn(verdict, seconds(now)), opens);
            match (verdict, model.probing) {
                (Verdict::Answered, _) => model = Model::default(),
                (Verdict::Failed, true) => model.open = model.open.map(|(since, _)| (since, now + pause)),
                (Verdict::Failed, false) => {
                    model.failures += 1;
                    if opens {
                        model = Model { open: Some((now, now + pause)), ..Model::default() };
                    }
                }
                (Verdict::Unknown, true) => model.open = model.open.map(|(since, _)| (since, now)),
                (Verdict::Unknown, false) => {}
            }
            model.probing = false;
        }
    }
}

#[tokio::test]
async fn a_failing_server_is_left_alone_until_one_call_succeeds() {
    let below = Faulty::new();
    let layers = breaker(3, Duration::from_millis(120));
    let backend = below.below(&layers, &spec());
    below.fail_with(ErrorKind::Unavailable, 4);
    for _ in 0..3 {
        let error = backend.read(&cx(), &at()).await.unwrap_err();
        assert_eq!(error.message(), "it is told to fail");
    }
    below.asked();
    let error = backend.read(&cx(), &at()).await.unwrap_err();
    assert!(below.asked().is_empty());
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.retry(), Retry::Later);
    assert_eq!(error.context_value("layer"), Some("circuit_breaker"));
    assert_eq!(
        error.context_value("last failure"),
        Some("it is told to fail")
    );
    let time = |key| -> jiff::Timestamp { error.context_value(key).unwrap().parse().unwrap() };
    assert!(time("since") <= time("until"));
    assert!(
        (jiff::Timestamp::now() - time("since"))
            .total(jiff::Unit::Second)
            .unwrap()
            < 60.0
    );

    // The first probe fails, the second closes it.
    tokio::time::sleep(Duration::from_millis(130)).await;
    assert!(backend.read(&cx(), &at()).await.is_err());
    assert_eq!(below.asked(), ["read"]);
    assert!(backend.read(&cx(), &at()).await.is_err());
    assert!(below.asked().is_empty());
    tokio::time::sleep(Duration::from_millis(130)).await;
    for _ in 0..3 {
        assert_eq!(get(&backend).await, None);
    }
    let metrics = layers.metrics().circuit_breaker;
    assert_eq!((metrics.opened, metrics.refused), (1, 2));
}

#[tokio::test]
async fn what_was_answered_is_no_failure() {
    for kind in [
        ErrorKind::NotFound,
        ErrorKind::PermissionDenied,
        ErrorKind::Unauthenticated,
        ErrorKind::Locked,
        ErrorKind::Conflict,
        ErrorKind::InvalidInput,
        ErrorKind::Cancelled,
    ] {
        let below = Faulty::new();
        let backend = below.below(&breaker(2, Duration::from_secs(60)), &spec());
        below.fail_with(kind, 6);
        for _ in 0..6 {
            let error = backend.read(&cx(), &at()).await.unwrap_err();
            assert_eq!(error.kind(), kind);
        }
        assert_eq!(get(&backend).await, None);
    }
}

#[tokio::test]
async fn an_answer_between_failures_starts_the_count_anew() {
    let below = Faulty::new();
    let backend = below.below(&breaker(2, Duration::from_secs(60)), &spec());
    for _ in 0..3 {
        below.fail([
            Fault::Error(ErrorKind::Unavailable),
            Fault::Error(ErrorKind::Locked),
        ]);
        assert!(backend.read(&cx(), &at()).await.is_err());
        assert!(backend.read(&cx(), &at()).await.is_err());
    }
    assert_eq!(below.asked().len(), 6);
}

#[tokio::test]
async fn a_caller_without_patience_is_no_failure_and_a_server_without_answer_is() {
    let below = Faulty::new();
    let backend = below.below(&breaker(2, Duration::from_secs(60)), &spec());
    // It answers `Timeout` by itself.
    below.fail_with(ErrorKind::Timeout, 1);
    assert!(backend.read(&cx(), &at()).await.is_err());
    below.fail([Fault::Silence, Fault::Silence]);
    for _ in 0..2 {
        let hurried = cx().with_timeout(Duration::from_millis(5));
        let read = hurried.run(backend.read(&hurried, &at())).await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::Timeout);
    }
    assert_eq!(get(&backend).await, None);
    below.fail_with(ErrorKind::Timeout, 2);
    for _ in 0..2 {
        assert!(backend.read(&cx(), &at()).await.is_err());
    }
    below.asked();
    assert!(backend.read(&cx(), &at()).await.is_err());
    assert!(below.asked().is_empty());
}

#[tokio::test]
async fn a_probe_that_nobody_waits_for_makes_place_for_the_next() {
    let below = Faulty::new();
    let backend = below.below(&breaker(1, Duration::from_millis(30)), &spec());
    below.fail([Fault::Error(ErrorKind::Unavailable), Fault::Silence]);
    assert!(backend.read(&cx(), &at()).await.is_err());
    tokio::time::sleep(Duration::from_millis(40)).await;
    let (patience, cx) = (Duration::from_millis(10), cx());
    let at = at();
    let probe = tokio::time::timeout(patience, backend.read(&cx, &at));
    assert!(probe.await.is_err());
    assert_eq!(get(&backend).await, None);
}

#[tokio::test]
async fn a_lock_is_given_back_whatever_the_server_did() {
    let below = Faulty::new();
    let layers = breaker(1, Duration::from_secs(60));
    let backend = below.below(&layers, &spec());
    let (cx, at) = (cx(), at());
    let id = backend
        .lock(&cx, &at, LockInfo::new(&cx, "x"))
        .await
        .unwrap();
    below.fail_with(ErrorKind::Unavailable, 1);
    let new = Bytes::from_static(b"x");
    let held = WriteOptions {
        lock: Some(id.clone()),
        ..WriteOptions::default()
    };
    assert!(backend.write(&cx, &at, new, held).await.is_err());
    assert!(backend.read(&cx, &at).await.is_err());
    backend.unlock(&cx, &at, &id).await.unwrap();
    // The answer closed it.
    assert_eq!(get(&backend).await, None);
}

#[tokio::test]
async fn an_account_is_left_alone_as_a_whole_and_others_are_not() {
    let (below, other) = (Faulty::new(), Faulty::new());
    let layers = breaker(1, Duration::from_secs(60));
    let one = below.below(&layers, &spec_of("a"));
    let same = other.below(&layers, &spec_of("a"));
    let another = other.below(&layers, &spec_of("b"));
    below.fail_with(ErrorKind::Unavailable, 1);
    assert!(one.read(&cx(), &at()).await.is_err());
    assert!(same.read(&cx(), &at()).await.is_err());
    assert_eq!(get(&another).await, None);
}
