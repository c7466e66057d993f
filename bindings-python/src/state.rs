//! A state as it was stored.

use std::path::PathBuf;

use driftmgr_core::client::{Client, StoredState};
use driftmgr_core::state::Secrets;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::arguments::GivenTerms;
use crate::call::{Call, blocking, compute};
use crate::error::exception;
use crate::json;

/// A state as it was stored.
#[pyclass(frozen, module = "driftmgr._native")]
pub(crate) struct State {
    pub(crate) inner: StoredState,
}

fn secrets(revealed: bool) -> Secrets {
    match revealed {
        true => Secrets::Revealed,
        false => Secrets::Masked,
    }
}

#[pymethods]
impl State {
    /// Reads a state file.
    #[staticmethod]
    fn read(py: Python<'_>, file: PathBuf) -> PyResult<Self> {
        let inner = compute(py, || StoredState::read(file))?;
        Ok(Self { inner })
    }

    /// The same, for an event loop.
    #[staticmethod]
    fn read_call(py: Python<'_>, file: PathBuf, terms: GivenTerms) -> PyResult<Call> {
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        Ok(Call::new(
            terms,
            async move |cx| cx.run(blocking(move || StoredState::read(file))).await,
            |py, inner| Ok(Py::new(py, Self { inner })?.into_any()),
        ))
    }

    /// Writes a state file of an older format anew in format 4.
    #[staticmethod]
    fn upgrade_in_place(py: Python<'_>, file: PathBuf, terms: GivenTerms) -> PyResult<Call> {
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        Ok(Call::new(
            terms,
            async move |cx| {
                let client = Client::builder().context(cx).build()?;
                client.upgrade_state(file).await
            },
            |py, old| Ok(old.into_pyobject(py)?.unbind()),
        ))
    }

    /// Reads the bytes of a state.
    #[staticmethod]
    fn parse(py: Python<'_>, data: &[u8], name: &str) -> PyResult<Self> {
        let inner = compute(py, || StoredState::parse(name, data))?;
        Ok(Self { inner })
    }

    #[getter]
    fn name(&self) -> &str {
        self.inner.name()
    }

    #[getter]
    fn bytes(&self) -> u64 {
        self.inner.bytes()
    }

    #[getter]
    fn serial(&self) -> u64 {
        self.inner.state().serial
    }

    #[getter]
    fn lineage(&self) -> &str {
        &self.inner.state().lineage
    }

    #[getter]
    fn terraform_version(&self) -> Option<&str> {
        self.inner.state().terraform_version.as_deref()
    }

    #[getter]
    fn format_version(&self) -> u64 {
        self.inner.state().format_version
    }

    /// Instance addresses.
    fn list(&self, py: Python<'_>, only: Vec<String>) -> PyResult<Vec<String>> {
        let addresses = compute(py, || self.inner.list_only(&only))?;
        Ok(addresses.iter().map(ToString::to_string).collect())
    }

    /// A row for every object.
    fn inspect(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let inspection = compute(py, || Ok(self.inner.inspect()))?;
        json::to_python(py, &inspection)
    }

    /// The outputs of the root module.
    fn outputs(&self, py: Python<'_>, revealed: bool) -> PyResult<Py<PyAny>> {
        let outputs = compute(py, || self.inner.outputs(secrets(revealed)))?;
        json::to_python(py, &outputs)
    }

    /// The state as `terraform show -json` prints it.
    fn view(&self, py: Python<'_>, revealed: bool) -> PyResult<Py<PyAny>> {
        let view = compute(py, || self.inner.view(secrets(revealed)))?;
        Ok(json::python(py, &view)?.unbind())
    }

    /// A score of how well it is kept.
    fn health(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_python(py, &self.inner.health())
    }

    /// Everything that can be said of it.
    fn analyze(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let analysis = compute(py, || Ok(self.inner.analyze()))?;
        json::to_python(py, &analysis)
    }

    /// What changed to another one, and what could not be compared.
    fn compare(&self, py: Python<'_>, after: &Self) -> PyResult<(Py<PyAny>, Py<PyAny>)> {
        let found = compute(py, || Ok(self.inner.compare(&after.inner)))?;
        Ok((
            json::to_python(py, &found.value)?,
            json::to_python(py, &found.problems)?,
        ))
    }

    /// The state in format 4.
    fn upgrade<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = compute(py, || Ok(self.inner.upgrade()))?;
        Ok(PyBytes::new(py, &bytes))
    }
}
