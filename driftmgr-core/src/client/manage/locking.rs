//! The lock of a managed state: waited for, given back, broken.

use std::time::Duration;

use super::ManagedState;
use crate::backend::{LockId, LockInfo};
use crate::error::{Error, ErrorKind, Result};

/// The waits between two attempts, as both programs make them: doubling, up to this (`statemgr.LockWithContext`).
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(16);

impl ManagedState {
    /// Takes the lock; while somebody else holds it, tries again for so long. `operation` says what for: whoever meets the lock reads it.
    ///
    /// # Errors
    /// `Locked` with `lock`, `holder`, `operation` and `since` in its context; `Unsupported` where the backend cannot lock.
    pub async fn lock(&self, operation: &str, timeout: Duration) -> Result<LockId> {
        let (backend, at) = (&self.inner.backend, &self.inner.at);
        let (mut left, mut wait) = (timeout, FIRST_WAIT);
        loop {
            let info = LockInfo::new(&self.cx, operation);
            match backend.lock(&self.cx, at, info).await {
                Err(error) if error.kind() == ErrorKind::Locked && !left.is_zero() => {
                    let now = wait.min(left);
                    let pause = async {
                        tokio::time::sleep(now).await;
                        Ok(())
                    };
                    // Who stops waiting learns who held the lock.
                    if self.cx.run(pause).await.is_err() {
                        return Err(error);
                    }
                    left = left.saturating_sub(now);
                    wait = wait.saturating_mul(2).min(LONGEST_WAIT);
                }
                other => return other,
            }
        }
    }

    /// Gives a lock back. With the id of somebody else's lock, as an error of kind `Locked` names it, that lock is broken: only when its holder
    /// is known to be gone.
    ///
    /// # Errors
    /// `Conflict` when this is not the lock that is held.
    pub async fn unlock(&self, id: &LockId) -> Result<()> {
        self.inner
            .backend
            .unlock(&self.cx, &self.inner.at, id)
            .await
    }

    /// Gives back a lock of one change. A deletion may have taken the lock along.
    pub(super) async fn give_back(&self, id: &LockId) -> Result<()> {
        match self.unlock(id).await {
            Err(error)
                if error.kind() == ErrorKind::Conflict
                    && self.inner.backend.deletion_is_final()
                    && matches!(self.stored().await, Ok(None)) =>
            {
                Ok(())
            }
            other => other,
        }
    }

    /// Fails where nothing can be locked.
    pub(super) fn lockable(&self) -> Result<&Self> {
        let can = self.capability();
        // What is never written says so itself, when it is asked for its lock.
        if can.lock || !can.write {
            return Ok(self);
        }
        Err(Error::new(
            ErrorKind::Unsupported,
            "the state cannot be locked where it is stored, so it is not changed",
        )
        .with("target", self.label())
        .with("backend", &self.info().kind)
        .with_hint("configure the backend's lock, or allow the change without one when nobody else writes the state"))
    }
}
