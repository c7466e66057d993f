//! An opened backend: states as bytes, and locks.

use std::sync::Arc;

use driftmgr_core::backend::{self, IfMatch, LockId, WorkspaceName};
use driftmgr_core::client::BackendHandle;

use crate::error::Failure;
use crate::job::Job;
use crate::records::{BackendInfo, Capability, StateVersion, StoredBytes, Written};
use crate::typed::typed;

/// A place that keeps states.
#[derive(uniffi::Object)]
pub struct Backend {
    pub(crate) inner: BackendHandle,
}

/// Which state of a backend.
#[derive(Debug, Clone, uniffi::Record)]
pub struct StateRef {
    /// The workspace.
    #[uniffi(default = "default")]
    pub workspace: String,
    /// The id of one of the state's versions; null for the current one.
    #[uniffi(default = None)]
    pub version: Option<String>,
}

/// The bytes of a state.
#[derive(uniffi::Record)]
pub struct RawState {
    /// As stored.
    pub bytes: Vec<u8>,
    /// What is known of them.
    pub about: StoredBytes,
}

/// What must be stored for a write to happen.
#[derive(Debug, Clone, uniffi::Enum)]
pub enum Condition {
    /// Nothing.
    Absent,
    /// The state with this etag.
    Etag {
        /// The etag of what was read.
        etag: String,
    },
}

/// Under which conditions something is written or deleted.
#[derive(Debug, Clone, uniffi::Record)]
pub struct WriteOptions {
    /// What must be stored now.
    #[uniffi(default = None)]
    pub condition: Option<Condition>,
    /// The id of the lock that the caller holds; null takes it for this one call.
    #[uniffi(default = None)]
    pub lock: Option<String>,
}

#[uniffi::export]
impl Backend {
    /// What it is and where; no secrets.
    pub fn info(&self) -> Result<BackendInfo, Failure> {
        typed(self.inner.info())
    }

    /// What it can do.
    pub fn capability(&self) -> Result<Capability, Failure> {
        typed(&self.inner.capability())
    }

    /// The names of the workspaces that exist, `default` first and always there, the others sorted.
    pub async fn workspaces(
        self: Arc<Self>,
        job: Option<Arc<Job>>,
    ) -> Result<Vec<String>, Failure> {
        Job::run(job, |cx| async move {
            Ok(self.inner.with_context(cx).workspaces().await?)
        })
        .await
    }

    /// The bytes of a state; null when there is none. Takes no lock.
    pub async fn read(
        self: Arc<Self>,
        at: StateRef,
        job: Option<Arc<Job>>,
    ) -> Result<Option<RawState>, Failure> {
        Job::run(job, |cx| async move {
            let Some(read) = self.inner.with_context(cx).read(&at.core()?).await? else {
                return Ok(None);
            };
            Ok(Some(RawState {
                about: typed(&read)?,
                bytes: read.bytes.into(),
            }))
        })
        .await
    }

    /// The versions of a state that can still be read, newest first.
    pub async fn versions(
        self: Arc<Self>,
        at: StateRef,
        job: Option<Arc<Job>>,
    ) -> Result<Vec<StateVersion>, Failure> {
        Job::run(job, |cx| async move {
            typed(&self.inner.with_context(cx).versions(&at.core()?).await?)
        })
        .await
    }

    /// Replaces the bytes of a state.
    pub async fn write(
        self: Arc<Self>,
        at: StateRef,
        bytes: Vec<u8>,
        options: WriteOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Written, Failure> {
        Job::run(job, |cx| async move {
            let backend = self.inner.with_context(cx);
            typed(&backend.write(&at.core()?, bytes, options.into()).await?)
        })
        .await
    }

    /// Removes a state. Removing what is not there is no error.
    pub async fn delete(
        self: Arc<Self>,
        at: StateRef,
        options: WriteOptions,
        job: Option<Arc<Job>>,
    ) -> Result<(), Failure> {
        Job::run(job, |cx| async move {
            let backend = self.inner.with_context(cx);
            Ok(backend.delete(&at.core()?, options.into()).await?)
        })
        .await
    }

    /// Takes the lock of a workspace, or fails at once. `operation` says what for. The answer is its id.
    pub async fn lock(
        self: Arc<Self>,
        at: StateRef,
        operation: String,
        job: Option<Arc<Job>>,
    ) -> Result<String, Failure> {
        Job::run(job, |cx| async move {
            let lock = self
                .inner
                .with_context(cx)
                .lock(&at.core()?, &operation)
                .await?;
            Ok(lock.0)
        })
        .await
    }

    /// Gives the lock back.
    pub async fn unlock(
        self: Arc<Self>,
        at: StateRef,
        lock: String,
        job: Option<Arc<Job>>,
    ) -> Result<(), Failure> {
        Job::run(job, |cx| async move {
            let backend = self.inner.with_context(cx);
            Ok(backend.unlock(&at.core()?, &LockId(lock)).await?)
        })
        .await
    }
}

impl StateRef {
    fn core(&self) -> Result<backend::StateRef, Failure> {
        let at = backend::StateRef::current(self.workspace.parse::<WorkspaceName>()?);
        Ok(match &self.version {
            Some(version) => at.at_version(version),
            None => at,
        })
    }
}

impl From<WriteOptions> for backend::WriteOptions {
    fn from(options: WriteOptions) -> Self {
        Self {
            if_match: options.condition.map(|condition| match condition {
                Condition::Absent => IfMatch::Absent,
                Condition::Etag { etag } => IfMatch::Etag(etag),
            }),
            lock: options.lock.map(LockId),
        }
    }
}
