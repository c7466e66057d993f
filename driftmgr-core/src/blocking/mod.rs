//! The front door for programs without an asynchronous runtime: the same names as in [`crate::client`], each call on its caller's thread
//! until it is done.
//!
//! ```no_run
//! use driftmgr_core::blocking::Client;
//!
//! # fn main() -> driftmgr_core::Result<()> {
//! let client = Client::new(driftmgr_core::client::Client::builder().build()?);
//! let stack = client.open("./infra")?;
//! let report = stack.detect_drift(&client.drift_options())?;
//! println!("{} of {} instances drifted", report.summary.drifted, report.summary.checked);
//! # Ok(())
//! # }
//! ```
//!
//! # Inside of a runtime
//! A call from a task of a [tokio](https://docs.rs/tokio) runtime would stop the thread that the other tasks wait for. It is an error of the
//! kind `InvalidInput`, and no panic. Use [`crate::client`] there.
//!
//! # Ending a call
//! Give the client a context with a [`CancelToken`](crate::context::CancelToken); any other thread may cancel it:
//!
//! ```no_run
//! use driftmgr_core::blocking::Client;
//! use driftmgr_core::context::{CancelToken, Context};
//!
//! # fn main() -> driftmgr_core::Result<()> {
//! let token = CancelToken::new();
//! let cx = Context::from_process().with_cancellation(token.clone());
//! let client = Client::new(driftmgr_core::client::Client::builder().context(cx).build()?);
//! std::thread::spawn(move || {
//!     std::thread::sleep(std::time::Duration::from_secs(60));
//!     token.cancel();
//! });
//! let report = client.open("./infra")?.detect_drift(&client.drift_options())?;
//! println!("{} were not reached", report.summary.unverifiable);
//! # Ok(())
//! # }
//! ```

mod manage;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use futures::StreamExt as _;
use tokio::runtime::{Handle, Runtime};

use crate::backend::layers::BackendMetrics;
use crate::backend::{
    BackendInfo, Capability, IfChanged, LockId, RawState, StateRef, StateVersion, WriteOptions,
    Written,
};
use crate::client::{
    self, Against, BackendKind, Check, ConfigurationSummary, Diagnosis, DriftItem, DriftOptions,
    Explanation, HistoryQuestion, OpenOptions, Status, StoredState, WorkspaceInfo,
};
use crate::context::Context;
use crate::drift::{DriftReport, ListedRule, Plan, Reality, Snapshot};
use crate::error::{Error, ErrorKind, Result};
use crate::history::{History, HistoryStore, Pruned, Recorded};
use crate::settings::Settings;
use crate::state::State;

pub use manage::ManagedState;

/// Threads that read and write. The caller's own thread does the rest.
const THREADS: usize = 2;

/// The runtime of all blocking calls, and the process that it belongs to.
static RUNTIME: Mutex<Option<(u32, Arc<Runtime>)>> = Mutex::new(None);

fn runtime() -> Result<Arc<Runtime>> {
    if Handle::try_current().is_ok() {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            "a blocking call inside of an asynchronous runtime would stop the tasks around it",
        )
        .with_hint("use driftmgr_core::client there, or a thread of its own"));
    }
    let process = std::process::id();
    let mut kept = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    match kept.take() {
        Some((owner, runtime)) if owner == process => {
            *kept = Some((owner, runtime.clone()));
            return Ok(runtime);
        }
        // A process that was forked off has none of its parent's threads, and cannot wait for them to end.
        Some(inherited) => std::mem::forget(inherited),
        None => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("driftmgr")
        .enable_all()
        .build()
        .map_err(|e| {
            Error::new(ErrorKind::Unexpected, format!("cannot start threads: {e}")).with_source(e)
        })?;
    let runtime = Arc::new(runtime);
    *kept = Some((process, runtime.clone()));
    Ok(runtime)
}

fn wait<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    runtime()?.block_on(work)
}

