//! A state with what is known around it: its root module, workspace and place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Check, Client, DriftOptions, DriftStream, StoredState};
use crate::configuration::{RootModule, Variables, Workspace};
use crate::context::Context;
use crate::drift::{DriftReport, Plan, Reality, Snapshot};
use crate::error::{Error, Result};
use crate::state::{HealthInputs, State};

/// An opened target. Cloning is cheap.
#[derive(Clone)]
pub struct Stack {
    pub(super) client: Client,
    pub(super) inner: Arc<Inner>,
    /// What it is held against, instead of the providers.
    pub(super) reality: Option<Arc<dyn Reality>>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) label: String,
    pub(super) root_dir: PathBuf,
    pub(super) state: Arc<State>,
    pub(super) state_path: PathBuf,
    pub(super) place: HealthInputs,
    pub(super) workspace: Workspace,
    /// `None` when the folder holds no configuration.
    pub(super) root_module: Option<Arc<RootModule>>,
    pub(super) variables: Variables,
    /// What could not be read of the configuration and its variables.
    pub(super) problems: Vec<Error>,
}

impl Stack {
    /// Looks at every managed instance: [`Client::detect_drift`] for this stack alone.
    ///
    /// # Errors
    /// Those of [`Client::detect_drift`].
    ///
    /// ```no_run
    /// # async fn example(stack: driftmgr_core::client::Stack) -> driftmgr_core::Result<()> {
    /// let report = stack.detect_drift(&stack.client().drift_options()).await?;
    /// for finding in report.findings.iter().filter(|f| f.hidden.is_none()) {
    ///     println!("{} {:?}", finding.address, finding.severity);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn detect_drift(&self, options: &DriftOptions) -> Result<DriftReport> {
        self.client
            .detect_drift(std::slice::from_ref(self), options)
            .await
    }

    /// The same under another name.
    pub(super) fn called(mut self, label: &str) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            label.clone_into(&mut inner.label);
        }
        self
    }

    /// The same as a stream: [`Client::drift_stream`] for this stack alone.
    pub fn drift_stream(&self, options: &DriftOptions) -> DriftStream {
        self.client
            .drift_stream(std::slice::from_ref(self), options)
    }

    /// Looks at every managed instance and gives the short answer: is it safe to go on?
    ///
    /// # Errors
    /// Those of [`Client::detect_drift`].
    ///
    /// ```no_run
    /// # async fn example(stack: driftmgr_core::client::Stack) -> driftmgr_core::Result<()> {
    /// let answer = stack.check(&stack.client().drift_options()).await?;
    /// if answer.safe != Some(true) {
    ///     println!("{} drifted, {} open", answer.summary.drifted, answer.summary.unverifiable);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn check(&self, options: &DriftOptions) -> Result<Check> {
        Ok(self.detect_drift(options).await?.check())
    }

    /// Compares with what a plan says: [`Client::drift_by_plan`].
    ///
    /// # Errors
    /// Those of [`Client::drift_by_plan`].
    ///
    /// ```no_run
    /// use std::sync::Arc;
    /// use driftmgr_core::drift::Plan;
    ///
    /// # async fn example(stack: driftmgr_core::client::Stack) -> driftmgr_core::Result<()> {
    /// let plan = Arc::new(Plan::read("plan.json")?);
    /// let report = stack.against_plan(&plan, &stack.client().drift_options()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn against_plan(
        &self,
        plan: &Arc<Plan>,
        options: &DriftOptions,
    ) -> Result<DriftReport> {
        self.client.drift_by_plan(self, plan, options).await
    }

    /// Compares with what a snapshot found: [`Client::drift_by_snapshot`] for this stack alone.
    ///
    /// # Errors
    /// Those of [`Client::drift_by_snapshot`].
    ///
    /// ```no_run
    /// # async fn example(stack: driftmgr_core::client::Stack) -> driftmgr_core::Result<()> {
    /// use driftmgr_core::drift::Snapshot;
    ///
    /// let then = Snapshot::read("now.json")?;
    /// let report = stack.against_snapshot(&then, &stack.client().drift_options()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn against_snapshot(
        &self,
        snapshot: &Snapshot,
        options: &DriftOptions,
    ) -> Result<DriftReport> {
        self.client
            .drift_by_snapshot(std::slice::from_ref(self), snapshot, options)
            .await
    }

    /// Compares with another state as if that were reality: [`Client::drift_by_state`].
    ///
    /// # Errors
    /// Those of [`Client::drift_by_state`].
    ///
    /// ```no_run
    /// # async fn example(stack: driftmgr_core::client::Stack) -> driftmgr_core::Result<()> {
    /// use driftmgr_core::client::StoredState;
    ///
    /// let copy = StoredState::read("copy.tfstate")?;
    /// let report = stack.against_state(copy.state(), &stack.client().drift_options()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn against_state(&self, real: &State, options: &DriftOptions) -> Result<DriftReport> {
        self.client.drift_by_state(self, real, options).await
    }

    /// Looks at every managed instance and writes down what was found: [`Client::snapshot`] for this stack alone.
    ///
    /// # Errors
    /// Those of [`Client::snapshot`].
    ///
    /// ```no_run
    /// # async fn example(stack: driftmgr_core::client::Stack) -> driftmgr_core::Result<()> {
    /// let (snapshot, _) = stack.snapshot(&stack.client().drift_options()).await?;
    /// snapshot.write("now.json")?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn snapshot(&self, options: &DriftOptions) -> Result<(Snapshot, DriftReport)> {
        self.client
            .snapshot(std::slice::from_ref(self), options)
            .await
    }

    /// The same stack held against a reality of the caller's own: [`Stack::detect_drift`], [`Stack::drift_stream`], [`Stack::check`],
    /// [`Stack::explain`] and [`Stack::snapshot`] ask it, and no provider.
    #[must_use]
    pub fn with_reality(&self, reality: Arc<dyn Reality>) -> Self {
        Self {
            reality: Some(reality),
            ..self.clone()
        }
    }

    /// The same stack with another context: its own cancellation, deadline and observer.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use driftmgr_core::context::CancelToken;
    ///
    /// # async fn example(stack: driftmgr_core::client::Stack) -> driftmgr_core::Result<()> {
    /// let token = CancelToken::with_timeout(Duration::from_secs(60));
    /// let cx = stack.client().context().clone().with_cancellation(token.clone());
    /// // Another thread may call `token.cancel()` now.
    /// let report = stack.with_context(cx).detect_drift(&stack.client().drift_options()).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_context(&self, cx: Context) -> Self {
        Self {
            client: self.client.with_context(cx),
            ..self.clone()
        }
    }

    /// The client that opened it.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The target as the caller named it.
    pub fn label(&self) -> &str {
        &self.inner.label
    }

    /// The state.
    pub fn state(&self) -> &State {
        &self.inner.state
    }

    /// The state with its place, for everything that can be asked of it without anybody else: lists, outputs, health, comparison.
    pub fn stored_state(&self) -> StoredState {
        let name = self.inner.state_path.display().to_string();
        StoredState::of(&name, self.inner.state.clone(), self.inner.place)
    }

    /// The file the state was read from.
    pub fn state_path(&self) -> &Path {
        &self.inner.state_path
    }

    /// Size of the state as stored, in bytes.
    pub fn state_bytes(&self) -> u64 {
        self.inner.place.bytes
    }

    /// The folder of the root module: what relative paths in the state start from.
    pub fn root_dir(&self) -> &Path {
        &self.inner.root_dir
    }

    /// The workspace.
    pub fn workspace(&self) -> &Workspace {
        &self.inner.workspace
    }

    /// The configuration, when the folder holds one.
    pub fn root_module(&self) -> Option<&RootModule> {
        self.inner.root_module.as_deref()
    }

    /// What could not be read of the configuration. The state is whole all the same.
    pub fn problems(&self) -> &[Error] {
        &self.inner.problems
    }
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stack")
            .field("label", &self.inner.label)
            .field("state", &self.inner.state_path)
            .field("has_reality", &self.reality.is_some())
            .finish_non_exhaustive()
    }
}
