//! A backend that is opened by its kind.

use std::time::SystemTime;

use driftmgr_core::Result;
use driftmgr_core::backend::{IfMatch, LockId, RawState, StateRef, WriteOptions};
use driftmgr_core::client;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::arguments::GivenTerms;
use crate::call::Call;
use crate::error::exception;
use crate::json;

/// An opened backend.
#[pyclass(frozen, module = "driftmgr._native")]
pub(crate) struct BackendHandle {
    inner: client::BackendHandle,
}

impl BackendHandle {
    pub(crate) fn new(inner: client::BackendHandle) -> Self {
        Self { inner }
    }
}

fn state_ref(workspace: &str, version: Option<String>) -> Result<StateRef> {
    Ok(StateRef {
        workspace: workspace.parse()?,
        version,
    })
}

/// `""` stands for "there must be no state"; an etag is never empty.
fn write_options(if_match: Option<String>, lock: Option<String>) -> WriteOptions {
    WriteOptions {
        if_match: if_match.map(|etag| match etag.is_empty() {
            true => IfMatch::Absent,
            false => IfMatch::Etag(etag),
        }),
        lock: lock.map(LockId),
    }
}

/// Bytes, etag, version and time of a state.
type Raw = (
    Py<PyBytes>,
    Option<String>,
    Option<String>,
    Option<SystemTime>,
);

/// Id, time, size, and whether it is the current one.
type Version = (String, Option<SystemTime>, Option<u64>, bool);

/// Etag, version, and the version that keeps what was there.
type Written = (Option<String>, Option<String>, Option<String>);

fn raw(py: Python<'_>, state: RawState) -> Raw {
    let bytes = PyBytes::new(py, &state.bytes).unbind();
    (bytes, state.etag, state.version, state.modified)
}

#[pymethods]
impl BackendHandle {
    #[getter]
    fn info(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_python(py, self.inner.info())
    }

    #[getter]
    fn capability(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_python(py, &self.inner.capability())
    }

    fn workspaces(&self, py: Python<'_>, terms: GivenTerms) -> PyResult<Call> {
        let backend = self.inner.clone();
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        Ok(Call::new(
            terms,
            async move |cx| backend.with_context(cx).workspaces().await,
            |py, names| Ok(names.into_pyobject(py)?.unbind()),
        ))
    }

    fn read(
        &self,
        py: Python<'_>,
        workspace: &str,
        version: Option<String>,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let backend = self.inner.clone();
        let at = state_ref(workspace, version).map_err(|e| exception(py, &e))?;
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        Ok(Call::new(
            terms,
            async move |cx| backend.with_context(cx).read(&at).await,
            |py, state| {
                let state = state.map(|state| raw(py, state));
                Ok(state.into_pyobject(py)?.unbind())
            },
        ))
    }

    fn versions(&self, py: Python<'_>, workspace: &str, terms: GivenTerms) -> PyResult<Call> {
        let backend = self.inner.clone();
        let at = state_ref(workspace, None).map_err(|e| exception(py, &e))?;
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        Ok(Call::new(
            terms,
            async move |cx| backend.with_context(cx).versions(&at).await,
            |py, versions| {
                let versions = versions.into_iter();
                let each = versions.map(|v| (v.id, v.modified, v.size, v.latest));
                let all: Vec<Version> = each.collect();
                Ok(all.into_pyobject(py)?.unbind())
            },
        ))
    }

    #[allow(clippy::too_many_arguments)]
    fn write(
        &self,
        py: Python<'_>,
        workspace: &str,
        data: Vec<u8>,
        if_match: Option<String>,
        lock: Option<String>,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let backend = self.inner.clone();
        let at = state_ref(workspace, None).map_err(|e| exception(py, &e))?;
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        let options = write_options(if_match, lock);
        Ok(Call::new(
            terms,
            async move |cx| backend.with_context(cx).write(&at, data, options).await,
            |py, written| {
                let all: Written = (written.etag, written.version, written.backup);
                Ok(all.into_pyobject(py)?.into_any().unbind())
            },
        ))
    }

    fn delete(
        &self,
        py: Python<'_>,
        workspace: &str,
        if_match: Option<String>,
        lock: Option<String>,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let backend = self.inner.clone();
        let at = state_ref(workspace, None).map_err(|e| exception(py, &e))?;
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        let options = write_options(if_match, lock);
        Ok(Call::new(
            terms,
            async move |cx| backend.with_context(cx).delete(&at, options).await,
            |py, ()| Ok(py.None()),
        ))
    }

    fn lock(
        &self,
        py: Python<'_>,
        workspace: &str,
        operation: String,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let backend = self.inner.clone();
        let at = state_ref(workspace, None).map_err(|e| exception(py, &e))?;
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        Ok(Call::new(
            terms,
            async move |cx| backend.with_context(cx).lock(&at, &operation).await,
            |py, id| Ok(id.to_string().into_pyobject(py)?.into_any().unbind()),
        ))
    }

    fn unlock(
        &self,
        py: Python<'_>,
        workspace: &str,
        id: String,
        terms: GivenTerms,
    ) -> PyResult<Call> {
        let backend = self.inner.clone();
        let at = state_ref(workspace, None).map_err(|e| exception(py, &e))?;
        let terms = terms.terms(None).map_err(|e| exception(py, &e))?;
        Ok(Call::new(
            terms,
            async move |cx| {
                let id = LockId(id);
                backend.with_context(cx).unlock(&at, &id).await
            },
            |py, ()| Ok(py.None()),
        ))
    }
}
