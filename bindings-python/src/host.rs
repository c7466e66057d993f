//! Python code of the host that the core calls: backends, realities. It runs in threads of Python's own, which the interpreter waits for before it
//! ends, however long that code takes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use driftmgr_core::Result;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple};
use tokio::sync::oneshot;

use crate::error;
use crate::runtime::{attached, ended};

/// How many of these threads there are at most.
const THREADS: usize = 64;

// Only taken while attached; see `runtime`.
static POOL: Mutex<Option<(u32, Py<PyAny>)>> = Mutex::new(None);

/// The pool of this process: a forked child makes its own.
fn pool(py: Python<'_>) -> PyResult<Py<PyAny>> {
    let process = std::process::id();
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, pool)) = pool.as_ref().filter(|(owner, _)| *owner == process) {
        return Ok(pool.clone_ref(py));
    }
    let made = py
        .import("concurrent.futures")?
        .call_method1("ThreadPoolExecutor", (THREADS, "driftmgr-host"))?;
    *pool = Some((process, made.clone().unbind()));
    Ok(made.unbind())
}

/// Calls Python code. What it raises is an error, and so is a panic on the way.
pub(crate) async fn call<T: Send + 'static>(
    work: impl FnOnce(Python<'_>) -> PyResult<T> + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = oneshot::channel();
    submit(work, move |result| drop(sender.send(result)));
    receiver.await.unwrap_or_else(|_| Err(ended()))
}

/// The same, where the caller can only wait. It must not be attached.
pub(crate) fn call_blocking<T: Send + 'static>(
    work: impl FnOnce(Python<'_>) -> PyResult<T> + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = mpsc::channel();
    submit(work, move |result| drop(sender.send(result)));
    receiver.recv().unwrap_or_else(|_| Err(ended()))
}

/// Gives the work to the pool. When that takes no more, because the interpreter ends, `done` is dropped.
fn submit<T: Send + 'static>(
    work: impl FnOnce(Python<'_>) -> PyResult<T> + Send + 'static,
    done: impl FnOnce(Result<T>) + Send + 'static,
) {
    let job = Arc::new(Mutex::new(Some((work, done))));
    let kept = job.clone();
    let submitted = attached(move |py| {
        let run = PyCFunction::new_closure(
            py,
            None,
            None,
            move |arguments: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| {
                let py = arguments.py();
                let job = job.lock().unwrap_or_else(PoisonError::into_inner).take();
                let Some((work, done)) = job else {
                    return;
                };
                done(match catch_unwind(AssertUnwindSafe(|| work(py))) {
                    Ok(result) => result.map_err(|raised| error::from_python(py, raised)),
                    Err(panic) => Err(error::defect(panic.as_ref())),
                });
            },
        )?;
        pool(py)?.call_method1(py, "submit", (run,))
    });
    if !matches!(submitted, Some(Ok(_))) {
        drop(kept.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
