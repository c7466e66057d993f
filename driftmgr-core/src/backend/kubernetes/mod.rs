#![doc = include_str!("docs.md")]

mod client;
mod config;
mod error;
mod exec;
mod identity;
mod kubeconfig;
mod lock;
mod state;

use std::collections::BTreeMap;
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

pub use config::KubernetesConfig;

/// So many requests at a time are useful.
const CONCURRENCY: usize = 8;

/// The key of a secret under which the state is, and the label that says so.
const STATE: &str = "tfstate";
const SUFFIX: &str = "tfstateSecretSuffix";
const WORKSPACE: &str = "tfstateWorkspace";

/// States in the secrets of a Kubernetes cluster, as Terraform's and OpenTofu's `kubernetes` backend keeps them. Clones are one client.
#[derive(Clone)]
pub struct KubernetesBackend {
    info: BackendInfo,
    client: Arc<Client>,
}

/// Where the state of a workspace is.
#[derive(Debug, Clone)]
struct Place {
    secret: String,
    lease: String,
    labels: BTreeMap<String, String>,
}

impl Place {
    /// The name of one of its secrets.
    fn part(&self, at: usize) -> String {
        match at {
            0 => self.secret.clone(),
            at => format!("{}-part-{at}", self.secret),
        }
    }
}

impl KubernetesBackend {
    /// Its kind.
    pub const KIND: &'static str = "kubernetes";

    /// A client of this configuration; nothing is asked yet.
    ///
    /// # Errors
    /// `InvalidConfig` for certificates that are none, and for proxies.
    pub fn new(cx: &Context, config: KubernetesConfig) -> Result<Self> {
        Ok(Self {
            info: BackendInfo {
                kind: Self::KIND.to_owned(),
                location: format!(
                    "{} {}/{}",
                    config.access.server, config.namespace, config.suffix
                ),
            },
            client: Arc::new(Client::new(cx, config)?),
        })
    }

    /// The backend of a specification.
    ///
    /// # Errors
    /// Those of [`KubernetesConfig::from_spec`] and [`Self::new`].
    pub fn from_spec(cx: &Context, spec: &BackendSpec) -> Result<Self> {
        let config = KubernetesConfig::from_spec(cx.environment(), spec)?;
        Self::new(cx, config).map_err(|e| e.with("backend", &spec.origin))
    }

    fn place(&self, workspace: &WorkspaceName) -> Result<Place> {
        let config = &self.client.config;
        let secret = config.secret_name(workspace)?;
        Ok(Place {
            lease: format!("lock-{secret}"),
            labels: config.labels_of(workspace),
            secret,
        })
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
}

impl std::fmt::Debug for KubernetesBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KubernetesBackend")
            .field("config", &self.client.config)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Backend for KubernetesBackend {
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
            concurrency: CONCURRENCY,
        }
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        let selector = format!("{STATE}=true,{SUFFIX}={}", self.client.config.suffix);
        let labels = self.client.labels(cx, &selector).await;
        let labels = labels.map_err(|e| e.with_operation("backend.workspaces"))?;
        let mut names: Vec<WorkspaceName> = labels
            .iter()
            .filter_map(|labels| labels[WORKSPACE].as_str()?.parse().ok())
            .filter(|name: &WorkspaceName| !name.is_default())
            .collect();
        names.sort();
        names.dedup();
        names.insert(0, WorkspaceName::default_name());
        Ok(names)
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        let place = self.place(&at.workspace)?;
        if let Some(version) = &at.version {
            return Err(
                Error::new(ErrorKind::NotFound, "Kubernetes keeps no old states")
                    .with("version", version.escape_debug())
                    .with("secret", &place.secret),
            );
        }
        state::read(&self.client, cx, &place)
            .await
            .map_err(|e| e.with_operation("backend.read"))
    }

    async fn versions(&self, _: &Context, _: &StateRef) -> Result<Vec<StateVersion>> {
        Err(Error::new(
            ErrorKind::Unsupported,
            "Kubernetes keeps no old states",
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
        let place = self.place(&at.workspace)?;
        let (client, cx) = (Arc::clone(&self.client), cx.clone());
        Self::changing("backend.write", async move {
            state::change(&client, &cx, &place, Some(new), &options, own).await
        })
        .await
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        at.only_current()?;
        let own = LockInfo::new(cx, "delete state");
        let place = self.place(&at.workspace)?;
        let (client, cx) = (Arc::clone(&self.client), cx.clone());
        Self::changing("backend.delete", async move {
            state::change(&client, &cx, &place, None, &options, own).await
        })
        .await
        .map(|_| ())
    }

    async fn forget_workspace(&self, cx: &Context, name: &WorkspaceName) -> Result<()> {
        if name.is_default() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "the workspace `default` is always there",
            ));
        }
        if self
            .read(cx, &StateRef::current(name.clone()))
            .await?
            .is_some()
        {
            return Err(Error::new(ErrorKind::Conflict, "the workspace has a state")
                .with("workspace", name)
                .with_hint("delete the state first"));
        }
        let place = self.place(name)?;
        let (client, cx) = (Arc::clone(&self.client), cx.clone());
        Self::changing("backend.forget_workspace", async move {
            lock::forget(&client, &cx, &place).await
        })
        .await
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        at.only_current()?;
        let place = self.place(&at.workspace)?;
        let (client, cx) = (Arc::clone(&self.client), cx.clone());
        let back = (Arc::clone(&client), cx.clone(), place.clone());
        let taken = task::take_lock(
            async move {
                let taken = lock::take(&client, &cx, &place, &info).await;
                taken.map(|()| info.lock_id())
            },
            async move |id| lock::abandon(&back.0, &back.1, &back.2, &id).await,
        );
        taken.await.map_err(|e| e.with_operation("backend.lock"))
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        // Giving a lock back is right also when the rest was cancelled.
        let (client, cx, id) = (Arc::clone(&self.client), task::last_words(cx), id.clone());
        let place = self.place(&at.workspace)?;
        Self::changing("backend.unlock", async move {
            lock::release(&client, &cx, &place, &id).await
        })
        .await
    }
}

#[cfg(test)]
mod tests;
