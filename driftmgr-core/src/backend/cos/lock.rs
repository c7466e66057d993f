//! The lock of both programs: an object beside the state, made while a tag of the account keeps others from making one.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::Cos;
use super::client::Service;
use super::error::Failure;
use crate::backend::lock::not_held;
use crate::backend::objects::client::{Client, Outcome};
use crate::backend::objects::engine::detached;
use crate::backend::objects::md5_hex;
use crate::backend::{LockId, LockInfo, LockedBy};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// What the name of a lock ends with.
const SUFFIX: &str = ".tflock";
/// The key of the programs' tag.
const TAG: &str = "tencentcloud-terraform-lock";
/// So often a tag is taken away, and after such a pause.
const ATTEMPTS: usize = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// Tags that could not be taken away when they should have been.
#[derive(Default)]
pub(super) struct Left(Mutex<BTreeSet<String>>);

impl Left {
    fn keep(&self, tag: &str) {
        self.set().insert(tag.to_owned());
    }

    fn take(&self, tag: &str) -> bool {
        self.set().remove(tag)
    }

    fn set(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who holds a lock.
struct Holder {
    /// The MD5 of the lock, which is its id to the programs.
    id: String,
    /// `None` when the object is not one of the programs' locks.
    info: Option<LockInfo>,
}

/// The lock of one state.
struct Lock<'a> {
    client: &'a Client<Cos>,
    name: String,
    /// The value of its tag.
    tag: String,
}

impl<'a> Lock<'a> {
    fn of(client: &'a Client<Cos>, state: &str) -> Self {
        let name = format!("{state}{SUFFIX}");
        let tag = md5_hex(format!("{}:{name}", client.vendor.config.bucket).as_bytes());
        Self { client, name, tag }
    }

    async fn holder(&self, cx: &Context) -> Result<Option<Holder>> {
        let found = self.client.get(cx, &self.name, None).await?;
        Ok(found.map(|object| {
            let id = md5_hex(&object.bytes);
            let info: Option<LockInfo> = serde_json::from_slice(&object.bytes).ok();
            // The id inside is another one; this is what gives the lock back, and what both programs show.
            let info = info.map(|info| LockInfo {
                id: id.clone(),
                ..info
            });
            Holder { id, info }
        }))
    }

    fn locked(&self, holder: Option<Holder>) -> Error {
        let Some(holder) = holder else {
            let error = Error::new(
                ErrorKind::Locked,
                "somebody else is taking the lock of the state, or left it half taken",
            )
            .with("tag", format!("{TAG}={}", self.tag))
            .with_hint(
                "repeat it; when nobody is at work, delete that tag in the account's list of tags",
            );
            return self.client.placed(error, &self.name);
        };
        let mut error = LockedBy::error(holder.info);
        if error.context_value("lock").is_none() {
            error = error.with("lock", &holder.id);
        }
        self.client.placed(error, &self.name)
    }

    async fn call(
        &self,
        cx: &Context,
        action: &'static str,
    ) -> std::result::Result<serde_json::Value, Failure> {
        let Client {
            vendor, transport, ..
        } = self.client;
        let keys = vendor
            .credentials
            .get(cx, &vendor.config, transport)
            .await?;
        let service = Service {
            name: "tag",
            version: "2018-08-13",
            config: &vendor.config,
            transport,
        };
        let tag = json!({"TagKey": TAG, "TagValue": self.tag});
        let called = service.call(cx, &keys, action, &tag).await;
        called.map_err(|failure| Failure {
            error: self.client.placed(failure.error, &self.name),
            ..failure
        })
    }

    /// Makes the tag; false when somebody has.
    async fn begin(&self, cx: &Context) -> Result<bool> {
        match self.call(cx, "CreateTag").await {
            Ok(_) => Ok(true),
            Err(failure) if failure.code.starts_with("ResourceInUse") => Ok(false),
            Err(Failure { error, .. }) if is_unknown(&error) => {
                // Whose tag it would be cannot be seen.
                let there = self.is_begun(&detached(cx)).await.unwrap_or(true);
                Err(match there {
                    false => error,
                    true => error.with("tag", format!("{TAG}={}", self.tag)).with_hint(
                        "the tag may have been made all the same: when nobody can lock the state and nobody is at work, delete it \
                         in the account's list of tags",
                    ),
                })
            }
            Err(failure) => Err(failure.error),
        }
    }

