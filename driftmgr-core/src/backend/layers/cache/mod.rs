//! Keeps states, and fetches them again only when they have changed.

mod disk;
mod key;
mod memory;
mod seal;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use self::disk::Disk;
use self::memory::Memory;
use super::account::Fingerprint;
use super::observe::Meter;
use super::options::CacheOptions;
use crate::backend::{
    Backend, BackendInfo, Capability, IfChanged, LockId, LockInfo, RawState, StateRef,
    StateVersion, WorkspaceName, WriteOptions, Written,
};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// A state as it was read.
#[derive(Debug, Clone)]
struct Kept {
    state: RawState,
    /// When the store last said that this is the current one. From the beginning of the request, since it may have changed during it.
    checked: SystemTime,
}

/// What the caches of a client share: its memory, its folder, and which entries are being changed.
pub(super) struct Shelf {
    ttl: Duration,
    /// Names of entries are made with it, so that they tell nothing.
    naming: [u8; 32],
    memory: Mutex<Memory>,
    disk: Option<Arc<Disk>>,
    /// How often each entry was dropped: what was read before that is not kept after it.
    drops: Arc<Mutex<HashMap<String, u64>>>,
    meter: Arc<Meter>,
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf")
            .field("ttl", &self.ttl)
            .field("disk", &self.disk)
            .finish_non_exhaustive()
    }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is whole, or drops an entry too much.
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> Result<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|e| {
        Error::new(ErrorKind::Unexpected, "a keyed hash cannot be made").with_source(e)
    })?;
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().into())
}

impl Shelf {
    /// Reads the key, or makes it.
    ///
    /// # Errors
    /// `InvalidConfig` for a key file that others can read, or that is none; those of making the folder.
    pub(super) fn open(cx: &Context, options: &CacheOptions, meter: Arc<Meter>) -> Result<Self> {
        let mut naming = [0; 32];
        let mut disk = None;
        match &options.disk {
            None => getrandom::fill(&mut naming).map_err(|e| {
                Error::new(ErrorKind::Unexpected, "there is no randomness").with_source(e)
            })?,
            Some(chosen) => {
                let key = match &chosen.key {
                    Some(key) => key.clone(),
                    None => key::of_user(cx.environment())?,
                };
                naming = keyed(key.expose(), &[b"names"])?;
                let sealing = keyed(key.expose(), &[b"entries"])?;
                let folder: PathBuf = cx.environment().current_dir().join(&chosen.folder);
                let opened = Disk::open(folder, chosen.max_bytes, &sealing, Arc::clone(&meter))?;
                disk = Some(Arc::new(opened));
            }
        }
        Ok(Self {
            ttl: options.ttl,
            naming,
            memory: Mutex::new(Memory::new(options.memory)),
            disk,
            drops: Arc::default(),
            meter,
        })
    }

    fn name(&self, identity: &Fingerprint, workspace: &WorkspaceName) -> Result<String> {
        let mac = keyed(&self.naming, &[identity, workspace.as_str().as_bytes()])?;
        Ok(mac.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn drops_of(&self, name: &str) -> u64 {
        locked(&self.drops).get(name).copied().unwrap_or_default()
    }

    async fn find(&self, name: &str) -> Option<Kept> {
        if let Some(kept) = locked(&self.memory).get(name) {
            return Some(kept);
        }
        let (disk, wanted) = (Arc::clone(self.disk.as_ref()?), name.to_owned());
        let drops = self.drops_of(name);
        let found = tokio::task::spawn_blocking(move || disk.get(&wanted));
        let kept = found.await.ok()??;
        let all = locked(&self.drops);
        if all.get(name).copied().unwrap_or_default() != drops {
            return None;
        }
        locked(&self.memory).put(name, kept.clone());
        Some(kept)
    }

    /// Keeps what was read since there were so many drops.
    async fn keep(&self, name: &str, drops: u64, kept: Kept) {
        let unchanged = move |all: &HashMap<String, u64>, name: &str| {
            all.get(name).copied().unwrap_or_default() == drops
        };
        {
            let all = locked(&self.drops);
            if !unchanged(&all, name) {
                return;
            }
            let evicted = locked(&self.memory).put(name, kept.clone());
            self.meter.note(|metrics| metrics.cache.evicted += evicted);
        }
        let Some(disk) = self.disk.clone() else {
            return;
        };
        let (name, all) = (name.to_owned(), Arc::clone(&self.drops));
        // What cannot be written is not kept; the state was read all the same.
        let _ = tokio::task::spawn_blocking(move || {
            let Some(staged) = disk.stage(&name, &kept) else {
                return;
            };
            let all = locked(&all);
            if unchanged(&all, &name) {
                disk.put(&name, staged);
            }
            drop(all);
            disk.tidy();
        })
        .await;
    }

    /// The store said that an entry still holds.
    async fn confirm(&self, name: &str, drops: u64, kept: Kept) {
        {
            let all = locked(&self.drops);
            if all.get(name).copied().unwrap_or_default() != drops {
                return;
            }
            locked(&self.memory).put(name, kept.clone());
        }
        if let Some(disk) = self.disk.clone() {
            let name = name.to_owned();
            let touched = move || disk.touch(&name, kept.checked);
            let _ = tokio::task::spawn_blocking(touched).await;
        }
    }

    fn forget(&self, name: &str) {
        let mut all = locked(&self.drops);
        *all.entry(name.to_owned()).or_default() += 1;
        locked(&self.memory).remove(name);
        if let Some(disk) = &self.disk {
            disk.remove(name);
        }
    }
}

/// An entry while its state is changed: it is dropped before and after, also when nobody waits for the change any more.
struct Changing<'a> {
    shelf: &'a Shelf,
    name: String,
}

impl<'a> Changing<'a> {
    fn begin(shelf: &'a Shelf, name: String) -> Self {
        shelf.forget(&name);
        Self { shelf, name }
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.shelf.forget(&self.name);
    }
}

/// A backend whose current states are kept. Former versions are not.
#[derive(Debug)]
pub(super) struct Cached {
    below: Arc<dyn Backend>,
    shelf: Arc<Shelf>,
    identity: Fingerprint,
}

impl Cached {
    pub(super) fn over(
        below: Arc<dyn Backend>,
        shelf: Arc<Shelf>,
        identity: Fingerprint,
    ) -> Arc<dyn Backend> {
        Arc::new(Self {
            below,
            shelf,
            identity,
        })
    }

