//! Settings.

use std::collections::BTreeMap;
use std::path::PathBuf;

use driftmgr_core::Partial;
use driftmgr_core::settings;
use pyo3::prelude::*;

use crate::call::compute;
use crate::json;

/// Settings with the origin of each.
#[pyclass(frozen, module = "driftmgr._native")]
pub(crate) struct Settings {
    pub(crate) inner: settings::Settings,
}

#[pymethods]
impl Settings {
    /// Reads what holds in a folder; the second value is what is wrong in it.
    #[staticmethod]
    fn load(
        py: Python<'_>,
        folder: PathBuf,
        overrides: BTreeMap<String, String>,
    ) -> PyResult<(Self, Py<PyAny>)> {
        let Partial { value, problems } = compute(py, || {
            let overrides = overrides.iter().map(|(key, text)| (&**key, &**text));
            let overrides: Vec<(&str, &str)> = overrides.collect();
            Ok(settings::Settings::load_at(folder, &overrides))
        })?;
        Ok((Self { inner: value }, json::to_python(py, &problems)?))
    }

    /// What is wrong in a file, and what has no effect.
    #[staticmethod]
    fn validate(py: Python<'_>, file: PathBuf) -> PyResult<Py<PyAny>> {
        let read = compute(py, || Ok(settings::Settings::validate(file)))?;
        let found = serde_json::json!({
            "warnings": read.value.warnings(),
            "problems": read.problems,
        });
        Ok(json::python(py, &found)?.unbind())
    }

    /// Every key with value and origin, the files that were read, and warnings.
    fn table(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_python(py, &self.inner)
    }

    /// Every key with value and origin.
    fn entries(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_python(py, &self.inner.entries())
    }

    /// The JSON Schema of the file.
    #[staticmethod]
    fn schema(py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_python(py, &settings::Settings::schema())
    }
}
