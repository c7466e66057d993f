//! So many calls in a second.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::support::{Fault, Faulty, at, cx, get, layers, spec_of};
use crate::backend::layers::rate_limit::Schedule;
use crate::backend::layers::{BackendOptions, RateLimitOptions};
use crate::backend::{LockInfo, StateRef};
use crate::error::ErrorKind;

fn options(per_second: f64, burst: u32) -> BackendOptions {
    BackendOptions {
        rate_limit: Some(RateLimitOptions { per_second, burst }),
        ..BackendOptions::default()
    }
}

proptest! {
    #[test]
    fn no_span_of_time_has_more_than_burst_and_rate_allow(
        per_second in 0.5_f64..2_000.0,
        burst in 1_u32..20,
        pauses in prop::collection::vec(0_u64..40_000, 1..120),
    ) {
        let mut schedule = Schedule::new(&RateLimitOptions { per_second, burst });
        let (mut now, mut admitted) = (Duration::ZERO, Vec::new());
        for pause in pauses {
            now += Duration::from_micros(pause);
            match schedule.take(now) {
                Ok(()) => admitted.push(now),
                Err(wait) => {
                    // No earlier, and then for sure.
                    prop_assert!(schedule.clone().take(now + wait - Duration::from_nanos(1)).is_err());
                    prop_assert!(schedule.clone().take(now + wait).is_ok());
                }
            }
        }
        for (i, first) in admitted.iter().enumerate() {
            for (j, last) in admitted.iter().enumerate().skip(i) {
                let span = (*last - *first).as_secs_f64();
                let most = f64::from(burst) + span * per_second + 1e-3;
                prop_assert!((j - i + 1) as f64 <= most, "{} in {span} s", j - i + 1);
            }
        }
    }

    #[test]
    fn silence_saves_up_no_more_than_the_burst(burst in 1_u32..20, silence in 0_u64..1_000) {
        let mut schedule = Schedule::new(&RateLimitOptions { per_second: 1.0, burst });
        let now = Duration::from_secs(silence);
        for _ in 0..burst {
            prop_assert!(schedule.take(now).is_ok());
        }
        prop_assert_eq!(schedule.take(now), Err(Duration::from_secs(1)));
    }
}

#[tokio::test]
async fn backends_of_one_account_share_their_rate_and_others_do_not_wait() {
    let layers = layers(options(50.0, 1));
    let (one, two) = (Faulty::new(), Faulty::new());
    let same = [&one, &two].map(|of| of.below(&layers, &spec_of("a")));
    let start = Instant::now();
    for _ in 0..4 {
        for backend in &same {
            assert_eq!(get(backend).await, None);
        }
    }
    // The first is free; seven wait for 20 ms each.
    assert!(start.elapsed() >= Duration::from_millis(139));
    let metrics = layers.metrics();
    assert_eq!(metrics.rate_limit.waited, 7);
    assert!(metrics.rate_limit.seconds > 0.1);
    let other = one.below(&layers, &spec_of("b"));
    assert_eq!(get(&other).await, None);
    assert_eq!(layers.metrics().rate_limit.waited, 7);
}

#[tokio::test]
async fn who_comes_first_goes_first() {
    let layers = layers(options(200.0, 1));
    let backend = Faulty::new().below(&layers, &spec_of("a"));
    let order = Arc::new(Mutex::new(Vec::new()));
    let all = (0..20).map(|n| {
        let (backend, order) = (backend.clone(), order.clone());
        async move {
            get(&backend).await;
            order.lock().unwrap().push(n);
        }
    });
    futures::future::join_all(all).await;
    assert_eq!(*order.lock().unwrap(), (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_cancelled_wait_ends_and_takes_no_place() {
    let below = Faulty::new();
    let backend = below.below(&layers(options(4.0, 1)), &spec_of("a"));
    let start = Instant::now();
    assert_eq!(get(&backend).await, None);
    for _ in 0..20 {
        let hurried = cx().with_timeout(Duration::from_millis(1));
        let error = backend.read(&hurried, &at()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
    assert_eq!(get(&backend).await, None);
    let took = start.elapsed();
    assert!(
        took >= Duration::from_millis(249) && took < Duration::from_secs(2),
        "{took:?}"
    );
    assert_eq!(below.asked().len(), 2);
}

#[tokio::test]
async fn a_lock_is_given_back_also_when_the_rest_was_cancelled() {
    let below = Faulty::new();
    let backend = below.below(&layers(options(20.0, 1)), &spec_of("a"));
    let cancelled = cx();
    let at = StateRef::default();
    let info = LockInfo::new(&cancelled, "x");
    let id = backend.lock(&cancelled, &at, info).await.unwrap();
    cancelled.cancellation().cancel();
    backend.unlock(&cancelled, &at, &id).await.unwrap();
    below.fail([Fault::Error(ErrorKind::NotFound)]);
    assert_eq!(below.asked(), ["lock", "unlock"]);
}
