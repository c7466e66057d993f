//! `Backend`: where states are kept.

use driftmgr_core::Result;
use driftmgr_core::backend::{IfMatch, LockId, StateRef, WorkspaceName, WriteOptions};
use driftmgr_core::client::BackendHandle;
use napi::Env;
use napi::bindgen_prelude::{Buffer, PromiseRaw};
use napi_derive::napi;
use serde::Deserialize;

use crate::call::Call;
use crate::exchange::{options, text};
use crate::run::{now, promise};

/// See `ts/backend.ts`.
#[napi]
pub struct Backend {
    inner: BackendHandle,
}

/// Which state, and on what conditions.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Choices {
    workspace: Option<String>,
    version: Option<String>,
    lock: Option<String>,
    if_match: Option<String>,
}

impl Choices {
    fn at(&self) -> Result<StateRef> {
        let workspace = match &self.workspace {
            Some(name) => name.parse()?,
            None => WorkspaceName::default_name(),
        };
        let current = StateRef::current(workspace);
        Ok(match &self.version {
            Some(version) => current.at_version(version),
            None => current,
        })
    }

    fn conditions(self) -> WriteOptions {
        WriteOptions {
            if_match: self.if_match.map(IfMatch::Etag),
            lock: self.lock.map(LockId),
        }
    }
}

/// The bytes of a state, and what is known of them.
#[napi(object)]
pub struct Stored {
    /// The bytes.
    pub bytes: Buffer,
    /// The rest, as text.
    pub about: String,
}

impl Backend {
    pub(crate) fn of(inner: BackendHandle) -> Self {
        Self { inner }
    }

    fn at(&self, call: &Call) -> BackendHandle {
        self.inner.with_context(call.context())
    }
}

#[napi]
impl Backend {
    /// What it is and where.
    #[napi]
    pub fn info(&self) -> napi::Result<String> {
        now(|| text(self.inner.info()))
    }

    /// What it can do.
    #[napi]
    pub fn capability(&self) -> napi::Result<String> {
        now(|| text(&self.inner.capability()))
    }

    /// The workspaces that exist.
    #[napi]
    pub fn workspaces<'env>(
        &self,
        env: &'env Env,
        call: &Call,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let backend = self.at(call);
        promise(env, async move { text(&backend.workspaces().await?) })
    }

    /// The bytes of a state.
    #[napi]
    pub fn read<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, Option<Stored>>> {
        let backend = self.at(call);
        promise(env, async move {
            let at = options::<Choices>(&given)?.at()?;
            let Some(stored) = backend.read(&at).await? else {
                return Ok(None);
            };
            Ok(Some(Stored {
                about: text(&stored)?,
                bytes: stored.bytes.to_vec().into(),
            }))
        })
    }

    /// The versions of a state.
    #[napi]
    pub fn versions<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let backend = self.at(call);
        promise(env, async move {
            let at = options::<Choices>(&given)?.at()?;
            text(&backend.versions(&at).await?)
        })
    }

    /// Replaces the bytes of a state.
    #[napi]
    pub fn write<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        bytes: Buffer,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let (backend, bytes) = (self.at(call), bytes.to_vec());
        promise(env, async move {
            let given: Choices = options(&given)?;
            let at = given.at()?;
            text(&backend.write(&at, bytes, given.conditions()).await?)
        })
    }

    /// Removes a state.
    #[napi]
    pub fn delete<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, ()>> {
        let backend = self.at(call);
        promise(env, async move {
            let given: Choices = options(&given)?;
            let at = given.at()?;
            backend.delete(&at, given.conditions()).await
        })
    }

    /// Takes the lock.
    #[napi]
    pub fn lock<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        operation: String,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let backend = self.at(call);
        promise(env, async move {
            let at = options::<Choices>(&given)?.at()?;
            Ok(backend.lock(&at, &operation).await?.0)
        })
    }

    /// Gives the lock back.
    #[napi]
    pub fn unlock<'env>(
        &self,
        env: &'env Env,
        call: &Call,
        id: String,
        given: String,
    ) -> napi::Result<PromiseRaw<'env, ()>> {
        let backend = self.at(call);
        promise(env, async move {
            let at = options::<Choices>(&given)?.at()?;
            backend.unlock(&at, &LockId(id)).await
        })
    }
}
