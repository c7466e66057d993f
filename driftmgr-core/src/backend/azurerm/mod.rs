#![doc = include_str!("docs.md")]

mod account;
mod cli;
mod client;
mod cloud;
mod config;
mod error;
mod identity;
mod list;
mod lock;
mod shared_key;
mod state;
mod token;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use self::client::Client;
use self::error::masked;
use self::state::Change;
use super::{
    Backend, BackendInfo, BackendSpec, Capability, IfChanged, LockId, LockInfo, RawState, StateRef,
    StateVersion, WorkspaceName, WriteOptions, Written, task,
};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

pub use config::AzureConfig;

/// So many requests at a time are useful.
const CONCURRENCY: usize = 32;

/// States in the containers of Azure's storage accounts, as Terraform's and OpenTofu's `azurerm` backend keeps them. Clones are one client.
#[derive(Clone)]
pub struct AzureBackend {
    info: BackendInfo,
    client: Arc<Client>,
}

impl AzureBackend {
    /// Its kind.
    pub const KIND: &'static str = "azurerm";

    /// A backend with these arguments. It asks nobody before its first call.
    ///
    /// # Errors
    /// `InvalidConfig` for a proxy or a file of certificates that cannot be used.
    pub fn new(cx: &Context, config: AzureConfig) -> Result<Self> {
        Ok(Self {
            info: BackendInfo {
                kind: Self::KIND.to_owned(),
                location: format!(
                    "azurerm://{}/{}/{}",
                    config.account, config.container, config.key
                ),
            },
            client: Arc::new(Client::new(cx, config)?),
        })
    }

    /// The backend of a specification.
    ///
    /// # Errors
    /// Those of [`AzureConfig::from_spec`] and [`AzureBackend::new`].
    pub fn from_spec(cx: &Context, spec: &BackendSpec) -> Result<Self> {
        let config = AzureConfig::from_spec(cx.environment(), spec)?;
        Self::new(cx, config).map_err(|e| e.with("backend", &spec.origin))
    }

    /// The context of one call.
    fn cx(&self, cx: &Context) -> Context {
        match self.client.config.timeout {
            Some(timeout) => cx.clone().with_timeout(timeout),
            None => cx.clone(),
        }
    }

    /// Makes an error ready for whoever called.
    fn said(&self, operation: &'static str) -> impl Fn(Error) -> Error {
        move |error| masked(&self.client.config, error).with_operation(operation)
    }

    /// Runs a change in a task of its own: it cleans up after itself also when nobody waits for it any more.
    async fn changing<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        task::to_its_end(work).await.map_err(self.said(operation))
    }

    async fn change(
        &self,
        cx: &Context,
        at: &StateRef,
        change: Change,
        options: WriteOptions,
    ) -> Result<Written> {
        at.only_current()?;
        let (cx, at, client) = (self.cx(cx), at.clone(), Arc::clone(&self.client));
        let (operation, purpose) = match change {
            Change::Write(_) => ("backend.write", "write state"),
            Change::Delete => ("backend.delete", "delete state"),
        };
        self.changing(operation, async move {
            let own = LockInfo::new(&cx, purpose);
            state::change(&client, &cx, &at, change, options, own).await
        })
        .await
    }
}

impl std::fmt::Debug for AzureBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AzureBackend")
            .field("config", &self.client.config)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Backend for AzureBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    /// Whether the account keeps versions is known from the first state that was read or written; until then only `snapshot` counts.
    fn capability(&self) -> Capability {
        Capability {
            write: true,
            lock: true,
            workspaces: true,
            versions: state::keeps(&self.client),
            if_match: true,
            concurrency: CONCURRENCY,
        }
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        let prefix = self.client.config.prefix();
        let listed = self.client.list(&self.cx(cx), &prefix, "").await;
        let blobs = listed
            .and_then(|blobs| blobs.map_err(|refusal| refusal.error))
            .map_err(self.said("backend.workspaces"))?;
        let mut names: Vec<WorkspaceName> = blobs
            .iter()
            .filter(|blob| blob.size > 0)
            .filter_map(|blob| blob.name.strip_prefix(&prefix)?.parse().ok())
            .filter(|name: &WorkspaceName| !name.is_default())
            .collect();
        names.sort();
        names.dedup();
        names.insert(0, WorkspaceName::default_name());
        Ok(names)
    }

    async fn objects(&self, cx: &Context, prefix: &str) -> Result<Vec<String>> {
        let listed = self.client.list(&self.cx(cx), prefix, "").await;
        let blobs = listed
            .and_then(|blobs| blobs.map_err(|refusal| refusal.error))
            .map_err(self.said("backend.objects"))?;
        // An empty one is only there to be leased.
        let blobs = blobs.into_iter().filter(|blob| blob.size > 0);
        Ok(blobs.map(|blob| blob.name).collect())
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        state::read(&self.client, &self.cx(cx), at)
            .await
            .map_err(self.said("backend.read"))
    }

    async fn read_if_changed(&self, cx: &Context, at: &StateRef, etag: &str) -> Result<IfChanged> {
        state::read_if_changed(&self.client, &self.cx(cx), at, etag)
            .await
            .map_err(self.said("backend.read"))
    }

    async fn versions(&self, cx: &Context, at: &StateRef) -> Result<Vec<StateVersion>> {
        state::versions(&self.client, &self.cx(cx), at)
            .await
            .map_err(self.said("backend.versions"))
    }

    async fn write(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Bytes,
        options: WriteOptions,
    ) -> Result<Written> {
        if new.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "an empty state is not written; delete the state instead",
            ));
        }
        self.change(cx, at, Change::Write(new), options).await
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        self.change(cx, at, Change::Delete, options).await?;
        Ok(())
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        at.only_current()?;
        let (cx, client) = (self.cx(cx), Arc::clone(&self.client));
        let blob = client.config.blob(&at.workspace);
        let tidy = !at.workspace.is_default();
        let back = (Arc::clone(&client), cx.clone(), blob.clone());
        let taken = task::take_lock(
            async move { Ok(lock::take(&client, &cx, &blob, info).await?.id) },
            async move |id| lock::abandon(&back.0, &back.1, &back.2, &id, tidy).await,
        );
        taken.await.map_err(self.said("backend.lock"))
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        // Giving a lock back is right also when the rest was cancelled.
        let (cx, client, id) = (
            self.cx(&task::last_words(cx)),
            Arc::clone(&self.client),
            id.clone(),
        );
        let blob = client.config.blob(&at.workspace);
        let tidy = !at.workspace.is_default();
        self.changing("backend.unlock", async move {
            lock::give_back(&client, &cx, &blob, &id, tidy).await
        })
        .await
    }
}

#[cfg(test)]
mod tests;
