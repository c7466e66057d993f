//! `Stack`: a state with what is known around it.

use std::sync::Arc;

use driftmgr_core::client;
use driftmgr_core::drift::Asked;
use napi::Env;
use napi::bindgen_prelude::{Function, PromiseRaw};
use napi_derive::napi;

use crate::call::Call;
use crate::drift::DriftChoices;
use crate::exchange::{options, text};
use crate::plan::Plan;
use crate::reality::{JsReality, Question};
use crate::report::DriftReport;
use crate::run::{now, promise};
use crate::snapshot::{Recorded, Snapshot};
use crate::state::State;
use crate::stream::DriftStream;

/// See `ts/stack.ts`.
#[napi]
pub struct Stack {
    inner: client::Stack,
}

impl Stack {
    pub(crate) fn of(inner: client::Stack) -> Self {
        Self { inner }
    }

    pub(crate) fn inner(&self) -> &client::Stack {
        &self.inner
    }

    fn at(&self, call: &Call) -> client::Stack {
        self.inner.with_context(call.context())
    }
}

#[napi]
impl Stack {
    /// The target as the caller named it.
    #[napi(getter)]
    pub fn label(&self) -> String {
        self.inner.label().to_owned()
    }

    /// The folder of the root module.
    #[napi(getter)]
    pub fn root(&self) -> String {
        self.inner.root_dir().display().to_string()
    }

    /// The workspace with what selected it.
    #[napi]
    pub fn workspace(&self) -> napi::Result<String> {
        now(|| text(&self.inner.workspace_info()))
    }

    /// What could not be read of the configuration.
    #[napi]
    pub fn problems(&self) -> napi::Result<String> {
        now(|| text(&self.inner.problems()))
    }

    /// What the configuration declares, or null.
    #[napi]
    pub fn configuration(&self) -> napi::Result<String> {
        now(|| text(&self.inner.configuration()))
    }

    /// The state.
    #[napi]
    pub fn state(&self) -> State {
        State::of(self.inner.stored_state())
    }

    /// A report.
    #[napi]
    pub fn detect_drift<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, DriftReport>> {
        let stack = self.at(call);
        promise(env, async move {
            let given = options::<DriftChoices>(&given)?.over(stack.client().drift_options())?;
            let report = stack.detect_drift(&given).await?;
            Ok(DriftReport::of(report, vec![stack]))
        })
    }

    /// The same, with findings as they come.
    #[napi]
    pub fn drift_stream(&self, call: &Call, given: String) -> napi::Result<DriftStream> {
        let stack = self.at(call);
        now(|| DriftStream::begin(stack.client(), std::slice::from_ref(&stack), &given))
    }

    /// Everything about one instance.
    #[napi]
    pub fn explain<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        address: String,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let stack = self.at(call);
        promise(env, async move {
            let given = options::<DriftChoices>(&given)?.over(stack.client().drift_options())?;
            text(&stack.explain(&address, &given).await?)
        })
    }

    /// A report against a plan.
    #[napi]
    pub fn against_plan<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        plan: &Plan,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, DriftReport>> {
        let (stack, plan) = (self.at(call), plan.inner());
        promise(env, async move {
            let given = options::<DriftChoices>(&given)?.over(stack.client().drift_options())?;
            let report = stack.against_plan(&plan, &given).await?;
            Ok(DriftReport::of(report, vec![stack]))
        })
    }

    /// A report against a snapshot.
    #[napi]
    pub fn against_snapshot<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        snapshot: &Snapshot,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, DriftReport>> {
        let (stack, snapshot) = (self.at(call), snapshot.inner());
        promise(env, async move {
            let given = options::<DriftChoices>(&given)?.over(stack.client().drift_options())?;
            let report = stack.against_snapshot(&snapshot, &given).await?;
            Ok(DriftReport::of(report, vec![stack]))
        })
    }

    /// A report against another state.
    #[napi]
    pub fn against_state<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        other: &State,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, DriftReport>> {
        let (stack, other) = (self.at(call), other.inner().clone());
        promise(env, async move {
            let given = options::<DriftChoices>(&given)?.over(stack.client().drift_options())?;
            let report = stack.against_state(other.state(), &given).await?;
            Ok(DriftReport::of(report, vec![stack]))
        })
    }

    /// What it is like now.
    #[napi]
    pub fn snapshot<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, Recorded>> {
        let stack = self.at(call);
        promise(env, async move {
            let given = options::<DriftChoices>(&given)?.over(stack.client().drift_options())?;
            let (snapshot, report) = stack.snapshot(&given).await?;
            Ok(Recorded::of(snapshot, DriftReport::of(report, vec![stack])))
        })
    }

    /// The same stack, with a function that is asked what is really there.
    #[napi]
    pub fn with_reality(&self, ask: Function<'_, Question, ()>) -> napi::Result<Self> {
        let reality = Arc::new(Asked::new(JsReality::new(&ask)?));
        Ok(Self::of(self.inner.with_reality(reality)))
    }
}
