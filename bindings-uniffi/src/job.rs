//! What a call needs of its caller: cancellation, a timeout, a listener.

use std::any::Any;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use driftmgr_core::context::{CancelToken, Context};
use driftmgr_core::event;
use driftmgr_core::{Error, ErrorKind};
use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;

use crate::error::Failure;
use crate::records::Event;
use crate::typed::typed;

/// Hears what happens during a call, from any thread. It has to return quickly, and must not throw.
#[uniffi::export(with_foreign)]
pub trait Listener: Send + Sync {
    /// Called for each event, in the order in which the library learnt of it.
    fn on_event(&self, event: Event);
}

/// Carries calls, and ends them: a coroutine or task that is cancelled on the other side does not reach the work by itself.
///
/// Calls that were given the job end with `Cancelled` after [`Job::cancel`], and with `Timeout` when its time is over.
#[derive(uniffi::Object)]
pub struct Job {
    cancel: CancelToken,
    listener: Option<Arc<dyn Listener>>,
    under_way: TaskTracker,
}

#[uniffi::export]
impl Job {
    /// A job. The timeout counts from now.
    #[uniffi::constructor(default(listener = None, timeout = None))]
    pub fn new(listener: Option<Arc<dyn Listener>>, timeout: Option<Duration>) -> Arc<Self> {
        Arc::new(Self {
            cancel: timeout.map_or_else(CancelToken::new, CancelToken::with_timeout),
            listener,
            under_way: TaskTracker::new(),
        })
    }

    /// Ends the job's calls, those under way and those to come. From any thread, any number of times; it does not wait.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Somebody cancelled. A timeout is no cancellation.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Waits until no call of this job is under way any more and what they started has ended.
    #[uniffi::method(name = "await")]
    pub async fn wait(&self) {
        self.under_way.close();
        self.under_way.wait().await;
    }
}

impl Job {
    /// Runs the work apart from the caller: when nobody waits for it any more it is cancelled, and ends in its own time. A panic is an
    /// error.
    pub(crate) async fn run<T, F>(
        job: Option<Arc<Self>>,
        work: impl FnOnce(Context) -> F,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let job = job.unwrap_or_else(|| Self::new(None, None));
        // A call that is given up must not end the others of its job.
        let cancel = job.cancel.child();
        let mut guard = CancelOnDrop(Some(cancel.clone()));
        let work = job.under_way.track_future(work(job.context(cancel)));
        let ended = runtime()?.spawn(work).await;
        guard.0 = None;
        match ended {
            Ok(result) => result,
            Err(error) => Err(match error.try_into_panic() {
                Ok(panic) => panicked(&*panic),
                Err(error) => Error::new(ErrorKind::Cancelled, error.to_string()).into(),
            }),
        }
    }

    /// The context of a call that is started apart.
    pub(crate) fn call_context(&self) -> Context {
        self.context(self.cancel.child())
    }

    fn context(&self, cancel: CancelToken) -> Context {
        let cx = Context::from_process().with_cancellation(cancel);
        match &self.listener {
            Some(listener) => cx.with_observer(Arc::new(Told(listener.clone()))),
            None => cx,
        }
    }
}

/// Cancels a call whose result nobody waits for any more.
struct CancelOnDrop(Option<CancelToken>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(cancel) = &self.0 {
            cancel.cancel();
        }
    }
}

/// Passes events on.
struct Told(Arc<dyn Listener>);

impl event::Observer for Told {
    fn on_event(&self, event: &event::Event) {
        // An event that this binding does not know yet is not told.
        if let Ok(event) = typed(event) {
            self.0.on_event(event);
        }
    }
}

/// The threads that do the work.
pub(crate) fn runtime() -> Result<&'static Runtime, Failure> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .thread_name("driftmgr")
            .enable_all()
            .build()
            .ok()
    });
    made.as_ref().ok_or_else(|| {
        Error::new(
            ErrorKind::Unavailable,
            "the library's threads cannot be started",
        )
        .into()
    })
}

/// What a panic said.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let said = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    let error = Error::new(
        ErrorKind::Unexpected,
        "a defect of this library ended the call",
    );
    match said {
        Some(said) => error.with("panic", said).into(),
        None => error.into(),
    }
}
