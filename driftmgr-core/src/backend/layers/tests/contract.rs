//! No layer breaks the contract of backends, alone or with the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::support::{cx, spec};
use crate::backend::layers::{
    BackendOptions, CacheKey, CacheOptions, CircuitBreakerOptions, DiskCacheOptions, Layers,
    RateLimitOptions, RetryOptions,
};
use crate::backend::local::{LocalBackend, LocalConfig};
use crate::backend::memory::{MemoryBackend, MemoryStore};
use crate::backend::{Backend, BackendSpec};
use crate::testkit::backend::{Open, suite};

/// Over memory and over files. Clients of one store have layers of their own, as in several processes, or share them.
async fn keeps_the_contract(shared: bool, options: impl Fn() -> BackendOptions) {
    let next = AtomicUsize::new(0);
    let over = |store: Box<dyn Fn() -> Arc<dyn Backend>>| -> Open {
        // Each case has a place of its own.
        let number = next.fetch_add(1, Ordering::Relaxed);
        let spec = BackendSpec {
            root: format!("/case-{number}").into(),
            ..spec()
        };
        let (options, one) = (options(), Layers::new(options()).unwrap());
        Box::new(move || {
            let layers = match shared {
                true => one.clone(),
                false => Layers::new(options.clone()).unwrap(),
            };
            layers.over(&cx(), &spec, store()).unwrap()
        })
    };
    suite(|| {
        let store = MemoryStore::default();
        over(Box::new(move || {
            Arc::new(MemoryBackend::new(store.clone()))
        }))
    })
    .await;
    suite(|| {
        let dir = tempfile::tempdir().unwrap();
        over(Box::new(move || {
            Arc::new(LocalBackend::new(LocalConfig::of_directory(dir.path())))
        }))
    })
    .await;
}

fn retry() -> RetryOptions {
    RetryOptions {
        wait_min: Duration::from_millis(1),
        ..RetryOptions::default()
    }
}

fn rate_limit() -> RateLimitOptions {
    RateLimitOptions {
        per_second: 50_000.0,
        burst: 10,
    }
}

fn disk(dir: &tempfile::TempDir) -> DiskCacheOptions {
    DiskCacheOptions {
        folder: dir.path().join("states"),
        max_bytes: 20 << 20,
        key: Some(CacheKey::new([1; 32])),
    }
}

#[tokio::test]
async fn without_options() {
    keeps_the_contract(false, BackendOptions::default).await;
}

#[tokio::test]
async fn with_retries() {
    keeps_the_contract(false, || BackendOptions {
        retry: Some(retry()),
        ..BackendOptions::default()
    })
    .await;
}

#[tokio::test]
async fn with_a_limited_rate() {
    keeps_the_contract(true, || BackendOptions {
        rate_limit: Some(rate_limit()),
        ..BackendOptions::default()
    })
    .await;
}

#[tokio::test]
async fn with_a_circuit_breaker() {
    keeps_the_contract(true, || BackendOptions {
        circuit_breaker: Some(CircuitBreakerOptions::default()),
        ..BackendOptions::default()
    })
    .await;
}

#[tokio::test]
async fn with_a_cache_in_memory() {
    keeps_the_contract(false, || BackendOptions {
        cache: Some(CacheOptions::default()),
        ..BackendOptions::default()
    })
    .await;
}

#[tokio::test]
async fn with_a_cache_on_disk_that_processes_share() {
    let dir = tempfile::tempdir().unwrap();
    keeps_the_contract(false, || BackendOptions {
        cache: Some(CacheOptions {
            memory: 0,
            disk: Some(disk(&dir)),
            ..CacheOptions::default()
        }),
        ..BackendOptions::default()
    })
    .await;
}

#[tokio::test]
async fn with_a_cache_that_does_not_ask_and_is_shared() {
    let dir = tempfile::tempdir().unwrap();
    keeps_the_contract(true, || BackendOptions {
        cache: Some(CacheOptions {
            ttl: Duration::from_secs(3600),
            disk: Some(disk(&dir)),
            ..CacheOptions::default()
        }),
        ..BackendOptions::default()
    })
    .await;
}

#[tokio::test]
async fn with_all_of_them() {
    let dir = tempfile::tempdir().unwrap();
    keeps_the_contract(false, || BackendOptions {
        read_only: false,
        retry: Some(retry()),
        rate_limit: Some(rate_limit()),
        circuit_breaker: Some(CircuitBreakerOptions::default()),
        cache: Some(CacheOptions {
            disk: Some(disk(&dir)),
            ..CacheOptions::default()
        }),
    })
    .await;
}
