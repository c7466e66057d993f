//! The native half of the Python package `driftmgr`: converts and calls. No rule of the domain lives here.
//!
//! Whatever takes its time is a [`call::Call`], which serves `wait()` and `await` alike; results cross the border as JSON
//! ([`json`]) and become typed records in Python.

mod arguments;
mod backend;
mod call;
mod cli;
mod client;
mod error;
mod event;
mod history;
mod host;
mod json;
mod log;
mod managed;
mod python_backend;
mod python_reality;
mod report;
mod runtime;
mod settings;
mod stack;
mod state;
mod stream;
#[cfg(feature = "columnar")]
mod table;

use pyo3::pymodule;

#[pymodule(gil_used = false)]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::backend::BackendHandle;
    #[pymodule_export]
    use crate::call::Call;
    #[pymodule_export]
    use crate::cli::main;
    #[pymodule_export]
    use crate::client::Client;
    #[pymodule_export]
    use crate::history::History;
    #[pymodule_export]
    use crate::managed::ManagedState;
    #[pymodule_export]
    use crate::report::{Baseline, Plan, Report, Snapshot};
    #[pymodule_export]
    use crate::settings::Settings;
    #[pymodule_export]
    use crate::stack::Stack;
    #[pymodule_export]
    use crate::state::State;
    #[pymodule_export]
    use crate::stream::Stream;
    #[cfg(feature = "columnar")]
    #[pymodule_export]
    use crate::table::table;

    /// What this build is.
    #[pyfunction]
    fn version(py: Python<'_>) -> PyResult<Py<PyAny>> {
        crate::json::to_python(py, &driftmgr_core::client::version())
    }

    /// Logs a debug message, as the core does: for the test that it arrives.
    #[pyfunction]
    fn _log(py: Python<'_>, message: &str) {
        crate::log::begin(py);
        tracing::debug!(target: "driftmgr_core::backend::local", "{message}");
    }

    /// Panics, in this thread or in one of the runtime: for the test that this is an exception.
    #[pyfunction]
    fn _panic(py: Python<'_>, in_call: bool) -> PyResult<Option<Call>> {
        crate::call::panic(py, in_call)
    }
}
