//! The threads that the core's work runs on: one runtime for each process, made when it is first needed.
//!
//! A forked child has none of its parent's threads. It makes a runtime of its own; the parent's is forgotten there, since ending it would wait for
//! threads that do not exist.

use std::mem;
use std::sync::{Mutex, PoisonError};

use driftmgr_core::{Error, ErrorKind, Result};
use pyo3::Python;
use tokio::runtime::{Builder, Handle, Runtime};

struct Own {
    process: u32,
    runtime: Runtime,
}

// Only taken while attached to the interpreter, so that no other thread of the parent holds it while one forks.
static RUNTIME: Mutex<Option<Own>> = Mutex::new(None);

/// The runtime of this process.
///
/// # Errors
/// `Unavailable` when no threads can be started.
pub(crate) fn handle(_attached: Python<'_>) -> Result<Handle> {
    let process = std::process::id();
    let mut own = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(own) = own.as_ref().filter(|own| own.process == process) {
        return Ok(own.runtime.handle().clone());
    }
    let runtime = Builder::new_multi_thread()
        .thread_name("driftmgr")
        .enable_all()
        .build()
        .map_err(|error| {
            Error::new(
                ErrorKind::Unavailable,
                format!("cannot start threads: {error}"),
            )
            .with_source(error)
        })?;
    let handle = runtime.handle().clone();
    mem::forget(own.replace(Own { process, runtime }));
    Ok(handle)
}
