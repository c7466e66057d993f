//! An opened target, and drift as it is found.

use std::sync::Arc;

use driftmgr_core::client;
use driftmgr_core::context::Context;
use driftmgr_core::drift::Asked;
use futures::StreamExt as _;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::error::Failure;
use crate::job::{Job, runtime};
use crate::options::DriftOptions;
use crate::plan::Plan;
use crate::reality::{ForeignReality, NativeReality};
use crate::records::{
    Check, ConfigurationSummary, Explanation, Finding, LookedAt, NotLookedAt, Problem,
    WorkspaceInfo,
};
use crate::report::DriftReport;
use crate::snapshot::{Snapshot, SnapshotMade};
use crate::state::State;
use crate::typed::typed;

/// A state with what is known around it: its root module, workspace and place.
#[derive(uniffi::Object)]
pub struct Stack {
    pub(crate) inner: client::Stack,
}

impl Stack {
    pub(crate) fn new(inner: client::Stack) -> Arc<Self> {
        Arc::new(Self { inner })
    }

    /// The stack and the options of a call.
    fn called(
        &self,
        cx: Context,
        options: DriftOptions,
    ) -> Result<(client::Stack, client::DriftOptions), Failure> {
        let options = options.over(self.inner.client().drift_options())?;
        Ok((self.inner.with_context(cx), options))
    }
}

#[uniffi::export]
impl Stack {
    /// The target as the caller named it.
    pub fn label(&self) -> String {
        self.inner.label().to_owned()
    }

    /// The file the state was read from.
    pub fn state_path(&self) -> String {
        self.inner.state_path().display().to_string()
    }

    /// The folder of the root module.
    pub fn root_dir(&self) -> String {
        self.inner.root_dir().display().to_string()
    }

    /// The state.
    pub fn state(&self) -> Arc<State> {
        State::new(self.inner.stored_state())
    }

    /// The workspace, and what selected it.
    pub fn workspace(&self) -> Result<WorkspaceInfo, Failure> {
        typed(&self.inner.workspace_info())
    }

    /// What the configuration of the root module declares; null when the folder holds none.
    pub fn configuration(&self) -> Result<Option<ConfigurationSummary>, Failure> {
        typed(&self.inner.configuration())
    }

    /// What could not be read of the configuration. The state is whole all the same.
    pub fn problems(&self) -> Result<Vec<Problem>, Failure> {
        typed(&self.inner.problems())
    }

    /// The same stack, with somebody else to say what is really there instead of the providers.
    pub fn with_reality(&self, reality: Arc<dyn NativeReality>) -> Arc<Self> {
        let reality = Asked::new(ForeignReality(reality));
        Self::new(self.inner.with_reality(Arc::new(reality)))
    }

