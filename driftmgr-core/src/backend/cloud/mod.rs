#![doc = include_str!("docs.md")]

mod api;
mod client;
mod config;
mod error;
mod lock;
mod mapping;
mod session;
mod state;
mod workspace;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use self::client::CloudClient;
use super::lock::not_held;
use super::{
    Backend, BackendInfo, BackendSpec, Capability, LockId, LockInfo, RawState, StateRef,
    StateVersion, WorkspaceName, WriteOptions, Written, task,
};
use crate::context::Context;
use crate::error::Result;

pub use config::CloudConfig;

/// HCP Terraform takes 30 requests a second of one user, and a state takes three.
const CONCURRENCY: usize = 8;

/// States in the workspaces of HCP Terraform or Terraform Enterprise. Clones are one client.
#[derive(Clone)]
pub struct CloudBackend {
    info: BackendInfo,
    client: Arc<CloudClient>,
}

impl CloudBackend {
    /// Its kinds: the block `cloud`, and the backend `remote` before it.
    pub const KINDS: [&'static str; 2] = ["cloud", "remote"];

    /// A client of this configuration; nothing is asked yet.
    ///
    /// # Errors
    /// `InvalidConfig` for the variables of proxies, and for a CLI configuration that cannot be read.
    pub fn new(cx: &Context, config: CloudConfig) -> Result<Self> {
        Ok(Self {
            info: BackendInfo {
                kind: config.kind.name().to_owned(),
                location: config.location(),
            },
            client: Arc::new(CloudClient::new(cx, config)?),
        })
    }

    /// The backend of a specification.
    ///
    /// # Errors
    /// Those of [`CloudConfig::from_spec`] and [`Self::new`].
    pub fn from_spec(cx: &Context, spec: &BackendSpec) -> Result<Self> {
        Self::new(cx, CloudConfig::from_spec(cx.environment(), spec)?)
            .map_err(|e| e.with("backend", &spec.origin))
    }

    /// Runs a change to its end, also when nobody waits for it any more: no lock is left behind. Cancellation ends it early, in order.
    async fn change<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        task::to_its_end(work)
            .await
            .map_err(|e| e.with_operation(operation))
    }
}

impl std::fmt::Debug for CloudBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CloudBackend")
            .field("config", &self.client.config)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Backend for CloudBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn capability(&self) -> Capability {
        Capability {
            write: true,
            lock: true,
            workspaces: self.client.config.mapping.has_several(),
            versions: true,
            if_match: true,
            concurrency: CONCURRENCY,
        }
    }

    fn deletion_is_final(&self) -> bool {
        true
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        self.client
            .list_workspaces(cx)
            .await
            .map_err(|e| e.with_operation("backend.workspaces"))
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        self.client
            .read(cx, at)
            .await
            .map_err(|e| e.with_operation("backend.read"))
    }

    async fn versions(&self, cx: &Context, at: &StateRef) -> Result<Vec<StateVersion>> {
        self.client
            .versions(cx, at)
            .await
            .map_err(|e| e.with_operation("backend.versions"))
    }

    async fn write(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Bytes,
        options: WriteOptions,
    ) -> Result<Written> {
        at.only_current()?;
        let (cx, client, at) = (cx.clone(), Arc::clone(&self.client), at.clone());
        self.change("backend.write", async move {
            client.write(&cx, &at, new, &options).await
        })
        .await
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        at.only_current()?;
        let (cx, client, at) = (cx.clone(), Arc::clone(&self.client), at.clone());
        self.change("backend.delete", async move {
            client.delete(&cx, &at, &options).await
        })
        .await
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        at.only_current()?;
        let (cx, client, at) = (cx.clone(), Arc::clone(&self.client), at.clone());
        let back = (Arc::clone(&client), cx.clone(), at.clone(), info.clone());
        let taken = task::take_lock(
            async move {
                let taken = client.lock(&cx, &at, &info).await;
                taken.map(|()| info.lock_id())
            },
            async move |_| back.0.abandon(&back.1, &back.2, &back.3).await,
        );
        taken.await.map_err(|e| e.with_operation("backend.lock"))
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        // Giving a lock back is right also when the rest was cancelled.
        let (cx, client) = (cx.detached(), Arc::clone(&self.client));
        let (at, id) = (at.clone(), id.clone());
        self.change("backend.unlock", async move {
            client.unlock(&cx, &at, &id).await
        })
        .await
    }
}

#[cfg(test)]
mod tests;
