//! The front door.

use std::collections::HashMap;
use std::sync::Arc;

use driftmgr_core::backend::layers::BackendOptions;
use driftmgr_core::client;

use crate::backend::Backend;
use crate::error::Failure;
use crate::job::Job;
use crate::managed::ManagedState;
use crate::options::{DriftOptions, OpenOptions};
use crate::plan::Plan;
use crate::records::{BackendKind, BackendMetrics, Diagnosis, SeverityRule, Status, Version};
use crate::report::DriftReport;
use crate::settings::Settings;
use crate::snapshot::{Snapshot, SnapshotMade};
use crate::stack::{DriftStream, Stack};
use crate::state::State;
use crate::typed::{JsonValue, typed};

/// What this build is.
#[uniffi::export]
pub fn version() -> Result<Version, Failure> {
    typed(&client::version())
}

/// Opens states and answers questions about them.
#[derive(uniffi::Object)]
pub struct Client {
    inner: client::Client,
}

/// What a run over many targets gave.
#[derive(uniffi::Record)]
pub struct Survey {
    /// The report. Targets that could not be opened are among its problems, each with its `target`.
    pub report: Arc<DriftReport>,
    /// The targets that could be opened, in the order in which they were named.
    pub stacks: Vec<Arc<Stack>>,
    /// Those that could not.
    pub unopened: Vec<String>,
}

impl Survey {
    fn of(found: client::Survey, client: &client::Client) -> Self {
        let stacks = found.stacks.iter();
        Self {
            // The call is over, and its cancellation must not end later ones.
            stacks: stacks
                .map(|stack| Stack::new(stack.with_context(client.context().clone())))
                .collect(),
            report: DriftReport::new(found.report),
            unopened: found.unopened,
        }
    }
}

/// What stands for reality.
#[derive(Clone, uniffi::Enum)]
pub enum Against {
    /// The providers are asked.
    Providers,
    /// A plan: it needs no target, and takes one at most.
    Plan {
        /// What its own state is called in the report.
        label: String,
        /// The plan.
        plan: Arc<Plan>,
    },
    /// What a snapshot found.
    Snapshot {
        /// The snapshot.
        snapshot: Arc<Snapshot>,
    },
    /// Another state, for one target.
    State {
        /// The state.
        state: Arc<State>,
    },
}

impl From<Against> for client::Against {
    fn from(against: Against) -> Self {
        match against {
            Against::Providers => Self::Providers,
            Against::Plan { label, plan } => Self::Plan(label, plan.inner.clone()),
            Against::Snapshot { snapshot } => Self::Snapshot(snapshot.inner.clone()),
            Against::State { state } => Self::State(Arc::new(state.inner.state().clone())),
        }
    }
}

/// A client with settings; the defaults unless given: a library reads no file that nobody told it to read. With `keep_providers`, provider
/// processes go on for the next run, until `end_providers` or the end of the client.
#[uniffi::export(default(settings = None, keep_providers = false, backend_options = None))]
pub fn new_client(
    settings: Option<Arc<Settings>>,
    keep_providers: bool,
    backend_options: Option<String>,
) -> Result<Arc<Client>, Failure> {
    let layers = backend_options.as_deref().map(BackendOptions::from_json);
    let builder = client::Client::builder()
        .keep_providers(keep_providers)
        .backend_options(layers.transpose()?.unwrap_or_default());
    let builder = match settings {
        Some(settings) => builder.settings(settings.inner.clone()),
        None => builder,
    };
    let inner = builder.build()?;
    Ok(Arc::new(Client { inner }))
}

#[uniffi::export]
impl Client {
    /// The severity rules that hold: those of the settings, then the built-in ones.
    pub fn rules(&self) -> Result<Vec<SeverityRule>, Failure> {
        typed(&self.inner.rules())
    }

    /// What the backends of this client were asked so far, and what its layers did. Figures only grow.
    pub fn backend_metrics(&self) -> Result<BackendMetrics, Failure> {
        typed(&self.inner.backend_metrics())
    }

    /// The kinds of backends that can be opened, sorted by name.
    pub fn backends(&self) -> Result<Vec<BackendKind>, Failure> {
        typed(&self.inner.backends())
    }

    /// Opens a backend by its kind and arguments, as a `backend` block has them. Relative paths in them start at `root`.
    pub fn backend(
        &self,
        kind: String,
        config: HashMap<String, JsonValue>,
        root: String,
    ) -> Result<Arc<Backend>, Failure> {
        let config = config.into_iter().map(|(key, value)| (key, value.0));
        let inner = self.inner.backend(&kind, config.collect(), root)?;
        Ok(Arc::new(Backend { inner }))
    }

