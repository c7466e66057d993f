//! A store that keeps something else than what it was given: what was there before is put back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use driftmgr_core::backend::memory::{MemoryBackend, MemoryStore};
use driftmgr_core::backend::{
    Backend, BackendInfo, Capability, LockId, LockInfo, RawState, StateRef, StateVersion,
    WorkspaceName, WriteOptions, Written,
};
use driftmgr_core::{ErrorKind, Result};

use super::*;

/// Keeps another name of one instance, once.
#[derive(Debug)]
struct Damaging {
    inner: Arc<dyn Backend>,
    armed: AtomicBool,
}

#[async_trait]
impl Backend for Damaging {
    fn info(&self) -> &BackendInfo {
        self.inner.info()
    }

    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    fn deletion_is_final(&self) -> bool {
        self.inner.deletion_is_final()
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        self.inner.workspaces(cx).await
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        self.inner.read(cx, at).await
    }

    async fn versions(&self, cx: &Context, at: &StateRef) -> Result<Vec<StateVersion>> {
        self.inner.versions(cx, at).await
    }

    async fn write(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Bytes,
        options: WriteOptions,
    ) -> Result<Written> {
        let stored = match self.armed.swap(false, Ordering::Relaxed) {
            true => String::from_utf8(new.to_vec())
                .unwrap()
                .replace("keep", "kept")
                .into(),
            false => new,
        };
        self.inner.write(cx, at, stored, options).await
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        self.inner.delete(cx, at, options).await
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        self.inner.lock(cx, at, info).await
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        self.inner.unlock(cx, at, id).await
    }
}

/// In a store that has no state yet.
pub(crate) async fn what_was_there_is_put_back(inner: Arc<dyn Backend>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Damaging {
        inner,
        armed: AtomicBool::new(false),
    });
    let client = client(folder.path(), &folder.path().join("backups"), store.clone());
    let state = client.manage(folder.path()).await.unwrap();
    let all = ["gone".to_owned(), "keep".to_owned()];
    state
        .push(text(1, &all).as_bytes(), &options())
        .await
        .unwrap();
    let before = state.pull().await.unwrap();
    store.armed.store(true, Ordering::Relaxed);
    let error = state.rm(&[address("gone")], &options()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    let said = error.hints().join("; ");
    assert!(
        said.contains("what was there before was put back"),
        "{said}"
    );
    assert_eq!(state.pull().await.unwrap(), before);
    // The lock was given back, and the change can be made.
    state.rm(&[address("gone")], &options()).await.unwrap();
    // What is deleted takes everything along, and that is no error.
    let forced = ChangeOptions {
        force: true,
        ..options()
    };
    let backup = state.delete(&forced).await.unwrap();
    assert!(backup.is_some());
    assert_eq!(state.pull().await.unwrap(), None);
    // And comes back from its backup.
    state.rollback(&backup.unwrap(), &options()).await.unwrap();
    let back = state.state(None).await.unwrap();
    assert_eq!(names(back.state()), ["keep"]);
}

#[tokio::test]
async fn in_memory() {
    what_was_there_is_put_back(Arc::new(MemoryBackend::new(MemoryStore::default()))).await;
}
