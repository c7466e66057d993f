#![doc = include_str!("docs.md")]

mod change;
mod config;
mod conninfo;
mod error;
mod holder;
mod lock;
mod passfile;
mod server;
mod session;
mod store;
mod tls;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use self::change::Change;
use self::lock::{Held, lost};
use self::store::Store;
use super::lock::not_held;
use super::{
    Backend, BackendInfo, BackendSpec, Capability, LockId, LockInfo, RawState, StateRef,
    StateVersion, WorkspaceName, WriteOptions, Written, content_etag, task,
};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

pub use config::PgConfig;

/// States in a table of PostgreSQL. Clones are one client.
#[derive(Clone)]
pub struct PgBackend {
    info: BackendInfo,
    store: Arc<Store>,
}

impl PgBackend {
    /// Its kind.
    pub const KIND: &'static str = "pg";

    /// A client of this configuration; nothing is asked yet.
    pub fn new(config: PgConfig) -> Self {
        Self {
            info: BackendInfo {
                kind: Self::KIND.to_owned(),
                location: config.location(),
            },
            store: Arc::new(Store::new(config)),
        }
    }

    /// The backend of a specification.
    ///
    /// # Errors
    /// Those of [`PgConfig::from_spec`].
    pub fn from_spec(cx: &Context, spec: &BackendSpec) -> Result<Self> {
        Ok(Self::new(PgConfig::from_spec(cx.environment(), spec)?))
    }

    /// Runs a change to its end, also when nobody waits for it any more: its connection is left in order. Cancellation ends it early.
    async fn change(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Option<Bytes>,
        options: WriteOptions,
        operation: &'static str,
    ) -> Result<()> {
        cx.check()?;
        let (cx, store, workspace) = (cx.clone(), Arc::clone(&self.store), at.workspace.clone());
        let work = async move {
            let change = match &new {
                Some(new) => Change::Write(text(new)?),
                None => Change::Delete,
            };
            let condition = options.if_match.as_ref();
            let Some(id) = &options.lock else {
                let info = LockInfo::new(&cx, operation);
                let mut held = Held::take(&store, &cx, &workspace, &info, true).await?;
                let result = held.change(&store, &cx, condition, change, false).await;
                held.release(&store, &cx).await;
                return result;
            };
            let shared = store.locks.get(&workspace, id)?;
            let mut held = cx.run(async { Ok(shared.lock().await) }).await?;
            let held = held.as_mut().ok_or_else(|| not_held(id))?;
            held.change(&store, &cx, condition, change, true).await
        };
        task::to_its_end(work).await
    }
}

/// The bytes as the text that a column can hold.
fn text(bytes: &[u8]) -> Result<&str> {
    match std::str::from_utf8(bytes) {
        Ok("") => Err(Error::new(
            ErrorKind::InvalidInput,
            "an empty state is not written; delete the state instead",
        )),
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(Error::new(
            ErrorKind::InvalidInput,
            "this is no text, and PostgreSQL keeps states as text",
        )
        .with_hint("states are JSON in UTF-8; see what made this one")),
    }
}

impl std::fmt::Debug for PgBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PgBackend")
            .field("config", &self.store.config)
            .finish_non_exhaustive()
    }
}

fn no_versions() -> &'static str {
    "the pg backend keeps no old states"
}

#[async_trait]
impl Backend for PgBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn capability(&self) -> Capability {
        Capability {
            write: true,
            lock: true,
            workspaces: true,
            versions: false,
            if_match: true,
            concurrency: session::KEPT,
        }
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        let names = self.store.workspaces(cx).await;
        names.map_err(|e| e.with_operation("backend.workspaces"))
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        if let Some(version) = &at.version {
            return Err(Error::new(ErrorKind::NotFound, no_versions())
                .with("version", version.escape_debug())
                .with("server", self.store.config.location()));
        }
        let state = self.store.read(cx, &at.workspace).await;
        state.map_err(|e| {
            e.with("workspace", &at.workspace)
                .with_operation("backend.read")
        })
    }

    async fn versions(&self, _: &Context, _: &StateRef) -> Result<Vec<StateVersion>> {
        Err(Error::new(ErrorKind::Unsupported, no_versions()))
    }

    async fn write(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Bytes,
        options: WriteOptions,
    ) -> Result<Written> {
        at.only_current()?;
        let etag = content_etag(&new);
        self.change(cx, at, Some(new), options, "write state")
            .await
            .map_err(|e| {
                e.with("workspace", &at.workspace)
                    .with_operation("backend.write")
            })?;
        Ok(Written {
            etag: Some(etag),
            version: None,
            backup: None,
        })
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        at.only_current()?;
        self.change(cx, at, None, options, "delete state")
            .await
            .map_err(|e| {
                e.with("workspace", &at.workspace)
                    .with_operation("backend.delete")
            })
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        at.only_current()?;
        let named = |e: Error| {
            e.with("workspace", &at.workspace)
                .with_operation("backend.lock")
        };
        cx.check().map_err(named)?;
        let (cx, store, workspace) = (cx.clone(), Arc::clone(&self.store), at.workspace.clone());
        let back = (Arc::clone(&store), cx.clone());
        let taken = task::take_lock(
            async move { Held::take(&store, &cx, &workspace, &info, false).await },
            async move |held: Held| {
                held.release(&back.0, &back.1).await;
            },
        );
        let held = taken.await.map_err(named)?;
        let id = held.id.clone();
        self.store.locks.add(held);
        Ok(id)
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        let named = |e: Error| {
            e.with("workspace", &at.workspace)
                .with_operation("backend.unlock")
        };
        let shared = self.store.locks.remove(&at.workspace, id).map_err(named)?;
        let (cx, store, of) = (cx.clone(), Arc::clone(&self.store), id.clone());
        let work = async move {
            // A change under the lock comes to its end first.
            let held = shared.lock().await.take().ok_or_else(|| not_held(&of))?;
            match held.release(&store, &cx).await {
                true => Ok(()),
                false => Err(lost(&of)),
            }
        };
        task::to_its_end(work).await.map_err(named)
    }
}

#[cfg(test)]
mod tests;