/// The blocking twin of [`client::Client`]. Cloning is cheap.
///
/// ```no_run
/// use driftmgr_core::blocking::Client;
/// use driftmgr_core::client::OpenOptions;
///
/// # fn main() -> driftmgr_core::Result<()> {
/// let client = Client::new(driftmgr_core::client::Client::builder().build()?);
/// let found = client.detect_drift_at(&["network", "shop"], &OpenOptions::default(), &client.drift_options())?;
/// println!("{} drifted; not opened: {:?}", found.report.summary.drifted, found.unopened);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Client(client::Client);

impl Client {
    /// The twin of a client; [`client::Client::builder`] makes that one.
    pub fn new(client: client::Client) -> Self {
        Self(client)
    }

    /// The asynchronous client.
    pub fn as_async(&self) -> &client::Client {
        &self.0
    }

    /// The same client with another context: its own cancellation, deadline and observer.
    #[must_use]
    pub fn with_context(&self, cx: Context) -> Self {
        Self(self.0.with_context(cx))
    }

    /// The context of its calls.
    pub fn context(&self) -> &Context {
        self.0.context()
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &Settings {
        self.0.settings()
    }

    /// How drift is looked for unless a call says otherwise: what the settings say.
    pub fn drift_options(&self) -> DriftOptions {
        self.0.drift_options()
    }

    /// The twin of [`client::Client::end_providers`].
    ///
    /// # Errors
    /// `InvalidInput` inside of a runtime.
    pub fn end_providers(&self) -> Result<()> {
        wait(async {
            self.0.end_providers().await;
            Ok(())
        })
    }

    /// The twin of [`client::Client::open`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn open<P: AsRef<Path>>(&self, target: P) -> Result<Stack> {
        wait(self.0.open(target)).map(Stack)
    }

    /// The twin of [`client::Client::open_with`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn open_with<P: AsRef<Path>>(&self, target: P, options: &OpenOptions) -> Result<Stack> {
        wait(self.0.open_with(target, options)).map(Stack)
    }

    /// The twin of [`client::Client::detect_drift`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn detect_drift(&self, stacks: &[Stack], options: &DriftOptions) -> Result<DriftReport> {
        wait(self.0.detect_drift(&inner(stacks), options))
    }

    /// The twin of [`client::Client::detect_drift_at`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn detect_drift_at<T: AsRef<Path>>(
        &self,
        targets: &[T],
        open: &OpenOptions,
        options: &DriftOptions,
    ) -> Result<Survey> {
        wait(self.0.detect_drift_at(targets, open, options)).map(Survey::of)
    }

    /// The twin of [`client::Client::detect_drift_against`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn detect_drift_against<T: AsRef<Path>>(
        &self,
        targets: &[T],
        against: &Against,
        open: &OpenOptions,
        options: &DriftOptions,
    ) -> Result<Survey> {
        let work = self.0.detect_drift_against(targets, against, open, options);
        wait(work).map(Survey::of)
    }

    /// The twin of [`client::Client::drift_stream`]: the run goes on by itself while the caller does other things, and ends when the iterator
    /// is dropped.
    ///
    /// # Errors
    /// `InvalidInput` inside of a runtime.
    pub fn drift_stream(&self, stacks: &[Stack], options: &DriftOptions) -> Result<DriftItems> {
        DriftItems::of(self.0.drift_stream(&inner(stacks), options))
    }

    /// The twin of [`client::Client::drift_of_plan`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn drift_of_plan(
        &self,
        label: &str,
        plan: &Arc<Plan>,
        options: &DriftOptions,
    ) -> Result<DriftReport> {
        wait(self.0.drift_of_plan(label, plan, options))
    }

    /// The twin of [`client::Client::snapshot`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn snapshot(
        &self,
        stacks: &[Stack],
        options: &DriftOptions,
    ) -> Result<(Snapshot, DriftReport)> {
        wait(self.0.snapshot(&inner(stacks), options))
    }

    /// The twin of [`client::Client::drift_by_snapshot`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn drift_by_snapshot(
        &self,
        stacks: &[Stack],
        snapshot: &Snapshot,
        options: &DriftOptions,
    ) -> Result<DriftReport> {
        wait(self.0.drift_by_snapshot(&inner(stacks), snapshot, options))
    }

    /// The twin of [`client::Client::doctor`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn doctor<T: AsRef<Path>>(&self, targets: &[T]) -> Result<Diagnosis> {
        wait(self.0.doctor(targets))
    }

    /// The twin of [`client::Client::status`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn status<T: AsRef<Path>>(&self, targets: &[T], options: &OpenOptions) -> Result<Status> {
        wait(self.0.status(targets, options))
    }

    /// The twin of [`client::Client::upgrade_state`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn upgrade_state<P: AsRef<Path>>(&self, file: P) -> Result<Option<u64>> {
        wait(self.0.upgrade_state(file))
    }

    /// [`client::Client::rules`]
    pub fn rules(&self) -> Vec<ListedRule<'_>> {
        self.0.rules()
    }

    /// [`client::Client::backends`]
    pub fn backends(&self) -> Vec<BackendKind> {
        self.0.backends()
    }

    /// [`client::Client::backend_metrics`]
    pub fn backend_metrics(&self) -> BackendMetrics {
        self.0.backend_metrics()
    }

    /// [`client::Client::backend`]
    ///
    /// # Errors
    /// Those of [`client::Client::backend`].
    pub fn backend<P: AsRef<Path>>(
        &self,
        kind: &str,
        config: BTreeMap<String, serde_json::Value>,
        root: P,
    ) -> Result<BackendHandle> {
        self.0.backend(kind, config, root).map(BackendHandle)
    }
}