    /// Opens a target: the folder of a root module, a state file, or the address of a state.
    pub async fn open(
        &self,
        target: String,
        options: OpenOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Arc<Stack>, Failure> {
        let client = self.inner.clone();
        Job::run(job, |cx| async move {
            let stack = client
                .with_context(cx)
                .open_with(target, &options.into())
                .await?;
            // The call is over, and its cancellation must not end later ones.
            Ok(Stack::new(stack.with_context(client.context().clone())))
        })
        .await
    }

    /// A stored state that can be changed: of the folder of a root module, a state file, or the address of a state. It is not read yet.
    pub async fn manage(
        &self,
        target: String,
        options: OpenOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Arc<ManagedState>, Failure> {
        let client = self.inner.clone();
        Job::run(job, |cx| async move {
            let called = client.with_context(cx);
            let state = called.manage_with(target, &options.into()).await?;
            Ok(ManagedState::new(&state, client.context()))
        })
        .await
    }

    /// Looks at every managed instance of the stacks. What cannot be looked at is in the report.
    pub async fn detect_drift(
        &self,
        stacks: Vec<Arc<Stack>>,
        options: DriftOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Arc<DriftReport>, Failure> {
        let client = self.inner.clone();
        Job::run(job, |cx| async move {
            let options = options.over(client.drift_options())?;
            let report = client
                .with_context(cx)
                .detect_drift(&cores(&stacks), &options)
                .await?;
            Ok(DriftReport::new(report))
        })
        .await
    }

    /// Opens targets and looks at them. One target that cannot be opened is the error; among several it is a problem of the report.
    pub async fn detect_drift_at(
        &self,
        targets: Vec<String>,
        open: OpenOptions,
        options: DriftOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Survey, Failure> {
        let client = self.inner.clone();
        Job::run(job, |cx| async move {
            let options = options.over(client.drift_options())?;
            let called = client.with_context(cx);
            let found = called
                .detect_drift_at(&targets, &open.into(), &options)
                .await?;
            Ok(Survey::of(found, &client))
        })
        .await
    }

    /// The same with what stands for reality.
    pub async fn detect_drift_against(
        &self,
        targets: Vec<String>,
        against: Against,
        open: OpenOptions,
        options: DriftOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Survey, Failure> {
        let client = self.inner.clone();
        Job::run(job, |cx| async move {
            let options = options.over(client.drift_options())?;
            let called = client.with_context(cx);
            let against = against.into();
            let found = called
                .detect_drift_against(&targets, &against, &open.into(), &options)
                .await?;
            Ok(Survey::of(found, &client))
        })
        .await
    }

    /// What a plan says about the state that it was made from; the state itself is not needed. `label` names the plan in the report.
    pub async fn drift_of_plan(
        &self,
        label: String,
        plan: Arc<Plan>,
        options: DriftOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Arc<DriftReport>, Failure> {
        let client = self.inner.clone();
        Job::run(job, |cx| async move {
            let options = options.over(client.drift_options())?;
            let called = client.with_context(cx);
            let report = called.drift_of_plan(&label, &plan.inner, &options).await?;
            Ok(DriftReport::new(report))
        })
        .await
    }

    /// Compares the stacks with what a snapshot found.
    pub async fn drift_by_snapshot(
        &self,
        stacks: Vec<Arc<Stack>>,
        snapshot: Arc<Snapshot>,
        options: DriftOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Arc<DriftReport>, Failure> {
        let client = self.inner.clone();
        Job::run(job, |cx| async move {
            let options = options.over(client.drift_options())?;
            let called = client.with_context(cx);
            let report = called
                .drift_by_snapshot(&cores(&stacks), &snapshot.inner, &options)
                .await?;
            Ok(DriftReport::new(report))
        })
        .await
    }

    /// Writes a state file of an older format anew in format 4, under its lock; what was there is kept beside it. Gives the format that it
    /// had, or null when nothing was written.
    pub async fn upgrade_state(
        &self,
        file: String,
        job: Option<Arc<Job>>,
    ) -> Result<Option<i32>, Failure> {
        let client = self.inner.clone();
        Job::run(job, |cx| async move {
            let old = client.with_context(cx).upgrade_state(file).await?;
            Ok(old.map(|format| i32::try_from(format).unwrap_or(i32::MAX)))
        })
        .await
    }

    /// The same as a detection, as a stream: what is found, as it is found.
    pub fn drift_stream(
        &self,
        stacks: Vec<Arc<Stack>>,
        options: DriftOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Arc<DriftStream>, Failure> {
        let options = options.over(self.inner.drift_options())?;
        DriftStream::start(job, |cx| {
            self.inner
                .with_context(cx)
                .drift_stream(&cores(&stacks), &options)
        })
    }

    /// Looks at every managed instance of the stacks and writes down what was found.
    pub async fn snapshot(
        &self,
        stacks: Vec<Arc<Stack>>,
        options: DriftOptions,
        job: Option<Arc<Job>>,
    ) -> Result<SnapshotMade, Failure> {
        let client = self.inner.clone();
        Job::run(job, |cx| async move {
            let options = options.over(client.drift_options())?;
            let made = client
                .with_context(cx)
                .snapshot(&cores(&stacks), &options)
                .await?;
            Ok(SnapshotMade {
                snapshot: Snapshot::new(made.0),
                report: DriftReport::new(made.1),
            })
        })
        .await
    }

    /// Ends the provider processes that were kept; the next run starts them anew. Does nothing unless the client keeps them.
    pub async fn end_providers(&self, job: Option<Arc<Job>>) -> Result<(), Failure> {
        let client = self.inner.clone();
        Job::run(job, |cx| async move {
            client.with_context(cx).end_providers().await;
            Ok(())
        })
        .await
    }

    /// Whether each target's state can be read, and what its backend is configured by. No lock is taken and nothing is written.
    pub async fn status(
        &self,
        targets: Vec<String>,
        options: OpenOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Status, Failure> {
        let client = self.inner.clone();
        Job::run(job, |cx| async move {
            let client = client.with_context(cx);
            typed(&client.status(&targets, &options.into()).await?)
        })
        .await
    }

    /// What this machine offers, and for each target the binary of every provider. Nothing is started and nothing is written.
    pub async fn doctor(
        &self,
        targets: Vec<String>,
        job: Option<Arc<Job>>,
    ) -> Result<Diagnosis, Failure> {
        let client = self.inner.clone();
        Job::run(job, |cx| async move {
            typed(&client.with_context(cx).doctor(&targets).await?)
        })
        .await
    }
}

fn cores(stacks: &[Arc<Stack>]) -> Vec<client::Stack> {
    stacks.iter().map(|stack| stack.inner.clone()).collect()
}
