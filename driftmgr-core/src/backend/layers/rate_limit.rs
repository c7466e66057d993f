//! So many calls in a second.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::around::{Answer, Around, Call, Method};
use super::observe::Meter;
use super::options::RateLimitOptions;
use crate::context::Context;
use crate::error::Result;

/// When the next call is due: the generic cell rate algorithm (ITU-T I.371), which is a bucket of tokens without counting them. All
/// times are since one beginning.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    /// Between two calls in the long run.
    interval: Duration,
    /// How much earlier than that a call may be.
    tolerance: Duration,
    /// When the next call would be due without tolerance.
    due: Duration,
}

impl Schedule {
    pub(super) fn new(options: &RateLimitOptions) -> Self {
        let interval = Duration::from_secs_f64(1.0 / options.per_second);
        Self {
            interval,
            tolerance: interval.saturating_mul(options.burst.saturating_sub(1)),
            due: Duration::ZERO,
        }
    }

    /// Takes a place now, or says how long to wait before asking for one again.
    pub(super) fn take(&mut self, now: Duration) -> std::result::Result<(), Duration> {
        let earliest = self.due.saturating_sub(self.tolerance);
        match earliest.checked_sub(now) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                self.due = self.due.max(now).saturating_add(self.interval);
                Ok(())
            }
        }
    }
}

/// What the backends of one account share. (`governor` wakes all that wait and lets them race; here who came first goes first.)
#[derive(Debug)]
pub(super) struct Limiter {
    begin: Instant,
    /// Whoever waits for a place holds it; the others queue up behind.
    schedule: Mutex<Schedule>,
}

impl Limiter {
    pub(super) fn new(options: &RateLimitOptions) -> Self {
        Self {
            begin: Instant::now(),
            schedule: Mutex::new(Schedule::new(options)),
        }
    }

    /// Waits for a place. Whoever stops waiting takes none.
    async fn place(&self) {
        let mut schedule = self.schedule.lock().await;
        while let Err(wait) = schedule.take(self.begin.elapsed()) {
            tokio::time::sleep(wait).await;
        }
    }
}

/// Lets calls pass at a rate.
#[derive(Debug)]
pub(super) struct RateLimited {
    pub(super) limiter: Arc<Limiter>,
    pub(super) meter: Arc<Meter>,
}

impl Around for RateLimited {
    async fn around<'a, T, F, W>(&'a self, cx: &'a Context, call: Call<'a>, work: W) -> Result<T>
    where
        T: Answer + 'a,
        F: Future<Output = Result<T>> + Send + 'a,
        W: Fn() -> F + Send + Sync + 'a,
    {
        let start = Instant::now();
        if call.method == Method::Unlock {
            // A lock is given back also when the rest was cancelled.
            self.limiter.place().await;
        } else {
            cx.run(async {
                self.limiter.place().await;
                Ok(())
            })
            .await?;
        }
        let waited = start.elapsed();
        if waited > Duration::from_millis(1) {
            self.meter.note(|metrics| {
                metrics.rate_limit.waited += 1;
                metrics.rate_limit.seconds += waited.as_secs_f64();
            });
        }
        work().await
    }
}
