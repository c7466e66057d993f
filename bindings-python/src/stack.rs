//! An opened target.

use std::path::PathBuf;
use std::sync::Arc;

use driftmgr_core::client;
use driftmgr_core::context::CancelToken;
use driftmgr_core::drift::Asked;
use pyo3::prelude::*;

use crate::arguments::{DriftArguments, GivenTerms};
use crate::call::{Call, Terms, compute};
use crate::error::exception;
use crate::json;
use crate::python_reality::PythonReality;
use crate::report::{Plan, Report, Snapshot};
use crate::state::State;
use crate::stream::Stream;

/// An opened target.
#[pyclass(frozen, module = "driftmgr._native")]
pub(crate) struct Stack {
    pub(crate) inner: client::Stack,
    /// Ends all calls of the stack.
    close: CancelToken,
}

impl Stack {
    pub(crate) fn new(inner: client::Stack) -> Self {
        Self {
            inner,
            close: CancelToken::new(),
        }
    }

    fn given(
        &self,
        py: Python<'_>,
        arguments: DriftArguments,
        terms: GivenTerms,
    ) -> PyResult<(client::Stack, client::DriftOptions, Terms)> {
        let options = arguments
            .options(self.inner.client())
            .map_err(|e| exception(py, &e))?;
        Ok((self.inner.clone(), options, self.terms(py, terms)?))
    }

    fn terms(&self, py: Python<'_>, terms: GivenTerms) -> PyResult<Terms> {
        terms
            .terms(Some(self.close.clone()))
            .map_err(|e| exception(py, &e))
    }
}

#[pymethods]
impl Stack {
    /// Looks at every managed instance.
    fn detect_drift(
        &self,
        py: Python<'_>,
        arguments: DriftArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let (stack, options, terms) = self.given(py, arguments, terms)?;
        let work = async move |cx| stack.with_context(cx).detect_drift(&options).await;
        Ok(Call::new(terms, work, Report::answer))
    }

    /// The same, told while it goes on.
    fn drift_stream(
        &self,
        py: Python<'_>,
        arguments: DriftArguments,
        terms: GivenTerms,
    ) -> PyResult<Stream> {
        let (stack, options, terms) = self.given(py, arguments, terms)?;
        let client = stack.client().clone();
        Ok(Stream::new(client, vec![stack], options, terms))
    }

    /// The short answer.
    fn check(
        &self,
        py: Python<'_>,
        arguments: DriftArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let (stack, options, terms) = self.given(py, arguments, terms)?;
        let work = async move |cx| stack.with_context(cx).check(&options).await;
        Ok(Call::new(terms, work, |py, check| {
            json::to_python(py, &check)
        }))
    }

    /// Everything about one instance.
    fn explain(
        &self,
        py: Python<'_>,
        address: String,
        arguments: DriftArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let (stack, options, terms) = self.given(py, arguments, terms)?;
        Ok(Call::new(
            terms,
            async move |cx| stack.with_context(cx).explain(&address, &options).await,
            |py, found| {
                let facts = json::to_python(py, &found.facts)?;
                let address = found.address.to_string();
                let report = Report::answer(py, found.report)?;
                let all = (address, facts, report).into_pyobject(py)?;
                Ok(all.into_any().unbind())
            },
        ))
    }

    /// What a plan says of it.
    fn against_plan(
        &self,
        py: Python<'_>,
        plan: &Plan,
        arguments: DriftArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let (stack, options, terms) = self.given(py, arguments, terms)?;
        let plan = plan.inner.clone();
        let work = async move |cx| stack.with_context(cx).against_plan(&plan, &options).await;
        Ok(Call::new(terms, work, Report::answer))
    }

    /// What a snapshot says of it.
    fn against_snapshot(
        &self,
        py: Python<'_>,
        snapshot: &Snapshot,
        arguments: DriftArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let (stack, options, terms) = self.given(py, arguments, terms)?;
        let snapshot = snapshot.inner.clone();
        let work = async move |cx| {
            stack
                .with_context(cx)
                .against_snapshot(&snapshot, &options)
                .await
        };
        Ok(Call::new(terms, work, Report::answer))
    }

    /// What another state says of it.
    fn against_state(
        &self,
        py: Python<'_>,
        state: &State,
        arguments: DriftArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let (stack, options, terms) = self.given(py, arguments, terms)?;
        let real = state.inner.clone();
        let work = async move |cx| {
            stack
                .with_context(cx)
                .against_state(real.state(), &options)
                .await
        };
        Ok(Call::new(terms, work, Report::answer))
    }

    /// Looks at every managed instance and writes down what was found.
    fn snapshot(
        &self,
        py: Python<'_>,
        arguments: DriftArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let (stack, options, terms) = self.given(py, arguments, terms)?;
        Ok(Call::new(
            terms,
            async move |cx| stack.with_context(cx).snapshot(&options).await,
            Snapshot::answer,
        ))
    }

    /// The same stack with a reality that is written in Python.
    fn with_reality(&self, reality: Py<PyAny>) -> Self {
        Self {
            inner: self
                .inner
                .with_reality(Arc::new(Asked::new(PythonReality::new(reality)))),
            close: self.close.clone(),
        }
    }

    /// Cancels what the stack is doing. Nothing can be asked of it afterwards.
    fn close(&self) {
        self.close.cancel();
    }

    #[getter]
    fn closed(&self) -> bool {
        self.close.is_cancelled()
    }

    /// The state as it was stored.
    #[getter]
    fn state(&self) -> State {
        State {
            inner: self.inner.stored_state(),
        }
    }

    /// What the configuration declares.
    fn configuration(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let summary = compute(py, || Ok(self.inner.configuration()))?;
        json::to_python(py, &summary)
    }

    /// The workspace, and what selected it.
    #[getter]
    fn workspace(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_python(py, &self.inner.workspace_info())
    }

    #[getter]
    fn label(&self) -> &str {
        self.inner.label()
    }

    #[getter]
    fn state_path(&self) -> PathBuf {
        self.inner.state_path().to_owned()
    }

    #[getter]
    fn root_dir(&self) -> PathBuf {
        self.inner.root_dir().to_owned()
    }

    /// What could not be read of the configuration.
    #[getter]
    fn problems(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_python(py, &self.inner.problems())
    }
}
