#![doc = include_str!("docs.md")]

mod access;
mod client;
mod config;
mod credentials;
mod error;
mod lock;
mod state;
mod table;
mod transport;

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::OnceCell;

use self::client::{Client, Versioning};
use self::lock::Held;
use super::kept::KeepsVersions;
use super::{
    Backend, BackendInfo, BackendSpec, Capability, IfChanged, LockId, LockInfo, RawState, StateRef,
    StateVersion, WorkspaceName, WriteOptions, Written, task,
};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

pub use config::S3Config;

/// So many requests at a time are useful.
const CONCURRENCY: usize = 64;

/// States in the buckets of S3, as Terraform's and OpenTofu's `s3` backend keeps them. Clones share their connections.
#[derive(Clone)]
pub struct S3Backend {
    info: BackendInfo,
    inner: Arc<Inner>,
}

struct Inner {
    client: Arc<Client>,
    versioning: KeepsVersions,
    /// Set when the account was found to be one that is allowed.
    account: OnceCell<()>,
}

impl S3Backend {
    /// Its kind.
    pub const KIND: &'static str = "s3";

    /// A backend with these arguments. It asks nobody before its first call.
    ///
    /// # Errors
    /// `InvalidConfig` for a proxy or a file of certificates that cannot be used.
    pub fn new(config: S3Config) -> Result<Self> {
        Ok(Self {
            info: BackendInfo {
                kind: Self::KIND.to_owned(),
                location: format!("s3://{}/{}", config.bucket, config.key),
            },
            inner: Arc::new(Inner {
                client: Arc::new(Client::new(config)?),
                versioning: KeepsVersions::default(),
                account: OnceCell::new(),
            }),
        })
    }

    /// The backend of a specification.
    ///
    /// # Errors
    /// Those of [`S3Config::from_spec`] and [`S3Backend::new`].
    pub fn from_spec(cx: &Context, spec: &BackendSpec) -> Result<Self> {
        let config = S3Config::from_spec(cx.environment(), spec)?;
        Self::new(config).map_err(|e| e.with("backend", &spec.origin))
    }

    /// Asks whether the bucket keeps versions. From then on [`Capability::versions`] is what it answered.
    ///
    /// # Errors
    /// Those of reaching the store; `PermissionDenied` without `s3:GetBucketVersioning`.
    pub async fn ask_versioning(&self, cx: &Context) -> Result<bool> {
        let asked = self.reading(cx, "backend.capability", self.inner.versioning());
        Ok(asked.await? == Versioning::Enabled)
    }

    /// Runs requests that change nothing; they end with the context.
    async fn reading<T>(
        &self,
        cx: &Context,
        operation: &'static str,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T>
    where
        T: Send,
    {
        cx.check()?;
        cx.run(async {
            self.inner.admit().await?;
            work.await
        })
        .await
        .map_err(|e| e.with_operation(operation))
    }

    /// Runs a change in a task of its own: it cleans up after itself also when nobody waits for it any more.
    async fn changing<T: Send + 'static>(
        &self,
        cx: &Context,
        operation: &'static str,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        cx.check()?;
        cx.run(self.inner.admit())
            .await
            .map_err(|e| e.with_operation(operation))?;
        task::to_its_end(work)
            .await
            .map_err(|e| e.with_operation(operation))
    }
}

