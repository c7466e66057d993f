//! Runs the core's futures on the runtime and makes promises of them. No panic leaves this file.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use driftmgr_core::Result;
use futures::FutureExt as _;
use napi::Env;
use napi::bindgen_prelude::{PromiseRaw, ToNapiValue};

use crate::failure::{failure, panicked};

/// A promise of what the future gives.
pub(crate) fn promise<'env, T>(
    env: &'env Env,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> napi::Result<PromiseRaw<'env, T>>
where
    T: ToNapiValue + Send + 'static,
{
    env.spawn_future(async move {
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(result) => result.map_err(|e| failure(&e)),
            Err(payload) => Err(failure(&panicked(payload.as_ref()))),
        }
    })
}

/// The same for work that would hold a thread: parsing, comparing, writing reports.
pub(crate) fn heavy<'env, T>(
    env: &'env Env,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> napi::Result<PromiseRaw<'env, T>>
where
    T: ToNapiValue + Send + 'static,
{
    promise(env, async move {
        match napi::bindgen_prelude::spawn_blocking(move || {
            std::panic::catch_unwind(AssertUnwindSafe(work))
        })
        .await
        {
            Ok(Ok(result)) => result,
            Ok(Err(payload)) => Err(panicked(payload.as_ref())),
            Err(error) => Err(panicked(&error.to_string())),
        }
    })
}

/// The same for quick work that answers at once.
pub(crate) fn now<T>(work: impl FnOnce() -> Result<T>) -> napi::Result<T> {
    match std::panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|e| failure(&e)),
        Err(payload) => Err(failure(&panicked(payload.as_ref()))),
    }
}
