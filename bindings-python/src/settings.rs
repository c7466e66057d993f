//! Settings.

use std::collections::BTreeMap;
use std::path::PathBuf;

use driftmgr_core::client::settings_problems;
use driftmgr_core::settings::{self, Sources};
use driftmgr_core::{Context, Partial};
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
    /// Reads all layers; the second value is what is wrong in them.
    #[staticmethod]
    fn load(
        py: Python<'_>,
        folder: Option<PathBuf>,
        config: Option<PathBuf>,
        overrides: BTreeMap<String, String>,
    ) -> PyResult<(Self, Py<PyAny>)> {
        let read = compute(py, || {
            let mut environment = driftmgr_core::env::Environment::from_process();
            if let Some(folder) = folder {
                environment = environment.with_current_dir(folder);
            }
            let mut sources = Sources::default();
            if let Some(config) = config {
                sources = sources.with_config(config);
            }
            for (key, text) in overrides {
                sources = sources.with_flag(key.clone(), text, key);
            }
            let mut read = settings::Settings::load(&Context::new(environment), &sources);
            read.problems.extend(settings_problems(&read.value));
            Ok(read)
        })?;
        let Partial { value, problems } = read;
        Ok((Self { inner: value }, json::to_python(py, &problems)?))
    }

    /// Every key with value and origin.
    fn table(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_python(py, &self.inner)
    }

    /// The JSON Schema of the file.
    #[staticmethod]
    fn schema(py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_python(py, &settings::schema())
    }
}
