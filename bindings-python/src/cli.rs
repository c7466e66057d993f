//! The command line.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the command line with the arguments (program name first), and answers with its exit code.
#[pyfunction]
#[pyo3(signature = (arguments, /))]
pub(crate) fn main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| driftmgr_cli::run_to_exit(arguments)).code()
}
