//! One change of a state: under its lock, with a backup before, a check after, and the way back.

use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use super::ManagedState;
use crate::backend::{IfMatch, LockId, RawState, WriteOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::state::State;
use crate::state::edit::{self, Change, Target};

/// How a state is changed. The default waits for no lock, forces nothing and writes.
#[derive(Debug, Clone, Default)]
pub struct ChangeOptions {
    /// Only say what would change.
    pub dry_run: bool,
    /// So long somebody else's lock is waited for.
    pub lock_timeout: Duration,
    /// Change a state that cannot be locked, or although somebody holds the lock elsewhere: only when nobody else writes it.
    pub without_lock: bool,
    /// Write a state of another lineage, or an older one, over what is there. Nothing else is forced.
    pub force: bool,
}

/// What a change did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Whether anything was written.
    pub written: bool,
    /// The serial before; `None` when there was no state.
    pub serial_before: Option<u64>,
    /// The serial after.
    pub serial: u64,
    /// What changed, for edits; what a push or a rollback changes, [`ManagedState::diff`] tells.
    pub changes: Vec<Change>,
    /// Addresses that were asked for beside others and match nothing.
    pub unmatched: Vec<Target>,
    /// The version that keeps what was there before, for [`ManagedState::rollback`].
    pub backup: Option<String>,
}

/// The state that is to be written, made from the one that is there.
pub(super) struct Next {
    pub(super) state: State,
    pub(super) changes: Vec<Change>,
    pub(super) unmatched: Vec<Target>,
    /// Whether [`edit::check`] can tell if that is all that changed.
    pub(super) is_edit: bool,
    /// Whether it has to be written: it is not what is there.
    pub(super) is_new: bool,
}

/// What stands in the store now.
struct Before {
    raw: Option<RawState>,
    state: Option<State>,
}

impl ManagedState {
    /// Runs a change under the lock. `next` makes the new state of the one that is there, if any.
    pub(super) async fn change(
        &self,
        operation: &str,
        options: &ChangeOptions,
        next: impl FnOnce(Option<&State>) -> Result<Next> + Send,
    ) -> Result<Changed> {
        let done = self.holding(operation, options, async |lock| {
            self.under(lock, options, next).await
        });
        done.await.map_err(|e| e.with_operation("state.change"))
    }

    /// Runs work under the lock, and gives it back whatever comes of it; without one for a dry run, and where the caller does without.
    pub(super) async fn holding<T>(
        &self,
        operation: &str,
        options: &ChangeOptions,
        work: impl AsyncFnOnce(Option<&LockId>) -> Result<T>,
    ) -> Result<T> {
        if options.dry_run || options.without_lock {
            return work(None).await;
        }
        let id = self
            .lockable()?
            .lock(operation, options.lock_timeout)
            .await?;
        let done = work(Some(&id)).await;
        match (done, self.detached().give_back(&id).await) {
            (done, Ok(())) => done,
            (Ok(_), Err(error)) => Err(error.with_hint(format!(
                "all was done; only the lock {id} was not given back"
            ))),
            (Err(error), Err(left)) => {
                Err(error.with_hint(format!("the lock {id} was not given back: {left}")))
            }
        }
    }

    async fn under(
        &self,
        lock: Option<&LockId>,
        options: &ChangeOptions,
        next: impl FnOnce(Option<&State>) -> Result<Next> + Send,
    ) -> Result<Changed> {
        let before = self.before().await?;
        let serial_before = before.state.as_ref().map(|state| state.serial);
        let next = next(before.state.as_ref())?;
        let mut changed = Changed {
            written: false,
            serial_before,
            serial: next.state.serial,
            changes: next.changes.clone(),
            unmatched: next.unmatched.clone(),
            backup: None,
        };
        if options.dry_run || !next.is_new {
            return Ok(changed);
        }
        if let Some(raw) = &before.raw {
            changed.backup = Some(self.keep(raw.bytes.clone()).await?);
        }
        self.write(lock, &before, &next).await?;
        changed.written = true;
        Ok(changed)
    }

