//! What every call that does I/O carries: cancellation, deadline, observer, clock, environment. All can be replaced.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::env::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Event, Observer, Silent};

/// Tells the time; a test gives its own.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> SystemTime;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// Ends operations from outside: from another thread, a signal handler, a binding's own cancellation. Clones are one handle.
///
/// ```
/// use std::time::Duration;
/// use driftmgr_core::context::{CancelToken, Context};
/// use driftmgr_core::env::Environment;
///
/// let token = CancelToken::new();
/// let cx = Context::new(Environment::default()).with_cancellation(token.clone());
/// assert!(cx.check().is_ok());
/// token.cancel();
/// assert_eq!(cx.check().unwrap_err().kind().as_str(), "cancelled");
///
/// let over = CancelToken::with_timeout(Duration::ZERO);
/// let cx = Context::new(Environment::default()).with_cancellation(over);
/// assert_eq!(cx.check().unwrap_err().kind().as_str(), "timeout");
/// ```
#[derive(Debug, Clone, Default)]
pub struct CancelToken {
    token: CancellationToken,
    deadline: Option<Instant>,
}

impl CancelToken {
    /// A token that nobody has cancelled, without a deadline.
    pub fn new() -> Self {
        Self::default()
    }

    /// A token whose operations end with `Timeout` so long from now.
    pub fn with_timeout(timeout: Duration) -> Self {
        Self {
            token: CancellationToken::new(),
            deadline: Instant::now().checked_add(timeout),
        }
    }

    /// A token that ends with this one, and can be cancelled alone. It has the same deadline.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            token: self.token.child_token(),
            deadline: self.deadline,
        }
    }

    /// Ends the operations with `Cancelled`. From any thread, any number of times.
    pub fn cancel(&self) {
        self.token.cancel();
    }

    /// Whether somebody cancelled. A deadline that has passed is no cancellation.
    pub fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Waits until somebody cancels.
    pub async fn cancelled(&self) {
        self.token.cancelled().await;
    }

    /// The time that is left; zero when it is over, `None` without a deadline.
    pub fn remaining(&self) -> Option<Duration> {
        let at = self.deadline?;
        Some(at.saturating_duration_since(Instant::now()))
    }
}

impl From<CancellationToken> for CancelToken {
    fn from(token: CancellationToken) -> Self {
        Self {
            token,
            deadline: None,
        }
    }
}

/// The surroundings of one operation. Cloning is cheap; clones share the cancellation.
#[derive(Clone)]
pub struct Context {
    cancel: CancelToken,
    deadline: Option<Instant>,
    observer: Arc<dyn Observer>,
    clock: Arc<dyn Clock>,
    environment: Arc<Environment>,
}

impl Context {
    /// A context with this environment, the system's clock, no deadline and nobody observing.
    pub fn new(environment: Environment) -> Self {
        Self {
            cancel: CancelToken::new(),
            deadline: None,
            observer: Arc::new(Silent),
            clock: Arc::new(SystemClock),
            environment: Arc::new(environment),
        }
    }

    /// A context with this process's environment.
    pub fn from_process() -> Self {
        Self::new(Environment::from_process())
    }

    /// The same with an observer.
    #[must_use]
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The same in another environment.
    #[must_use]
    pub(crate) fn with_environment(mut self, environment: Environment) -> Self {
        self.environment = Arc::new(environment);
        self
    }

    /// The same with a cancellation token of the caller's. Of two deadlines the earlier one holds.
    #[must_use]
    pub fn with_cancellation(mut self, cancel: impl Into<CancelToken>) -> Self {
        self.cancel = cancel.into();
        self.deadline = [self.deadline, self.cancel.deadline]
            .into_iter()
            .flatten()
            .min();
        self
    }

    /// The same, ending `timeout` from now if no earlier deadline is set.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        // A timeout beyond what the clock can tell is none.
        if let Some(at) = Instant::now().checked_add(timeout) {
            self.deadline = Some(self.deadline.map_or(at, |d| d.min(at)));
        }
        self
    }

    /// The same without cancellation and deadline, for what has to be done also when the rest was given up, such as giving a lock back.
    pub(crate) fn detached(&self) -> Self {
        Self {
            cancel: CancelToken::new(),
            deadline: None,
            ..self.clone()
        }
    }

    /// The environment.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Now, by the context's clock.
    pub fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// The token that ends the operation.
    pub fn cancellation(&self) -> &CancelToken {
        &self.cancel
    }

    /// When the operation has to be over.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Tells the observer.
    pub fn emit(&self, event: &Event) {
        self.observer.on_event(event);
    }

    /// Fails when the operation was cancelled or its deadline has passed.
    pub fn check(&self) -> Result<()> {
        if self.cancel.is_cancelled() {
            return Err(cancelled());
        }
        if self.deadline.is_some_and(|d| d <= Instant::now()) {
            return Err(timed_out());
        }
        Ok(())
    }

    /// Runs a future until it ends, the operation is cancelled or the deadline passes. The future is dropped in the latter cases.
    pub async fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let deadline = async {
            match self.deadline {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(cancelled()),
            result = work => result,
            () = deadline => Err(timed_out()),
        }
    }
}

/// Runs work that blocks on a thread for it. When the operation ends before, the work goes on and nobody learns what it came to.
/// `what` is what it does, for people.
pub(crate) async fn blocking<T: Send + 'static>(
    cx: &Context,
    what: &str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    cx.check()?;
    cx.run(joined(tokio::task::spawn_blocking(work), what))
        .await
}

/// The result of a task; one that did not end in order is `Unexpected`. `what` is what the task did, for people.
pub(crate) async fn joined<T>(task: JoinHandle<Result<T>>, what: &str) -> Result<T> {
    task.await.unwrap_or_else(|e| {
        Err(Error::new(ErrorKind::Unexpected, format!("{what} ended early")).with_source(e))
    })
}

fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "the operation was cancelled")
}

fn timed_out() -> Error {
    Error::new(
        ErrorKind::Timeout,
        "the operation did not end before its deadline",
    )
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("cancelled", &self.cancel.is_cancelled())
            .field("deadline", &self.deadline)
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}
