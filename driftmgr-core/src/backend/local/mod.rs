#![doc = include_str!("docs.md")]

mod config;
mod lock;
mod store;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use self::lock::Held;
use super::lock::not_held;
use super::{
    Backend, BackendInfo, BackendSpec, Capability, LockId, LockInfo, LockedBy, RawState, StateRef,
    StateVersion, WorkspaceName, WriteOptions, Written, content_etag,
};
use crate::context::{Context, joined};
use crate::error::{Error, ErrorKind, Result};

pub use config::LocalConfig;

/// The version that is stored now.
const CURRENT: &str = "current";
/// The version before the last change.
const BACKUP: &str = "backup";

/// States in files, as Terraform's `local` backend keeps them. Clones share the locks they hold.
#[derive(Clone)]
pub struct LocalBackend {
    info: BackendInfo,
    inner: Arc<Inner>,
}

struct Inner {
    config: LocalConfig,
    held: Mutex<BTreeMap<WorkspaceName, Held>>,
}

impl LocalBackend {
    /// Its kind.
    pub const KIND: &'static str = "local";

    /// A backend over these files; none of them needs to exist.
    pub fn new(config: LocalConfig) -> Self {
        Self {
            info: BackendInfo {
                kind: Self::KIND.to_owned(),
                location: config.location(),
            },
            inner: Arc::new(Inner {
                config,
                held: Mutex::default(),
            }),
        }
    }

    /// The backend of a specification.
    ///
    /// # Errors
    /// Those of [`LocalConfig::from_spec`].
    pub fn from_spec(cx: &Context, spec: &BackendSpec) -> Result<Self> {
        let mut config = LocalConfig::from_spec(spec)?;
        let base = cx.environment().current_dir();
        config.path = base.join(config.path);
        config.workspace_dir = base.join(config.workspace_dir);
        Ok(Self::new(config))
    }

    /// Runs file work on a thread for it, to its end: a write is never left half done because somebody stopped waiting.
    async fn blocking<T: Send + 'static>(
        &self,
        cx: &Context,
        operation: &'static str,
        work: impl FnOnce(&Inner) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        cx.check()?;
        let inner = Arc::clone(&self.inner);
        let work = tokio::task::spawn_blocking(move || work(&inner));
        joined(work, "work on a state file")
            .await
            .map_err(|e| e.with_operation(operation))
    }
}