fn inner(stacks: &[Stack]) -> Vec<client::Stack> {
    stacks.iter().map(|stack| stack.0.clone()).collect()
}

/// The blocking twin of [`client::Survey`].
#[derive(Debug)]
pub struct Survey {
    /// The report. Targets that could not be opened are among its problems, each with its `target`.
    pub report: DriftReport,
    /// The targets that could be opened, in the order in which they were named.
    pub stacks: Vec<Stack>,
    /// Those that could not.
    pub unopened: Vec<String>,
    /// Something stood for reality, and no provider was asked.
    pub asked_elsewhere: bool,
}

impl Survey {
    fn of(survey: client::Survey) -> Self {
        Self {
            report: survey.report,
            stacks: survey.stacks.into_iter().map(Stack).collect(),
            unopened: survey.unopened,
            asked_elsewhere: survey.asked_elsewhere,
        }
    }
}

/// The blocking twin of [`client::Stack`]. Cloning is cheap.
///
/// ```no_run
/// # fn example(client: driftmgr_core::blocking::Client) -> driftmgr_core::Result<()> {
/// let stack = client.open("./infra")?;
/// if stack.check(&client.drift_options())?.safe == Some(true) {
///     println!("{} is as its state says", stack.label());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Stack(client::Stack);

impl From<client::Stack> for Stack {
    fn from(stack: client::Stack) -> Self {
        Self(stack)
    }
}

impl Stack {
    /// The asynchronous stack.
    pub fn as_async(&self) -> &client::Stack {
        &self.0
    }