impl std::fmt::Debug for S3Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Backend")
            .field("location", &self.info.location)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn key(&self, at: &StateRef) -> String {
        self.client.config.state_key(&at.workspace)
    }

    /// Checks once that the account is one that is allowed, where the configuration names some.
    async fn admit(&self) -> Result<()> {
        let access = &self.client.config.access;
        let (allowed, forbidden) = (&access.allowed_accounts, &access.forbidden_accounts);
        if allowed.is_empty() && forbidden.is_empty() {
            return Ok(());
        }
        self.account
            .get_or_try_init(|| async {
                let account = self.client.account().await?;
                if forbidden.contains(&account)
                    || (!allowed.is_empty() && !allowed.contains(&account))
                {
                    return Err(Error::new(
                        ErrorKind::InvalidConfig,
                        "the credentials belong to an account that the backend does not allow",
                    )
                    .with("account", account)
                    .with_hint("use other credentials, or change `allowed_account_ids` or `forbidden_account_ids`"));
                }
                Ok(())
            })
            .await
            .copied()
    }

    async fn versioning(&self) -> Result<Versioning> {
        let versioning = self.client.versioning().await?;
        self.versioning.learn(versioning == Versioning::Enabled);
        Ok(versioning)
    }

    async fn versions(&self, key: &str) -> Result<Vec<StateVersion>> {
        if !self.versioning.is_certain() {
            match self.versioning().await {
                Ok(Versioning::Never) => {
                    return Err(Error::new(
                        ErrorKind::Unsupported,
                        "the bucket keeps no versions of its objects",
                    )
                    .with("bucket", &self.client.config.bucket)
                    .with_hint(
                        "enable versioning for the bucket; versions are kept from then on",
                    ));
                }
                Ok(_) => {}
                // Then the list tells.
                Err(e)
                    if matches!(
                        e.kind(),
                        ErrorKind::PermissionDenied | ErrorKind::Unsupported
                    ) => {}
                Err(e) => return Err(e),
            }
        }
        self.client.versions(key).await
    }

    /// Takes the lock in a task of its own: when the caller is stopped in between, it is given back.
    async fn take(&self, cx: &Context, key: String, info: LockInfo) -> Result<Held> {
        let work = Held::take(Arc::clone(&self.client), key, info);
        cx.run(task::to_its_end(work)).await
    }
}

#[async_trait]
impl Backend for S3Backend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    /// Whether the bucket keeps versions is not known before it answered once; until then `versions` is set.
    fn capability(&self) -> Capability {
        Capability {
            write: true,
            lock: self.inner.client.config.locks(),
            workspaces: true,
            versions: self.inner.versioning.is_possible(),
            if_match: true,
            concurrency: CONCURRENCY,
        }
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        self.reading(cx, "backend.workspaces", async {
            let config = &self.inner.client.config;
            let keys = self.inner.client.list(&config.list_prefix()).await?;
            let mut names: Vec<_> = keys.iter().filter_map(|k| config.workspace_of(k)).collect();
            names.sort();
            names.dedup();
            names.insert(0, WorkspaceName::default_name());
            Ok(names)
        })
        .await
    }

    async fn objects(&self, cx: &Context, prefix: &str) -> Result<Vec<String>> {
        self.reading(cx, "backend.objects", self.inner.client.list(prefix))
            .await
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        let key = self.inner.key(at);
        self.reading(cx, "backend.read", async {
            state::read(&self.inner, &key, at.version.as_deref()).await
        })
        .await
    }

    async fn read_if_changed(&self, cx: &Context, at: &StateRef, etag: &str) -> Result<IfChanged> {
        let key = self.inner.key(at);
        self.reading(cx, "backend.read", async {
            state::read_if_changed(&self.inner, &key, at.version.as_deref(), etag).await
        })
        .await
    }

    async fn versions(&self, cx: &Context, at: &StateRef) -> Result<Vec<StateVersion>> {
        let key = self.inner.key(at);
        self.reading(cx, "backend.versions", self.inner.versions(&key))
            .await
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
        let (key, own) = (self.inner.key(at), LockInfo::new(cx, "write state"));
        let (inner, context) = (Arc::clone(&self.inner), cx.clone());
        self.changing(cx, "backend.write", async move {
            let change = state::Change::Write(new);
            state::change(&inner, &context, &key, change, &options, own).await
        })
        .await
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        at.only_current()?;
        let (key, own) = (self.inner.key(at), LockInfo::new(cx, "delete state"));
        let (inner, context) = (Arc::clone(&self.inner), cx.clone());
        self.changing(cx, "backend.delete", async move {
            let change = state::Change::Delete;
            state::change(&inner, &context, &key, change, &options, own).await
        })
        .await
        .map(|_| ())
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        at.only_current()?;
        if !self.inner.client.config.locks() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the backend is not configured to lock its states",
            )
            .with("location", &self.info.location)
            .with_hint("set the argument `use_lockfile`"));
        }
        let key = self.inner.key(at);
        cx.check()?;
        async {
            cx.run(self.inner.admit()).await?;
            Ok(self.inner.take(cx, key, info).await?.keep())
        }
        .await
        .map_err(|e: Error| e.with_operation("backend.lock"))
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        let (key, id) = (self.inner.key(at), id.clone());
        let client = Arc::clone(&self.inner.client);
        // Giving a lock back is right also when the rest was cancelled.
        let cx = cx.detached();
        self.changing(&cx, "backend.unlock", async move {
            lock::release(&client, &key, &id).await
        })
        .await
    }
}

#[cfg(test)]
mod tests;
