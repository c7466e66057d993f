//! Backends move state bytes. They know locking and versions, never what the bytes mean.
//!
//! A [`BackendSpec`] says which backend a folder uses, a [`BackendRegistry`] makes it, and [`Backend`] is what all of them can do.

#[cfg(feature = "_remote")]
mod arguments;
#[cfg(feature = "azurerm")]
pub mod azurerm;
mod backoff;
#[cfg(feature = "cloud")]
pub mod cloud;
#[cfg(feature = "consul")]
pub mod consul;
#[cfg(feature = "cos")]
pub mod cos;
#[cfg(feature = "gcs")]
pub mod gcs;
#[cfg(any(feature = "consul", feature = "kubernetes"))]
mod gzip;
#[cfg(feature = "http")]
pub mod http;
#[cfg(any(feature = "gcs", feature = "s3"))]
mod kept;
#[cfg(feature = "kubernetes")]
pub mod kubernetes;
pub mod layers;
pub mod local;
mod lock;
pub mod memory;
#[cfg(feature = "_objects")]
mod objects;
#[cfg(feature = "oss")]
pub mod oss;
#[cfg(feature = "pg")]
pub mod pg;
mod registry;
#[cfg(feature = "s3")]
pub mod s3;
mod spec;
#[cfg(feature = "_remote")]
mod task;
#[cfg(feature = "_transport")]
mod transport;
mod url;

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

pub use lock::{LockId, LockInfo, LockedBy};
pub use registry::{BackendFactory, BackendRegistry, KNOWN_KINDS};
pub use spec::{BackendSpec, SelectedWorkspace};
pub use url::{is_url, shown_target};

/// Moves state bytes.
///
/// # Behavior
/// Every implementation passes the suite in `testkit::backend`; it is the contract in runnable form.
/// - What was written is read back byte for byte.
/// - Workspaces are apart from each other in everything: bytes, versions, locks.
/// - Nothing is written or deleted while somebody else holds the lock. A call without a lock id takes the lock for its own duration
///   where the backend can lock; a call with one fails with `Conflict` when that lock is no longer held.
/// - What is overwritten or deleted can be got back through [`Backend::versions`] where [`Capability::versions`] is set; what is deleted
///   not where [`Backend::deletion_is_final`].
/// - A failing call leaves the stored state as it was. A state is never seen half written by another client of the same kind.
/// - No error and no `Debug` shows a secret or a byte of a state.
#[async_trait]
pub trait Backend: Send + Sync + fmt::Debug {
    /// What it is and where; no secrets.
    fn info(&self) -> &BackendInfo;

    /// What it can do.
    fn capability(&self) -> Capability;

    /// The workspaces that exist, `default` first and always there, the others sorted. Where workspaces have other names on the server
    /// (`cloud`, and `remote` with a prefix), there is no `default`.
    ///
    /// # Errors
    /// Those of reaching the store.
    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>>;

    /// The bytes of a state; `None` when there is none. Takes no lock.
    ///
    /// # Errors
    /// `NotFound` for a version that does not exist; those of reaching the store.
    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>>;

    /// The bytes of a state, unless it still is the one with this [`RawState::etag`]. Takes no lock. Where the store can compare, nothing but
    /// its answer is transferred; others read the state and compare here, as this default does.
    ///
    /// # Errors
    /// Those of [`Backend::read`].
    async fn read_if_changed(&self, cx: &Context, at: &StateRef, etag: &str) -> Result<IfChanged> {
        Ok(IfChanged::since(etag, self.read(cx, at).await?))
    }

    /// The versions of a state that can still be read, newest first. Empty when there is no state.
    ///
    /// # Errors
    /// `Unsupported` where [`Capability::versions`] is not set; those of reaching the store.
    async fn versions(&self, cx: &Context, at: &StateRef) -> Result<Vec<StateVersion>>;

