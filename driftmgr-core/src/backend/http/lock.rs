//! Terraform's lock on a server that may or may not compare ids.

use super::client::{HttpClient, LockAnswer};
use super::config::Endpoint;
use super::not_held;
use crate::backend::task::last_words;
use crate::backend::{LockId, LockInfo, LockedBy, WriteOptions};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// Who holds the lock.
enum Holder {
    Nobody,
    Known(LockInfo),
    /// Somebody of whom the server tells nothing.
    Unknown,
}

impl HttpClient {
    /// Where to lock and unlock.
    fn endpoints(&self) -> Option<(&Endpoint, &Endpoint)> {
        Some((self.config.lock.as_ref()?, self.config.unlock.as_ref()?))
    }

    fn lockable(&self) -> Result<(&Endpoint, &Endpoint)> {
        self.endpoints().ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                "this http backend cannot lock: it needs `lock_address` and `unlock_address`",
            )
            .with("address", &self.config.state.url)
        })
    }

    /// Takes the lock.
    pub(super) async fn take(&self, cx: &Context, info: &LockInfo) -> Result<()> {
        cx.check()?;
        let (lock, _) = self.lockable()?;
        match self.lock(cx, lock, info).await {
            Ok(LockAnswer::Taken) => Ok(()),
            Ok(LockAnswer::Held(holder)) => Err(LockedBy::error(holder).with("address", &lock.url)),
            Err(error) => {
                self.abandon_after(cx, &error, info).await;
                Err(error)
            }
        }
    }

    /// The server may have taken a request although nobody saw its answer.
    async fn abandon_after(&self, cx: &Context, error: &Error, info: &LockInfo) {
        if matches!(
            error.kind(),
            ErrorKind::Cancelled | ErrorKind::Timeout | ErrorKind::Unavailable
        ) {
            self.abandon(cx, info).await;
        }
    }

    /// Gives back a lock that may be ours. It is asked for again first, so that nobody else's is given back.
    pub(super) async fn abandon(&self, cx: &Context, info: &LockInfo) {
        let Some((lock, unlock)) = self.endpoints() else {
            return;
        };
        let cx = last_words(cx);
        let ours = matches!(self.lock(&cx, lock, info).await, Ok(LockAnswer::Taken));
        if ours && let Err(error) = self.unlock(&cx, unlock, info).await {
            tracing::warn!(%error, lock = %info.id, "a lock may be left behind");
        }
    }

    /// Finds out who holds the lock, by asking for it.
    async fn holder(&self, cx: &Context) -> Result<Holder> {
        let (lock, unlock) = self.lockable()?;
        let probe = LockInfo::new(cx, "look who holds the lock");
        let answer = match self.lock(cx, lock, &probe).await {
            Ok(answer) => answer,
            Err(error) => {
                self.abandon_after(cx, &error, &probe).await;
                return Err(error);
            }
        };
        Ok(match answer {
            LockAnswer::Held(Some(info)) => Holder::Known(info),
            LockAnswer::Held(None) => Holder::Unknown,
            LockAnswer::Taken => {
                self.unlock(&last_words(cx), unlock, &probe).await?;
                Holder::Nobody
            }
        })
    }

    /// Gives the lock with this id back.
    pub(super) async fn give_back(&self, cx: &Context, id: &LockId) -> Result<()> {
        // Giving a lock back is right also when the rest was cancelled.
        let cx = &last_words(cx);
        let (_, unlock) = self.lockable()?;
        let info = match self.holder(cx).await? {
            Holder::Known(info) if info.id == id.0 => info,
            Holder::Known(_) | Holder::Nobody => return Err(not_held(id)),
            Holder::Unknown => LockInfo {
                id: id.0.clone(),
                ..LockInfo::new(cx, "unlock")
            },
        };
        match self.unlock(cx, unlock, &info).await? {
            true => Ok(()),
            false => Err(not_held(id)),
        }
    }

    /// Runs a change under the lock that the caller holds, or under one of its own. Without addresses for locks nobody can lock.
    pub(super) async fn locked<T>(
        &self,
        cx: &Context,
        options: &WriteOptions,
        operation: &str,
        change: impl AsyncFnOnce(Option<&LockId>) -> Result<T>,
    ) -> Result<T> {
        cx.check()?;
        match (&options.lock, self.endpoints()) {
            (None, None) => {
                self.unlocked(options)?;
                change(None).await
            }
            (Some(id), None) => Err(not_held(id)),
            (Some(id), Some(_)) => {
                match self.holder(cx).await? {
                    Holder::Known(info) if info.id != id.0 => return Err(not_held(id)),
                    Holder::Nobody => return Err(not_held(id)),
                    Holder::Known(_) | Holder::Unknown => {}
                }
                change(Some(id)).await
            }
            (None, Some((_, unlock))) => {
                let info = LockInfo::new(cx, operation);
                self.take(cx, &info).await?;
                let result = change(Some(&info.lock_id())).await;
                let back = self.unlock(&last_words(cx), unlock, &info).await;
                let value = result?;
                match back {
                    Ok(_) => Ok(value),
                    Err(error) => Err(error.with("lock", &info.id).with_hint(
                        "the change was made; give the lock back with `terraform force-unlock`",
                    )),
                }
            }
        }
    }

    /// Whether a change may be made without any lock.
    fn unlocked(&self, options: &WriteOptions) -> Result<()> {
        let refuse = |reason: &str| {
            Err(Error::new(ErrorKind::Unsupported, reason)
                .with("address", &self.config.state.url)
                .with_hint("set both `lock_address` and `unlock_address`"))
        };
        if self.config.lock.is_some() {
            return refuse(
                "this http backend has `lock_address` and no `unlock_address`: a lock could not be given back, and without one nothing is written",
            );
        }
        if options.if_match.is_some() {
            return refuse(
                "this http backend cannot lock, so it cannot be sure that the state is still the one that was read",
            );
        }
        Ok(())
    }
}
