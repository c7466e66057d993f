//! Asks again where a backend does not do so by itself.

use std::sync::Arc;

use tokio::time::Instant;

use super::around::{Answer, Around, Call};
use super::observe::Meter;
use crate::backend::backoff::{RetryPolicy, random_fraction};
use crate::context::Context;
use crate::error::{Error, Result, Retry};
use crate::event::Event;

/// Repeats calls that only read, when their error says that a later one may succeed. Changes are never repeated: what became of one whose
/// answer was lost is not known, and a change of several requests may have been made although its error says that the last was refused.
#[derive(Debug)]
pub(super) struct Retrying {
    pub(super) policy: RetryPolicy,
    pub(super) meter: Arc<Meter>,
}

impl Retrying {
    /// Waits before the next call; the error when there is to be none.
    async fn again(&self, cx: &Context, call: Call<'_>, retry: u32, error: Error) -> Result<()> {
        let wait = self.policy.wait(retry, random_fraction());
        let late = |deadline| {
            Instant::now()
                .checked_add(wait)
                .is_none_or(|at| at >= deadline)
        };
        // A wait that would not end in time is not begun: the error says more than a timeout.
        if error.retry() != Retry::Later
            || retry >= self.policy.max
            || cx.deadline().is_some_and(late)
        {
            return Err(error);
        }
        let (kind, message) = (&call.to.kind, error.message());
        let (seconds, most) = (wait.as_secs_f64(), self.policy.max);
        cx.emit(&Event::Warning {
            message: format!(
                "{kind}: {message}; asking again in {seconds:.1} s ({} of {most})",
                retry + 1
            ),
        });
        tracing::debug!(%kind, method = call.method.as_str(), ?wait, "a call is repeated");
        self.meter.note(|metrics| metrics.retries += 1);
        let waited = cx.run(async {
            tokio::time::sleep(wait).await;
            Ok(())
        });
        waited.await
    }
}

impl Around for Retrying {
    async fn around<'a, T, F, W>(&'a self, cx: &'a Context, call: Call<'a>, work: W) -> Result<T>
    where
        T: Answer + 'a,
        F: Future<Output = Result<T>> + Send + 'a,
        W: Fn() -> F + Send + Sync + 'a,
    {
        let mut retry = 0;
        loop {
            match work().await {
                Err(error) if call.method.only_reads() => {
                    self.again(cx, call, retry, error).await?;
                }
                answered => return answered,
            }
            retry += 1;
        }
    }
}
