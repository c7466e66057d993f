//! `ManagedState`: a state where it is stored, to be changed.

use driftmgr_core::backend::LockId;
use driftmgr_core::client::{self, ChangeOptions};
use napi::Env;
use napi::bindgen_prelude::{Buffer, PromiseRaw};
use napi_derive::napi;
use serde::Deserialize;

use crate::call::{Call, milliseconds};
use crate::exchange::{options, text};
use crate::run::{now, promise};
use crate::state::{Compared, State};

/// See `ts/managed.ts`.
#[napi]
pub struct ManagedState {
    inner: client::ManagedState,
}

/// How a state is changed.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Choices {
    dry_run: bool,
    /// Milliseconds.
    lock_timeout: f64,
    without_lock: bool,
    force: bool,
}

impl Choices {
    fn read(given: &str) -> driftmgr_core::Result<ChangeOptions> {
        let given: Self = options(given)?;
        Ok(ChangeOptions {
            dry_run: given.dry_run,
            lock_timeout: milliseconds(given.lock_timeout),
            without_lock: given.without_lock,
            force: given.force,
        })
    }
}

impl ManagedState {
    pub(crate) fn of(inner: client::ManagedState) -> Self {
        Self { inner }
    }

    fn at(&self, call: &Call) -> client::ManagedState {
        self.inner.with_context(call.context())
    }
}

#[napi]
impl ManagedState {
    /// The target as the caller named it.
    #[napi(getter)]
    pub fn label(&self) -> String {
        self.inner.label().to_owned()
    }

    /// The name of its workspace.
    #[napi(getter)]
    pub fn workspace(&self) -> String {
        self.inner.workspace().to_owned()
    }

    /// Where it is stored.
    #[napi]
    pub fn info(&self) -> napi::Result<String> {
        now(|| text(self.inner.info()))
    }

    /// What its backend can do.
    #[napi]
    pub fn capability(&self) -> napi::Result<String> {
        now(|| text(&self.inner.capability()))
    }

    /// Its bytes, decrypted.
    #[napi]
    pub fn pull<'env>(
        &self,
        env: &'env Env,
        call: &Call,
    ) -> napi::Result<PromiseRaw<'env, Option<Buffer>>> {
        let state = self.at(call);
        promise(env, async move {
            Ok(state.pull().await?.map(|bytes| bytes.to_vec().into()))
        })
    }

    /// What it says, or what one of its versions says.
    #[napi]
    pub fn state<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        version: Option<String>,
    ) -> napi::Result<PromiseRaw<'env, State>> {
        let state = self.at(call);
        promise(env, async move {
            Ok(State::of(state.state(version.as_deref()).await?))
        })
    }

    /// What can still be read of its past.
    #[napi]
    pub fn versions<'env>(
        &self,
        env: &'env Env,
        call: &Call,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let state = self.at(call);
        promise(env, async move { text(&state.versions().await?) })
    }

    /// What changed from one version to another; without one, the current state.
    #[napi]
    pub fn diff<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        from: Option<String>,
        to: Option<String>,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let state = self.at(call);
        promise(env, async move {
            let compared = state.diff(from.as_deref(), to.as_deref()).await?;
            text(&Compared::from(compared))
        })
    }

    /// Writes a state as it is.
    #[napi]
    pub fn push<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        bytes: Buffer,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        // JavaScript may write to the buffer meanwhile.
        let (state, bytes) = (self.at(call), bytes.to_vec());
        promise(env, async move {
            text(&state.push(&bytes, &Choices::read(&given)?).await?)
        })
    }

    /// Makes one of its versions the next state.
    #[napi]
    pub fn rollback<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        version: String,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let state = self.at(call);
        promise(env, async move {
            text(&state.rollback(&version, &Choices::read(&given)?).await?)
        })
    }

    /// Makes a state that was kept elsewhere the next one.
    #[napi]
    pub fn restore<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        bytes: Buffer,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let (state, bytes) = (self.at(call), bytes.to_vec());
        promise(env, async move {
            text(&state.restore(&bytes, &Choices::read(&given)?).await?)
        })
    }

    /// Keeps it on this machine.
    #[napi]
    pub fn snapshot<'env>(
        &self,
        env: &'env Env,
        call: &Call,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let state = self.at(call);
        promise(env, async move { state.snapshot().await })
    }

    /// Moves what is at an address to another one.
    #[napi]
    pub fn mv<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        from: String,
        to: String,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let state = self.at(call);
        promise(env, async move {
            text(&state.mv(&from, &to, &Choices::read(&given)?).await?)
        })
    }

    /// Forgets what is at addresses.
    #[napi]
    pub fn rm<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        addresses: Vec<String>,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let state = self.at(call);
        promise(env, async move {
            text(&state.rm(&addresses, &Choices::read(&given)?).await?)
        })
    }

    /// Gives the resources of one provider to another one.
    #[napi]
    pub fn replace_provider<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        from: String,
        to: String,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let state = self.at(call);
        promise(env, async move {
            let given = Choices::read(&given)?;
            text(&state.replace_provider(&from, &to, &given).await?)
        })
    }

    /// Takes in an object that exists.
    #[napi]
    pub fn import_object<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        address: String,
        provider: String,
        object: String,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let state = self.at(call);
        promise(env, async move {
            let given = Choices::read(&given)?;
            let changed = state.import_object(&address, &provider, &object, &given);
            text(&changed.await?)
        })
    }

    /// Copies it to another place.
    #[napi]
    pub fn copy_to<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        to: &ManagedState,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let (state, to) = (self.at(call), to.at(call));
        promise(env, async move {
            text(&state.copy_to(&to, &Choices::read(&given)?).await?)
        })
    }

    /// Deletes it; gives the version that keeps it.
    #[napi]
    pub fn delete<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, Option<String>>> {
        let state = self.at(call);
        promise(
            env,
            async move { state.delete(&Choices::read(&given)?).await },
        )
    }

    /// Takes its lock; `timeout` is in milliseconds.
    #[napi]
    pub fn lock<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        operation: String,
        timeout: f64,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let state = self.at(call);
        promise(env, async move {
            Ok(state.lock(&operation, milliseconds(timeout)).await?.0)
        })
    }

    /// Gives a lock back.
    #[napi]
    pub fn unlock<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        id: String,
    ) -> napi::Result<PromiseRaw<'env, ()>> {
        let state = self.at(call);
        promise(env, async move { state.unlock(&LockId(id)).await })
    }

    /// The workspaces beside it.
    #[napi]
    pub fn workspaces<'env>(
        &self,
        env: &'env Env,
        call: &Call,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let state = self.at(call);
        promise(env, async move { text(&state.workspaces().await?) })
    }

    /// The state of another workspace.
    #[napi]
    pub fn in_workspace(&self, name: String) -> napi::Result<Self> {
        now(|| Ok(Self::of(self.inner.in_workspace(&name)?)))
    }

    /// Makes another workspace.
    #[napi]
    pub fn create_workspace<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        name: String,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, ManagedState>> {
        let (state, own) = (self.at(call), self.inner.context().clone());
        promise(env, async move {
            let given = Choices::read(&given)?;
            let new = state.create_workspace(&name, &given).await?;
            Ok(Self::of(new.with_context(own)))
        })
    }

    /// Deletes another workspace; gives the version that keeps its state.
    #[napi]
    pub fn delete_workspace<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        name: String,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, Option<String>>> {
        let state = self.at(call);
        promise(env, async move {
            state.delete_workspace(&name, &Choices::read(&given)?).await
        })
    }
}
