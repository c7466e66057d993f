//! What calls there were, how long they took, and what became of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::around::{Answer, Around, Call};
use crate::context::Context;
use crate::error::Result;

/// What the backends of a client were asked so far. Figures only grow; the difference of two snapshots is what was in between.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct BackendMetrics {
    /// Calls that reached a backend, by its kind and by the method: `s3`, `read`. What a cache answered is not among them.
    pub calls: BTreeMap<String, BTreeMap<&'static str, CallMetrics>>,
    /// Calls that were repeated by the layer `retry`. What a kind repeats by itself is not counted.
    pub retries: u64,
    /// Of the layer `rate_limit`.
    pub rate_limit: RateLimitMetrics,
    /// Of the layer `circuit_breaker`.
    pub circuit_breaker: CircuitBreakerMetrics,
    /// Of the layer `cache`.
    pub cache: CacheMetrics,
}

/// Calls of one method.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct CallMetrics {
    /// How many came to an end.
    pub calls: u64,
    /// How many of them failed, by the name of the error's kind.
    pub errors: BTreeMap<&'static str, u64>,
    /// How long they took together, in seconds.
    pub seconds: f64,
    /// How long the longest took, in seconds.
    pub longest: f64,
    /// Bytes of states that were sent.
    pub sent: u64,
    /// Bytes of states that were received.
    pub received: u64,
}

/// What the layer `rate_limit` did.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct RateLimitMetrics {
    /// Calls that had to wait.
    pub waited: u64,
    /// How long they waited together, in seconds.
    pub seconds: f64,
}

/// What the layer `circuit_breaker` did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct CircuitBreakerMetrics {
    /// How often a server failed so often in a row that it was left alone.
    pub opened: u64,
    /// Calls that were not made for that.
    pub refused: u64,
}

/// What the layer `cache` did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct CacheMetrics {
    /// Reads that were answered without a request.
    pub fresh: u64,
    /// Reads that were answered from the cache after the backend said that nothing has changed.
    pub revalidated: u64,
    /// Reads of a state that was not kept, or had changed.
    pub missed: u64,
    /// Files that were not used: damaged, of another key, or not readable.
    pub damaged: u64,
    /// Entries that made place for others.
    pub evicted: u64,
}

/// Where all layers of a client write their figures.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<BackendMetrics>);

impl Meter {
    pub(super) fn note(&self, change: impl FnOnce(&mut BackendMetrics)) {
        // Figures are whole after each addition.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn snapshot(&self) -> BackendMetrics {
        let metrics = self.0.lock();
        metrics.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Makes a span of each call, and counts it. A span has the names of kind, method and workspace, the place without secrets, and the kind of
/// the error: no message, no byte of a state.
#[derive(Debug)]
pub(super) struct Observed {
    pub(super) meter: Arc<Meter>,
}

impl Around for Observed {
    async fn around<'a, T, F, W>(&'a self, _: &'a Context, call: Call<'a>, work: W) -> Result<T>
    where
        T: Answer + 'a,
        F: Future<Output = Result<T>> + Send + 'a,
        W: Fn() -> F + Send + Sync + 'a,
    {
        let span = tracing::debug_span!(
            "backend",
            kind = %call.to.kind,
            method = call.method.as_str(),
            location = %call.to.location,
            workspace = call.workspace.map(|name| name.as_str()),
            sent = call.sent,
            received = tracing::field::Empty,
            error = tracing::field::Empty,
        );
        let start = Instant::now();
        let result = work().instrument(span.clone()).await;
        let seconds = start.elapsed().as_secs_f64();
        let (received, error) = match &result {
            Ok(answer) => (answer.received(), None),
            Err(error) => (0, Some(error.kind().as_str())),
        };
        span.record("received", received);
        if let Some(error) = error {
            span.record("error", error);
        }
        self.meter.note(|metrics| {
            let methods = metrics.calls.entry(call.to.kind.clone()).or_default();
            let of = methods.entry(call.method.as_str()).or_default();
            of.calls += 1;
            of.seconds += seconds;
            of.longest = of.longest.max(seconds);
            of.sent += call.sent;
            of.received += received;
            if let Some(error) = error {
                *of.errors.entry(error).or_default() += 1;
            }
        });
        result
    }
}
