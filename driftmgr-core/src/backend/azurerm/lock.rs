//! The locks of both programs: a lease on the state's blob that does not end, its id being the lock's, and who holds it in the metadata.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use reqwest::header::HeaderValue;
use uuid::Uuid;

use super::client::{Client, Guard, Head, Metadata};
use super::error::{Action, Refusal};
use crate::backend::lock::not_held;
use crate::backend::task::last_words;
use crate::backend::{LockId, LockInfo, LockedBy};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// The metadata that tells who holds the lock: its JSON in base64.
const INFO: &str = "terraformlockid";
/// So often a blob may come and go while its lock is taken.
const ATTEMPTS: usize = 5;

/// A lock that was taken.
pub(super) struct Held {
    pub(super) id: LockId,
    /// What the blob is under the lock.
    pub(super) head: Head,
}

/// Takes the lock of a state, or fails at once. Where there is no blob, an empty one is made: there is nothing else to lock.
///
/// # Errors
/// `Locked` with the holder; `InvalidInput` when the lock's id is no UUID, which leases want; those of the requests.
pub(super) async fn take(
    client: &Client,
    cx: &Context,
    blob: &str,
    mut info: LockInfo,
) -> Result<Held> {
    if Uuid::try_parse(&info.id).is_err() {
        let error = Error::new(ErrorKind::InvalidInput, "the id of a lock here is a UUID");
        return Err(error.with("lock", &info.id));
    }
    info.path = format!("{}/{blob}", client.config.container);
    for _ in 0..ATTEMPTS {
        match client.head(cx, Action::Lock, blob, None).await? {
            Ok(head) if head.leased => return Err(locked(client, blob, &head)),
            Ok(_) => {}
            Err(refusal) if refusal.is_missing_blob() => make(client, cx, blob).await?,
            Err(refusal) => return Err(refusal.error),
        }
        let acquired = client.acquire(cx, blob, &info.id).await;
        match acquired {
            Ok(Ok(())) => return describe(client, cx, blob, &info).await,
            // The next look tells who has it.
            Ok(Err(refusal)) if refusal.is_held() || refusal.is_missing_blob() => {}
            Ok(Err(refusal)) => return Err(refusal.error),
            Err(error) => {
                // It may have been taken, and the answer was lost.
                abandon(client, cx, blob, &info.lock_id(), false).await;
                return Err(error);
            }
        }
    }
    Err(LockedBy::error(None)
        .with("container", &client.config.container)
        .with("blob", blob))
}

/// Makes an empty blob where there is none. That somebody else was quicker is as good.
async fn make(client: &Client, cx: &Context, blob: &str) -> Result<()> {
    let nothing = Metadata::new();
    let made = client
        .put(
            cx,
            Action::Lock,
            blob,
            Bytes::new(),
            Guard::Absent,
            &nothing,
        )
        .await?;
    match made {
        Ok(_) => Ok(()),
        Err(refusal) if exists(&refusal) => Ok(()),
        Err(refusal) => Err(refusal.error),
    }
}

fn exists(refusal: &Refusal) -> bool {
    refusal.is_held()
        || matches!(
            refusal.code.as_str(),
            "BlobAlreadyExists" | "ConditionNotMet"
        )
}

/// Says who holds a lease that was taken.
async fn describe(client: &Client, cx: &Context, blob: &str, info: &LockInfo) -> Result<Held> {
    let id = info.lock_id();
    let described = async {
        let head = client.head(cx, Action::Lock, blob, Some(&id.0)).await?;
        let mut head = head.map_err(|refusal| lost_or(refusal, &id))?;
        head.metadata.insert(INFO.to_owned(), written(info)?);
        let changed = client
            .set_metadata(cx, Action::Lock, blob, &id.0, &head.metadata)
            .await?
            .map_err(|refusal| lost_or(refusal, &id))?;
        // With the metadata the version changes, and the bytes do not.
        head.version = changed.version;
        Ok(head)
    };
    match described.await {
        Ok(head) => Ok(Held { id, head }),
        Err(error) => {
            abandon(client, cx, blob, &id, false).await;
            Err(error)
        }
    }
}

/// Gives back what nobody will use. That it may not be there is why this can fail.
pub(super) async fn abandon(client: &Client, cx: &Context, blob: &str, id: &LockId, tidy: bool) {
    if let Err(error) = give_back(client, &last_words(cx), blob, id, tidy).await {
        tracing::debug!(%error, "a lock was not there to be given back");
    }
}

/// Gives a lock back. With `tidy` an empty blob goes with it, where that is allowed: it would look like a workspace.
///
/// # Errors
/// `Conflict` when this is not the lock that is held; those of the requests.
pub(super) async fn give_back(
    client: &Client,
    cx: &Context,
    blob: &str,
    id: &LockId,
    tidy: bool,
) -> Result<()> {
    let mut head = confirm(client, cx, Action::Unlock, blob, id).await?;
    if tidy && head.size == 0 {
        let deleted = client.delete(cx, blob, &id.0).await?;
        if deleted.is_ok() {
            return Ok(());
        }
    }
    if head.metadata.remove(INFO).is_some() {
        client
            .set_metadata(cx, Action::Unlock, blob, &id.0, &head.metadata)
            .await?
            .map_err(|refusal| lost_or(refusal, id))?;
    }
    match client.release(cx, blob, &id.0).await? {
        Ok(()) => Ok(()),
        // It was ours a moment ago: the answer to our own request was lost.
        Err(refusal) if refusal.is_lost_lease() => Ok(()),
        Err(refusal) => Err(refusal.error),
    }
}

/// Makes sure that a lock is still held; what its blob is.
///
/// # Errors
/// `Conflict` when it is not; those of the requests.
pub(super) async fn confirm(
    client: &Client,
    cx: &Context,
    action: Action,
    blob: &str,
    id: &LockId,
) -> Result<Head> {
    // A lease has no other ids, and the store takes no other in a request.
    if Uuid::try_parse(&id.0).is_err() {
        return Err(not_held(id).with("blob", blob));
    }
    let head = client.head(cx, action, blob, Some(&id.0)).await?;
    head.map_err(|refusal| lost_or(refusal, id).with("blob", blob))
}

/// The error of a refusal under a lock: mostly that the lock is gone.
pub(super) fn lost_or(refusal: Refusal, id: &LockId) -> Error {
    // Stores that tell no codes with HEAD say 412 alone, and 409 of a lease that was broken.
    let conflict = refusal.code.is_empty() && refusal.error.kind() == ErrorKind::Conflict;
    match refusal.is_lost_lease() || refusal.is_missing_blob() || conflict {
        true => not_held(id),
        false => refusal.error,
    }
}

fn locked(client: &Client, blob: &str, head: &Head) -> Error {
    LockedBy::error(holder(&head.metadata))
        .with("container", &client.config.container)
        .with("blob", blob)
}

fn holder(metadata: &Metadata) -> Option<LockInfo> {
    let json = BASE64_STANDARD.decode(metadata.get(INFO)?).ok()?;
    serde_json::from_slice(&json).ok()
}

fn written(info: &LockInfo) -> Result<HeaderValue> {
    let json = serde_json::to_vec(info).ok();
    json.and_then(|json| HeaderValue::try_from(BASE64_STANDARD.encode(json)).ok())
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Unexpected,
                "the lock's information cannot be written as JSON",
            )
        })
}
