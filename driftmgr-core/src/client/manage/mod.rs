//! A stored state that can be changed: what it holds and held, and each change under its lock, with a backup before and a check after.

mod backup;
mod change;
mod edits;
mod locking;
mod migrate;

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use serde::Serialize;

use self::backup::Backups;
use super::encryption;
use super::open::{Located, locate};
use super::{Client, OpenOptions, StoredState};
use crate::backend::{Backend, BackendInfo, Capability, RawState, StateRef};
use crate::context::{Context, blocking};
use crate::error::{Error, ErrorKind, Partial, Result};
use crate::state::encryption::Encryption;
use crate::state::{Comparison, HealthInputs, State, compare};

pub use change::{ChangeOptions, Changed};

/// The beginning of the id of a version that is a backup of ours.
const BACKUP: &str = "backup:";

/// A state where it is stored. Cloning is cheap. `Debug` shows no value of it.
///
/// Every change takes the lock that Terraform takes, reads the state under it, writes down what was there, writes the new state under the
/// condition that nobody else wrote, reads it back and compares. When the check fails, the old state is put back.
///
/// ```no_run
/// use driftmgr_core::client::{ChangeOptions, Client};
///
/// # async fn example() -> driftmgr_core::Result<()> {
/// let client = Client::builder().build()?;
/// let state = client.manage("./infra").await?;
/// let dry = ChangeOptions { dry_run: true, ..ChangeOptions::default() };
/// for change in state.mv("aws_vpc.main", "module.net.aws_vpc.main", &dry).await?.changes {
///     println!("{change:?}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ManagedState {
    cx: Context,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// What messages and results call it.
    label: String,
    backend: Arc<dyn Backend>,
    at: StateRef,
    /// How it is stored; `None` as it is.
    encryption: Option<Encryption>,
}

/// A version of a state that can be read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoricVersion {
    /// For [`ManagedState::state`], [`ManagedState::diff`] and [`ManagedState::rollback`].
    pub id: String,
    /// Who keeps it.
    pub kept_by: Keeper,
    /// When it was written.
    #[serde(serialize_with = "super::json::moment_of")]
    pub modified: Option<SystemTime>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// It is the current one.
    pub latest: bool,
}

/// Who keeps a version of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Keeper {
    /// The backend: a version of the object, a backup beside the file.
    Backend,
    /// This machine: what was there before one of our changes, or a snapshot.
    Backup,
}

impl Client {
    /// A stored state that can be changed: of the folder of a root module, a state file, or the address of a state.
    ///
    /// # Errors
    /// Those of [`Client::open`] but for those of the state, which is not read yet.
    pub async fn manage<P: AsRef<Path>>(&self, target: P) -> Result<ManagedState> {
        self.manage_with(target, &OpenOptions::default()).await
    }

    /// The same with a workspace and values of variables.
    ///
    /// # Errors
    /// Those of [`Client::manage`].
    pub async fn manage_with<P: AsRef<Path>>(
        &self,
        target: P,
        options: &OpenOptions,
    ) -> Result<ManagedState> {
        let located = locate(&self.cx, &self.backends, target.as_ref(), options).await?;
        let Located {
            label,
            backend,
            at,
            workspace,
            around,
            ..
        } = located;
        Ok(ManagedState {
            cx: self.cx.clone(),
            inner: Arc::new(Inner {
                encryption: encryption::of(&self.cx, &around, &workspace)?,
                label,
                backend,
                at,
            }),
        })
    }
}

impl ManagedState {
    /// The same with another context: its own cancellation and deadline.
    #[must_use]
    pub fn with_context(&self, cx: Context) -> Self {
        Self { cx, ..self.clone() }
    }

    /// Its context.
    pub fn context(&self) -> &Context {
        &self.cx
    }

    /// What messages and results call it.
    pub fn label(&self) -> &str {
        &self.inner.label
    }

    /// Where it is stored; no secrets.
    pub fn info(&self) -> &BackendInfo {
        self.inner.backend.info()
    }

    /// What its backend can do.
    pub fn capability(&self) -> Capability {
        self.inner.backend.capability()
    }

    /// The name of its workspace.
    pub fn workspace(&self) -> &str {
        self.inner.at.workspace.as_str()
    }

    /// The bytes of the state, decrypted, as they stand otherwise; `None` when there is none. Takes no lock.
    ///
    /// # Errors
    /// Those of reaching the store, and of decrypting.
    pub async fn pull(&self) -> Result<Option<Bytes>> {
        match self.stored().await? {
            Some(raw) => Ok(Some(self.decrypted(raw.bytes).await?)),
            None => Ok(None),
        }
    }

