//! The public front door: open a directory or a state, ask whether it is still true.
//!
//! ```no_run
//! use driftmgr_core::client::{Client, DriftOptions};
//!
//! # async fn example() -> driftmgr_core::Result<()> {
//! let client = Client::builder().build()?;
//! let stack = client.open("./infra").await?;
//! let report = stack.detect_drift(&DriftOptions::default()).await?;
//! println!("{} of {} instances drifted", report.summary.drifted, report.summary.checked);
//! # Ok(())
//! # }
//! ```

mod backends;
mod check;
mod configuration;
mod doctor;
mod elsewhere;
mod encryption;
mod explain;
mod history;
mod ignoring;
mod json;
mod manage;
mod moved;
mod open;
mod options;
mod pattern;
mod providers;
mod report;
mod routes;
mod rules;
mod settings;
mod snapshot;
mod stack;
mod status;
mod stored;
mod stream;
mod survey;
mod upgrade;
mod version;

use std::path::Path;
use std::sync::Arc;

use futures::StreamExt as _;
use futures::future::BoxFuture;

pub use backends::{BackendHandle, BackendKind};
pub use check::Check;
pub use configuration::{
    ConfigurationSummary, DeclaredBackend, DeclaredConfiguration, DeclaredModule, DeclaredProvider,
    DeclaredResource, Place, WorkspaceInfo,
};
pub use doctor::{
    CacheFacts, CliConfigFacts, Diagnosis, Machine, ProviderFacts, TargetFacts, UsedSettings,
};
pub use explain::{Explanation, Facts};
pub use history::{HistoryQuestion, RunHistory};
pub use manage::{ChangeOptions, Changed, HistoricVersion, Keeper, ManagedState};
pub use options::{DriftOptions, OpenOptions};
pub use settings::{SettingEntry, settings_problems};
pub use snapshot::{FoundCounts, OpenObject, SnapshotInfo, SnapshotTargetInfo};
pub use stack::Stack;
pub use status::{ArgumentStatus, BackendStatus, StateStatus, Status, TargetStatus};
pub use stored::{Inspection, ObjectRow, OutputValue, StateAnalysis, StoredState};
pub use stream::DriftStream;
pub use survey::{Against, Survey};
pub use version::{Version, version};

pub use crate::drift::{DriftItem, LookedAt};

use self::providers::Kept;
use crate::backend::layers::{BackendOptions, Layers};
use crate::backend::{BackendFactory, BackendRegistry};
use crate::context::Context;
use crate::drift::{DriftInput, DriftReport, Readers, Reality, Renames, Rules, Selection};
use crate::error::{Partial, Result};
use crate::provider::plugin::ProviderPool;
use crate::settings::Settings;

/// Stacks whose providers are found and started at a time.
const PREPARED_AT_A_TIME: usize = 8;

/// Opens states and answers questions about them. Cloning is cheap; clones share context and backends.
#[derive(Debug, Clone)]
pub struct Client {
    cx: Context,
    backends: Arc<BackendRegistry>,
    rules: Arc<Rules>,
    settings: Arc<Settings>,
    kept: Option<Arc<Kept>>,
}

/// Makes a [`Client`].
///
/// ```
/// use driftmgr_core::client::Client;
/// use driftmgr_core::settings::Settings;
///
/// # fn main() -> driftmgr_core::Result<()> {
/// let client = Client::builder().settings(Settings::default()).build()?;
/// assert_eq!(client.drift_options().parallelism, None);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct ClientBuilder {
    cx: Option<Context>,
    backends: Option<BackendRegistry>,
    backend_options: Option<BackendOptions>,
    rules: Option<Rules>,
    settings: Settings,
    keep_providers: bool,
}

impl ClientBuilder {
    /// Cancellation, deadline, observer, clock and environment. Those of the process unless given.
    #[must_use]
    pub fn context(mut self, cx: Context) -> Self {
        self.cx = Some(cx);
        self
    }

    /// The kinds of backends that can be opened. Those of this build unless given.
    #[must_use]
    pub fn backends(mut self, backends: BackendRegistry) -> Self {
        self.backends = Some(backends);
        self
    }

