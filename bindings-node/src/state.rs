//! `State`: what a state says, without asking anybody.

use driftmgr_core::client::StoredState;
use driftmgr_core::error::{Error, Partial};
use driftmgr_core::state::{Comparison, Secrets};
use napi::Env;
use napi::bindgen_prelude::{Buffer, PromiseRaw};
use napi_derive::napi;
use serde::Serialize;

use crate::exchange::text;
use crate::run::{heavy, now};

/// See `ts/state.ts`.
#[napi]
pub struct State {
    inner: StoredState,
}

impl State {
    pub(crate) fn of(inner: StoredState) -> Self {
        Self { inner }
    }

    pub(crate) fn inner(&self) -> &StoredState {
        &self.inner
    }
}

/// What changed, and what could not be compared.
#[derive(Serialize)]
pub(crate) struct Compared {
    #[serde(flatten)]
    comparison: Comparison,
    problems: Vec<Error>,
}

impl From<Partial<Comparison>> for Compared {
    fn from(compared: Partial<Comparison>) -> Self {
        Self {
            comparison: compared.value,
            problems: compared.problems,
        }
    }
}

fn secrets(shown: bool) -> Secrets {
    if shown {
        Secrets::Revealed
    } else {
        Secrets::Masked
    }
}

#[napi]
impl State {
    /// The state of a file.
    #[napi]
    pub fn read<'env>(env: &'env Env, file: String) -> napi::Result<PromiseRaw<'env, State>> {
        heavy(env, move || Ok(Self::of(StoredState::read(file)?)))
    }

    /// The state of some bytes.
    #[napi]
    pub fn parse<'env>(
        env: &'env Env,
        bytes: Buffer,
        name: String,
    ) -> napi::Result<PromiseRaw<'env, State>> {
        // JavaScript may write to the buffer meanwhile.
        let bytes = bytes.to_vec();
        heavy(env, move || {
            Ok(Self::of(StoredState::parse(&name, &bytes)?))
        })
    }

    /// What it is called.
    #[napi(getter)]
    pub fn name(&self) -> String {
        self.inner.name().to_owned()
    }

    /// Grows by one with each write.
    #[napi(getter)]
    pub fn serial(&self) -> f64 {
        self.inner.state().serial as f64
    }

    /// Names the history that it belongs to.
    #[napi(getter)]
    pub fn lineage(&self) -> String {
        self.inner.state().lineage.clone()
    }

    /// Instance addresses.
    #[napi]
    pub fn list<'env>(
        &self,
        env: &'env Env,
        addresses: Vec<String>,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let state = self.inner.clone();
        heavy(env, move || text(&state.list_only(&addresses)?))
    }

    /// What it is, and a row for each object.
    #[napi]
    pub fn inspect<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, String>> {
        let state = self.inner.clone();
        heavy(env, move || text(&state.inspect()))
    }

    /// Outputs of the root module.
    #[napi]
    pub fn outputs<'env>(
        &self,
        env: &'env Env,
        shown: bool,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let state = self.inner.clone();
        heavy(env, move || text(&state.outputs(secrets(shown))?))
    }

    /// As `terraform show -json` prints it.
    #[napi]
    pub fn view<'env>(
        &self,
        env: &'env Env,
        shown: bool,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let state = self.inner.clone();
        heavy(env, move || text(&state.view(secrets(shown))?))
    }

    /// How well it is kept.
    #[napi]
    pub fn health(&self) -> napi::Result<String> {
        now(|| text(&self.inner.health()))
    }

    /// Everything that can be said of it without asking anybody.
    #[napi]
    pub fn analyze<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, String>> {
        let state = self.inner.clone();
        heavy(env, move || text(&state.analyze()))
    }

    /// What changed up to another state.
    #[napi]
    pub fn compare<'env>(
        &self,
        env: &'env Env,
        after: &State,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let (before, after) = (self.inner.clone(), after.inner.clone());
        heavy(env, move || text(&Compared::from(before.compare(&after))))
    }

    /// Its bytes in the current format.
    #[napi]
    pub fn upgrade<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, Buffer>> {
        let state = self.inner.clone();
        heavy(env, move || Ok(state.upgrade().into()))
    }
}
