//! `DriftReport`: the whole answer, and what can be made of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use driftmgr_core::client::Stack;
use driftmgr_core::drift::{self, Severity};
use driftmgr_core::error::{Error, ErrorKind, Partial, Result};
use driftmgr_core::report::{Format, RenderOptions};
use napi::Env;
use napi::bindgen_prelude::{Buffer, PromiseRaw};
use napi_derive::napi;
use serde::Deserialize;

use crate::baseline::Baseline;
use crate::exchange::{options, text};
use crate::run::{heavy, now};

/// See `ts/report.ts`.
#[napi]
#[derive(Clone)]
pub struct DriftReport {
    inner: Arc<Inner>,
}

struct Inner {
    report: drift::DriftReport,
    /// What was looked at; a history wants to know it.
    stacks: Vec<Stack>,
}

/// What a rendering can be given.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct RenderChoices {
    hidden: bool,
    comment: Option<String>,
    /// Milliseconds since 1970.
    timestamp: Option<u64>,
}

impl DriftReport {
    pub(crate) fn of(report: drift::DriftReport, stacks: Vec<Stack>) -> Self {
        Self {
            inner: Arc::new(Inner { report, stacks }),
        }
    }

    pub(crate) fn report(&self) -> &drift::DriftReport {
        &self.inner.report
    }

    /// The report, and what was looked at.
    pub(crate) fn parts(&self) -> (&drift::DriftReport, &[Stack]) {
        (&self.inner.report, &self.inner.stacks)
    }
}

#[napi]
impl DriftReport {
    /// Reads a report that was written as JSON.
    #[napi(factory)]
    pub fn from_json(json: String) -> napi::Result<DriftReport> {
        now(|| Ok(Self::of(drift::DriftReport::from_json(&json)?, Vec::new())))
    }

    /// The whole report.
    #[napi]
    pub fn document(&self) -> napi::Result<String> {
        now(|| text(self.report()))
    }

    /// The counts.
    #[napi]
    pub fn summary(&self) -> napi::Result<String> {
        now(|| text(&self.report().summary))
    }

    /// The short answer; only findings of this severity and above count.
    #[napi]
    pub fn check(&self, from: Option<String>) -> napi::Result<String> {
        now(|| {
            let from = from.map_or(Ok(Severity::Informational), |word| severity(&word))?;
            text(&self.report().check_from(from))
        })
    }

    /// The report in a format.
    #[napi]
    pub fn render<'env>(
        &self,
        env: &'env Env,
        format: String,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, Buffer>> {
        let inner = self.inner.clone();
        heavy(env, move || {
            let format: Format = format.parse()?;
            let given: RenderChoices = options(&given)?;
            let at = given.timestamp.map_or_else(SystemTime::now, |ms| {
                SystemTime::UNIX_EPOCH + Duration::from_millis(ms)
            });
            let mut choices = RenderOptions::new(at);
            choices.hidden = given.hidden;
            if let Some(comment) = given.comment {
                choices.comment = comment;
            }
            Ok(inner.report.render(format, &choices)?.into())
        })
    }

    /// What is shown, as a list of what is known, with one reason; `previous` keeps its dates and reasons.
    #[napi]
    pub fn baseline(
        &self,
        file: String,
        reason: String,
        previous: Option<&Baseline>,
    ) -> napi::Result<Baseline> {
        now(|| {
            let previous = previous.map(Baseline::inner);
            let known = self.report().baseline(file, &reason, previous.as_deref())?;
            Ok(Baseline::of(Partial::complete(known)))
        })
    }

    /// A report for each target, in the order of the targets.
    #[napi]
    pub fn by_target(&self) -> napi::Result<Vec<DriftReport>> {
        now(|| {
            let (report, stacks) = self.parts();
            let mut looked_at: BTreeMap<&str, Vec<Stack>> = BTreeMap::new();
            for stack in stacks {
                let of_target = looked_at.entry(stack.label()).or_default();
                of_target.push(stack.clone());
            }
            let parts = report.by_target().into_iter();
            Ok(parts
                .map(|(target, part)| {
                    let stacks = looked_at.remove(target.as_str()).unwrap_or_default();
                    Self::of(part, stacks)
                })
                .collect())
        })
    }

    /// Ignore rules that would hide what is shown.
    #[napi]
    pub fn suggest_ignores(&self) -> napi::Result<String> {
        now(|| text(&self.report().suggest_ignores()))
    }
}

fn severity(word: &str) -> Result<Severity> {
    serde_json::from_value(word.into())
        .map_err(|e| Error::new(ErrorKind::InvalidInput, format!("this is no severity: {e}")))
}