    async fn before(&self) -> Result<Before> {
        let raw = self.stored().await?;
        let state = match &raw {
            Some(raw) => Some(self.parsed(raw.bytes.clone()).await?),
            None => None,
        };
        Ok(Before { raw, state })
    }

    async fn write(&self, lock: Option<&LockId>, before: &Before, next: &Next) -> Result<()> {
        let (backend, at) = (&self.inner.backend, &self.inner.at);
        let bytes = self.encrypted(next.state.to_bytes()).await?;
        let options = self.unless_changed(lock, before.raw.as_ref());
        match backend.write(&self.cx, at, bytes.clone(), options).await {
            Ok(_) => match self.verify(&bytes, before, next).await {
                Ok(()) => Ok(()),
                Err(error) => Err(self.undo(lock, before, error).await),
            },
            // It may have been written although nobody heard the answer.
            Err(error) if is_open(error.kind()) => {
                let verified = self.detached().verify(&bytes, before, next).await;
                verified.map_err(|_| error)
            }
            Err(error) => Err(error),
        }
    }

    /// The condition that what was read is still there, where the store can tell.
    pub(super) fn unless_changed(
        &self,
        lock: Option<&LockId>,
        read: Option<&RawState>,
    ) -> WriteOptions {
        let if_match = match read {
            _ if !self.capability().if_match => None,
            None => Some(IfMatch::Absent),
            Some(raw) => raw.etag.clone().map(IfMatch::Etag),
        };
        WriteOptions {
            if_match,
            lock: lock.cloned(),
        }
    }

    /// What is stored is what was written, and says what was meant.
    async fn verify(&self, written: &Bytes, before: &Before, next: &Next) -> Result<()> {
        let stored = self.stored().await?;
        let wrong = |reason: &str| {
            Error::new(ErrorKind::Conflict, reason.to_owned()).with("target", self.label())
        };
        let stored = stored.ok_or_else(|| wrong("the state that was written is not there"))?;
        if stored.bytes != *written {
            return Err(wrong("what is stored is not what was written"));
        }
        let state = self.parsed(stored.bytes).await?;
        match &before.state {
            Some(before) if next.is_edit => edit::check(before, &state, &next.changes),
            _ if state.same_content(&next.state) && state.serial == next.state.serial => Ok(()),
            _ => Err(wrong("the state that was written reads differently")),
        }
    }

    /// Puts back what was there; gives the error of the whole. Without a lock what is stored may be somebody else's, and is let be.
    async fn undo(&self, lock: Option<&LockId>, before: &Before, error: Error) -> Error {
        let back = match lock {
            Some(lock) => self.detached().put_back(lock, before).await,
            None => Err(Error::new(
                ErrorKind::Conflict,
                "without a lock it may be somebody else's",
            )),
        };
        match back {
            Ok(()) => error.with_hint("what was there before was put back"),
            Err(failed) => error.with_hint(format!(
                "what was there before was not put back ({failed}); it is the newest backup of the state: `versions` lists it"
            )),
        }
    }

    async fn put_back(&self, lock: &LockId, before: &Before) -> Result<()> {
        let (backend, at) = (&self.inner.backend, &self.inner.at);
        // Over what is there now, whatever it is: some stores go back to an older serial only when they are told which one they replace.
        let options = match self.stored().await {
            Ok(now) => self.unless_changed(Some(lock), now.as_ref()),
            Err(_) => WriteOptions {
                if_match: None,
                lock: Some(lock.clone()),
            },
        };
        match &before.raw {
            None if backend.deletion_is_final() => Err(Error::new(
                ErrorKind::Unsupported,
                "there was no state, and deleting this one would delete its workspace",
            )),
            None => backend.delete(&self.cx, at, options).await,
            Some(raw) => {
                let written = backend.write(&self.cx, at, raw.bytes.clone(), options);
                written.await.map(|_| ())
            }
        }
    }

    async fn encrypted(&self, bytes: Vec<u8>) -> Result<Bytes> {
        match self.inner.encryption.clone() {
            None => Ok(bytes.into()),
            Some(encryption) => super::encryption::sealed(&self.cx, encryption, bytes).await,
        }
    }
}

/// Whether a write that ended so may have been made all the same.
fn is_open(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Cancelled
    )
}
