//! `Baseline`: differences that are known.

use std::sync::Arc;

use driftmgr_core::drift::ignore;
use driftmgr_core::error::{Error, Partial};
use napi::Env;
use napi::bindgen_prelude::PromiseRaw;
use napi_derive::napi;

use crate::exchange::text;
use crate::run::{heavy, now};

/// See `ts/baseline.ts`.
#[napi]
pub struct Baseline {
    inner: Arc<ignore::Baseline>,
    problems: Vec<Error>,
}

impl Baseline {
    pub(crate) fn of(read: Partial<ignore::Baseline>) -> Self {
        Self {
            inner: Arc::new(read.value),
            problems: read.problems,
        }
    }

    pub(crate) fn inner(&self) -> Arc<ignore::Baseline> {
        self.inner.clone()
    }
}

#[napi]
impl Baseline {
    /// The baseline of a file.
    #[napi]
    pub fn read<'env>(env: &'env Env, file: String) -> napi::Result<PromiseRaw<'env, Baseline>> {
        heavy(env, move || Ok(Self::of(ignore::Baseline::read(file)?)))
    }

    /// Writes it to its file.
    #[napi]
    pub fn write<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, ()>> {
        let baseline = self.inner.clone();
        heavy(env, move || baseline.write())
    }

    /// The text of its file.
    #[napi]
    pub fn document(&self) -> String {
        self.inner.to_json()
    }

    /// How many differences it knows.
    #[napi(getter)]
    pub fn size(&self) -> u32 {
        u32::try_from(self.inner.len()).unwrap_or(u32::MAX)
    }

    /// How many changes of secrets were met when it was made.
    #[napi(getter)]
    pub fn secret(&self) -> f64 {
        self.inner.secret() as f64
    }

    /// What is wrong in its file.
    #[napi]
    pub fn problems(&self) -> napi::Result<String> {
        now(|| text(&self.problems))
    }
}
