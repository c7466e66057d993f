//! What backends were asked.

use super::record;
use crate::typed::json_form;
use std::collections::HashMap;

record! {
    /// What the backends of a client were asked so far.
    BackendMetrics {
        /// Calls that reached a backend, by its kind and by the method: `s3`, `read`. What a cache answered is not among them.
        calls: HashMap<String, HashMap<String, CallMetrics>>,
        /// Calls that were repeated by the layer `retry`.
        retries: i64,
        /// Of the layer `rate_limit`.
        rate_limit: RateLimitMetrics,
        /// Of the layer `circuit_breaker`.
        circuit_breaker: CircuitBreakerMetrics,
        /// Of the layer `cache`.
        cache: CacheMetrics,
    }
}

record! {
    /// Calls of one method.
    CallMetrics {
        /// How many came to an end.
        calls: i64,
        /// How many of them failed, by the name of the error's kind.
        errors: HashMap<String, i64>,
        /// How long they took together, in seconds.
        seconds: f64,
        /// How long the longest took, in seconds.
        longest: f64,
        /// Bytes of states that were sent.
        sent: i64,
        /// Bytes of states that were received.
        received: i64,
    }
}

record! {
    /// What the layer `rate_limit` did.
    RateLimitMetrics {
        /// Calls that had to wait.
        waited: i64,
        /// How long they waited together, in seconds.
        seconds: f64,
    }
}

record! {
    /// What the layer `circuit_breaker` did.
    CircuitBreakerMetrics {
        /// How often a server failed so often in a row that it was left alone.
        opened: i64,
        /// Calls that were not made for that.
        refused: i64,
    }
}

record! {
    /// What the layer `cache` did.
    CacheMetrics {
        /// Reads that were answered without a request.
        fresh: i64,
        /// Reads that were answered from the cache after the backend said that nothing has changed.
        revalidated: i64,
        /// Reads of a state that was not kept, or had changed.
        missed: i64,
        /// Files that were not used: damaged, of another key, or not readable.
        damaged: i64,
        /// Entries that made place for others.
        evicted: i64,
    }
}

json_form!(BackendMetrics);