    async fn is_begun(&self, cx: &Context) -> Result<bool> {
        let answer = self.call(cx, "DescribeTags").await.map_err(|f| f.error)?;
        let tags = answer.get("Tags").and_then(serde_json::Value::as_array);
        Ok(tags.is_some_and(|tags| !tags.is_empty()))
    }

    /// Takes the tag away, whatever happened in between.
    async fn end(&self, cx: &Context) {
        let cx = detached(cx);
        let mut reason = None;
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            match self.call(&cx, "DeleteTag").await {
                Ok(_) => return,
                Err(failure) if failure.code.starts_with("ResourceNotFound") => return,
                Err(failure) => reason = Some(failure.error),
            }
            // A deletion whose answer was lost.
            if matches!(self.is_begun(&cx).await, Ok(false)) {
                return;
            }
        }
        self.client.vendor.left.keep(&self.tag);
        if let Some(error) = reason {
            tracing::warn!(%error, tag = %self.tag, "a tag is left behind, which keeps everybody from the lock");
        }
    }

    /// Makes the object, while the tag is ours.
    async fn make(&self, cx: &Context, json: &Bytes) -> Result<LockId> {
        let id = md5_hex(json);
        if let Some(holder) = self.holder(cx).await? {
            return Err(self.locked(Some(holder)));
        }
        let made = self.client.put(cx, &self.name, json, true).await;
        if let Err(error) = &made
            && is_unknown(error)
        {
            self.abandon(cx, &id).await;
        }
        // Looked at once more: to give a lock back, the programs take away whatever tag there is, also that of somebody who is here.
        match (made?, self.holder(cx).await) {
            (_, Ok(Some(holder))) if holder.id == id => Ok(LockId(id)),
            (Outcome::Done(_) | Outcome::Refused, Ok(holder)) => Err(self.locked(holder)),
            (_, Err(error)) => {
                self.abandon(cx, &id).await;
                Err(error)
            }
        }
    }

    /// Takes a lock away that may be ours, of which nobody knows.
    async fn abandon(&self, cx: &Context, id: &str) {
        let cx = detached(cx);
        let given_back = async {
            match self.holder(&cx).await? {
                Some(holder) if holder.id == id => self.client.delete(&cx, &self.name).await,
                _ => Ok(()),
            }
        };
        if let Err(error) = given_back.await {
            tracing::warn!(%error, lock = %id, "a lock may be left behind");
        }
    }
}

/// The server may have done it although nobody saw its answer.
fn is_unknown(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Cancelled | ErrorKind::Timeout | ErrorKind::Unavailable
    )
}

/// Takes the lock, or fails at once.
///
/// # Errors
/// `Locked` with the holder; those of the requests.
pub(super) async fn take(
    client: &Client<Cos>,
    cx: &Context,
    state: &str,
    info: &LockInfo,
) -> Result<LockId> {
    cx.check()?;
    let lock = Lock::of(client, state);
    let info = LockInfo {
        path: lock.name.clone(),
        ..info.clone()
    };
    let json = serde_json::to_vec(&info).map(Bytes::from).map_err(|e| {
        let message = "the lock's information cannot be written as JSON";
        Error::new(ErrorKind::Unexpected, message).with_source(e)
    })?;
    if !lock.begin(cx).await? {
        return Err(lock.locked(lock.holder(cx).await?));
    }
    let made = lock.make(cx, &json).await;
    lock.end(cx).await;
    made
}

/// Makes sure that a lock is still held.
///
/// # Errors
/// `Conflict` when it is not; those of the requests.
pub(super) async fn confirm(
    client: &Client<Cos>,
    cx: &Context,
    state: &str,
    id: &LockId,
) -> Result<()> {
    let lock = Lock::of(client, state);
    match lock.holder(cx).await? {
        Some(holder) if holder.id == id.0 => Ok(()),
        _ => Err(client.placed(not_held(id), &lock.name)),
    }
}

/// Gives a lock back.
///
/// # Errors
/// `Conflict` when this is not the lock that is held; those of the requests.
pub(super) async fn release(
    client: &Client<Cos>,
    cx: &Context,
    state: &str,
    id: &LockId,
) -> Result<()> {
    confirm(client, cx, state, id).await?;
    let lock = Lock::of(client, state);
    client.delete(cx, &lock.name).await?;
    // Only one of our own: another one belongs to somebody who is taking the lock.
    if client.vendor.left.take(&lock.tag) {
        lock.end(cx).await;
    }
    Ok(())
}
