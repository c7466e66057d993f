//! The backend of both kinds, but for what their vendors have of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use bytes::Bytes;
use tracing::Instrument;

use super::Vendor;
use super::client::{Client, Head};
use super::state::{self, Change};
use crate::backend::{
    Capability, LockId, LockInfo, RawState, StateRef, StateVersion, WorkspaceName, WriteOptions,
    Written,
};
use crate::context::{Context, joined};
use crate::error::{Error, ErrorKind, Result};

pub(in crate::backend) use super::state::detached;

/// So many requests at a time are useful.
const CONCURRENCY: usize = 64;

/// Nobody asked yet.
const UNKNOWN: u8 = 0;
/// What is overwritten can be got back.
const KEPT: u8 = 1;
/// It cannot.
const NOT_KEPT: u8 = 2;

/// A client of a bucket. Clones are one client.
pub(in crate::backend) struct Engine<V>(Arc<Inner<V>>);

pub(in crate::backend) struct Inner<V> {
    pub(in crate::backend) client: Client<V>,
    /// What is known of the bucket's versions.
    versioning: AtomicU8,
}

impl<V: Vendor> Inner<V> {
    fn learn(&self, kept: bool) {
        let known = if kept { KEPT } else { NOT_KEPT };
        self.versioning.store(known, Ordering::Relaxed);
    }

    /// An object that was written has the name of a version where versions are kept, and no name or `null` where not.
    pub(super) fn learn_from(&self, head: &Head) {
        self.learn(head.version.as_deref().is_some_and(|id| id != "null"));
    }

    pub(super) async fn ask_versioning(&self, cx: &Context) -> Result<bool> {
        let kept = self.client.keeps_versions(cx).await?;
        self.learn(kept);
        Ok(kept)
    }
}

impl<V> Clone for Engine<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V: Vendor> Engine<V> {
    pub(in crate::backend) fn new(cx: &Context, vendor: V) -> Result<Self> {
        Ok(Self(Arc::new(Inner {
            client: Client::new(cx, vendor)?,
            versioning: AtomicU8::new(UNKNOWN),
        })))
    }

    pub(in crate::backend) fn vendor(&self) -> &V {
        &self.0.client.vendor
    }

    fn key(&self, at: &StateRef) -> String {
        self.vendor().layout().state(&at.workspace)
    }

    pub(in crate::backend) async fn ask_versioning(&self, cx: &Context) -> Result<bool> {
        let asked = self.0.ask_versioning(cx).await;
        asked.map_err(|e| e.with_operation("backend.capability"))
    }

    pub(in crate::backend) fn capability(&self) -> Capability {
        let vendor = self.vendor();
        Capability {
            write: true,
            lock: vendor.can_lock(),
            workspaces: true,
            versions: self.0.versioning.load(Ordering::Relaxed) != NOT_KEPT,
            if_match: vendor.can_lock(),
            concurrency: CONCURRENCY,
        }
    }

    pub(in crate::backend) async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        let layout = self.vendor().layout();
        let names = self.0.client.list(cx, layout.folder()).await;
        let names = names.map_err(|e| e.with_operation("backend.workspaces"))?;
        let mut names: Vec<WorkspaceName> = names
            .iter()
            .filter_map(|name| layout.workspace_of(name))
            .collect();
        names.sort();
        names.insert(0, WorkspaceName::default_name());
        Ok(names)
    }

    pub(in crate::backend) async fn read(
        &self,
        cx: &Context,
        at: &StateRef,
    ) -> Result<Option<RawState>> {
        let key = self.key(at);
        state::read(&self.0.client, cx, &key, at.version.as_deref())
            .await
            .map_err(|e| e.with_operation("backend.read"))
    }

    pub(in crate::backend) async fn versions(
        &self,
        cx: &Context,
        at: &StateRef,
    ) -> Result<Vec<StateVersion>> {
        state::versions(&self.0, cx, &self.key(at))
            .await
            .map_err(|e| e.with_operation("backend.versions"))
    }

    pub(in crate::backend) async fn write(
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

    pub(in crate::backend) async fn delete(
        &self,
        cx: &Context,
        at: &StateRef,
        options: WriteOptions,
    ) -> Result<()> {
        let changed = self.change(cx, at, Change::Delete, options, "backend.delete");
        changed.await.map(|_| ())
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
        let (inner, cx, key) = (Arc::clone(&self.0), cx.clone(), self.key(at));
        changing(operation, async move {
            state::change(&inner, &cx, &key, change, &options, own).await
        })
        .await
    }

    fn can_lock(&self) -> Result<()> {
        match self.vendor().can_lock() {
            true => Ok(()),
            false => Err(
                Error::new(ErrorKind::Unsupported, "the backend has no place for locks")
                    .with("bucket", self.vendor().bucket())
                    .with_hint("set `tablestore_endpoint` and `tablestore_table`"),
            ),
        }
    }

    pub(in crate::backend) async fn lock(
        &self,
        cx: &Context,
        at: &StateRef,
        info: LockInfo,
    ) -> Result<LockId> {
        at.only_current()?;
        cx.check()?;
        self.can_lock()
            .map_err(|e| e.with_operation("backend.lock"))?;
        let (inner, cx, key) = (Arc::clone(&self.0), cx.clone(), self.key(at));
        let (tell, told) = tokio::sync::oneshot::channel();
        let work = async move {
            let client = &inner.client;
            let taken = client.vendor.take(client, &cx, &key, &info).await;
            // Whoever stopped waiting does not know that there is a lock to give back.
            if let Err(Ok(id)) = tell.send(taken) {
                let released = client
                    .vendor
                    .release(client, &detached(&cx), &key, &id)
                    .await;
                if let Err(error) = released {
                    tracing::warn!(%error, lock = %id, "a lock may be left behind");
                }
            }
            Ok(())
        };
        changing("backend.lock", work).await?;
        told.await
            .unwrap_or_else(|e| {
                Err(Error::new(ErrorKind::Unexpected, "work on a lock ended early").with_source(e))
            })
            .map_err(|e| e.with_operation("backend.lock"))
    }

    pub(in crate::backend) async fn unlock(
        &self,
        cx: &Context,
        at: &StateRef,
        id: &LockId,
    ) -> Result<()> {
        self.can_lock()
            .map_err(|e| e.with_operation("backend.unlock"))?;
        // Giving a lock back is right also when the rest was cancelled.
        let (inner, cx, id) = (Arc::clone(&self.0), detached(cx), id.clone());
        let key = self.key(at);
        changing("backend.unlock", async move {
            let client = &inner.client;
            client.vendor.release(client, &cx, &key, &id).await
        })
        .await
    }
}

/// Runs a change to its end, also when nobody waits for it any more: no lock is left behind. Cancellation ends it early, in order.
async fn changing<T: Send + 'static>(
    operation: &'static str,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let task = tokio::spawn(work.in_current_span());
    joined(task, "work on a state in a bucket")
        .await
        .map_err(|e| e.with_operation(operation))
}
