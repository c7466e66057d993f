//! One call of the core that takes its time, for both kinds of callers: `wait()` blocks and minds signals, `await` belongs to an event loop.
//!
//! The work runs on the runtime's threads. Whatever ends the caller's wait (Ctrl-C, a cancelled task, an exception of its callback) cancels the
//! core's token; what the core tells meanwhile is handed to the callback in the caller's own thread.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use driftmgr_core::context::CancelToken;
use driftmgr_core::event::{Event, Observer};
use driftmgr_core::{Context, Error, ErrorKind, Result};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyDict, PyTuple};

use crate::error::{defect, exception};
use crate::runtime::{Inside, attached};
use crate::{event, log, runtime};

/// How often a waiting thread looks for signals.
const TICK: Duration = Duration::from_millis(50);
/// How long an interrupted caller waits for the work to end in order: for providers to be stopped.
const GRACE: Duration = Duration::from_secs(5);

/// Makes the Python value of a result, in the caller's thread.
type Answer = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;
type Work = Box<dyn FnOnce(Context) -> BoxFuture<'static, Result<Answer>> + Send>;

/// What one call is given beside its arguments.
#[derive(Default)]
pub(crate) struct Terms {
    /// How long it may take.
    pub(crate) timeout: Option<Duration>,
    /// Told of every event.
    pub(crate) on_event: Option<Py<PyAny>>,
    /// Ends it together with others.
    pub(crate) within: Option<CancelToken>,
}

/// A call that has not begun. It begins when somebody waits for it, and can be waited for once.
#[pyclass(frozen, module = "driftmgr._native")]
pub(crate) struct Call {
    pending: Mutex<Option<Pending>>,
}

struct Pending {
    cx: Context,
    cancel: CancelToken,
    on_event: Option<Py<PyAny>>,
    work: Work,
}

impl Call {
    /// A call of `work`, whose result `answer` turns into a Python value.
    pub(crate) fn new<T, F>(
        terms: Terms,
        work: impl FnOnce(Context) -> F + Send + 'static,
        answer: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> Self
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let cancel = terms
            .within
            .map_or_else(CancelToken::new, |all| all.child());
        let mut cx = Context::from_process().with_cancellation(cancel.clone());
        if let Some(timeout) = terms.timeout {
            cx = cx.with_timeout(timeout);
        }
        let work: Work = Box::new(move |cx| {
            let future = work(cx);
            async move {
                let value = future.await?;
                Ok(Box::new(move |py: Python<'_>| answer(py, value)) as Answer)
            }
            .boxed()
        });
        Self {
            pending: Mutex::new(Some(Pending {
                cx,
                cancel,
                on_event: terms.on_event,
                work,
            })),
        }
    }

    fn take(&self) -> PyResult<Pending> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending
            .take()
            .ok_or_else(|| PyRuntimeError::new_err("a call can be waited for once"))
    }
}

/// Begins the work; whatever becomes of it is told to `done`.
fn begin(
    py: Python<'_>,
    cx: Context,
    work: Work,
    done: impl FnOnce(Result<Answer>) + Send + 'static,
) -> PyResult<()> {
    log::begin(py);
    let threads = runtime::threads(py).map_err(|error| exception(py, &error))?;
    threads.handle.spawn(async move {
        let cancel = cx.cancellation().clone();
        let work = AssertUnwindSafe(async move { work(cx).await });
        let mut work = pin!(work.catch_unwind());
        let ended = tokio::select! {
            ended = &mut work => ended,
            () = threads.ends.cancelled() => {
                cancel.cancel();
                work.await
            }
        };
        let result = match ended {
            Ok(result) => result,
            Err(panic) => Err(defect(panic.as_ref())),
        };
        done(result);
    });
    Ok(())
}

enum Message {
    Event(Event),
    Done(Result<Answer>),
}

struct Told(mpsc::Sender<Message>);

impl Observer for Told {
    fn on_event(&self, event: &Event) {
        // Nobody listens any more to a call whose caller was interrupted.
        let _ = self.0.send(Message::Event(event.clone()));
    }
}

#[pymethods]
impl Call {
    /// Blocks until the call ends. Other Python threads go on meanwhile.
    fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let Pending {
            mut cx,
            cancel,
            on_event,
            work,
        } = self.take()?;
        let (sender, receiver) = mpsc::channel();
        if on_event.is_some() {
            cx = cx.with_observer(Arc::new(Told(sender.clone())));
        }
        begin(py, cx, work, move |result| {
            let _ = sender.send(Message::Done(result));
        })?;
        // An interpreter that ends waits until nobody waits here.
        let _inside = Inside::enter();
        let receiver = Mutex::new(receiver);
        let next = |wait: Duration| {
            py.detach(|| {
                let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
                receiver.recv_timeout(wait)
            })
        };
        let interrupted = loop {
            let interrupted = match next(TICK) {
                Ok(Message::Done(result)) => return answered(py, result),
                Ok(Message::Event(event)) => on_event.as_ref().map_or(Ok(()), |callback| {
                    callback.call1(py, (event::record(py, &event)?,)).map(drop)
                }),
                Err(RecvTimeoutError::Timeout) => py.check_signals(),
                Err(RecvTimeoutError::Disconnected) => return Err(lost(py)),
            };
            if let Err(raised) = interrupted {
                break raised;
            }
        };
        cancel.cancel();
        let mut left = GRACE;
        while !left.is_zero() {
            match next(TICK) {
                Ok(Message::Done(_)) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(Message::Event(_)) => {}
                Err(RecvTimeoutError::Timeout) => left = left.saturating_sub(TICK),
            }
            // Whoever interrupts twice does not want to wait.
            if py.check_signals().is_err() {
                break;
            }
        }
        Err(interrupted)
    }