    /// Replaces the bytes of a state.
    ///
    /// # Errors
    /// `Locked` when somebody else holds the lock, `Conflict` when `options` do not hold or the store changed in between,
    /// `InvalidInput` when `at` names a version; those of reaching the store.
    async fn write(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Bytes,
        options: WriteOptions,
    ) -> Result<Written>;

    /// Removes a state. Removing what is not there is no error.
    ///
    /// # Errors
    /// Those of [`Backend::write`].
    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()>;

    /// Removes what a deleted state leaves of its workspace, so that [`Backend::workspaces`] does not tell of it any more. Nothing, where a
    /// workspace is no more than its state.
    ///
    /// # Errors
    /// `Conflict` when the workspace has a state; `InvalidInput` for `default`; those of reaching the store.
    async fn forget_workspace(&self, _cx: &Context, _name: &WorkspaceName) -> Result<()> {
        Ok(())
    }

    /// The names of all objects of its store that begin so, sorted, whatever they hold: keys, blobs, paths of files. An address that is a pattern
    /// is held against them.
    ///
    /// # Errors
    /// `Unsupported` where a store has no such names; those of reaching it.
    async fn objects(&self, _cx: &Context, _prefix: &str) -> Result<Vec<String>> {
        Err(Error::new(
            ErrorKind::Unsupported,
            format!("the {} backend cannot be searched", self.info().kind),
        ))
    }

    /// Whether a deletion takes the versions and the lock along, because a store keeps both for a whole workspace and not for its state.
    fn deletion_is_final(&self) -> bool {
        false
    }

    /// Takes the lock of a workspace, or fails at once. The lock is Terraform's own: each keeps the other out.
    ///
    /// # Errors
    /// `Locked`, with the holder in its context and as a [`LockedBy`] source; `Unsupported` where [`Capability::lock`] is not set.
    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId>;

    /// Gives the lock back.
    ///
    /// # Errors
    /// `Conflict` when this is not the lock that is held.
    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()>;
}

/// What a backend says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackendInfo {
    /// Its kind, such as `local`.
    pub kind: String,
    /// Where it keeps states, for people; without secrets.
    pub location: String,
}

/// What a backend can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Capability {
    /// States can be written and deleted.
    pub write: bool,
    /// States can be locked.
    pub lock: bool,
    /// There can be more than the workspace `default`.
    pub workspaces: bool,
    /// Old versions can be read.
    pub versions: bool,
    /// [`WriteOptions::if_match`] is checked by the store itself, or under its lock.
    pub if_match: bool,
    /// So many calls at a time are useful.
    pub concurrency: usize,
}

/// The name of a workspace: not empty, no path separator, and no way out of its folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkspaceName(String);

impl WorkspaceName {
    /// `default`, which always exists.
    pub fn default_name() -> Self {
        Self("default".to_owned())
    }

    /// True for `default`.
    pub fn is_default(&self) -> bool {
        self.0 == "default"
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for WorkspaceName {
    fn default() -> Self {
        Self::default_name()
    }
}

impl fmt::Display for WorkspaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WorkspaceName {
    type Err = Error;

    /// Accepts what names one folder; Terraform, which also wants it to be a URL's path segment, accepts no more than that.
    fn from_str(name: &str) -> Result<Self> {
        let bad = |c: char| matches!(c, '/' | '\\') || c.is_control();
        if name.is_empty() || name == "." || name == ".." || name.contains(bad) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!("`{}` is not a workspace name", name.escape_debug()),
            )
            .with_hint("a name is not empty and has no slash, backslash or control character"));
        }
        Ok(Self(name.to_owned()))
    }
}

/// Which state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateRef {
    /// The workspace.
    pub workspace: WorkspaceName,
    /// One of [`Backend::versions`]; `None` is the current one.
    pub version: Option<String>,
}

impl StateRef {
    /// The current state of a workspace.
    pub fn current(workspace: WorkspaceName) -> Self {
        Self {
            workspace,
            version: None,
        }
    }

    /// A version of it.
    #[must_use]
    pub fn at_version(&self, version: impl Into<String>) -> Self {
        Self {
            workspace: self.workspace.clone(),
            version: Some(version.into()),
        }
    }

