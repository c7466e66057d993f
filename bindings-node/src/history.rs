//! `History`: recorded runs, and what follows from them.

use std::path::PathBuf;
use std::sync::Arc;

use driftmgr_core::client::{HistoryQuestion, RunHistory};
use napi::Env;
use napi::bindgen_prelude::PromiseRaw;
use napi_derive::napi;
use serde::Deserialize;

use crate::call::{Call, milliseconds};
use crate::exchange::{options, text};
use crate::report::DriftReport;
use crate::run::promise;

/// See `ts/history.ts`.
#[napi]
pub struct History {
    inner: Arc<RunHistory>,
}

/// What is asked.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Question {
    targets: Vec<PathBuf>,
    /// Milliseconds.
    since: Option<f64>,
    addresses: Vec<String>,
}

#[napi]
impl History {
    /// The history of a file, or of the user's own.
    #[napi]
    pub fn open<'env>(
        env: &'env Env,
        call: &Call,
        file: Option<String>,
        create: bool,
    ) -> napi::Result<PromiseRaw<'env, History>> {
        let cx = call.context();
        promise(env, async move {
            let file = file.map(PathBuf::from);
            let inner = match create {
                true => RunHistory::open(&cx, file.as_deref()).await?,
                false => RunHistory::open_existing(&cx, file.as_deref()).await?,
            };
            Ok(Self {
                inner: Arc::new(inner),
            })
        })
    }

    /// Keeps a report.
    #[napi]
    pub fn record<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        report: &DriftReport,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let history = self.inner.with_context(call.context());
        let report = report.clone();
        promise(env, async move {
            let (report, stacks) = report.parts();
            text(&history.record(report, stacks).await?)
        })
    }

    /// What all runs say.
    #[napi]
    pub fn ask<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        question: String,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let history = self.inner.with_context(call.context());
        promise(env, async move {
            let question: Question = options(&question)?;
            let question = HistoryQuestion {
                targets: question.targets,
                since: question.since.map(milliseconds),
                addresses: question.addresses,
            };
            text(&history.ask(&question).await?)
        })
    }

    /// Forgets runs that are older than so many milliseconds.
    #[napi]
    pub fn prune<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        age: f64,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let history = self.inner.with_context(call.context());
        promise(env, async move {
            text(&history.prune(milliseconds(age)).await?)
        })
    }
}
