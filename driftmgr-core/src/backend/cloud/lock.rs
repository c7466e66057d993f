//! The lock of a workspace. The server knows who holds it, by the token, and takes a reason: there the holder's id stands.

use reqwest::Method;
use serde_json::json;

use super::client::{Call, CloudClient};
use super::error::Action;
use super::not_held;
use super::workspace::Found;
use crate::backend::task::last_words;
use crate::backend::{LockId, LockInfo, LockedBy, StateRef};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// Stands before the lock's JSON, for people who look at the workspace.
const REASON: &str = "Locked by driftmgr: ";

/// A lock is asked for so often while it comes and goes.
const ATTEMPTS: u32 = 3;

/// Who holds the lock.
pub(super) enum Holder {
    Nobody,
    /// A lock of this library, with what stands in it.
    Known(LockInfo),
    /// Somebody else, or a server that keeps no reasons.
    Other {
        info: LockInfo,
        /// The server told a reason, so that it cannot be a lock of this library.
        has_reason: bool,
    },
}

impl Holder {
    fn into_info(self) -> Option<LockInfo> {
        match self {
            Self::Nobody => None,
            Self::Known(info) | Self::Other { info, .. } => Some(info),
        }
    }
}

impl CloudClient {
    /// The id under which both programs force a workspace open.
    fn forced_id(&self, found: &Found) -> String {
        let name = &found.workspace.attributes.name;
        format!("{}/{name}", self.config.organization)
    }

    /// Who holds the lock of a workspace.
    pub(super) fn holder(&self, found: &Found) -> Holder {
        let attributes = &found.workspace.attributes;
        if !attributes.locked {
            return Holder::Nobody;
        }
        let reason = attributes.locked_reason.as_deref().unwrap_or_default();
        if let Some(info) = read_reason(reason) {
            return Holder::Known(info);
        }
        let by = found.workspace.relationships.locked_by.data.as_ref();
        let more = by.and_then(|by| {
            let mut all = found.included.iter();
            all.find(|i| i.identifier.kind == by.kind && i.identifier.id == by.id)
        });
        let more = more.map(|included| &included.attributes);
        let who = by.map(|by| {
            let kind = by.kind.trim_end_matches('s');
            let name = more.and_then(|m| m.username.as_ref().or(m.name.as_ref()));
            format!("{kind} {}", name.unwrap_or(&by.id))
        });
        // The server tells since when only of a run, which holds the lock from its beginning.
        let is_run = by.is_some_and(|by| by.kind == "runs");
        let created = more.and_then(|m| m.created_at.clone()).filter(|_| is_run);
        Holder::Other {
            has_reason: !reason.is_empty(),
            info: LockInfo {
                id: self.forced_id(found),
                info: reason.to_owned(),
                who: who.unwrap_or_default(),
                created: created.unwrap_or_default(),
                path: attributes.name.clone(),
                ..LockInfo::default()
            },
        }
    }

    /// The error of a call that met somebody's lock.
    pub(super) fn locked_by(&self, found: &Found) -> Error {
        found.named(LockedBy::error(self.holder(found).into_info()))
    }

    /// Takes the lock of a workspace, which is created when there is none.
    pub(super) async fn lock(&self, cx: &Context, at: &StateRef, info: &LockInfo) -> Result<()> {
        let found = self.find_or_create(cx, at).await?;
        self.take(cx, at, found, info).await.map(|_| ())
    }

    /// Takes the lock of a workspace; answers with the workspace.
    pub(super) async fn take(
        &self,
        cx: &Context,
        at: &StateRef,
        mut found: Found,
        info: &LockInfo,
    ) -> Result<Found> {
        found.may_lock()?;
        for _ in 0..ATTEMPTS {
            let taken = match self.ask(cx, &found, info).await {
                Ok(taken) => taken,
                Err(error) => {
                    let unknown = [
                        ErrorKind::Cancelled,
                        ErrorKind::Timeout,
                        ErrorKind::Unavailable,
                    ];
                    if unknown.contains(&error.kind()) {
                        self.abandon(cx, at, info).await;
                    }
                    return Err(error);
                }
            };
            if taken {
                return Ok(found);
            }
            let Some(now) = self.find(cx, at).await? else {
                return Err(found.named(gone()));
            };
            found = now;
            match self.holder(&found) {
                // The answer to an earlier request was lost.
                Holder::Known(held) if held.id == info.id => return Ok(found),
                Holder::Nobody => {}
                _ => return Err(self.locked_by(&found)),
            }
        }
        Err(found.named(LockedBy::error(None)))
    }

