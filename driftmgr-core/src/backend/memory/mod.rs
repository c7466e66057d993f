//! States in memory: for tests, and for hosts that keep states elsewhere and want the same interface.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;

use super::lock::not_held;
use super::{
    Backend, BackendInfo, Capability, LockId, LockInfo, LockedBy, RawState, StateRef, StateVersion,
    WorkspaceName, WriteOptions, Written, content_etag,
};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// What several [`MemoryBackend`]s share. Clones are the same store.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<BTreeMap<WorkspaceName, Slot>>>);

#[derive(Default)]
struct Slot {
    /// Every state there was, oldest first; its place is its version.
    history: Vec<(SystemTime, Bytes)>,
    deleted: bool,
    lock: Option<LockInfo>,
}

impl Slot {
    fn current(&self) -> Option<(usize, &(SystemTime, Bytes))> {
        self.history
            .iter()
            .enumerate()
            .next_back()
            .filter(|_| !self.deleted)
    }

    /// Checks lock and precondition of a change.
    fn admit(&self, options: &WriteOptions) -> Result<()> {
        match (&options.lock, &self.lock) {
            (None, None) => {}
            (None, Some(holder)) => return Err(LockedBy::error(Some(holder.clone()))),
            (Some(id), Some(holder)) if id.0 == holder.id => {}
            (Some(id), _) => return Err(not_held(id)),
        }
        if let Some(condition) = &options.if_match {
            let etag = self.current().map(|(_, (_, bytes))| content_etag(bytes));
            condition.check(etag.as_deref())?;
        }
        Ok(())
    }
}

/// A client of a [`MemoryStore`].
#[derive(Clone)]
pub struct MemoryBackend {
    store: MemoryStore,
    info: BackendInfo,
}

impl MemoryBackend {
    /// Its kind in a registry.
    pub const KIND: &'static str = "memory";

    /// A client of this store.
    pub fn new(store: MemoryStore) -> Self {
        Self {
            store,
            info: BackendInfo {
                kind: Self::KIND.to_owned(),
                location: "memory".to_owned(),
            },
        }
    }

    fn slots(&self) -> MutexGuard<'_, BTreeMap<WorkspaceName, Slot>> {
        // Every change is one assignment, so a poisoned map is still whole.
        self.store.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for MemoryBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryBackend").finish_non_exhaustive()
    }
}

#[async_trait]
impl Backend for MemoryBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn capability(&self) -> Capability {
        Capability {
            write: true,
            lock: true,
            workspaces: true,
            versions: true,
            if_match: true,
            concurrency: 64,
        }
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        cx.check()?;
        let slots = self.slots();
        let named = slots
            .iter()
            .filter(|(name, slot)| !name.is_default() && slot.current().is_some())
            .map(|(name, _)| name.clone());
        Ok(std::iter::once(WorkspaceName::default_name())
            .chain(named)
            .collect())
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        cx.check()?;
        let slots = self.slots();
        let slot = slots.get(&at.workspace);
        let found = match &at.version {
            None => slot.and_then(Slot::current),
            Some(version) => {
                let index: Option<usize> = version.parse().ok();
                let kept = index.and_then(|i| Some((i, slot?.history.get(i)?)));
                Some(kept.ok_or_else(|| {
                    Error::new(ErrorKind::NotFound, "the state has no such version")
                        .with("version", version)
                })?)
            }
        };
        Ok(found.map(|(index, (modified, bytes))| RawState {
            bytes: bytes.clone(),
            etag: Some(content_etag(bytes)),
            version: Some(index.to_string()),
            modified: Some(*modified),
        }))
    }

    async fn versions(&self, cx: &Context, at: &StateRef) -> Result<Vec<StateVersion>> {
        cx.check()?;
        let slots = self.slots();
        let Some(slot) = slots.get(&at.workspace) else {
            return Ok(Vec::new());
        };
        let latest = slot.current().map(|(index, _)| index);
        Ok(slot
            .history
            .iter()
            .enumerate()
            .rev()
            .map(|(index, (modified, bytes))| StateVersion {
                id: index.to_string(),
                modified: Some(*modified),
                size: Some(bytes.len() as u64),
                latest: latest == Some(index),
            })
            .collect())
    }

    async fn write(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Bytes,
        options: WriteOptions,
    ) -> Result<Written> {
        cx.check()?;
        at.only_current()?;
        let mut slots = self.slots();
        let slot = slots.entry(at.workspace.clone()).or_default();
        slot.admit(&options)?;
        let before = slot
            .current()
            .map(|(index, (_, bytes))| (index, *bytes == new));
        let etag = Some(content_etag(&new));
        if let Some((index, true)) = before {
            return Ok(Written {
                etag,
                version: Some(index.to_string()),
                backup: None,
            });
        }
        slot.history.push((cx.now(), new));
        slot.deleted = false;
        Ok(Written {
            etag,
            version: Some((slot.history.len() - 1).to_string()),
            backup: before.map(|(index, _)| index.to_string()),
        })
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        cx.check()?;
        at.only_current()?;
        let mut slots = self.slots();
        let slot = slots.entry(at.workspace.clone()).or_default();
        slot.admit(&options)?;
        slot.deleted = true;
        Ok(())
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        cx.check()?;
        at.only_current()?;
        let mut slots = self.slots();
        let slot = slots.entry(at.workspace.clone()).or_default();
        if let Some(holder) = &slot.lock {
            return Err(LockedBy::error(Some(holder.clone())));
        }
        let id = info.lock_id();
        slot.lock = Some(info);
        Ok(id)
    }

    async fn unlock(&self, _cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        let mut slots = self.slots();
        let slot = slots.entry(at.workspace.clone()).or_default();
        match &slot.lock {
            Some(holder) if holder.id == id.0 => slot.lock = None,
            _ => return Err(not_held(id)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::backend::suite;

    #[tokio::test]
    async fn keeps_the_contract() {
        suite(|| {
            let store = MemoryStore::default();
            Box::new(move || Arc::new(MemoryBackend::new(store.clone())))
        })
        .await;
    }
}