    /// Adds a kind of backend of the caller's own, or replaces one: a `backend` block of that kind opens it, and so does
    /// [`Client::backend`].
    #[must_use]
    pub fn backend(mut self, kind: impl Into<String>, factory: BackendFactory) -> Self {
        self.backends
            .get_or_insert_with(BackendRegistry::builtin)
            .register(kind, factory);
        self
    }

    /// The layers over every backend that the client opens: reading only, limits, a cache. None unless given.
    ///
    /// ```
    /// use driftmgr_core::backend::layers::{BackendOptions, CacheOptions, RateLimitOptions};
    /// use driftmgr_core::client::Client;
    ///
    /// # fn main() -> driftmgr_core::Result<()> {
    /// let client = Client::builder()
    ///     .backend_options(BackendOptions {
    ///         read_only: true,
    ///         rate_limit: Some(RateLimitOptions { per_second: 20.0, burst: 40 }),
    ///         cache: Some(CacheOptions::default()),
    ///         ..BackendOptions::default()
    ///     })
    ///     .build()?;
    /// assert!(client.backend_metrics().calls.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn backend_options(mut self, options: BackendOptions) -> Self {
        self.backend_options = Some(options);
        self
    }

    /// Severity rules. Those of the settings and the built-in ones unless given.
    #[must_use]
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = Some(rules);
        self
    }

    /// Settings. The defaults unless given: a library reads no file that nobody told it to read; [`Settings::load`] does.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Keeps provider processes for the next run, until [`Client::end_providers`] or the end of the last clone of the client: for hosts that
    /// look again and again, as starting and configuring a large provider takes longer than reading some objects. A provider goes on with the
    /// credentials that it got when it was configured; a run in another environment or with other limits starts it anew. All runs
    /// have to be on one runtime, as those of [`crate::blocking`] are. Off unless given: all processes have ended when a run has.
    #[must_use]
    pub fn keep_providers(mut self, keep: bool) -> Self {
        self.keep_providers = keep;
        self
    }

    /// The client.
    ///
    /// # Errors
    /// `InvalidConfig` for settings that cannot be followed: the first of [`settings_problems`]. `InvalidInput` for options of the backends
    /// that mean nothing.
    pub fn build(self) -> Result<Client> {
        if let Some(problem) = settings_problems(&self.settings).into_iter().next() {
            return Err(problem);
        }
        let rules = match self.rules {
            Some(rules) => rules,
            None => settings::rules(&self.settings).into_result()?,
        };
        let mut backends = self.backends.unwrap_or_else(BackendRegistry::builtin);
        if let Some(options) = self.backend_options {
            backends = backends.with_layers(Layers::new(options)?);
        }
        Ok(Client {
            cx: self.cx.unwrap_or_else(Context::from_process),
            backends: Arc::new(backends),
            rules: Arc::new(rules),
            settings: Arc::new(self.settings),
            kept: self.keep_providers.then(Arc::default),
        })
    }
}

impl Client {
    /// A builder.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// The same client with another context: its own cancellation, deadline and observer. Stacks that it opens have that context too.
    #[must_use]
    pub fn with_context(&self, cx: Context) -> Self {
        Self { cx, ..self.clone() }
    }

    /// The context of its calls.
    pub fn context(&self) -> &Context {
        &self.cx
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How drift is looked for unless a call says otherwise: what the settings say.
    pub fn drift_options(&self) -> DriftOptions {
        DriftOptions::from_settings(&self.settings, self.cx.now())
    }

    /// Opens a target: the folder of a root module, a state file, or the address of a state.
    ///
    /// # Errors
    /// - `NotFound` when there is nothing at the path, or the root module has no state.
    /// - `InvalidState` and `Unsupported` for a state that cannot be read; see [`crate::state::State::parse`].
    /// - `Unsupported` for a backend that this build does not have.
    ///
    /// ```no_run
    /// # async fn example(client: driftmgr_core::client::Client) -> driftmgr_core::Result<()> {
    /// let folder = client.open("./infra").await?;
    /// let file = client.open("prod.tfstate").await?;
    /// println!("{} and {} instances", folder.state().list().len(), file.state().list().len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open<P: AsRef<Path>>(&self, target: P) -> Result<Stack> {
        self.open_with(target, &OpenOptions::default()).await
    }

