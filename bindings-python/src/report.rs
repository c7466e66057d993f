//! Drift reports and snapshots.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use driftmgr_core::drift::{self, DriftReport, Severity};
use driftmgr_core::report::{Format, RenderOptions, Repository};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::arguments::word;
use crate::call::compute;
use crate::error::exception;
use crate::json;

/// The answer of a drift check.
#[pyclass(frozen, module = "driftmgr._native")]
pub(crate) struct Report {
    pub(crate) inner: Arc<DriftReport>,
}

impl Report {
    /// For calls whose result is a report.
    pub(crate) fn answer(py: Python<'_>, report: DriftReport) -> PyResult<Py<PyAny>> {
        let inner = Arc::new(report);
        Ok(Py::new(py, Self { inner })?.into_any())
    }
}

/// How a report is written.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct RenderArguments {
    timestamp: Option<SystemTime>,
    hidden: bool,
    comment: Option<String>,
    wide: bool,
    width: Option<usize>,
    repository: Option<PathBuf>,
}

#[pymethods]
impl Report {
    /// Reads what `to_json` wrote.
    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        let report = compute(py, || DriftReport::from_json(text))?;
        Ok(Self {
            inner: Arc::new(report),
        })
    }

    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        compute(py, || json::text(self.inner.as_ref()))
    }

    fn to_dict(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_python(py, self.inner.as_ref())
    }

    /// Everything but the findings, which can be many.
    fn head(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let report = &self.inner;
        let head = serde_json::json!({
            "summary": report.summary,
            "score": report.score(),
            "not_looked_at": report.not_looked_at,
            "providers": report.providers,
            "rules": report.rules,
            "problems": report.problems,
        });
        Ok(json::python(py, &head)?.unbind())
    }

    #[getter]
    fn finding_count(&self) -> usize {
        self.inner.findings.len()
    }

    fn finding(&self, py: Python<'_>, index: usize) -> PyResult<Py<PyAny>> {
        let finding = self.inner.findings.get(index);
        let finding = finding.ok_or_else(|| PyIndexError::new_err("there is no such finding"))?;
        json::to_python(py, finding)
    }

    /// The short answer.
    fn check(&self, py: Python<'_>, severity: &str) -> PyResult<Py<PyAny>> {
        let severity: Severity = word(severity, "severity").map_err(|e| exception(py, &e))?;
        json::to_python(py, &self.inner.check_from(severity))
    }

    /// The report in a format.
    fn render<'py>(
        &self,
        py: Python<'py>,
        format: &str,
        arguments: RenderArguments,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = compute(py, || {
            let format: Format = format.parse()?;
            let now = SystemTime::now();
            let mut options = RenderOptions::new(arguments.timestamp.unwrap_or(now));
            options.hidden = arguments.hidden;
            options.text.wide = arguments.wide;
            if let Some(comment) = arguments.comment {
                options.comment = comment;
            }
            if let Some(width) = arguments.width {
                options.text.width = width;
            }
            if let Some(root) = arguments.repository {
                let working_directory = std::env::current_dir().unwrap_or_default();
                options.repository = Some(Repository {
                    root: working_directory.join(root),
                    working_directory,
                });
            }
            self.inner.render(format, &options)
        })?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// True for a format that is no text.
    #[staticmethod]
    fn is_binary(py: Python<'_>, format: &str) -> PyResult<bool> {
        let format: Format = format.parse().map_err(|e| exception(py, &e))?;
        Ok(format.is_binary())
    }

    /// The names of all formats.
    #[staticmethod]
    fn formats() -> Vec<&'static str> {
        Format::ALL.iter().map(|format| format.name()).collect()
    }

    /// Ignore rules that would hide what the report shows.
    fn suggest_ignores(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let rules = compute(py, || Ok(self.inner.suggest_ignores()))?;
        json::to_python(py, &rules)
    }

    /// Writes all that the report shows into a file of what is known. Answers how many differences it holds, and how many changes of secrets it
    /// leaves out.
    fn write_baseline(
        &self,
        py: Python<'_>,
        file: PathBuf,
        reason: &str,
    ) -> PyResult<(usize, u64)> {
        compute(py, || {
            let previous = match file.exists() {
                true => Some(drift::ignore::Baseline::read(&file)?.into_result()?),
                false => None,
            };
            let known = self.inner.baseline(file, reason, previous.as_ref())?;
            known.write()?;
            Ok((known.len(), known.secret() as u64))
        })
    }

    /// The rows of the findings, as a capsule of the Arrow C stream interface.
    #[cfg(feature = "columnar")]
    fn arrow_stream<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyCapsule>> {
        let now = SystemTime::now();
        let bytes = compute(py, || {
            self.inner.render(Format::Arrow, &RenderOptions::new(now))
        })?;
        crate::table::of_ipc(py, bytes)
    }
}

/// What a run found, to compare with later.
#[pyclass(frozen, module = "driftmgr._native")]
pub(crate) struct Snapshot {
    pub(crate) inner: Arc<drift::Snapshot>,
}

impl Snapshot {
    pub(crate) fn new(snapshot: drift::Snapshot) -> Self {
        Self {
            inner: Arc::new(snapshot),
        }
    }
}

#[pymethods]
impl Snapshot {
    #[staticmethod]
    fn read(py: Python<'_>, file: PathBuf) -> PyResult<Self> {
        let snapshot = compute(py, || drift::Snapshot::read(file))?;
        Ok(Self::new(snapshot))
    }

    #[staticmethod]
    fn parse(py: Python<'_>, data: &[u8]) -> PyResult<Self> {
        let snapshot = compute(py, || drift::Snapshot::parse(data))?;
        Ok(Self::new(snapshot))
    }

    fn write(&self, py: Python<'_>, file: PathBuf) -> PyResult<()> {
        compute(py, || self.inner.write(&file))
    }

    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        compute(py, || json::text(self.inner.as_ref()))
    }

    fn info(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_python(py, &self.inner.info())
    }
}
