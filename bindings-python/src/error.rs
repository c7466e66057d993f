//! Errors of the core as the exceptions of `driftmgr.exceptions`.

use std::any::Any;
use std::collections::BTreeMap;
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
    let context = error.context().iter();
    let context = context.map(|(key, value)| ((*key).to_owned(), value.clone()));
    let mut context: Vec<(String, String)> = context.collect();
    let mut hints = error.hints().to_vec();
    // What one of our own exceptions knew is not lost on the way.
    if let Some((more, ways)) = raised(error).and_then(|raised| known(py, raised)) {
        context.extend(more);
        hints.extend(ways);
    }
    let exception = make.call1((
        error.kind().as_str(),
        error.message(),
        error.operation(),
        context,
        hints,
        error.retry() == Retry::Later,
    ))?;
    Ok(PyErr::from_value(exception))
}

/// Context and hints of an exception that has them.
fn known(py: Python<'_>, raised: &PyErr) -> Option<(BTreeMap<String, String>, Vec<String>)> {
    let exception = raised.value(py);
    let context = exception.getattr("context").ok()?;
    let context = context.call_method0("items").ok()?.try_iter().ok()?;
    let context = context.map(|item| item?.extract::<(String, String)>());
    let context = context.collect::<PyResult<BTreeMap<_, _>>>().ok()?;
    let hints = exception.getattr("hints").ok()?.extract().ok()?;
    Some((context, hints))
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
    ErrorKind::of_name(&kind)
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
