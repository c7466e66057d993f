//! Asking again: how often, after how long, and what allows it.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderName, RETRY_AFTER};
use tokio::time::Instant;

use crate::backend::backoff::{RetryPolicy, random_fraction};
use crate::context::Context;
use crate::error::Result;
use crate::event::Event;

/// A server that asks to wait longer than this is not waited for; its answer is the result.
const LONGEST_ASKED: Duration = Duration::from_secs(300);

const RATE_LIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// A larger number is a time and no wait.
const SECONDS_OF_A_DAY: f64 = 86_400.0;

/// What one request came to.
pub(super) struct Attempt<T> {
    /// The result, if this was the last one.
    pub(super) result: Result<T>,
    /// Why another request may give a better one; `None` when it will not.
    pub(super) again: Option<Again>,
}

/// Why a request may be repeated.
#[derive(Debug)]
pub(super) struct Again {
    /// What happened, such as `state.example.com answered 503`. No secrets.
    pub(super) reason: String,
    /// How long the server asked to wait.
    pub(super) asked: Option<Duration>,
}

/// Repeats an attempt as the policy allows. A wait that would not end before the context's deadline is not begun: the last result says
/// more than a timeout.
pub(super) async fn retrying<T, F: Future<Output = Attempt<T>>>(
    cx: &Context,
    policy: &RetryPolicy,
    mut attempt: impl FnMut() -> F,
) -> Result<T> {
    let mut retry = 0;
    loop {
        let Attempt { result, again } = attempt().await;
        let Some(again) = again.filter(|_| retry < policy.max) else {
            return result;
        };
        if again.asked.is_some_and(|asked| asked > LONGEST_ASKED) {
            return result;
        }
        let wait = again
            .asked
            .unwrap_or_else(|| policy.wait(retry, random_fraction()));
        let ends = Instant::now().checked_add(wait);
        if cx.deadline().is_some_and(|d| ends.is_none_or(|e| e >= d)) {
            return result;
        }
        retry += 1;
        cx.emit(&Event::Warning {
            message: format!(
                "{}; asking again in {:.1} s ({retry} of {})",
                again.reason,
                wait.as_secs_f64(),
                policy.max
            ),
        });
        tracing::debug!(reason = %again.reason, ?wait, retry, "a request is repeated");
        cx.run(async {
            tokio::time::sleep(wait).await;
            Ok(())
        })
        .await?;
    }
}