    /// The state, or one of its [versions](ManagedState::versions).
    ///
    /// # Errors
    /// `NotFound` when there is none; those of [`ManagedState::pull`], and of a state that cannot be read.
    pub async fn state(&self, version: Option<&str>) -> Result<StoredState> {
        let raw = match version {
            None => self.stored().await?,
            Some(id) => Some(self.version(id).await?),
        };
        let raw = raw.ok_or_else(|| self.absent())?;
        let age = |written| self.cx.now().duration_since(written).ok();
        let place = HealthInputs {
            bytes: raw.bytes.len() as u64,
            age: raw.modified.and_then(age),
            ..HealthInputs::default()
        };
        let state = self.parsed(raw.bytes).await?;
        let name = match version {
            None => self.label().to_owned(),
            Some(id) => format!("{} ({id})", self.label()),
        };
        Ok(StoredState::of(&name, Arc::new(state), place))
    }

    /// What can still be read of its past, the newest first: versions of the backend, and backups and snapshots on this machine.
    ///
    /// # Errors
    /// Those of reaching the store. A backend that keeps no versions has none, which is no error.
    pub async fn versions(&self) -> Result<Vec<HistoricVersion>> {
        let of_backend = match self.inner.backend.versions(&self.cx, &self.inner.at).await {
            Ok(versions) => versions,
            Err(e) if e.kind() == ErrorKind::Unsupported => Vec::new(),
            Err(e) => return Err(e),
        };
        let mut all: Vec<HistoricVersion> = of_backend
            .into_iter()
            .map(|version| HistoricVersion {
                id: version.id,
                kept_by: Keeper::Backend,
                modified: version.modified,
                size: version.size,
                latest: version.latest,
            })
            .collect();
        all.extend(self.with_backups(|backups, _| backups.list()).await?);
        all.sort_by(|a, b| (b.latest, b.modified, &b.id).cmp(&(a.latest, a.modified, &a.id)));
        Ok(all)
    }

    /// What changed from one version to another; `None` is the current state.
    ///
    /// # Errors
    /// Those of [`ManagedState::state`].
    pub async fn diff(&self, from: Option<&str>, to: Option<&str>) -> Result<Partial<Comparison>> {
        let (from, to) = (self.state(from).await?, self.state(to).await?);
        Ok(compare(from.state(), to.state()))
    }

    /// For what has to be done also when the rest was cancelled.
    fn detached(&self) -> Self {
        self.with_context(self.cx.detached())
    }

    async fn stored(&self) -> Result<Option<RawState>> {
        self.inner.backend.read(&self.cx, &self.inner.at).await
    }

    async fn version(&self, id: &str) -> Result<RawState> {
        if let Some(name) = id.strip_prefix(BACKUP) {
            let name = name.to_owned();
            return self.with_backups(move |all, _| all.read(&name)).await;
        }
        let at = self.inner.at.at_version(id);
        let found = self.inner.backend.read(&self.cx, &at).await?;
        found.ok_or_else(|| self.absent().with("version", id.escape_debug()))
    }

    /// The same configuration at another place of its backend.
    fn at(&self, at: StateRef) -> Self {
        let inner = &self.inner;
        Self {
            cx: self.cx.clone(),
            inner: Arc::new(Inner {
                label: inner.label.clone(),
                backend: Arc::clone(&inner.backend),
                at,
                encryption: inner.encryption.clone(),
            }),
        }
    }

    /// The error of there being no state.
    pub fn absent(&self) -> Error {
        Error::new(
            ErrorKind::NotFound,
            format!("there is no state for workspace `{}`", self.workspace()),
        )
        .with("target", self.label())
        .with("looked at", &self.info().location)
    }

    async fn decrypted(&self, stored: Bytes) -> Result<Bytes> {
        encryption::opened(&self.cx, self.inner.encryption.clone(), stored)
            .await
            .map_err(|e| e.with("state", self.label()))
    }

    async fn parsed(&self, stored: Bytes) -> Result<State> {
        let bytes = self.decrypted(stored).await?;
        State::from_bytes(bytes).map_err(|e| e.with("state", self.label()))
    }

    /// Keeps bytes as a backup; gives the id of the version.
    async fn keep(&self, bytes: Bytes) -> Result<String> {
        self.with_backups(move |backups, cx| backups.keep(cx, &bytes))
            .await
    }

    async fn with_backups<T: Send + 'static>(
        &self,
        work: impl FnOnce(Backups, &Context) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let backups = Backups::of(&self.cx, &self.info().location, &self.inner.at.workspace)?;
        let cx = self.cx.clone();
        let work = move || work(backups, &cx);
        blocking(&self.cx, "work on the backups of a state", work).await
    }
}

#[cfg(test)]
mod tests;
