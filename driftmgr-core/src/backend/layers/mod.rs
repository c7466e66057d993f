#![doc = include_str!("docs.md")]

mod account;
mod around;
mod cache;
mod circuit_breaker;
mod observe;
mod options;
mod rate_limit;
mod read_only;
mod retry;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use self::account::{Fingerprint, account, identity};
use self::around::Layered;
use self::cache::{Cached, Shelf};
use self::circuit_breaker::{Breaking, Circuit};
use self::observe::{Meter, Observed};
use self::rate_limit::{Limiter, RateLimited};
use self::read_only::ReadOnly;
use self::retry::Retrying;
use super::{Backend, BackendSpec};
use crate::context::Context;
use crate::error::Result;

pub use observe::{
    BackendMetrics, CacheMetrics, CallMetrics, CircuitBreakerMetrics, RateLimitMetrics,
};
pub use options::{
    BackendOptions, CacheKey, CacheOptions, CircuitBreakerOptions, DiskCacheOptions,
    RateLimitOptions, RetryOptions,
};

/// Kinds without a server: nothing is won by keeping their states, and nobody has to be spared.
const AT_HAND: [&str; 3] = ["inmem", "local", "memory"];

/// Kinds that ask again by themselves, each as its protocol allows it.
const ASKING_AGAIN: [&str; 10] = [
    "azurerm",
    "cloud",
    "consul",
    "cos",
    "gcs",
    "http",
    "kubernetes",
    "oss",
    "remote",
    "s3",
];

/// The layers of a client, with what its backends share: limits of an account, a cache, figures. Clones are the same layers.
///
/// ```
/// use std::sync::Arc;
/// use driftmgr_core::backend::layers::{BackendOptions, Layers};
/// use driftmgr_core::backend::memory::{MemoryBackend, MemoryStore};
/// use driftmgr_core::backend::{Backend, BackendSpec, StateRef};
/// use driftmgr_core::context::Context;
///
/// # #[tokio::main]
/// # async fn main() -> driftmgr_core::Result<()> {
/// let layers = Layers::new(BackendOptions { read_only: true, ..BackendOptions::default() })?;
/// let cx = Context::from_process();
/// let spec = BackendSpec::from_block("memory", Default::default(), "example");
/// let backend = layers.over(&cx, &spec, Arc::new(MemoryBackend::new(MemoryStore::default())))?;
/// assert!(!backend.capability().write);
/// backend.read(&cx, &StateRef::default()).await?;
/// assert_eq!(layers.metrics().calls["memory"]["read"].calls, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Layers(Arc<Inner>);

#[derive(Default)]
struct Inner {
    options: BackendOptions,
    meter: Arc<Meter>,
    limiters: Mutex<HashMap<Fingerprint, Arc<Limiter>>>,
    circuits: Mutex<HashMap<Fingerprint, Arc<Circuit>>>,
    shelf: OnceLock<Arc<Shelf>>,
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Layers").field(&self.0.options).finish()
    }
}

fn shared<T>(
    all: &Mutex<HashMap<Fingerprint, Arc<T>>>,
    of: Fingerprint,
    make: impl FnOnce() -> T,
) -> Arc<T> {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(all.entry(of).or_insert_with(|| Arc::new(make())))
}

impl Layers {
    /// Layers of these options. Nothing is opened yet.
    ///
    /// # Errors
    /// Those of [`BackendOptions::check`].
    pub fn new(options: BackendOptions) -> Result<Self> {
        options.check()?;
        Ok(Self(Arc::new(Inner {
            options,
            ..Inner::default()
        })))
    }

    /// The options.
    pub fn options(&self) -> &BackendOptions {
        &self.0.options
    }

    /// What the backends below these layers were asked so far.
    pub fn metrics(&self) -> BackendMetrics {
        self.0.meter.snapshot()
    }

    /// A backend below these layers. `spec` says which it is: backends of one account share their limits, and what is kept of a state
    /// is found again by it.
    ///
    /// # Errors
    /// `InvalidConfig` for the key of a cache, and those of making its folder.
    pub fn over(
        &self,
        cx: &Context,
        spec: &BackendSpec,
        backend: Arc<dyn Backend>,
    ) -> Result<Arc<dyn Backend>> {
        let (options, meter) = (&self.0.options, &self.0.meter);
        let meter = || Arc::clone(meter);
        let mut all = Layered::over(backend, Observed { meter: meter() });
        let has_server = !AT_HAND.contains(&spec.kind.as_str());
        if has_server && let Some(limit) = &options.rate_limit {
            let of = account(cx, spec);
            let limiter = shared(&self.0.limiters, of, || Limiter::new(limit));
            let meter = meter();
            all = Layered::over(all, RateLimited { limiter, meter });
        }
        let asks_again = ASKING_AGAIN.contains(&spec.kind.as_str());
        if has_server
            && !asks_again
            && let Some(retry) = &options.retry
        {
            let (policy, meter) = (retry.policy(), meter());
            all = Layered::over(all, Retrying { policy, meter });
        }
        if has_server && let Some(breaker) = &options.circuit_breaker {
            let of = account(cx, spec);
            let circuit = shared(&self.0.circuits, of, || Circuit::new(breaker));
            let meter = meter();
            all = Layered::over(all, Breaking { circuit, meter });
        }
        if has_server && let Some(cache) = &options.cache {
            let shelf = match self.0.shelf.get() {
                Some(shelf) => shelf,
                None => {
                    let opened = Arc::new(Shelf::open(cx, cache, meter())?);
                    self.0.shelf.get_or_init(|| opened)
                }
            };
            let identity = identity(cx, spec, all.info());
            all = Cached::over(all, Arc::clone(shelf), identity);
        }
        if options.read_only {
            all = Layered::over(all, ReadOnly);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests;
