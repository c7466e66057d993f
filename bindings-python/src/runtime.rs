//! The threads that the core's work runs on: one runtime for each process, made when it is first needed.
//!
//! A forked child has none of its parent's threads. It makes a runtime of its own; the parent's is forgotten there, since ending it would wait for
//! threads that do not exist.
//!
//! An interpreter that ends must not be entered any more: a thread that it does not know would crash there. So everything that these threads do in
//! Python goes through [`attached`], and is over before the interpreter ends: all calls are cancelled, and whoever is inside is waited for.

use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use driftmgr_core::context::CancelToken;
use driftmgr_core::{Error, ErrorKind, Result};
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple};
use tokio::runtime::{Builder, Handle, Runtime};

/// How long the end of the interpreter waits for those who are inside.
const GRACE: Duration = Duration::from_secs(5);

struct Own {
    process: u32,
    runtime: Runtime,
    ends: CancelToken,
}

// Only taken while attached to the interpreter, so that no other thread of the parent holds it while one forks.
static RUNTIME: Mutex<Option<Own>> = Mutex::new(None);

static ENDING: AtomicBool = AtomicBool::new(false);
static INSIDE: AtomicUsize = AtomicUsize::new(0);

/// Counts as inside while it lives.
pub(crate) struct Inside;

impl Inside {
    pub(crate) fn enter() -> Self {
        INSIDE.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // Never below zero: a child that was forked by somebody inside has counted anew.
        let less = |inside: usize| inside.checked_sub(1);
        let _ = INSIDE.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
    }
}

/// Attaches a thread of the runtime to the interpreter; `None` when that ends.
pub(crate) fn attached<T>(work: impl FnOnce(Python<'_>) -> T) -> Option<T> {
    let _inside = Inside::enter();
    if ENDING.load(Ordering::SeqCst) {
        return None;
    }
    Python::try_attach(work)
}

/// Where work is done, and what says that the interpreter ends.
pub(crate) struct Threads {
    pub(crate) handle: Handle,
    pub(crate) ends: CancelToken,
}

/// The runtime of this process.
///
/// # Errors
/// `Unavailable` when no threads can be started, `Cancelled` when the interpreter ends.
pub(crate) fn threads(py: Python<'_>) -> Result<Threads> {
    let process = std::process::id();
    let mut own = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(own) = own.as_ref().filter(|own| own.process == process) {
        return Ok(own.threads());
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
    let new = Own {
        process,
        runtime,
        ends: CancelToken::new(),
    };
    let threads = new.threads();
    at_exit(py, process, new.ends.clone()).map_err(|_| ended())?;
    // Nobody of the parent is inside here.
    INSIDE.store(0, Ordering::SeqCst);
    mem::forget(own.replace(new));
    Ok(threads)
}

impl Own {
    fn threads(&self) -> Threads {
        Threads {
            handle: self.runtime.handle().clone(),
            ends: self.ends.clone(),
        }
    }
}

/// Whoever comes too late is told so.
pub(crate) fn ended() -> Error {
    Error::new(ErrorKind::Cancelled, "the interpreter ends")
}

/// Registers the orderly end: Python calls it while all is still there.
fn at_exit(py: Python<'_>, process: u32, ends: CancelToken) -> PyResult<()> {
    let end = PyCFunction::new_closure(
        py,
        None,
        None,
        move |arguments: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| {
            // A forked child has this function from its parent.
            if std::process::id() != process {
                return;
            }
            ends.cancel();
            ENDING.store(true, Ordering::SeqCst);
            arguments.py().detach(|| {
                let until = Instant::now() + GRACE;
                while INSIDE.load(Ordering::SeqCst) > 0 && Instant::now() < until {
                    thread::sleep(Duration::from_millis(5));
                }
            });
        },
    )?;
    py.import("atexit")?.call_method1("register", (end,))?;
    Ok(())
}
