//! A stored state that can be changed.

use std::time::Duration;

use driftmgr_core::Result;
use driftmgr_core::backend::LockId;
use driftmgr_core::client::{self, ChangeOptions, Changed};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::arguments::{GivenTerms, seconds};
use crate::call::{Call, compute};
use crate::error::exception;
use crate::json;
use crate::state::State;

/// A stored state that can be changed.
#[pyclass(frozen, module = "driftmgr._native")]
pub(crate) struct ManagedState {
    inner: client::ManagedState,
}

/// How a state is changed.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct ChangeArguments {
    dry_run: bool,
    lock_timeout: f64,
    without_lock: bool,
    force: bool,
}

impl ChangeArguments {
    fn options(self) -> Result<ChangeOptions> {
        Ok(ChangeOptions {
            dry_run: self.dry_run,
            lock_timeout: wait(self.lock_timeout)?,
            without_lock: self.without_lock,
            force: self.force,
        })
    }
}

fn wait(given: f64) -> Result<Duration> {
    seconds(given, "lock_timeout")
}

impl ManagedState {
    pub(crate) fn answer(py: Python<'_>, inner: client::ManagedState) -> PyResult<Py<PyAny>> {
        Ok(Py::new(py, Self { inner })?.into_any())
    }

    /// A call with the state in the call's own context.
    fn call<T, F>(
        &self,
        py: Python<'_>,
        terms: GivenTerms,
        work: impl FnOnce(client::ManagedState) -> F + Send + 'static,
        answer: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> PyResult<Call>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let state = self.inner.clone();
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        Ok(Call::new(
            terms,
            move |cx| work(state.with_context(cx)),
            answer,
        ))
    }

    /// A call that changes the state.
    fn change<F>(
        &self,
        py: Python<'_>,
        how: ChangeArguments,
        terms: GivenTerms,
        work: impl FnOnce(client::ManagedState, ChangeOptions) -> F + Send + 'static,
    ) -> PyResult<Call>
    where
        F: Future<Output = Result<Changed>> + Send + 'static,
    {
        let options = how.options().map_err(|e| exception(py, &e))?;
        let work = move |state| work(state, options);
        self.call(py, terms, work, |py, changed| json::to_python(py, &changed))
    }
}

fn texts(py: Python<'_>, text: impl Into<Option<String>>) -> PyResult<Py<PyAny>> {
    Ok(text.into().into_pyobject(py)?.into_any().unbind())
}

#[pymethods]
impl ManagedState {
    #[getter]
    fn label(&self) -> &str {
        self.inner.label()
    }

    #[getter]
    fn workspace(&self) -> &str {
        self.inner.workspace()
    }

    #[getter]
    fn info(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_python(py, self.inner.info())
    }

    #[getter]
    fn capability(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_python(py, &self.inner.capability())
    }

    fn in_workspace(&self, py: Python<'_>, name: &str) -> PyResult<Self> {
        let inner = compute(py, || self.inner.in_workspace(name))?;
        Ok(Self { inner })
    }

    fn pull(&self, py: Python<'_>, terms: GivenTerms) -> PyResult<Call> {
        let work = async |state: client::ManagedState| state.pull().await;
        self.call(py, terms, work, |py, bytes| {
            let bytes = bytes.map(|bytes| PyBytes::new(py, &bytes).unbind());
            Ok(bytes.into_pyobject(py)?.unbind())
        })
    }

    fn state(&self, py: Python<'_>, version: Option<String>, terms: GivenTerms) -> PyResult<Call> {
        self.call(
            py,
            terms,
            async move |state: client::ManagedState| state.state(version.as_deref()).await,
            |py, inner| Ok(Py::new(py, State { inner })?.into_any()),
        )
    }

    fn versions(&self, py: Python<'_>, terms: GivenTerms) -> PyResult<Call> {
        self.call(
            py,
            terms,
            async move |state: client::ManagedState| state.versions().await,
            |py, found| json::to_python(py, &found),
        )
    }

