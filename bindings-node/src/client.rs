//! `Client`: opens targets, and asks about several of them at once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use driftmgr_core::backend::layers::BackendOptions;
use driftmgr_core::client::{self, Against, OpenOptions};
use driftmgr_core::configuration::VariableInput;
use driftmgr_core::context::Context;
use napi::Env;
use napi::bindgen_prelude::{ClassInstance, PromiseRaw};
use napi_derive::napi;
use serde::Deserialize;

use crate::backend::Backend;
use crate::call::Call;
use crate::drift::DriftChoices;
use crate::exchange::{options, text};
use crate::managed::ManagedState;
use crate::plan::Plan;
use crate::report::DriftReport;
use crate::run::{now, promise};
use crate::settings::Settings;
use crate::snapshot::{Recorded, Snapshot};
use crate::stack::Stack;
use crate::state::State;
use crate::stream::DriftStream;

/// See `ts/client.ts`.
#[napi]
pub struct Client {
    inner: client::Client,
}

/// How a target is opened.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OpenChoices {
    workspace: Option<String>,
    variables: BTreeMap<String, String>,
    variable_files: Vec<PathBuf>,
    backend_config: Vec<String>,
    every_workspace: bool,
}

impl OpenChoices {
    pub(crate) fn of(self) -> OpenOptions {
        let files = self.variable_files.into_iter().map(VariableInput::File);
        let values = self.variables.into_iter();
        let values = values.map(|(name, value)| VariableInput::Value { name, value });
        let backend_config = self.backend_config.iter().map(|text| text.parse());
        let backend_config = backend_config.map(|input| input.unwrap_or_else(|e| match e {}));
        OpenOptions {
            workspace: self.workspace,
            // Values win over files.
            variables: files.chain(values).collect(),
            backend_config: backend_config.collect(),
            every_workspace: self.every_workspace,
        }
    }
}

#[napi]
impl Client {
    /// Without settings, the defaults hold.
    #[napi(constructor)]
    pub fn new(
        settings: Option<&Settings>,
        keep_providers: bool,
        backend_options: Option<String>,
    ) -> napi::Result<Self> {
        now(|| {
            let builder = client::Client::builder().keep_providers(keep_providers);
            let builder = match settings {
                Some(settings) => {
                    // Nobody gets another answer than the one that was asked for because of a typing error.
                    if let Some(problem) = settings.wrong() {
                        return Err(problem.clone());
                    }
                    builder.settings(settings.inner().clone())
                }
                None => builder,
            };
            let layers = backend_options.as_deref().map(BackendOptions::from_json);
            let layers = layers.transpose()?.unwrap_or_default();
            Ok(Self {
                inner: builder.backend_options(layers).build()?,
            })
        })
    }

    /// A stack.
    #[napi]
    pub fn open<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        target: String,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, Stack>> {
        let client = self.at(call.context());
        promise(env, async move {
            let given = options::<OpenChoices>(&given)?.of();
            Ok(Stack::of(client.open_with(target, &given).await?))
        })
    }

    /// A stored state that can be changed.
    #[napi]
    pub fn manage<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        target: String,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, ManagedState>> {
        let (client, own) = (self.at(call.context()), self.inner.context().clone());
        promise(env, async move {
            let given = options::<OpenChoices>(&given)?.of();
            let state = client.manage_with(target, &given).await?;
            Ok(ManagedState::of(state.with_context(own)))
        })
    }

