#![doc = include_str!("docs.md")]

mod client;
mod config;
mod credentials;
mod error;
mod jwt;
mod lock;
mod state;
mod token;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use self::client::{Client, Which};
use self::state::{Change, Place};
use super::kept::KeepsVersions;
use super::{
    Backend, BackendInfo, BackendSpec, Capability, IfChanged, LockId, LockInfo, RawState, StateRef,
    StateVersion, WorkspaceName, WriteOptions, Written, task,
};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

pub use config::GcsConfig;

/// So many requests at a time are useful.
const CONCURRENCY: usize = 64;

/// States in the buckets of Google Cloud Storage, as Terraform's and OpenTofu's `gcs` backend keeps them. Clones are one client.
#[derive(Clone)]
pub struct GcsBackend {
    info: BackendInfo,
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    versioning: KeepsVersions,
}

impl Inner {
    async fn ask_versioning(&self, cx: &Context) -> Result<bool> {
        let kept = self.client.keeps_versions(cx).await?;
        self.versioning.learn(kept);
        Ok(kept)
    }
}

impl GcsBackend {
    /// Its kind.
    pub const KIND: &'static str = "gcs";

    /// A client of this configuration; nothing is asked yet.
    ///
    /// # Errors
    /// `InvalidConfig` for the variables of proxies.
    pub fn new(cx: &Context, config: GcsConfig) -> Result<Self> {
        Ok(Self {
            info: BackendInfo {
                kind: Self::KIND.to_owned(),
                location: format!("gs://{}/{}", config.bucket, config.folder),
            },
            inner: Arc::new(Inner {
                client: Client::new(cx, config)?,
                versioning: KeepsVersions::default(),
            }),
        })
    }

    /// The backend of a specification.
    ///
    /// # Errors
    /// Those of [`GcsConfig::from_spec`] and [`Self::new`].
    pub fn from_spec(cx: &Context, spec: &BackendSpec) -> Result<Self> {
        Self::new(cx, GcsConfig::from_spec(cx.environment(), spec)?)
            .map_err(|e| e.with("backend", &spec.origin))
    }

    /// Asks whether the bucket keeps versions. From then on [`Capability::versions`] is what it answered.
    ///
    /// # Errors
    /// Those of reaching the store; `PermissionDenied` without `storage.buckets.get`.
    pub async fn ask_versioning(&self, cx: &Context) -> Result<bool> {
        let asked = self.inner.ask_versioning(cx).await;
        asked.map_err(|e| e.with_operation("backend.capability"))
    }

    fn place(&self, at: &StateRef) -> Place {
        let config = &self.inner.client.config;
        Place {
            state: config.state(&at.workspace),
            lock: config.lock(&at.workspace),
        }
    }

    /// Runs a change to its end, also when nobody waits for it any more: no lock is left behind. Cancellation ends it early, in order.
    async fn changing<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        task::to_its_end(work)
            .await
            .map_err(|e| e.with_operation(operation))
    }

    async fn change(
        &self,
        cx: &Context,
        at: &StateRef,
        change: Change,
        options: WriteOptions,
        operation: &'static str,
    ) -> Result<Written> {
        at.only_current()?;
        cx.check()?;
        let own = LockInfo::new(
            cx,
            match change {
                Change::Write(_) => "write state",
                Change::Delete => "delete state",
            },
        );
        let (inner, cx, place) = (Arc::clone(&self.inner), cx.clone(), self.place(at));
        self.changing(operation, async move {
            state::change(&inner, &cx, &place, change, &options, own).await
        })
        .await
    }
}

impl std::fmt::Debug for GcsBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GcsBackend")
            .field("config", &self.inner.client.config)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Backend for GcsBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    /// Whether the bucket keeps versions is not known before it answered once; until then `versions` is set.
    fn capability(&self) -> Capability {
        Capability {
            write: true,
            lock: true,
            workspaces: true,
            versions: self.inner.versioning.is_possible(),
            if_match: true,
            concurrency: CONCURRENCY,
        }
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        let config = &self.inner.client.config;
        let objects = self
            .inner
            .client
            .list(cx, &config.folder, Which::Folder)
            .await;
        let objects = objects.map_err(|e| e.with_operation("backend.workspaces"))?;
        let mut names: Vec<WorkspaceName> = objects
            .iter()
            .filter_map(|object| config.workspace_of(&object.name))
            .filter(|name| !name.is_default())
            .collect();
        names.sort();
        names.insert(0, WorkspaceName::default_name());
        Ok(names)
    }

    async fn objects(&self, cx: &Context, prefix: &str) -> Result<Vec<String>> {
        let found = self.inner.client.list(cx, prefix, Which::Below).await;
        let found = found.map_err(|e| e.with_operation("backend.objects"))?;
        Ok(found.into_iter().map(|object| object.name).collect())
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        let name = self.inner.client.config.state(&at.workspace);
        state::read(&self.inner.client, cx, &name, at.version.as_deref())
            .await
            .map_err(|e| e.with_operation("backend.read"))
    }

    async fn read_if_changed(&self, cx: &Context, at: &StateRef, etag: &str) -> Result<IfChanged> {
        let name = self.inner.client.config.state(&at.workspace);
        state::read_if_changed(&self.inner.client, cx, &name, at.version.as_deref(), etag)
            .await
            .map_err(|e| e.with_operation("backend.read"))
    }

    async fn versions(&self, cx: &Context, at: &StateRef) -> Result<Vec<StateVersion>> {
        let name = self.inner.client.config.state(&at.workspace);
        state::versions(&self.inner, cx, &name)
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
        if new.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "an empty state is not written; delete the state instead",
            ));
        }
        self.change(cx, at, Change::Write(new), options, "backend.write")
            .await
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        self.change(cx, at, Change::Delete, options, "backend.delete")
            .await
            .map(|_| ())
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        at.only_current()?;
        cx.check()?;
        let (inner, cx, name) = (Arc::clone(&self.inner), cx.clone(), self.place(at).lock);
        let back = (Arc::clone(&inner), cx.clone(), name.clone(), info.clone());
        let taken = task::take_lock(
            async move { lock::take(&inner.client, &cx, &name, &info).await },
            async move |_| lock::abandon(&back.0.client, &back.1, &back.2, &back.3).await,
        );
        taken.await.map_err(|e| e.with_operation("backend.lock"))
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        // Giving a lock back is right also when the rest was cancelled.
        let (inner, cx, id) = (Arc::clone(&self.inner), task::last_words(cx), id.clone());
        let name = self.place(at).lock;
        self.changing("backend.unlock", async move {
            lock::release(&inner.client, &cx, &name, &id).await
        })
        .await
    }
}

#[cfg(test)]
mod tests;
