//! JSON as Python values: the one way in which every result of the core crosses the border.

use driftmgr_core::{Error, ErrorKind, Result};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use serde::Serialize;
use serde_json::{Number, Value};

/// What is written as JSON by serde, as `json.loads` would give it: dictionaries in the order of writing, whole numbers exact.
pub(crate) fn to_python<T: Serialize>(py: Python<'_>, value: &T) -> PyResult<Py<PyAny>> {
    let json = serde_json::to_value(value)
        .map_err(|error| PyValueError::new_err(format!("no JSON: {error}")))?;
    Ok(python(py, &json)?.unbind())
}

/// A JSON value as Python has it.
pub(crate) fn python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(flag) => flag.into_pyobject(py)?.to_owned().into_any(),
        Value::Number(number) => numeric(py, number)?,
        Value::String(text) => PyString::new(py, text).into_any(),
        Value::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(python(py, item)?)?;
            }
            list.into_any()
        }
        Value::Object(entries) => {
            let dict = PyDict::new(py);
            for (key, value) in entries {
                dict.set_item(PyString::intern(py, key), python(py, value)?)?;
            }
            dict.into_any()
        }
    })
}

fn numeric<'py>(py: Python<'py>, number: &Number) -> PyResult<Bound<'py, PyAny>> {
    if let Some(number) = number.as_i64() {
        return Ok(number.into_pyobject(py)?.into_any());
    }
    let text = number.as_str();
    if text.contains(['.', 'e', 'E']) {
        let float = text.parse::<f64>().unwrap_or(f64::NAN);
        return Ok(float.into_pyobject(py)?.into_any());
    }
    // Larger than a machine word: Python's own integers have no limit.
    py.get_type::<pyo3::types::PyInt>().call1((text,))
}

/// A Python value as JSON, through Python's own `json`: what it refuses is no JSON.
pub(crate) fn from_python(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    let text: String = value
        .py()
        .import("json")?
        .call_method1("dumps", (value,))?
        .extract()?;
    serde_json::from_str(&text).map_err(|error| PyValueError::new_err(error.to_string()))
}

/// The text of a JSON value.
pub(crate) fn text<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| {
        Error::new(ErrorKind::Unexpected, format!("no JSON: {error}")).with_source(error)
    })
}