    /// A report about several stacks.
    #[napi]
    pub fn detect_drift<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        stacks: Vec<ClassInstance<'_, Stack>>,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, DriftReport>> {
        let (client, stacks) = (self.at(call.context()), owned(&stacks));
        promise(env, async move {
            let given = options::<DriftChoices>(&given)?.over(client.drift_options())?;
            let report = client.detect_drift(&stacks, &given).await?;
            Ok(DriftReport::of(report, stacks))
        })
    }

    /// Opens targets and looks at them, or holds them against what stands for reality: one of the three at most.
    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn detect_drift_at<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        targets: Vec<String>,
        opened: String,
        given: String,
        plan: Option<&Plan>,
        snapshot: Option<&Snapshot>,
        state: Option<&State>,
        label: String,
    ) -> napi::Result<PromiseRaw<'env, Survey>> {
        let client = self.at(call.context());
        let against = match (plan, snapshot, state) {
            (Some(plan), _, _) => Against::Plan(label, plan.inner()),
            (_, Some(snapshot), _) => Against::Snapshot(snapshot.inner()),
            (_, _, Some(state)) => Against::State(Arc::new(state.inner().state().clone())),
            (None, None, None) => Against::Providers,
        };
        promise(env, async move {
            let opened = options::<OpenChoices>(&opened)?.of();
            let given = options::<DriftChoices>(&given)?.over(client.drift_options())?;
            let survey = client
                .detect_drift_against(&targets, &against, &opened, &given)
                .await?;
            Ok(Survey {
                report: DriftReport::of(survey.report, survey.stacks.clone()),
                stacks: survey.stacks,
                unopened: survey.unopened,
            })
        })
    }

    /// The same, with findings as they come.
    #[napi]
    pub fn drift_stream(
        &self,
        call: &Call,
        stacks: Vec<ClassInstance<'_, Stack>>,
        given: String,
    ) -> napi::Result<DriftStream> {
        now(|| DriftStream::begin(&self.at(call.context()), &owned(&stacks), &given))
    }

    /// What every stack is like now.
    #[napi]
    pub fn snapshot<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        stacks: Vec<ClassInstance<'_, Stack>>,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, Recorded>> {
        let (client, stacks) = (self.at(call.context()), owned(&stacks));
        promise(env, async move {
            let given = options::<DriftChoices>(&given)?.over(client.drift_options())?;
            let (snapshot, report) = client.snapshot(&stacks, &given).await?;
            Ok(Recorded::of(snapshot, DriftReport::of(report, stacks)))
        })
    }

    /// A report of several stacks against a snapshot.
    #[napi]
    pub fn against_snapshot<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        stacks: Vec<ClassInstance<'_, Stack>>,
        snapshot: &Snapshot,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, DriftReport>> {
        let (client, stacks) = (self.at(call.context()), owned(&stacks));
        let snapshot = snapshot.inner();
        promise(env, async move {
            let given = options::<DriftChoices>(&given)?.over(client.drift_options())?;
            let report = client.drift_by_snapshot(&stacks, &snapshot, &given).await?;
            Ok(DriftReport::of(report, stacks))
        })
    }

    /// A report of a plan alone.
    #[napi]
    pub fn drift_of_plan<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        label: String,
        plan: &Plan,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, DriftReport>> {
        let (client, plan) = (self.at(call.context()), plan.inner());
        promise(env, async move {
            let given = options::<DriftChoices>(&given)?.over(client.drift_options())?;
            let report = client.drift_of_plan(&label, &plan, &given).await?;
            Ok(DriftReport::of(report, Vec::new()))
        })
    }

    /// Upgrades a state file where it stands; null when it had the current format.
    #[napi]
    pub fn upgrade_state<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        file: String,
    ) -> napi::Result<PromiseRaw<'env, Option<u32>>> {
        let client = self.at(call.context());
        promise(env, async move {
            let old = client.upgrade_state(file).await?;
            Ok(old.map(|format| u32::try_from(format).unwrap_or(u32::MAX)))
        })
    }

    /// Ends the processes that were kept.
    #[napi]
    pub fn end_providers<'env>(
        &self,
        env: &'env Env,
        call: &Call,
    ) -> napi::Result<PromiseRaw<'env, ()>> {
        let client = self.at(call.context());
        promise(env, async move {
            client.end_providers().await;
            Ok(())
        })
    }

    /// Whether the targets' states can be read.
    #[napi]
    pub fn status<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        targets: Vec<String>,
        open: String,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let client = self.at(call.context());
        promise(env, async move {
            let open: OpenChoices = options(&open)?;
            text(&client.status(&targets, &open.of()).await?)
        })
    }

    /// What this machine offers.
    #[napi]
    pub fn doctor<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        targets: Vec<String>,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let client = self.at(call.context());
        promise(env, async move { text(&client.doctor(&targets).await?) })
    }

    /// The severity rules that hold.
    #[napi]
    pub fn rules(&self) -> napi::Result<String> {
        now(|| text(&self.inner.rules()))
    }

    /// What the backends were asked so far.
    #[napi]
    pub fn backend_metrics(&self) -> napi::Result<String> {
        now(|| text(&self.inner.backend_metrics()))
    }

    /// The kinds of backends.
    #[napi]
    pub fn backends(&self) -> napi::Result<String> {
        now(|| text(&self.inner.backends()))
    }

    /// A backend by its kind and arguments.
    #[napi]
    pub fn backend(&self, kind: String, config: String, root: String) -> napi::Result<Backend> {
        now(|| {
            Ok(Backend::of(self.inner.backend(
                &kind,
                options(&config)?,
                root,
            )?))
        })
    }
}

impl Client {
    fn at(&self, cx: Context) -> client::Client {
        self.inner.with_context(cx)
    }
}

fn owned(stacks: &[ClassInstance<'_, Stack>]) -> Vec<client::Stack> {
    stacks.iter().map(|stack| stack.inner().clone()).collect()
}

/// What a run over many targets gave.
#[napi]
pub struct Survey {
    report: DriftReport,
    stacks: Vec<client::Stack>,
    unopened: Vec<String>,
}

#[napi]
impl Survey {
    /// The report.
    #[napi]
    pub fn report(&self) -> DriftReport {
        self.report.clone()
    }

    /// What could be opened.
    #[napi]
    pub fn stacks(&self) -> Vec<Stack> {
        self.stacks.iter().cloned().map(Stack::of).collect()
    }

    /// What could not.
    #[napi]
    pub fn unopened(&self) -> Vec<String> {
        self.unopened.clone()
    }
}
