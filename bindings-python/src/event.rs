//! What the core tells, as Python values.

use driftmgr_core::event::Event;
use pyo3::prelude::*;

use crate::json;

/// A dictionary; its `type` says what happened.
pub(crate) fn record(py: Python<'_>, event: &Event) -> PyResult<Py<PyAny>> {
    json::to_python(py, event)
}
