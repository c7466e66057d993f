//! `Snapshot`: what a run found, to compare with later.

use std::sync::Arc;

use driftmgr_core::drift;
use napi::Env;
use napi::bindgen_prelude::PromiseRaw;
use napi_derive::napi;

use crate::exchange::text;
use crate::report::DriftReport;
use crate::run::{heavy, now};

/// See `ts/snapshot.ts`.
#[napi]
pub struct Snapshot {
    inner: Arc<drift::Snapshot>,
}

impl Snapshot {
    pub(crate) fn inner(&self) -> Arc<drift::Snapshot> {
        self.inner.clone()
    }

    fn of(inner: drift::Snapshot) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }
}

#[napi]
impl Snapshot {
    /// The snapshot of a file.
    #[napi]
    pub fn read<'env>(env: &'env Env, file: String) -> napi::Result<PromiseRaw<'env, Snapshot>> {
        heavy(env, move || Ok(Self::of(drift::Snapshot::read(file)?)))
    }

    /// Writes it to a file.
    #[napi]
    pub fn write<'env>(&self, env: &'env Env, file: String) -> napi::Result<PromiseRaw<'env, ()>> {
        let snapshot = self.inner.clone();
        heavy(env, move || snapshot.write(file))
    }

    /// What is in it.
    #[napi]
    pub fn info(&self) -> napi::Result<String> {
        now(|| text(&self.inner.info()))
    }
}

/// A snapshot, and the report of the run that made it.
#[napi]
pub struct Recorded {
    snapshot: Arc<drift::Snapshot>,
    report: DriftReport,
}

impl Recorded {
    pub(crate) fn of(snapshot: drift::Snapshot, report: DriftReport) -> Self {
        Self {
            snapshot: Arc::new(snapshot),
            report,
        }
    }
}

#[napi]
impl Recorded {
    /// The snapshot.
    #[napi]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            inner: self.snapshot.clone(),
        }
    }

    /// The report.
    #[napi]
    pub fn report(&self) -> DriftReport {
        self.report.clone()
    }
}
