#![doc = include_str!("docs.md")]

mod client;
mod config;
mod error;
mod lock;
mod state;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use self::client::Client;
use super::{
    Backend, BackendInfo, BackendSpec, Capability, LockId, LockInfo, RawState, StateRef,
    StateVersion, WorkspaceName, WriteOptions, Written, task,
};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

pub use config::ConsulConfig;

/// So many requests at a time are useful.
const CONCURRENCY: usize = 16;

/// States among the keys of Consul, as Terraform's and OpenTofu's `consul` backend keeps them. Clones are one client. Locks that were
/// taken through it and not given back end with it.
#[derive(Clone)]
pub struct ConsulBackend {
    info: BackendInfo,
    inner: Arc<Inner>,
}

struct Inner {
    client: Arc<Client>,
    sessions: lock::Sessions,
}

impl ConsulBackend {
    /// Its kind.
    pub const KIND: &'static str = "consul";

    /// A client of this configuration; nothing is asked yet.
    ///
    /// # Errors
    /// `InvalidConfig` for certificates that are none, and for the variables of proxies.
    pub fn new(cx: &Context, config: ConsulConfig) -> Result<Self> {
        Ok(Self {
            info: BackendInfo {
                kind: Self::KIND.to_owned(),
                location: format!("{} {}", config.address, config.path),
            },
            inner: Arc::new(Inner {
                client: Arc::new(Client::new(cx, config)?),
                sessions: lock::Sessions::default(),
            }),
        })
    }

    /// The backend of a specification.
    ///
    /// # Errors
    /// Those of [`ConsulConfig::from_spec`] and [`Self::new`].
    pub fn from_spec(cx: &Context, spec: &BackendSpec) -> Result<Self> {
        let config = ConsulConfig::from_spec(cx.environment(), spec)?;
        Self::new(cx, config).map_err(|e| e.with("backend", &spec.origin))
    }

    fn key(&self, at: &StateRef) -> String {
        self.inner.client.config.key(&at.workspace)
    }

    /// Runs a change to its end, also when nobody waits for it any more: no lock is left behind. Cancellation ends it early, in order.
    async fn changing<T: Send + 'static>(
        operation: &'static str,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        task::to_its_end(work)
            .await
            .map_err(|e| e.with_operation(operation))
    }

    fn lockable(&self) -> Result<()> {
        if self.inner.client.config.lock {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Unsupported,
            "this consul backend does not lock: it has `lock = false`",
        )
        .with("key", &self.inner.client.config.path))
    }
}

impl std::fmt::Debug for ConsulBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConsulBackend")
            .field("config", &self.inner.client.config)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Backend for ConsulBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn capability(&self) -> Capability {
        Capability {
            write: true,
            lock: self.inner.client.config.lock,
            workspaces: true,
            versions: false,
            if_match: true,
            concurrency: CONCURRENCY,
        }
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        let prefix = self.inner.client.config.workspaces();
        let keys = self.inner.client.keys(cx, &prefix).await;
        let keys = keys.map_err(|e| e.with_operation("backend.workspaces"))?;
        // What has a slash is a lock or a piece.
        let mut names: Vec<WorkspaceName> = keys
            .iter()
            .filter_map(|key| key.strip_prefix(&prefix)?.parse().ok())
            .filter(|name: &WorkspaceName| !name.is_default())
            .collect();
        names.sort();
        names.dedup();
        names.insert(0, WorkspaceName::default_name());
        Ok(names)
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        if let Some(version) = &at.version {
            return Err(
                Error::new(ErrorKind::NotFound, "Consul keeps no old states")
                    .with("version", version.escape_debug())
                    .with("key", self.key(at)),
            );
        }
        state::read(&self.inner.client, cx, &self.key(at))
            .await
            .map_err(|e| e.with_operation("backend.read"))
    }

    async fn versions(&self, _: &Context, _: &StateRef) -> Result<Vec<StateVersion>> {
        Err(Error::new(
            ErrorKind::Unsupported,
            "Consul keeps no old states",
        ))
    }

    async fn write(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Bytes,
        options: WriteOptions,
    ) -> Result<Written> {
        at.only_current()?;
        if new.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "an empty state is not written; delete the state instead",
            ));
        }
        let own = LockInfo::new(cx, "write state");
        let (inner, cx, key) = (Arc::clone(&self.inner), cx.clone(), self.key(at));
        Self::changing("backend.write", async move {
            state::change(&inner, &cx, &key, Some(new), &options, own).await
        })
        .await
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        at.only_current()?;
        let own = LockInfo::new(cx, "delete state");
        let (inner, cx, key) = (Arc::clone(&self.inner), cx.clone(), self.key(at));
        Self::changing("backend.delete", async move {
            state::change(&inner, &cx, &key, None, &options, own).await
        })
        .await
        .map(|_| ())
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        at.only_current()?;
        self.lockable()?;
        let (inner, cx, key) = (Arc::clone(&self.inner), cx.clone(), self.key(at));
        let back = (Arc::clone(&inner), cx.clone(), key.clone());
        let taken = task::take_lock(
            async move { lock::take(&inner, &cx, &key, &info).await },
            async move |id| lock::abandon(&back.0, &back.1, &back.2, &id).await,
        );
        taken.await.map_err(|e| e.with_operation("backend.lock"))
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        self.lockable()?;
        // Giving a lock back is right also when the rest was cancelled.
        let (inner, cx, id) = (Arc::clone(&self.inner), task::last_words(cx), id.clone());
        let key = self.key(at);
        Self::changing("backend.unlock", async move {
            lock::release(&inner, &cx, &key, &id).await
        })
        .await
    }
}

#[cfg(test)]
mod tests;
