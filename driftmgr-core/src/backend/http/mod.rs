#![doc = include_str!("docs.md")]

mod client;
mod config;
mod error;
mod lock;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use self::client::{Got, HttpClient};
use super::lock::not_held;
use super::{
    Backend, BackendInfo, BackendSpec, Capability, IfChanged, LockId, LockInfo, RawState, StateRef,
    StateVersion, WorkspaceName, WriteOptions, Written, content_etag, task,
};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

pub use config::HttpConfig;

/// A state behind an HTTP address. Clones are one client.
#[derive(Clone)]
pub struct HttpBackend {
    info: BackendInfo,
    client: Arc<HttpClient>,
}

impl HttpBackend {
    /// Its kind.
    pub const KIND: &'static str = "http";

    /// A client of this configuration; nothing is asked yet.
    ///
    /// # Errors
    /// `InvalidConfig` for certificates that are none, and for the variables of proxies.
    pub fn new(cx: &Context, config: HttpConfig) -> Result<Self> {
        Ok(Self {
            info: BackendInfo {
                kind: Self::KIND.to_owned(),
                location: config.address().to_string(),
            },
            client: Arc::new(HttpClient::new(cx, config)?),
        })
    }

    /// The backend of a specification.
    ///
    /// # Errors
    /// Those of [`HttpConfig::from_spec`] and [`Self::new`].
    pub fn from_spec(cx: &Context, spec: &BackendSpec) -> Result<Self> {
        Self::new(cx, HttpConfig::from_spec(cx.environment(), spec)?)
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

impl std::fmt::Debug for HttpBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpBackend")
            .field("config", &self.client.config)
            .finish_non_exhaustive()
    }
}

/// Fails for what this kind does not have: other workspaces and versions.
fn only_state(at: &StateRef) -> Result<()> {
    if !at.workspace.is_default() {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the http backend has no other workspace than `default`",
        )
        .with("workspace", &at.workspace)
        .with_hint("select the workspace `default`"));
    }
    Ok(())
}

fn raw(bytes: Bytes) -> RawState {
    RawState {
        etag: Some(content_etag(&bytes)),
        bytes,
        version: None,
        modified: None,
    }
}

impl HttpClient {
    async fn read(&self, cx: &Context) -> Result<Option<RawState>> {
        Ok(self.get(cx).await?.map(raw))
    }

    async fn read_if_changed(&self, cx: &Context, etag: &str) -> Result<IfChanged> {
        Ok(match self.get_unless(cx, Some(etag)).await? {
            Got::Nothing => IfChanged::Changed(None),
            Got::Known => IfChanged::Unchanged,
            Got::State(bytes) => IfChanged::since(etag, Some(raw(bytes))),
        })
    }

    /// Checks what must hold for a change.
    async fn check(&self, cx: &Context, options: &WriteOptions) -> Result<()> {
        let Some(condition) = &options.if_match else {
            return Ok(());
        };
        let stored = self.read(cx).await?.and_then(|s| s.etag);
        condition
            .check(stored.as_deref())
            .map_err(|e| e.with("address", &self.config.state.url))
    }

    async fn write(&self, cx: &Context, new: Bytes, options: WriteOptions) -> Result<Written> {
        let etag = Some(content_etag(&new));
        self.locked(cx, &options, "write state", async |lock| {
            self.check(cx, &options).await?;
            self.put(cx, new, lock).await
        })
        .await?;
        Ok(Written {
            etag,
            version: None,
            backup: None,
        })
    }

    async fn remove(&self, cx: &Context, options: WriteOptions) -> Result<()> {
        self.locked(cx, &options, "delete state", async |lock| {
            self.check(cx, &options).await?;
            self.delete(cx, lock).await
        })
        .await
    }
}

#[async_trait]
impl Backend for HttpBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn capability(&self) -> Capability {
        let config = &self.client.config;
        Capability {
            write: config.lock.is_none() || config.can_lock(),
            lock: config.can_lock(),
            workspaces: false,
            versions: false,
            if_match: config.can_lock(),
            concurrency: 4,
        }
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        cx.check()?;
        Ok(vec![WorkspaceName::default_name()])
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        only_state(at)?;
        if let Some(version) = &at.version {
            return Err(
                Error::new(ErrorKind::NotFound, "the http backend keeps no old states")
                    .with("version", version.escape_debug())
                    .with("address", &self.client.config.state.url),
            );
        }
        self.client
            .read(cx)
            .await
            .map_err(|e| e.with_operation("backend.read"))
    }

    async fn read_if_changed(&self, cx: &Context, at: &StateRef, etag: &str) -> Result<IfChanged> {
        if !at.workspace.is_default() || at.version.is_some() {
            return Ok(IfChanged::since(etag, self.read(cx, at).await?));
        }
        let read = self.client.read_if_changed(cx, etag).await;
        read.map_err(|e| e.with_operation("backend.read"))
    }

    async fn versions(&self, _: &Context, _: &StateRef) -> Result<Vec<StateVersion>> {
        Err(Error::new(
            ErrorKind::Unsupported,
            "the http backend keeps no old states",
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
        only_state(at)?;
        if new.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "an empty state is not written; delete the state instead",
            ));
        }
        let (cx, client) = (cx.clone(), Arc::clone(&self.client));
        self.change("backend.write", async move {
            client.write(&cx, new, options).await
        })
        .await
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        at.only_current()?;
        only_state(at)?;
        let (cx, client) = (cx.clone(), Arc::clone(&self.client));
        self.change("backend.delete", async move {
            client.remove(&cx, options).await
        })
        .await
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        at.only_current()?;
        only_state(at)?;
        let (cx, client) = (cx.clone(), Arc::clone(&self.client));
        let back = (cx.clone(), Arc::clone(&client), info.clone());
        let taken = task::take_lock(
            async move { client.take(&cx, &info).await.map(|()| info.lock_id()) },
            async move |_| back.1.abandon(&back.0, &back.2).await,
        );
        taken.await.map_err(|e| e.with_operation("backend.lock"))
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        only_state(at)?;
        let (cx, client, id) = (cx.clone(), Arc::clone(&self.client), id.clone());
        self.change(
            "backend.unlock",
            async move { client.give_back(&cx, &id).await },
        )
        .await
    }
}

#[cfg(test)]
mod tests;
