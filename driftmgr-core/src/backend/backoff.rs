//! How long is waited before something is asked again.

use std::time::Duration;

/// How often a request is repeated, and how long is waited before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RetryPolicy {
    /// So often at most, not counting the first request.
    pub(crate) max: u32,
    /// No wait is shorter, unless the server says so.
    pub(crate) wait_min: Duration,
    /// No wait is longer, unless the server says so.
    pub(crate) wait_max: Duration,
}

impl RetryPolicy {
    /// Exponential backoff with full jitter: anything between the shortest wait and a limit that doubles with each retry.
    /// `retry` counts from 0, `fraction` is in 0..=1. (`backon` adds its jitter on top of the exponential wait, so that no two clients
    /// ever wait less than it.)
    pub(crate) fn wait(&self, retry: u32, fraction: f64) -> Duration {
        let doubled = 2_u32.saturating_pow(retry.saturating_add(1));
        let limit = self.wait_min.saturating_mul(doubled);
        let limit = limit.min(self.wait_max).max(self.wait_min);
        let spread = limit.saturating_sub(self.wait_min);
        self.wait_min.saturating_add(spread.mul_f64(fraction))
    }
}

/// Evenly spread over 0..1.
pub(crate) fn random_fraction() -> f64 {
    // The 53 bits that a float holds exactly. Without randomness the longest wait is as good.
    getrandom::u64().map_or(1.0, |n| (n >> 11) as f64 / (1_u64 << 53) as f64)
}