    /// Begins the call on the running event loop.
    fn __await__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        static RUNNING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let running = RUNNING.import(py, "asyncio", "get_running_loop")?;
        let event_loop = running.call0()?;
        let Pending {
            mut cx,
            cancel,
            on_event,
            work,
        } = self.take()?;
        let future = event_loop.call_method0("create_future")?;
        future.call_method1("add_done_callback", (on_done(py, cancel.clone())?,))?;
        let reply = Arc::new(Reply {
            event_loop: event_loop.unbind(),
            future: future.clone().unbind(),
            context: py
                .import("contextvars")?
                .call_method0("copy_context")?
                .unbind(),
            cancel,
        });
        if let Some(callback) = on_event {
            let reply = reply.clone();
            cx = cx.with_observer(Arc::new(ToLoop { reply, callback }));
        }
        begin(py, cx, work, move |result| reply.done(result))?;
        future.call_method0("__await__")
    }
}

/// A function for a future that is done: when its task was cancelled, the core has to stop.
fn on_done(py: Python<'_>, cancel: CancelToken) -> PyResult<Bound<'_, PyCFunction>> {
    PyCFunction::new_closure(
        py,
        None,
        None,
        move |arguments: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| -> PyResult<()> {
            let future = arguments.get_item(0)?;
            if future.call_method0("cancelled")?.is_truthy()? {
                cancel.cancel();
            }
            Ok(())
        },
    )
}

/// Where the answer of an awaited call goes.
struct Reply {
    event_loop: Py<PyAny>,
    future: Py<PyAny>,
    /// The context variables of the task.
    context: Py<PyAny>,
    cancel: CancelToken,
}

impl Reply {
    /// Runs in the loop's thread, in the order of calling. A loop that was closed, and an interpreter that ends, want to know nothing more.
    fn in_loop(
        self: &Arc<Self>,
        run: impl FnOnce(Python<'_>, &Bound<'_, PyAny>) -> PyResult<()> + Send + 'static,
    ) {
        let reply = self.clone();
        let run = Mutex::new(Some(run));
        attached(|py| {
            let reply = reply.clone();
            let called = PyCFunction::new_closure(
                py,
                None,
                None,
                move |arguments: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| {
                    let py = arguments.py();
                    let run = run.lock().unwrap_or_else(PoisonError::into_inner).take();
                    run.map_or(Ok(()), |run| run(py, reply.future.bind(py)))
                },
            );
            let _ = called.and_then(|called| {
                let keywords = PyDict::new(py);
                keywords.set_item("context", &self.context)?;
                let name = "call_soon_threadsafe";
                self.event_loop
                    .call_method(py, name, (called,), Some(&keywords))
            });
        });
    }

    fn done(self: &Arc<Self>, result: Result<Answer>) {
        self.in_loop(move |py, future| {
            if future.call_method0("done")?.is_truthy()? {
                return Ok(());
            }
            match answered(py, result) {
                Ok(value) => future.call_method1("set_result", (value,))?,
                Err(raised) => future.call_method1("set_exception", (raised.into_value(py),))?,
            };
            Ok(())
        });
    }
}

struct ToLoop {
    reply: Arc<Reply>,
    callback: Py<PyAny>,
}

impl Observer for ToLoop {
    fn on_event(&self, event: &Event) {
        let event = event.clone();
        let Some(callback) = attached(|py| self.callback.clone_ref(py)) else {
            return;
        };
        let cancel = self.reply.cancel.clone();
        self.reply.in_loop(move |py, future| {
            if future.call_method0("done")?.is_truthy()? {
                return Ok(());
            }
            let called = callback.call1(py, (event::record(py, &event)?,));
            if let Err(raised) = called {
                future.call_method1("set_exception", (raised.into_value(py),))?;
                cancel.cancel();
            }
            Ok(())
        });
    }
}

fn answered(py: Python<'_>, result: Result<Answer>) -> PyResult<Py<PyAny>> {
    match result {
        Ok(answer) => answer(py),
        Err(error) => Err(exception(py, &error)),
    }
}

fn lost(py: Python<'_>) -> PyErr {
    let error = Error::new(
        ErrorKind::Unexpected,
        "the threads of driftmgr ended before the call",
    );
    exception(py, &error)
}

/// Work of the processor alone, in the caller's thread: other Python threads go on, and a panic is an exception.
pub(crate) fn compute<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T> + Send,
) -> PyResult<T> {
    py.detach(|| {
        std::panic::catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|panic| Err(defect(panic.as_ref())))
    })
    .map_err(|error| exception(py, &error))
}

/// Work that blocks its thread, for [`Call::new`].
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => Err(defect(panic.as_ref())),
            Err(error) => Err(Error::new(ErrorKind::Cancelled, error.to_string())),
        },
    }
}

/// A defect on purpose.
pub(crate) fn panic(py: Python<'_>, in_call: bool) -> PyResult<Option<Call>> {
    #[allow(clippy::panic)]
    fn fail() -> Result<()> {
        panic!("on purpose")
    }
    if in_call {
        let work = async move |_| fail();
        return Ok(Some(Call::new(Terms::default(), work, |py, ()| {
            Ok(py.None())
        })));
    }
    compute(py, fail)?;
    Ok(None)
}