    /// Fails when a version is named: only the current state can be written or locked. For implementations of [`Backend`].
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn only_current(&self) -> Result<()> {
        match &self.version {
            None => Ok(()),
            Some(version) => Err(Error::new(
                ErrorKind::InvalidInput,
                "an old version of a state can only be read",
            )
            .with("version", version)),
        }
    }
}

/// The bytes of a state. `Debug` shows their number only: a state holds secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct RawState {
    /// The bytes as stored.
    pub bytes: Bytes,
    /// Changes when the bytes change; for [`IfMatch::Etag`].
    pub etag: Option<String>,
    /// The version that was read.
    pub version: Option<String>,
    /// When it was written.
    pub modified: Option<SystemTime>,
}

impl fmt::Debug for RawState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawState")
            .field("bytes", &self.bytes.len())
            .field("etag", &self.etag)
            .field("version", &self.version)
            .field("modified", &self.modified)
            .finish()
    }
}

/// What became of a state that was read before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfChanged {
    /// It still is the one that was read.
    Unchanged,
    /// It is another one, or there is none any more.
    Changed(Option<RawState>),
}

impl IfChanged {
    /// Compares what is stored now with the etag of what was read before. For implementations of [`Backend`].
    pub fn since(etag: &str, stored: Option<RawState>) -> Self {
        match &stored {
            Some(state) if state.etag.as_deref() == Some(etag) => Self::Unchanged,
            _ => Self::Changed(stored),
        }
    }
}

/// A version of a state that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateVersion {
    /// For [`StateRef::at_version`].
    pub id: String,
    /// When it was written.
    pub modified: Option<SystemTime>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// It is the current one.
    pub latest: bool,
}

/// Under which conditions something is written or deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WriteOptions {
    /// What must be stored now.
    pub if_match: Option<IfMatch>,
    /// The lock that the caller holds; `None` takes it for this one call.
    pub lock: Option<LockId>,
}

/// What must be stored for a write to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// Nothing.
    Absent,
    /// The state with this etag.
    Etag(String),
}

impl IfMatch {
    /// Fails when it does not hold for the etag of what is stored; `None` is that nothing is. For implementations of [`Backend`].
    ///
    /// # Errors
    /// `Conflict`.
    pub fn check(&self, stored: Option<&str>) -> Result<()> {
        let reason = match (self, stored) {
            (Self::Absent, None) => return Ok(()),
            (Self::Etag(wanted), Some(there)) if wanted == there => return Ok(()),
            (Self::Absent, Some(_)) => "there is a state where none was expected",
            (Self::Etag(_), None) => "the state that was read before is gone",
            (Self::Etag(_), Some(_)) => "the state was changed since it was read",
        };
        Err(Error::new(ErrorKind::Conflict, reason)
            .with_hint("read the state again and repeat the change on it"))
    }
}

/// What a write left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// The etag of the new state.
    pub etag: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The version that keeps what was there before; `None` when there was nothing or nothing changed.
    pub backup: Option<String>,
}

/// The etag of backends whose store has none: a hash of the bytes.
pub(crate) fn content_etag(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::from("sha256:"), |mut out, byte| {
            use fmt::Write;
            // Writing to a string does not fail.
            let _ = write!(out, "{byte:02x}");
            out
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workspace_names_stay_in_their_folder() {
        for name in ["", ".", "..", "a/b", "../x", "a\\b", "a\0"] {
            let error = name.parse::<WorkspaceName>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name:?}");
        }
        for name in ["default", "prod", "eu-west-1", "a.b", "ü"] {
            assert_eq!(name.parse::<WorkspaceName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn debug_of_a_state_shows_no_byte_of_it() {
        let state = RawState {
            bytes: Bytes::from_static(b"hunter2"),
            etag: None,
            version: None,
            modified: None,
        };
        assert!(!format!("{state:?}").contains("hunter2"));
        assert!(format!("{state:?}").contains("bytes: 7"));
    }
}