    /// Opens a target with a workspace and values of variables.
    ///
    /// # Errors
    /// Those of [`Client::open`].
    ///
    /// ```no_run
    /// # async fn example(client: driftmgr_core::client::Client) -> driftmgr_core::Result<()> {
    /// use driftmgr_core::client::OpenOptions;
    /// use driftmgr_core::configuration::VariableInput;
    ///
    /// let options = OpenOptions {
    ///     workspace: Some("blue".to_owned()),
    ///     variables: vec![VariableInput::File("prod.tfvars".into())],
    ///     ..OpenOptions::default()
    /// };
    /// let stack = client.open_with("./infra", &options).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open_with<P: AsRef<Path>>(
        &self,
        target: P,
        options: &OpenOptions,
    ) -> Result<Stack> {
        let inner = open::open(&self.cx, &self.backends, target.as_ref(), options).await?;
        Ok(Stack {
            client: self.clone(),
            inner: Arc::new(inner),
            reality: None,
        })
    }

    /// Looks at every managed instance of the stacks. A provider process serves all of them that share a provider configuration; all
    /// processes have ended when this returns, unless the client [keeps them](ClientBuilder::keep_providers).
    ///
    /// What cannot be looked at is in the report, and so is what was not reached when the operation is cancelled.
    ///
    /// # Errors
    /// - `InvalidInput` for an address in the options that is none.
    /// - The kinds of reading a file for a list of what to ignore, or a baseline, that the options name.
    ///
    /// ```no_run
    /// # async fn example(client: driftmgr_core::client::Client) -> driftmgr_core::Result<()> {
    /// let stacks = [client.open("network").await?, client.open("shop").await?];
    /// let report = client.detect_drift(&stacks, &client.drift_options()).await?;
    /// println!("{} drifted, {} open", report.summary.drifted, report.summary.unverifiable);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn detect_drift(
        &self,
        stacks: &[Stack],
        options: &DriftOptions,
    ) -> Result<DriftReport> {
        self.ask_providers(stacks, options, |_, reality| reality)
            .await
    }

    /// Asks the providers, through whatever `watch` puts between: it is called once for each stack, in their order.
    async fn ask_providers(
        &self,
        stacks: &[Stack],
        options: &DriftOptions,
        mut watch: impl FnMut(&Stack, Arc<dyn Reality>) -> Arc<dyn Reality>,
    ) -> Result<DriftReport> {
        let silent = ignoring::read(&self.cx, options)?;
        let options = &silent.value;
        let selection = Selection::new(&options.targets, &options.exclude)?;
        let pool = self.providers(options);
        let mut waiting: Vec<BoxFuture<'_, _>> = Vec::with_capacity(stacks.len());
        for stack in stacks {
            waiting.push(Box::pin(self.prepare(stack, &selection, options, &pool)));
        }
        let prepared: Vec<_> = futures::stream::iter(waiting)
            .buffered(PREPARED_AT_A_TIME)
            .collect()
            .await;
        let mut inputs = Vec::with_capacity(stacks.len());
        let mut problems = Vec::new();
        for (stack, (renames, reality)) in stacks.iter().zip(prepared) {
            problems.push((stack, renames.problems));
            inputs.push(DriftInput {
                target: stack.label().to_owned(),
                state: stack.inner.state.clone(),
                reality: watch(stack, reality),
                renames: renames.value,
                configuration: stack.inner.root_module.clone(),
            });
        }
        let report = self.compare(&inputs, options).await;
        self.done_with(&pool).await;
        let mut report = report?;
        elsewhere::add_problems(&mut report, problems);
        report.problems.extend(silent.problems);
        Ok(report)
    }

    /// What renames a stack's objects, and who answers for them.
    async fn prepare(
        &self,
        stack: &Stack,
        selection: &Selection,
        options: &DriftOptions,
        pool: &ProviderPool,
    ) -> (Partial<Renames>, Arc<dyn Reality>) {
        let renames = moved::renames(stack);
        let reality = match &stack.reality {
            Some(reality) => reality.clone(),
            None => {
                let wanted = (selection, &renames.value);
                let routes = routes::routes(&self.cx, stack, wanted, options, pool).await;
                Arc::new(Readers::new(routes))
            }
        };
        (renames, reality)
    }
}
