//! Backends by name: what this build has, and one that is opened for reading and writing states.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value as Json;

use super::Client;
use crate::backend::layers::BackendMetrics;
use crate::backend::{
    Backend, BackendInfo, BackendSpec, Capability, IfChanged, LockId, LockInfo, RawState, StateRef,
    StateVersion, WriteOptions, Written,
};
use crate::context::Context;
use crate::error::Result;

/// A kind of backend that can be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackendKind {
    /// Its name, such as `local`.
    pub kind: String,
    /// What it can do; `None` where that depends on how it is configured, and for kinds that were added.
    pub capability: Option<Capability>,
}

/// An opened backend. Every call has the context of the client that opened it. Cloning is cheap; clones are one backend.
///
/// ```
/// use std::collections::BTreeMap;
/// use driftmgr_core::backend::{StateRef, WriteOptions};
/// use driftmgr_core::client::Client;
///
/// # #[tokio::main]
/// # async fn main() -> driftmgr_core::Result<()> {
/// let client = Client::builder().build()?;
/// let backend = client.backend("memory", BTreeMap::new(), ".")?;
/// let at = StateRef::default();
/// let lock = backend.lock(&at, "example").await?;
/// let held = WriteOptions { lock: Some(lock.clone()), ..WriteOptions::default() };
/// backend.write(&at, br#"{"version": 4}"#.to_vec(), held).await?;
/// backend.unlock(&at, &lock).await?;
/// assert!(backend.read(&at).await?.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct BackendHandle {
    cx: Context,
    backend: Arc<dyn Backend>,
}

impl Client {
    /// The kinds of backends that can be opened, sorted by name.
    ///
    /// ```
    /// # fn main() -> driftmgr_core::Result<()> {
    /// let kinds = driftmgr_core::client::Client::builder().build()?.backends();
    /// assert!(kinds.iter().any(|k| k.kind == "local" && k.capability.is_some_and(|c| c.lock)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn backends(&self) -> Vec<BackendKind> {
        let kinds = self.backends.kinds();
        kinds
            .map(|kind| BackendKind {
                kind: kind.to_owned(),
                capability: self.backends.capability(kind),
            })
            .collect()
    }

    /// What the backends of this client were asked so far, and what its layers did. Clones of a client count together.
    pub fn backend_metrics(&self) -> BackendMetrics {
        self.backends.metrics()
    }

    /// Opens a backend by its kind and arguments, as a `backend` block has them. Relative paths in them start at `root`, and that starts at
    /// the working folder.
    ///
    /// # Errors
    /// `Unsupported` for a kind that this client does not have, naming those that it has; `InvalidConfig` for wrong arguments.
    pub fn backend<P: AsRef<Path>>(
        &self,
        kind: &str,
        config: BTreeMap<String, Json>,
        root: P,
    ) -> Result<BackendHandle> {
        let spec = BackendSpec {
            root: self.cx.environment().current_dir().join(root),
            ..BackendSpec::from_block(kind, config, kind)
        };
        Ok(BackendHandle {
            cx: self.cx.clone(),
            backend: self.backends.open(&self.cx, &spec)?,
        })
    }
}

impl BackendHandle {
    /// The same with another context: its own cancellation and deadline.
    #[must_use]
    pub fn with_context(&self, cx: Context) -> Self {
        Self {
            cx,
            backend: self.backend.clone(),
        }
    }

    /// What it is and where; no secrets.
    pub fn info(&self) -> &BackendInfo {
        self.backend.info()
    }

    /// What it can do.
    pub fn capability(&self) -> Capability {
        self.backend.capability()
    }

    /// The names of the workspaces that exist, `default` first and always there, the others sorted.
    ///
    /// # Errors
    /// Those of reaching the store.
    pub async fn workspaces(&self) -> Result<Vec<String>> {
        let names = self.backend.workspaces(&self.cx).await?;
        Ok(names.iter().map(ToString::to_string).collect())
    }

    /// The bytes of a state; `None` when there is none. Takes no lock.
    ///
    /// # Errors
    /// `NotFound` for a version that does not exist; those of reaching the store.
    pub async fn read(&self, at: &StateRef) -> Result<Option<RawState>> {
        self.backend.read(&self.cx, at).await
    }

    /// The bytes of a state, unless it still is the one with this [`RawState::etag`]. Takes no lock.
    ///
    /// # Errors
    /// Those of [`BackendHandle::read`].
    pub async fn read_if_changed(&self, at: &StateRef, etag: &str) -> Result<IfChanged> {
        self.backend.read_if_changed(&self.cx, at, etag).await
    }

    /// The versions of a state that can still be read, newest first.
    ///
    /// # Errors
    /// `Unsupported` where [`Capability::versions`] is not set; those of reaching the store.
    pub async fn versions(&self, at: &StateRef) -> Result<Vec<StateVersion>> {
        self.backend.versions(&self.cx, at).await
    }

    /// Replaces the bytes of a state, as they are: nothing checks that they are one.
    ///
    /// # Errors
    /// `Locked` when somebody else holds the lock, `Conflict` when `options` do not hold, `InvalidInput` when `at` names a version;
    /// those of reaching the store.
    pub async fn write<B: Into<Bytes>>(
        &self,
        at: &StateRef,
        bytes: B,
        options: WriteOptions,
    ) -> Result<Written> {
        self.backend
            .write(&self.cx, at, bytes.into(), options)
            .await
    }

    /// Removes a state. Removing what is not there is no error.
    ///
    /// # Errors
    /// Those of [`BackendHandle::write`].
    pub async fn delete(&self, at: &StateRef, options: WriteOptions) -> Result<()> {
        self.backend.delete(&self.cx, at, options).await
    }

    /// Takes the lock of a workspace, or fails at once. `operation` says what for; whoever meets the lock reads it. The lock is
    /// Terraform's own: each keeps the other out.
    ///
    /// # Errors
    /// `Locked`, with `lock`, `holder`, `operation` and `since` in its context; `Unsupported` where [`Capability::lock`] is not set.
    pub async fn lock(&self, at: &StateRef, operation: &str) -> Result<LockId> {
        let info = LockInfo::new(&self.cx, operation);
        self.backend.lock(&self.cx, at, info).await
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// `Conflict` when this is not the lock that is held.
    pub async fn unlock(&self, at: &StateRef, id: &LockId) -> Result<()> {
        self.backend.unlock(&self.cx, at, id).await
    }
}