    /// The twin of [`client::Stack::detect_drift`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn detect_drift(&self, options: &DriftOptions) -> Result<DriftReport> {
        wait(self.0.detect_drift(options))
    }

    /// The twin of [`client::Stack::drift_stream`]; see [`Client::drift_stream`].
    ///
    /// # Errors
    /// `InvalidInput` inside of a runtime.
    pub fn drift_stream(&self, options: &DriftOptions) -> Result<DriftItems> {
        DriftItems::of(self.0.drift_stream(options))
    }

    /// The twin of [`client::Stack::check`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn check(&self, options: &DriftOptions) -> Result<Check> {
        wait(self.0.check(options))
    }

    /// The twin of [`client::Stack::explain`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn explain(&self, address: &str, options: &DriftOptions) -> Result<Explanation> {
        wait(self.0.explain(address, options))
    }

    /// The twin of [`client::Stack::against_plan`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn against_plan(&self, plan: &Arc<Plan>, options: &DriftOptions) -> Result<DriftReport> {
        wait(self.0.against_plan(plan, options))
    }

    /// The twin of [`client::Stack::against_snapshot`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn against_snapshot(
        &self,
        snapshot: &Snapshot,
        options: &DriftOptions,
    ) -> Result<DriftReport> {
        wait(self.0.against_snapshot(snapshot, options))
    }

    /// The twin of [`client::Stack::against_state`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn against_state(&self, real: &State, options: &DriftOptions) -> Result<DriftReport> {
        wait(self.0.against_state(real, options))
    }

    /// The twin of [`client::Stack::snapshot`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn snapshot(&self, options: &DriftOptions) -> Result<(Snapshot, DriftReport)> {
        wait(self.0.snapshot(options))
    }

    /// [`client::Stack::with_reality`]
    #[must_use]
    pub fn with_reality(&self, reality: Arc<dyn Reality>) -> Self {
        Self(self.0.with_reality(reality))
    }

    /// [`client::Stack::with_context`]
    #[must_use]
    pub fn with_context(&self, cx: Context) -> Self {
        Self(self.0.with_context(cx))
    }

    /// The target as the caller named it.
    pub fn label(&self) -> &str {
        self.0.label()
    }

    /// The state.
    pub fn state(&self) -> &State {
        self.0.state()
    }

    /// [`client::Stack::stored_state`]
    pub fn stored_state(&self) -> StoredState {
        self.0.stored_state()
    }

    /// [`client::Stack::configuration`]
    pub fn configuration(&self) -> Option<ConfigurationSummary> {
        self.0.configuration()
    }

    /// [`client::Stack::workspace_info`]
    pub fn workspace_info(&self) -> WorkspaceInfo {
        self.0.workspace_info()
    }

    /// What could not be read of the configuration. The state is whole all the same.
    pub fn problems(&self) -> &[Error] {
        self.0.problems()
    }
}

/// The blocking twin of [`client::DriftStream`]: an iterator whose last item is the report, or the error that ended the run. Dropping it
/// ends the run.
///
/// ```no_run
/// use driftmgr_core::client::DriftItem;
///
/// # fn example(stack: driftmgr_core::blocking::Stack) -> driftmgr_core::Result<()> {
/// let options = stack.as_async().client().drift_options();
/// for item in stack.drift_stream(&options)? {
///     if let DriftItem::Finding(finding) = item? {
///         println!("{} differs", finding.address);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DriftItems {
    items: mpsc::Receiver<Result<DriftItem>>,
    run: tokio::task::JoinHandle<()>,
}

impl DriftItems {
    fn of(mut stream: client::DriftStream) -> Result<Self> {
        let (told, items) = mpsc::channel();
        let run = runtime()?.spawn(async move {
            while let Some(item) = stream.next().await {
                if told.send(item).is_err() {
                    break;
                }
            }
        });
        Ok(Self { items, run })
    }

    /// Waits for the next item no longer than `timeout`. `None` when it did not come in time or there is none any more;
    /// [`DriftItems::is_over`] tells which.
    pub fn next_within(&mut self, timeout: Duration) -> Option<Result<DriftItem>> {
        self.items.recv_timeout(timeout).ok()
    }

    /// Whether the run has ended. Items that were not taken are still there.
    pub fn is_over(&self) -> bool {
        self.run.is_finished()
    }
}

impl Iterator for DriftItems {
    type Item = Result<DriftItem>;

    fn next(&mut self) -> Option<Self::Item> {
        self.items.recv().ok()
    }
}

impl Drop for DriftItems {
    fn drop(&mut self) {
        self.run.abort();
    }
}