/// How long `Retry-After` asks to wait: seconds, or a date (RFC 9110, section 10.2.3). A date that has passed is no wait.
/// `X-RateLimit-Reset` is seconds at HCP Terraform
/// (<https://developer.hashicorp.com/terraform/cloud-docs/api-docs#rate-limiting>); others write the time there, which is passed over.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let Some(header) = headers.get(RETRY_AFTER) else {
        let text = headers.get(RATE_LIMIT_RESET)?.to_str().ok()?;
        let seconds = text.trim().parse().ok().filter(|s| *s < SECONDS_OF_A_DAY)?;
        return Duration::try_from_secs_f64(seconds).ok();
    };
    let text = header.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    Some(at.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use proptest::prelude::*;

    use super::*;
    use crate::env::Environment;
    use crate::error::{Error, ErrorKind};
    use crate::event::Observer;

    fn policy(max: u32) -> RetryPolicy {
        RetryPolicy {
            max,
            wait_min: Duration::from_millis(2),
            wait_max: Duration::from_millis(10),
        }
    }

    fn cx() -> Context {
        Context::new(Environment::default())
    }

    /// Fails `failures` times before it succeeds; answers with the number of attempts, and of the result.
    async fn run(
        cx: &Context,
        policy: &RetryPolicy,
        failures: u32,
        asked: Option<Duration>,
    ) -> (u32, Result<()>) {
        let mut made = 0;
        let result = retrying(cx, policy, || {
            made += 1;
            let failed = made <= failures;
            async move {
                if !failed {
                    return Attempt {
                        result: Ok(()),
                        again: None,
                    };
                }
                Attempt {
                    result: Err(Error::new(ErrorKind::Unavailable, "down")),
                    again: Some(Again {
                        reason: "it is down".to_owned(),
                        asked,
                    }),
                }
            }
        })
        .await;
        (made, result)
    }

    #[tokio::test]
    async fn so_often_as_the_policy_says() {
        for (max, failures, attempts, good) in [
            (0, 1, 1, false),
            (2, 0, 1, true),
            (2, 1, 2, true),
            (2, 2, 3, true),
            (2, 3, 3, false),
        ] {
            let (made, result) = run(&cx(), &policy(max), failures, None).await;
            assert_eq!((made, result.is_ok()), (attempts, good), "{max} {failures}");
        }
    }

    #[tokio::test]
    async fn what_the_server_asks_for_is_waited_within_reason() {
        let start = std::time::Instant::now();
        let asked = Duration::from_millis(40);
        let (made, result) = run(&cx(), &policy(2), 1, Some(asked)).await;
        assert!(made == 2 && result.is_ok() && start.elapsed() >= asked);
        let (made, result) = run(&cx(), &policy(2), 1, Some(Duration::from_secs(301))).await;
        assert_eq!(
            (made, result.unwrap_err().kind()),
            (1, ErrorKind::Unavailable)
        );
    }

    #[tokio::test]
    async fn a_wait_beyond_the_deadline_is_not_begun() {
        let cx = cx().with_timeout(Duration::from_secs(5));
        let start = std::time::Instant::now();
        let (made, result) = run(&cx, &policy(2), 1, Some(Duration::from_secs(60))).await;
        assert_eq!(
            (made, result.unwrap_err().kind()),
            (1, ErrorKind::Unavailable)
        );
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[tokio::test]
    async fn a_cancelled_wait_ends() {
        let cx = cx();
        let token = cx.cancellation().clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            token.cancel();
        });
        let (made, result) = run(&cx, &policy(2), 1, Some(Duration::from_secs(60))).await;
        assert_eq!(
            (made, result.unwrap_err().kind()),
            (1, ErrorKind::Cancelled)
        );
    }

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Observer for Heard {
        fn on_event(&self, event: &Event) {
            if let Event::Warning { message } = event {
                self.0.lock().unwrap().push(message.clone());
            }
        }
    }

    #[tokio::test]
    async fn each_retry_is_told() {
        let heard = Arc::new(Heard::default());
        let cx = cx().with_observer(heard.clone());
        let _ = run(&cx, &policy(2), 9, Some(Duration::ZERO)).await;
        assert_eq!(
            *heard.0.lock().unwrap(),
            [
                "it is down; asking again in 0.0 s (1 of 2)",
                "it is down; asking again in 0.0 s (2 of 2)"
            ]
        );
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (text, seconds) in [
            ("0", Some(0)),
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Sunday, 06-Nov-94 08:50:07 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(retry_after(&headers, now), expected, "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
        for (text, milliseconds) in [
            ("0.25", Some(250)),
            ("3", Some(3000)),
            ("1700000000", None),
            ("-1", None),
            ("soon", None),
            ("NaN", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RATE_LIMIT_RESET, text.parse().unwrap());
            let expected = milliseconds.map(Duration::from_millis);
            assert_eq!(retry_after(&headers, now), expected, "{text}");
            headers.insert(RETRY_AFTER, "7".parse().unwrap());
            let stated = Some(Duration::from_secs(7));
            assert_eq!(retry_after(&headers, now), stated, "{text}");
        }
    }

    proptest! {
        #[test]
        fn waits_stay_between_the_limits_and_grow(
            min in 0_u64..100_000,
            more in 0_u64..100_000,
            retry in 0_u32..100,
            fraction in 0.0..=1.0,
        ) {
            let policy = RetryPolicy {
                max: 1,
                wait_min: Duration::from_millis(min),
                wait_max: Duration::from_millis(min + more),
            };
            let wait = policy.wait(retry, fraction);
            prop_assert!(wait >= policy.wait_min && wait <= policy.wait_max, "{wait:?}");
            prop_assert!(policy.wait(retry + 1, fraction) >= wait);
            prop_assert_eq!(policy.wait(retry, 0.0), policy.wait_min);
        }
    }
}
