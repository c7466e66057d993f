//! An opened backend: states as bytes, and locks.

use std::sync::Arc;

use driftmgr_core::backend::{IfMatch, LockId, StateRef, WorkspaceName, WriteOptions};
use driftmgr_core::client::BackendHandle;

use crate::error::Failure;
use crate::job::Job;
use crate::records::{BackendInfo, Capability};
use crate::typed::typed;

/// A place that keeps states.
#[derive(uniffi::Object)]
pub struct Backend {
    pub(crate) inner: BackendHandle,
}

/// The bytes of a state.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct RawState {
    /// As stored.
    pub bytes: Vec<u8>,
    /// Changes when the bytes change.
    pub etag: Option<String>,
    /// The version that was read.
    pub version: Option<String>,
}

/// What a write gave.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Written {
    /// The etag of the new state.
    pub etag: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The version that keeps what was there before.
    pub backup: Option<String>,
}

/// What must be stored for a write to happen.
#[derive(Debug, Clone, uniffi::Enum)]
pub enum Condition {
    /// Nothing.
    Absent,
    /// The state with this etag.
    Etag {
        /// The etag of [`RawState`].
        etag: String,
    },
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

    /// The bytes of a workspace's state; null when there is none. Takes no lock.
    pub async fn read(
        self: Arc<Self>,
        workspace: String,
        job: Option<Arc<Job>>,
    ) -> Result<Option<RawState>, Failure> {
        Job::run(job, |cx| async move {
            let read = self.inner.with_context(cx).read(&at(&workspace)?).await?;
            Ok(read.map(|state| RawState {
                bytes: state.bytes.to_vec(),
                etag: state.etag,
                version: state.version,
            }))
        })
        .await
    }

    /// Replaces the bytes of a workspace's state. `lock` is the id of a lock that the caller holds; without it the call takes one.
    pub async fn write(
        self: Arc<Self>,
        workspace: String,
        bytes: Vec<u8>,
        condition: Option<Condition>,
        lock: Option<String>,
        job: Option<Arc<Job>>,
    ) -> Result<Written, Failure> {
        Job::run(job, |cx| async move {
            let options = WriteOptions {
                if_match: condition.map(|condition| match condition {
                    Condition::Absent => IfMatch::Absent,
                    Condition::Etag { etag } => IfMatch::Etag(etag),
                }),
                lock: lock.map(LockId),
            };
            let backend = self.inner.with_context(cx);
            let written = backend.write(&at(&workspace)?, bytes, options).await?;
            Ok(Written {
                etag: written.etag,
                version: written.version,
                backup: written.backup,
            })
        })
        .await
    }

    /// Takes the lock of a workspace, or fails at once. `operation` says what for. The answer is its id.
    pub async fn lock(
        self: Arc<Self>,
        workspace: String,
        operation: String,
        job: Option<Arc<Job>>,
    ) -> Result<String, Failure> {
        Job::run(job, |cx| async move {
            let lock = self
                .inner
                .with_context(cx)
                .lock(&at(&workspace)?, &operation)
                .await?;
            Ok(lock.0)
        })
        .await
    }

    /// Gives the lock back.
    pub async fn unlock(
        self: Arc<Self>,
        workspace: String,
        lock: String,
        job: Option<Arc<Job>>,
    ) -> Result<(), Failure> {
        Job::run(job, |cx| async move {
            let backend = self.inner.with_context(cx);
            Ok(backend.unlock(&at(&workspace)?, &LockId(lock)).await?)
        })
        .await
    }
}

fn at(workspace: &str) -> Result<StateRef, Failure> {
    Ok(StateRef::current(workspace.parse::<WorkspaceName>()?))
}
