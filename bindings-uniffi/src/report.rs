//! Drift reports and what can be made of them.

use std::collections::HashMap;
use std::sync::Arc;

use driftmgr_core::drift;
use driftmgr_core::drift::ignore;

use crate::error::Failure;
use crate::options::{Format, RenderOptions};
use crate::records::{Check, Problem, ReportData, Score, Severity, Suggestion};
use crate::typed::{JsonValue, typed};

/// The whole answer for one or many states.
#[derive(uniffi::Object)]
pub struct DriftReport {
    pub(crate) inner: drift::DriftReport,
}

impl DriftReport {
    pub(crate) fn new(inner: drift::DriftReport) -> Arc<Self> {
        Arc::new(Self { inner })
    }
}

/// Reads a report that was written as JSON. Masked values stay masked.
#[uniffi::export]
pub fn report_from_json(text: String) -> Result<Arc<DriftReport>, Failure> {
    Ok(DriftReport::new(drift::DriftReport::from_json(&text)?))
}

#[uniffi::export]
impl DriftReport {
    /// What it says, as data.
    pub fn data(&self) -> Result<ReportData, Failure> {
        typed(&self.inner)
    }

    /// As `driftmgr drift --format json` prints it. Secrets are masked.
    pub fn to_json(&self) -> JsonValue {
        JsonValue(self.inner.to_json())
    }

    /// The report in a format, as bytes in UTF-8.
    pub fn render(&self, format: Format, options: RenderOptions) -> Result<Vec<u8>, Failure> {
        Ok(self.inner.render(format.into(), &options.into())?)
    }

    /// The short answer, when only findings of this severity and above count.
    pub fn check(&self, from: Severity) -> Result<Check, Failure> {
        typed(&self.inner.check_from(from.into()))
    }

    /// How well reality complies with the states, with reasons.
    pub fn score(&self) -> Result<Score, Failure> {
        typed(&self.inner.score())
    }

    /// A report for each target, by its name. Providers, rules, and problems that belong to no single target stand in each.
    pub fn by_target(&self) -> HashMap<String, Arc<DriftReport>> {
        let parts = self.inner.by_target().into_iter();
        parts
            .map(|(target, part)| (target, DriftReport::new(part)))
            .collect()
    }

    /// Ignore rules that would hide what the report shows and a rule may hide, the narrowest first.
    pub fn suggest_ignores(&self) -> Result<Vec<Suggestion>, Failure> {
        typed(&self.inner.suggest_ignores())
    }

    /// All that the report shows as a list of what is known today, for `file` and with one reason for all of it. What `previous` knows
    /// keeps its date and reason.
    pub fn baseline(
        &self,
        file: String,
        reason: String,
        previous: Option<Arc<Baseline>>,
    ) -> Result<Arc<Baseline>, Failure> {
        let previous = previous.as_ref().map(|p| &p.inner);
        let inner = self.inner.baseline(file, &reason, previous)?;
        Ok(Arc::new(Baseline {
            inner,
            problems: Vec::new(),
        }))
    }
}

/// Differences that are known and not to be shown.
#[derive(uniffi::Object)]
pub struct Baseline {
    inner: ignore::Baseline,
    problems: Vec<Problem>,
}

/// Reads a baseline file. An entry that is wrong hides nothing and is a problem.
#[uniffi::export]
pub fn read_baseline(file: String) -> Result<Arc<Baseline>, Failure> {
    let read = ignore::Baseline::read(file)?;
    Ok(Arc::new(Baseline {
        problems: typed(&read.problems)?,
        inner: read.value,
    }))
}

#[uniffi::export]
impl Baseline {
    /// How many differences are known.
    pub fn len(&self) -> i64 {
        i64::try_from(self.inner.len()).unwrap_or(i64::MAX)
    }

    /// Changes of secrets, which are no part of it.
    pub fn secret(&self) -> i64 {
        i64::try_from(self.inner.secret()).unwrap_or(i64::MAX)
    }

    /// Entries that are wrong.
    pub fn problems(&self) -> Vec<Problem> {
        self.problems.clone()
    }

    /// The content of the file.
    pub fn text(&self) -> String {
        self.inner.to_json()
    }

    /// Writes it to its file, over what is there.
    pub fn write(&self) -> Result<(), Failure> {
        Ok(self.inner.write()?)
    }
}