    fn changing(&self, workspace: &WorkspaceName) -> Result<Changing<'_>> {
        let name = self.shelf.name(&self.identity, workspace)?;
        Ok(Changing::begin(&self.shelf, name))
    }

    /// The state that is kept, as long as it need not be asked for.
    fn fresh(&self, kept: &Kept, now: SystemTime) -> bool {
        // An entry of the future comes from a clock that was wrong.
        let age = now.duration_since(kept.checked);
        age.is_ok_and(|age| age < self.shelf.ttl)
    }
}

#[async_trait]
impl Backend for Cached {
    fn info(&self) -> &BackendInfo {
        self.below.info()
    }

    fn capability(&self) -> Capability {
        self.below.capability()
    }

    fn deletion_is_final(&self) -> bool {
        self.below.deletion_is_final()
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        self.below.workspaces(cx).await
    }

    async fn objects(&self, cx: &Context, prefix: &str) -> Result<Vec<String>> {
        self.below.objects(cx, prefix).await
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        if at.version.is_some() {
            return self.below.read(cx, at).await;
        }
        cx.check()?;
        let shelf = &*self.shelf;
        let name = shelf.name(&self.identity, &at.workspace)?;
        let drops = shelf.drops_of(&name);
        let kept = shelf.find(&name).await;
        let now = cx.now();
        if let Some(kept) = &kept
            && self.fresh(kept, now)
        {
            shelf.meter.note(|metrics| metrics.cache.fresh += 1);
            return Ok(Some(kept.state.clone()));
        }
        let stored = match kept.and_then(|kept| Some((kept.state.etag.clone()?, kept))) {
            None => self.below.read(cx, at).await?,
            Some((etag, kept)) => match self.below.read_if_changed(cx, at, &etag).await? {
                IfChanged::Changed(stored) => stored,
                IfChanged::Unchanged => {
                    shelf.meter.note(|metrics| metrics.cache.revalidated += 1);
                    let state = kept.state.clone();
                    let kept = Kept {
                        checked: now,
                        ..kept
                    };
                    shelf.confirm(&name, drops, kept).await;
                    return Ok(Some(state));
                }
            },
        };
        shelf.meter.note(|metrics| metrics.cache.missed += 1);
        match &stored {
            // Without an etag it could only be taken unasked.
            Some(state) if state.etag.is_some() || !shelf.ttl.is_zero() => {
                let kept = Kept {
                    state: state.clone(),
                    checked: now,
                };
                shelf.keep(&name, drops, kept).await;
            }
            _ => shelf.forget(&name),
        }
        Ok(stored)
    }

    async fn read_if_changed(&self, cx: &Context, at: &StateRef, etag: &str) -> Result<IfChanged> {
        Ok(IfChanged::since(etag, self.read(cx, at).await?))
    }

    async fn versions(&self, cx: &Context, at: &StateRef) -> Result<Vec<StateVersion>> {
        self.below.versions(cx, at).await
    }

    async fn write(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Bytes,
        options: WriteOptions,
    ) -> Result<Written> {
        let _changing = self.changing(&at.workspace)?;
        self.below.write(cx, at, new, options).await
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        let _changing = self.changing(&at.workspace)?;
        self.below.delete(cx, at, options).await
    }

    async fn forget_workspace(&self, cx: &Context, name: &WorkspaceName) -> Result<()> {
        let _changing = self.changing(name)?;
        self.below.forget_workspace(cx, name).await
    }

    /// Whoever has the lock reads what is there now.
    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        let _changing = self.changing(&at.workspace)?;
        self.below.lock(cx, at, info).await
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        self.below.unlock(cx, at, id).await
    }
}
