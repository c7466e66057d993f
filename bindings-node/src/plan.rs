//! `Plan`: what `terraform show -json` prints of a plan file.

use std::sync::Arc;

use driftmgr_core::drift;
use napi::Env;
use napi::bindgen_prelude::{Buffer, PromiseRaw};
use napi_derive::napi;

use crate::run::heavy;

/// See `ts/plan.ts`.
#[napi]
pub struct Plan {
    inner: Arc<drift::Plan>,
}

impl Plan {
    fn of(inner: drift::Plan) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    pub(crate) fn inner(&self) -> Arc<drift::Plan> {
        self.inner.clone()
    }
}

#[napi]
impl Plan {
    /// The plan of a file.
    #[napi]
    pub fn read<'env>(env: &'env Env, file: String) -> napi::Result<PromiseRaw<'env, Plan>> {
        heavy(env, move || Ok(Self::of(drift::Plan::read(file)?)))
    }

    /// The plan of some bytes.
    #[napi]
    pub fn parse<'env>(env: &'env Env, bytes: Buffer) -> napi::Result<PromiseRaw<'env, Plan>> {
        // JavaScript may write to the buffer meanwhile.
        let bytes = bytes.to_vec();
        heavy(env, move || Ok(Self::of(drift::Plan::parse(&bytes)?)))
    }

    /// The version of its format.
    #[napi(getter)]
    pub fn format_version(&self) -> String {
        self.inner.format_version.to_string()
    }
}
