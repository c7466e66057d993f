//! A state file in format 4, in its place.

use std::path::Path;

use bytes::Bytes;

use super::Client;
use super::stored::unreadable;
use crate::backend::local::{LocalBackend, LocalConfig};
use crate::backend::{Backend as _, IfMatch, LockInfo, StateRef, WriteOptions};
use crate::context::Context;
use crate::error::Result;
use crate::state::State;

impl Client {
    /// Writes a state file of an older format anew in format 4, under its lock; what was there is kept beside it as `FILE.backup`. Gives the
    /// format that it had, or `None` when it is in format 4 already and nothing was written.
    ///
    /// # Errors
    /// - `NotFound` and `PermissionDenied` for a file that cannot be read or written.
    /// - `Locked` when somebody else holds the lock of the state, `Conflict` when it changed in between.
    /// - Those of [`StoredState::parse`](super::StoredState::parse).
    ///
    /// ```no_run
    /// # async fn example(client: driftmgr_core::client::Client) -> driftmgr_core::Result<()> {
    /// if let Some(old) = client.upgrade_state("old.tfstate").await? {
    ///     println!("it had format {old}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn upgrade_state<P: AsRef<Path>>(&self, file: P) -> Result<Option<u64>> {
        let (cx, file) = (&self.cx, file.as_ref());
        let path = cx.environment().current_dir().join(file);
        // A state that is not there or cannot be read needs no lock, and gets no lock file.
        std::fs::metadata(&path).map_err(|e| unreadable(file, e))?;
        let backend = LocalBackend::new(LocalConfig::of_file(path));
        let at = StateRef::default();
        let lock = backend
            .lock(cx, &at, LockInfo::new(cx, "driftmgr state upgrade"))
            .await?;
        let options = WriteOptions {
            lock: Some(lock.clone()),
            ..WriteOptions::default()
        };
        let result = replace(cx, &backend, &at, file, options).await;
        let released = backend.unlock(cx, &at, &lock).await;
        let done = result?;
        released?;
        Ok(done)
    }
}

/// Under the lock: what is upgraded is what is replaced.
async fn replace(
    cx: &Context,
    backend: &LocalBackend,
    at: &StateRef,
    file: &Path,
    options: WriteOptions,
) -> Result<Option<u64>> {
    let raw = backend.read(cx, at).await?;
    let raw = raw.ok_or_else(|| unreadable(file, std::io::ErrorKind::NotFound.into()))?;
    let state = State::from_bytes(raw.bytes.clone()).map_err(|e| e.with("file", file.display()))?;
    if state.format_version == 4 {
        return Ok(None);
    }
    let options = WriteOptions {
        if_match: raw.etag.map(IfMatch::Etag),
        ..options
    };
    backend
        .write(cx, at, Bytes::from(state.to_v4_bytes()), options)
        .await?;
    Ok(Some(state.format_version))
}