    /// Looks at every managed instance.
    pub async fn detect_drift(
        self: Arc<Self>,
        options: DriftOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Arc<DriftReport>, Failure> {
        Job::run(job, |cx| async move {
            let (stack, options) = self.called(cx, options)?;
            Ok(DriftReport::new(stack.detect_drift(&options).await?))
        })
        .await
    }

    /// The same as a stream: what is found, as it is found.
    pub fn drift_stream(
        &self,
        options: DriftOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Arc<DriftStream>, Failure> {
        let options = options.over(self.inner.client().drift_options())?;
        DriftStream::start(job, |cx| self.inner.with_context(cx).drift_stream(&options))
    }

    /// Looks at every managed instance and gives the short answer: is it safe to go on?
    pub async fn check(
        self: Arc<Self>,
        options: DriftOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Check, Failure> {
        Job::run(job, |cx| async move {
            let (stack, options) = self.called(cx, options)?;
            typed(&stack.check(&options).await?)
        })
        .await
    }

    /// Looks at one instance, and says what is known of it beforehand.
    pub async fn explain(
        self: Arc<Self>,
        address: String,
        options: DriftOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Explanation, Failure> {
        Job::run(job, |cx| async move {
            let (stack, options) = self.called(cx, options)?;
            typed(&stack.explain(&address, &options).await?)
        })
        .await
    }

    /// Compares with what a plan says.
    pub async fn against_plan(
        self: Arc<Self>,
        plan: Arc<Plan>,
        options: DriftOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Arc<DriftReport>, Failure> {
        Job::run(job, |cx| async move {
            let (stack, options) = self.called(cx, options)?;
            let report = stack.against_plan(&plan.inner, &options).await?;
            Ok(DriftReport::new(report))
        })
        .await
    }

    /// Compares with what a snapshot found.
    pub async fn against_snapshot(
        self: Arc<Self>,
        snapshot: Arc<Snapshot>,
        options: DriftOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Arc<DriftReport>, Failure> {
        Job::run(job, |cx| async move {
            let (stack, options) = self.called(cx, options)?;
            let report = stack.against_snapshot(&snapshot.inner, &options).await?;
            Ok(DriftReport::new(report))
        })
        .await
    }

    /// Compares with another state as if that were reality.
    pub async fn against_state(
        self: Arc<Self>,
        real: Arc<State>,
        options: DriftOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Arc<DriftReport>, Failure> {
        Job::run(job, |cx| async move {
            let (stack, options) = self.called(cx, options)?;
            let report = stack.against_state(real.inner.state(), &options).await?;
            Ok(DriftReport::new(report))
        })
        .await
    }

    /// Looks at every managed instance and writes down what was found.
    pub async fn snapshot(
        self: Arc<Self>,
        options: DriftOptions,
        job: Option<Arc<Job>>,
    ) -> Result<SnapshotMade, Failure> {
        Job::run(job, |cx| async move {
            let (stack, options) = self.called(cx, options)?;
            let (snapshot, report) = stack.snapshot(&options).await?;
            Ok(SnapshotMade {
                snapshot: Snapshot::new(snapshot),
                report: DriftReport::new(report),
            })
        })
        .await
    }
}

/// Part of an answer, told as soon as it holds.
#[derive(uniffi::Enum)]
pub enum DriftItem {
    /// An object was looked at.
    Looked {
        /// What was found.
        item: LookedAt,
    },
    /// A difference, hidden ones included. The report has the same.
    Found {
        /// The difference.
        item: Finding,
    },
    /// An object that was not compared. The report has the same.
    Open {
        /// The object, with the reason.
        item: NotLookedAt,
    },
    /// The whole answer; the last item.
    Report {
        /// The report.
        item: Arc<DriftReport>,
    },
}

/// Drift as it is found. The last item is the report. The run goes on whether or not somebody asks for items, and ends when its job is
/// cancelled or the stream is closed.
#[derive(uniffi::Object)]
pub struct DriftStream {
    items: Mutex<UnboundedReceiver<Result<DriftItem, Failure>>>,
}

impl DriftStream {
    /// Starts the run.
    pub(crate) fn start(
        job: Option<Arc<Job>>,
        stream: impl FnOnce(Context) -> client::DriftStream,
    ) -> Result<Arc<Self>, Failure> {
        let (told, items) = unbounded_channel();
        let failed = told.clone();
        let job = job.unwrap_or_else(|| Job::new(None, None));
        let cx = job.call_context();
        let mut stream = stream(cx);
        let run = Job::run(Some(job), move |_| async move {
            loop {
                let item = tokio::select! {
                    item = stream.next() => item,
                    // Nobody listens any more: what is under way ends with the stream.
                    () = told.closed() => return Ok(()),
                };
                match item {
                    Some(item) => drop(told.send(item.map_err(Failure::from).and_then(converted))),
                    None => return Ok(()),
                }
            }
        });
        runtime()?.spawn(async move {
            if let Err(failure) = run.await {
                // It was closed.
                let _ = failed.send(Err(failure));
            }
        });
        Ok(Arc::new(Self {
            items: Mutex::new(items),
        }))
    }
}

#[uniffi::export]
impl DriftStream {
    /// The next item; null after the last one.
    pub async fn next(&self) -> Result<Option<DriftItem>, Failure> {
        self.items.lock().await.recv().await.transpose()
    }
}

fn converted(item: client::DriftItem) -> Result<DriftItem, Failure> {
    Ok(match item {
        client::DriftItem::Looked(item) => DriftItem::Looked {
            item: typed(&item)?,
        },
        client::DriftItem::Finding(item) => DriftItem::Found {
            item: typed(&item)?,
        },
        client::DriftItem::NotLookedAt(item) => DriftItem::Open {
            item: typed(&item)?,
        },
        client::DriftItem::Report(item) => DriftItem::Report {
            item: DriftReport::new(*item),
        },
        _ => {
            return Err(driftmgr_core::Error::new(
                driftmgr_core::ErrorKind::Unsupported,
                "the library told something that this binding does not know",
            )
            .into());
        }
    })
}