impl std::fmt::Debug for LocalBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalBackend")
            .field("config", &self.inner.config)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn held(&self) -> MutexGuard<'_, BTreeMap<WorkspaceName, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, at: &StateRef) -> Result<Option<RawState>> {
        let path = self.config.state_path(&at.workspace);
        let version = at.version.as_deref().unwrap_or(CURRENT);
        let found = match version {
            CURRENT => store::read(&path, self.held().get(&at.workspace))?,
            BACKUP => store::read_backup(&path)?,
            _ => None,
        };
        if found.is_none() && at.version.is_some() {
            return Err(
                Error::new(ErrorKind::NotFound, "the state has no such version")
                    .with("version", version.escape_debug())
                    .with("file", path.display()),
            );
        }
        Ok(found.map(|(bytes, modified)| RawState {
            etag: Some(content_etag(&bytes)),
            bytes: bytes.into(),
            version: Some(version.to_owned()),
            modified,
        }))
    }

    fn versions(&self, at: &StateRef) -> Result<Vec<StateVersion>> {
        let mut versions = Vec::new();
        for id in [CURRENT, BACKUP] {
            match self.read(&at.at_version(id)) {
                Ok(Some(state)) => versions.push(StateVersion {
                    id: id.to_owned(),
                    modified: state.modified,
                    size: Some(state.bytes.len() as u64),
                    latest: id == CURRENT,
                }),
                Ok(None) => {}
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
        }
        Ok(versions)
    }

    fn workspaces(&self) -> Result<Vec<WorkspaceName>> {
        let folder = &self.config.workspace_dir;
        let fail = |e| Error::io("list the workspaces", folder, e);
        let mut names = Vec::new();
        match std::fs::read_dir(folder) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(fail(e)),
            Ok(entries) => {
                for entry in entries {
                    let entry = entry.map_err(fail)?;
                    let name = entry.file_name();
                    let name = name.to_str().and_then(|n| n.parse().ok());
                    if let Some(name) = name.filter(|n: &WorkspaceName| !n.is_default())
                        && entry.file_type().map_err(fail)?.is_dir()
                    {
                        names.push(name);
                    }
                }
            }
        }
        names.sort();
        names.insert(0, WorkspaceName::default_name());
        Ok(names)
    }

    /// Runs a change under the lock that the caller holds, or under one for this change alone, after the caller's condition held.
    fn change<T>(
        &self,
        at: &StateRef,
        options: &WriteOptions,
        own: LockInfo,
        change: impl FnOnce(&Path, &mut Held, Option<Vec<u8>>) -> Result<T>,
    ) -> Result<T> {
        at.only_current()?;
        let path = self.config.state_path(&at.workspace);
        let checked = |held: &mut Held| {
            let stored = store::read(&path, Some(held))?.map(|(bytes, _)| bytes);
            if let Some(condition) = &options.if_match {
                let etag = stored.as_deref().map(content_etag);
                condition
                    .check(etag.as_deref())
                    .map_err(|e| e.with("file", path.display()))?;
            }
            change(&path, held, stored)
        };
        let mut held = self.held();
        match (&options.lock, held.get_mut(&at.workspace)) {
            (Some(id), Some(lock)) if lock.info.id == id.0 => checked(lock),
            (Some(id), _) => Err(not_held(id)),
            (None, Some(lock)) => Err(LockedBy::error(Some(lock.info.clone()))),
            (None, None) => {
                let mut lock = Held::acquire(&path, own)?;
                let result = checked(&mut lock);
                let released = lock.release();
                result.and_then(|value| released.map(|()| value))
            }
        }
    }

    fn write(
        &self,
        at: &StateRef,
        new: &[u8],
        options: &WriteOptions,
        own: LockInfo,
    ) -> Result<Written> {
        if new.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "an empty state is not written; delete the state instead",
            ));
        }
        self.change(at, options, own, |path, held, stored| {
            let mut written = Written {
                etag: Some(content_etag(new)),
                version: Some(CURRENT.to_owned()),
                backup: None,
            };
            if stored.as_deref() == Some(new) {
                return Ok(written);
            }
            if let Some(stored) = stored {
                store::back_up(path, held, &stored)?;
                written.backup = Some(BACKUP.to_owned());
            }
            store::replace(held, new)?;
            Ok(written)
        })
    }

    fn delete(&self, at: &StateRef, options: &WriteOptions, own: LockInfo) -> Result<()> {
        self.change(at, options, own, |path, held, stored| {
            if let Some(stored) = stored {
                store::back_up(path, held, &stored)?;
            }
            store::clear(held)
        })
    }

    /// Removes the folder of a workspace; the backup of its state goes with it.
    fn forget(&self, name: &WorkspaceName) -> Result<()> {
        if name.is_default() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "the workspace `default` is always there",
            )
            .with_hint("what can be deleted is its state"));
        }
        let path = self.config.state_path(name);
        let folder = self.config.workspace_dir.join(name.as_str());
        if self.held().contains_key(name) || store::read(&path, None)?.is_some() {
            return Err(Error::new(ErrorKind::Conflict, "the workspace has a state")
                .with("file", path.display())
                .with_hint("delete its state first, and give its lock back"));
        }
        match std::fs::remove_dir_all(&folder) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("delete the workspace's folder", &folder, e))
            }
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Backend for LocalBackend {
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
            concurrency: 8,
        }
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        self.blocking(cx, "backend.workspaces", Inner::workspaces)
            .await
    }

    async fn objects(&self, cx: &Context, prefix: &str) -> Result<Vec<String>> {
        let prefix = prefix.to_owned();
        self.blocking(cx, "backend.objects", move |_| store::files(&prefix))
            .await
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        let at = at.clone();
        self.blocking(cx, "backend.read", move |inner| inner.read(&at))
            .await
    }

    async fn versions(&self, cx: &Context, at: &StateRef) -> Result<Vec<StateVersion>> {
        let at = at.clone();
        self.blocking(cx, "backend.versions", move |inner| inner.versions(&at))
            .await
    }

    async fn write(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Bytes,
        options: WriteOptions,
    ) -> Result<Written> {
        let (at, own) = (at.clone(), LockInfo::new(cx, "write state"));
        self.blocking(cx, "backend.write", move |inner| {
            inner.write(&at, &new, &options, own)
        })
        .await
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        let (at, own) = (at.clone(), LockInfo::new(cx, "delete state"));
        self.blocking(cx, "backend.delete", move |inner| {
            inner.delete(&at, &options, own)
        })
        .await
    }

    async fn forget_workspace(&self, cx: &Context, name: &WorkspaceName) -> Result<()> {
        let name = name.clone();
        self.blocking(cx, "backend.forget_workspace", move |inner| {
            inner.forget(&name)
        })
        .await
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        let at = at.clone();
        self.blocking(cx, "backend.lock", move |inner| {
            at.only_current()?;
            let mut held = inner.held();
            if let Some(holder) = held.get(&at.workspace) {
                return Err(LockedBy::error(Some(holder.info.clone())));
            }
            let lock = Held::acquire(&inner.config.state_path(&at.workspace), info)?;
            let id = lock.info.lock_id();
            held.insert(at.workspace, lock);
            Ok(id)
        })
        .await
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        let (at, id) = (at.clone(), id.clone());
        // Giving a lock back is right also when the rest was cancelled.
        self.blocking(&cx.detached(), "backend.unlock", move |inner| {
            let mut held = inner.held();
            match held.remove(&at.workspace) {
                Some(lock) if lock.info.id == id.0 => lock.release(),
                other => {
                    held.extend(other.map(|lock| (at.workspace, lock)));
                    Err(not_held(&id).with_hint("a local lock ends with the program that holds it"))
                }
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests;
