//! Errors of the core as the exceptions of `driftmgr.exceptions`.

use std::any::Any;
use std::error::Error as _;

use driftmgr_core::error::Retry;
use driftmgr_core::{Error, ErrorKind};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// The exception for an error. What a Python backend or reality raised is its cause.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    match make(py, error) {
        Ok(exception) => {
            if let Some(cause) = raised(error) {
                exception.set_cause(py, Some(cause.clone_ref(py)));
            }
            exception
        }
        Err(broken) => broken,
    }
}

fn make(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let make = MAKE.import(py, "driftmgr.exceptions", "_from_native")?;
    let context: Vec<(&str, &str)> = error
        .context()
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .collect();
    let exception = make.call1((
        error.kind().as_str(),
        error.message(),
        error.operation(),
        context,
        error.hints().to_vec(),
        error.retry() == Retry::Later,
    ))?;
    Ok(PyErr::from_value(exception))
}

fn raised(error: &Error) -> Option<&PyErr> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(raised) = error.downcast_ref::<PyErr>() {
            return Some(raised);
        }
        cause = error.source();
    }
    None
}

/// An exception of Python code that the core called. One of ours keeps its kind.
pub(crate) fn from_python(py: Python<'_>, raised: PyErr) -> Error {
    let kind = kind_of(py, &raised).unwrap_or(ErrorKind::Unexpected);
    let message = raised
        .value(py)
        .getattr("message")
        .and_then(|message| message.extract::<String>())
        .unwrap_or_else(|_| raised.to_string());
    Error::new(kind, message).with_source(raised)
}

/// The kind that an exception stands for: its own, or that of the built-in exception it is.
fn kind_of(py: Python<'_>, raised: &PyErr) -> Option<ErrorKind> {
    static KIND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let kind = KIND
        .import(py, "driftmgr.exceptions", "_kind_of")
        .and_then(|kind| kind.call1((raised.value(py),)))
        .and_then(|name| name.extract::<String>())
        .ok()?;
    ErrorKind::ALL
        .iter()
        .copied()
        .find(|known| known.as_str() == kind)
}

/// What is told of a panic: a defect, and what it says.
pub(crate) fn defect(panic: &(dyn Any + Send)) -> Error {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it does not say more");
    Error::new(
        ErrorKind::Unexpected,
        format!("a defect in driftmgr: {said}"),
    )
    .with_hint("please report it, with what was called")
}

/// A wrong argument, by its name.
pub(crate) fn invalid(message: impl Into<String>, parameter: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, message).with("parameter", parameter)
}
