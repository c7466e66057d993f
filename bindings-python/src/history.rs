//! Recorded runs.

use std::path::PathBuf;

use driftmgr_core::client::{self, HistoryQuestion, RunHistory};
use pyo3::prelude::*;

use crate::arguments::{GivenTerms, seconds};
use crate::call::Call;
use crate::error::exception;
use crate::json;
use crate::report::Report;
use crate::stack::Stack;

/// Runs that are kept over time.
#[pyclass(frozen, module = "driftmgr._native")]
pub(crate) struct History {
    inner: RunHistory,
}

#[pymethods]
impl History {
    /// Opens the file, or makes it. With `existing` it has to be there.
    #[staticmethod]
    fn open(
        py: Python<'_>,
        file: Option<PathBuf>,
        existing: bool,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        Ok(Call::new(
            terms,
            async move |cx| match existing {
                true => RunHistory::open_existing(&cx, file.as_deref()).await,
                false => RunHistory::open(&cx, file.as_deref()).await,
            },
            |py, inner| Ok(Py::new(py, Self { inner })?.into_any()),
        ))
    }

    /// Keeps what a run found.
    fn record(
        &self,
        py: Python<'_>,
        report: &Report,
        stacks: Vec<Py<Stack>>,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let history = self.inner.clone();
        let report = report.inner.clone();
        let stacks: Vec<client::Stack> = stacks.iter().map(|s| s.get().inner.clone()).collect();
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        Ok(Call::new(
            terms,
            async move |cx| history.with_context(cx).record(&report, &stacks).await,
            |py, recorded| json::to_python(py, &recorded),
        ))
    }

    /// What the recorded runs say.
    fn ask(
        &self,
        py: Python<'_>,
        targets: Vec<PathBuf>,
        since: Option<f64>,
        addresses: Vec<String>,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let history = self.inner.clone();
        let since = since.map(|age| seconds(age, "since")).transpose();
        let question = HistoryQuestion {
            targets,
            since: since.map_err(|e| exception(py, &e))?,
            addresses,
        };
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        Ok(Call::new(
            terms,
            async move |cx| history.with_context(cx).ask(&question).await,
            |py, answer| json::to_python(py, &answer),
        ))
    }

    /// Forgets the runs that ended longer ago than `age` seconds.
    fn prune(&self, py: Python<'_>, age: f64, terms: GivenTerms) -> PyResult<Call> {
        let history = self.inner.clone();
        let age = seconds(age, "age").map_err(|e| exception(py, &e))?;
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        Ok(Call::new(
            terms,
            async move |cx| history.with_context(cx).prune(age).await,
            |py, pruned| json::to_python(py, &pruned),
        ))
    }
}