    /// Asks for the lock; false when somebody holds it. It may be asked for twice: the reason tells whether that is us.
    async fn ask(&self, cx: &Context, found: &Found, info: &LockInfo) -> Result<bool> {
        let reason = serde_json::to_string(info).map_err(|e| {
            let message = "the lock's information cannot be written as JSON";
            Error::new(ErrorKind::Unexpected, message).with_source(e)
        })?;
        let call = Call {
            action: Action::LOCK,
            method: Method::POST,
            path: &["workspaces", found.id(), "actions", "lock"],
            body: Some(json!({"reason": format!("{REASON}{reason}")})),
            ..Call::NOTHING
        };
        let answered = self.call(cx, call).await?;
        match answered.status() {
            200..=299 => Ok(true),
            409 | 423 => Ok(false),
            _ => Err(found.named(answered.refused(cx))),
        }
    }

    /// Fails when the lock with this id is not held.
    pub(super) fn check_held(&self, found: &Found, id: &LockId) -> Result<()> {
        match self.holder(found) {
            Holder::Known(info) if info.id == id.0 => Ok(()),
            // A server that keeps no reasons takes changes from the holder of the lock alone.
            Holder::Other {
                has_reason: false, ..
            } => Ok(()),
            _ => Err(found.named(not_held(id))),
        }
    }

    /// Gives the lock with this id back. `ORGANIZATION/WORKSPACE` is the id by which both programs force a workspace open.
    pub(super) async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        let Some(found) = self.find(cx, at).await? else {
            return Err(not_held(id));
        };
        let forced = id.0 == self.forced_id(&found);
        match self.holder(&found) {
            Holder::Nobody => return Err(found.named(not_held(id))),
            _ if forced => {}
            _ => self.check_held(&found, id)?,
        }
        let action = if forced { "force-unlock" } else { "unlock" };
        match self.release(cx, &found, action).await? {
            true => Ok(()),
            false => Err(found.named(not_held(id)).with_hint(format!(
                "it was taken with another token; `{}` as the id forces it open",
                self.forced_id(&found)
            ))),
        }
    }

    /// Unlocks; false when the server says that the lock is another one's.
    pub(super) async fn release(&self, cx: &Context, found: &Found, action: &str) -> Result<bool> {
        let call = Call {
            action: Action::UNLOCK,
            method: Method::POST,
            path: &["workspaces", found.id(), "actions", action],
            repeatable: false,
            ..Call::NOTHING
        };
        let answered = self.call(cx, call).await?;
        match answered.status() {
            200..=299 => Ok(true),
            409 => Ok(false),
            // The workspace went and its lock with it, or the token may not unlock.
            404 if !self.is_there(cx, found).await? => Ok(true),
            _ => Err(found.named(answered.refused(cx))),
        }
    }

    async fn is_there(&self, cx: &Context, found: &Found) -> Result<bool> {
        let call = Call {
            action: Action::FIND,
            path: &["workspaces", found.id()],
            ..Call::NOTHING
        };
        let answered = self.call(cx, call).await?;
        match answered.status() {
            404 => Ok(false),
            200..=299 => Ok(true),
            _ => Err(found.named(answered.refused(cx))),
        }
    }

    /// Gives back a lock that may be ours.
    pub(super) async fn abandon(&self, cx: &Context, at: &StateRef, info: &LockInfo) {
        let cx = last_words(cx);
        let Ok(Some(found)) = self.find(&cx, at).await else {
            return;
        };
        let ours = matches!(self.holder(&found), Holder::Known(held) if held.id == info.id);
        if ours && let Err(error) = self.release(&cx, &found, "unlock").await {
            tracing::warn!(%error, lock = %info.id, "a lock may be left behind");
        }
    }

    /// Gives back a lock of one call. `result` is what that call came to, which counts more.
    pub(super) async fn finish<T>(
        &self,
        cx: &Context,
        found: &Found,
        info: &LockInfo,
        result: Result<T>,
    ) -> Result<T> {
        let cx = last_words(cx);
        let back = self.release(&cx, found, "unlock").await;
        let value = result?;
        match back {
            Ok(_) => Ok(value),
            Err(error) => Err(error.with("lock", &info.id).with_hint(format!(
                "the change was made; give the lock back with `terraform force-unlock {}`",
                self.forced_id(found)
            ))),
        }
    }
}

/// The lock in a reason of ours.
fn read_reason(reason: &str) -> Option<LockInfo> {
    let json = reason.strip_prefix(REASON)?;
    let info: LockInfo = serde_json::from_str(json).ok()?;
    (!info.id.is_empty()).then_some(info)
}

fn gone() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "the workspace was deleted while it was to be locked",
    )
}
