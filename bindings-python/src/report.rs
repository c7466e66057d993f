//! Drift reports and snapshots.

use std::collections::BTreeMap;
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
            "targets": report.targets,
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

    /// A report for each target.
    fn by_target(&self, py: Python<'_>) -> PyResult<BTreeMap<String, Self>> {
        let parts = compute(py, || Ok(self.inner.by_target()))?;
        let of = |inner| Self {
            inner: Arc::new(inner),
        };
        Ok(parts
            .into_iter()
            .map(|(target, part)| (target, of(part)))
            .collect())
    }

    /// Ignore rules that would hide what the report shows.
    fn suggest_ignores(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let rules = compute(py, || Ok(self.inner.suggest_ignores()))?;
        json::to_python(py, &rules)
    }

    /// All that the report shows, as what is known today.
    fn baseline(
        &self,
        py: Python<'_>,
        file: PathBuf,
        reason: &str,
        previous: Option<&Baseline>,
    ) -> PyResult<Baseline> {
        let previous = previous.map(|previous| &previous.inner);
        let inner = compute(py, || self.inner.baseline(file, reason, previous))?;
        Ok(Baseline { inner })
    }

    #[getter]
    fn score(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_python(py, &self.inner.score())
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

/// A list of what is known.
#[pyclass(frozen, module = "driftmgr._native")]
pub(crate) struct Baseline {
    inner: drift::ignore::Baseline,
}

#[pymethods]
impl Baseline {
    /// Reads a file; the second value is what is wrong in it.
    #[staticmethod]
    fn read(py: Python<'_>, file: PathBuf) -> PyResult<(Self, Py<PyAny>)> {
        let read = compute(py, || drift::ignore::Baseline::read(file))?;
        let problems = json::to_python(py, &read.problems)?;
        Ok((Self { inner: read.value }, problems))
    }

    fn write(&self, py: Python<'_>) -> PyResult<()> {
        compute(py, || self.inner.write())
    }

    fn to_json(&self) -> String {
        self.inner.to_json()
    }

    #[getter]
    fn count(&self) -> usize {
        self.inner.len()
    }

    #[getter]
    fn secret(&self) -> u64 {
        self.inner.secret()
    }
}

/// What a plan tells.
#[pyclass(frozen, module = "driftmgr._native")]
pub(crate) struct Plan {
    pub(crate) inner: Arc<drift::Plan>,
}

#[pymethods]
impl Plan {
    #[staticmethod]
    fn read(py: Python<'_>, file: PathBuf) -> PyResult<Self> {
        let plan = compute(py, || drift::Plan::read(file))?;
        let inner = Arc::new(plan);
        Ok(Self { inner })
    }

    #[staticmethod]
    fn parse(py: Python<'_>, data: &[u8]) -> PyResult<Self> {
        let plan = compute(py, || drift::Plan::parse(data))?;
        let inner = Arc::new(plan);
        Ok(Self { inner })
    }

    /// What it is.
    fn info(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let plan = &self.inner;
        let info = serde_json::json!({
            "format_version": plan.format_version,
            "terraform_version": plan.terraform_version,
            "timestamp": plan.timestamp,
            "errored": plan.errored,
            "complete": plan.complete,
            "refresh_only": plan.refresh_only,
            "objects": plan.objects().count(),
        });
        Ok(json::python(py, &info)?.unbind())
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

    /// For calls that look and write down what they found.
    pub(crate) fn answer(
        py: Python<'_>,
        (snapshot, report): (drift::Snapshot, DriftReport),
    ) -> PyResult<Py<PyAny>> {
        let report = Report::answer(py, report)?;
        let both = (Self::new(snapshot), report).into_pyobject(py)?;
        Ok(both.into_any().unbind())
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