    fn diff(
        &self,
        py: Python<'_>,
        before: Option<String>,
        after: Option<String>,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        self.call(
            py,
            terms,
            async move |state: client::ManagedState| {
                state.diff(before.as_deref(), after.as_deref()).await
            },
            |py, found| {
                let comparison = json::to_python(py, &found.value)?;
                let both = (comparison, json::to_python(py, &found.problems)?);
                Ok(both.into_pyobject(py)?.into_any().unbind())
            },
        )
    }

    fn snapshot(&self, py: Python<'_>, terms: GivenTerms) -> PyResult<Call> {
        self.call(
            py,
            terms,
            async move |state: client::ManagedState| state.snapshot().await,
            texts,
        )
    }

    fn lock(
        &self,
        py: Python<'_>,
        operation: String,
        lock_timeout: f64,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        self.call(
            py,
            terms,
            async move |state: client::ManagedState| {
                state.lock(&operation, wait(lock_timeout)?).await
            },
            |py, id| texts(py, id.to_string()),
        )
    }

    fn unlock(&self, py: Python<'_>, lock: String, terms: GivenTerms) -> PyResult<Call> {
        self.call(
            py,
            terms,
            async move |state: client::ManagedState| state.unlock(&LockId(lock)).await,
            |py, ()| Ok(py.None()),
        )
    }

    fn workspaces(&self, py: Python<'_>, terms: GivenTerms) -> PyResult<Call> {
        self.call(
            py,
            terms,
            async move |state: client::ManagedState| state.workspaces().await,
            |py, names| Ok(names.into_pyobject(py)?.unbind()),
        )
    }

    fn push(
        &self,
        py: Python<'_>,
        data: Vec<u8>,
        how: ChangeArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        self.change(py, how, terms, async move |state, options| {
            state.push(&data, &options).await
        })
    }

    fn rollback(
        &self,
        py: Python<'_>,
        version: String,
        how: ChangeArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        self.change(py, how, terms, async move |state, options| {
            state.rollback(&version, &options).await
        })
    }

    fn restore(
        &self,
        py: Python<'_>,
        data: Vec<u8>,
        how: ChangeArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        self.change(py, how, terms, async move |state, options| {
            state.restore(&data, &options).await
        })
    }

    fn mv(
        &self,
        py: Python<'_>,
        source: String,
        to: String,
        how: ChangeArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        self.change(py, how, terms, async move |state, options| {
            state.mv(&source, &to, &options).await
        })
    }

    fn rm(
        &self,
        py: Python<'_>,
        addresses: Vec<String>,
        how: ChangeArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        self.change(py, how, terms, async move |state, options| {
            state.rm(&addresses, &options).await
        })
    }

    fn replace_provider(
        &self,
        py: Python<'_>,
        source: String,
        to: String,
        how: ChangeArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        self.change(py, how, terms, async move |state, options| {
            state.replace_provider(&source, &to, &options).await
        })
    }

    fn import_object(
        &self,
        py: Python<'_>,
        address: String,
        provider: String,
        object: String,
        how: ChangeArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        self.change(py, how, terms, async move |state, options| {
            state
                .import_object(&address, &provider, &object, &options)
                .await
        })
    }

    fn copy_to(
        &self,
        py: Python<'_>,
        to: &Self,
        how: ChangeArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let to = to.inner.clone();
        self.change(py, how, terms, async move |state, options| {
            let to = to.with_context(state.context().clone());
            state.copy_to(&to, &options).await
        })
    }

    fn delete(&self, py: Python<'_>, how: ChangeArguments, terms: GivenTerms) -> PyResult<Call> {
        let options = how.options().map_err(|e| exception(py, &e))?;
        let work = async move |state: client::ManagedState| state.delete(&options).await;
        self.call(py, terms, work, texts)
    }

    fn create_workspace(
        &self,
        py: Python<'_>,
        name: String,
        how: ChangeArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let options = how.options().map_err(|e| exception(py, &e))?;
        let work =
            async move |state: client::ManagedState| state.create_workspace(&name, &options).await;
        self.call(py, terms, work, Self::answer)
    }

    fn delete_workspace(
        &self,
        py: Python<'_>,
        name: String,
        how: ChangeArguments,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let options = how.options().map_err(|e| exception(py, &e))?;
        let work =
            async move |state: client::ManagedState| state.delete_workspace(&name, &options).await;
        self.call(py, terms, work, texts)
    }
}