/// The blocking twin of [`client::RunHistory`]. Cloning is cheap; clones are one store.
///
/// ```no_run
/// use driftmgr_core::blocking::RunHistory;
/// use driftmgr_core::client::HistoryQuestion;
///
/// # fn example(client: driftmgr_core::blocking::Client) -> driftmgr_core::Result<()> {
/// let history = RunHistory::open(client.context(), None)?;
/// println!("{} runs", history.ask(&HistoryQuestion::default())?.runs.len());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct RunHistory(client::RunHistory);

impl RunHistory {
    /// The twin of [`client::RunHistory::open`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn open(cx: &Context, file: Option<&Path>) -> Result<Self> {
        wait(client::RunHistory::open(cx, file)).map(Self)
    }

    /// The twin of [`client::RunHistory::open_existing`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn open_existing(cx: &Context, file: Option<&Path>) -> Result<Self> {
        wait(client::RunHistory::open_existing(cx, file)).map(Self)
    }

    /// [`client::RunHistory::of`]
    pub fn of(cx: &Context, store: Arc<dyn HistoryStore>) -> Self {
        Self(client::RunHistory::of(cx, store))
    }

    /// The twin of [`client::RunHistory::record`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn record(&self, report: &DriftReport, stacks: &[Stack]) -> Result<Recorded> {
        wait(self.0.record(report, &inner(stacks)))
    }

    /// The twin of [`client::RunHistory::ask`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn ask(&self, question: &HistoryQuestion) -> Result<History> {
        wait(self.0.ask(question))
    }

    /// The twin of [`client::RunHistory::prune`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn prune(&self, age: Duration) -> Result<Pruned> {
        wait(self.0.prune(age))
    }
}

/// The blocking twin of [`client::BackendHandle`]. Cloning is cheap; clones are one backend.
///
/// ```
/// use std::collections::BTreeMap;
/// use driftmgr_core::backend::{StateRef, WriteOptions};
/// use driftmgr_core::blocking::Client;
///
/// # fn main() -> driftmgr_core::Result<()> {
/// let client = Client::new(driftmgr_core::client::Client::builder().build()?);
/// let backend = client.backend("memory", BTreeMap::new(), ".")?;
/// let written = backend.write(&StateRef::default(), b"{}".to_vec(), WriteOptions::default())?;
/// assert!(written.etag.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct BackendHandle(client::BackendHandle);

impl BackendHandle {
    /// What it is and where; no secrets.
    pub fn info(&self) -> &BackendInfo {
        self.0.info()
    }

    /// What it can do.
    pub fn capability(&self) -> Capability {
        self.0.capability()
    }

    /// The twin of [`client::BackendHandle::workspaces`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn workspaces(&self) -> Result<Vec<String>> {
        wait(self.0.workspaces())
    }

    /// The twin of [`client::BackendHandle::read`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn read(&self, at: &StateRef) -> Result<Option<RawState>> {
        wait(self.0.read(at))
    }

    /// The twin of [`client::BackendHandle::read_if_changed`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn read_if_changed(&self, at: &StateRef, etag: &str) -> Result<IfChanged> {
        wait(self.0.read_if_changed(at, etag))
    }

    /// The twin of [`client::BackendHandle::versions`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn versions(&self, at: &StateRef) -> Result<Vec<StateVersion>> {
        wait(self.0.versions(at))
    }

    /// The twin of [`client::BackendHandle::write`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn write<B: Into<bytes::Bytes>>(
        &self,
        at: &StateRef,
        bytes: B,
        options: WriteOptions,
    ) -> Result<Written> {
        wait(self.0.write(at, bytes, options))
    }

    /// The twin of [`client::BackendHandle::delete`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn delete(&self, at: &StateRef, options: WriteOptions) -> Result<()> {
        wait(self.0.delete(at, options))
    }

    /// The twin of [`client::BackendHandle::lock`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn lock(&self, at: &StateRef, operation: &str) -> Result<LockId> {
        wait(self.0.lock(at, operation))
    }

    /// The twin of [`client::BackendHandle::unlock`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn unlock(&self, at: &StateRef, id: &LockId) -> Result<()> {
        wait(self.0.unlock(at, id))
    }
}
