//! The lock of both programs: a lease beside the secret, whose holder is the lock's id, with the programs' JSON as an annotation.

use serde_json::{Value as Json, json};

use super::Place;
use super::client::{Client, Outcome, Resource};
use crate::backend::lock::not_held;
use crate::backend::task::last_words;
use crate::backend::{LockId, LockInfo, LockedBy};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

const ANNOTATION: &str = "app.terraform.io/lock-info";
/// So often a lease may change between being looked at and being written before we give up.
const ATTEMPTS: usize = 5;

/// After such an error the server may have done what it was asked for.
pub(super) fn is_open(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Cancelled | ErrorKind::Timeout | ErrorKind::Unavailable
    )
}

/// The id of the lock that a lease stands for.
fn holder(lease: &Json) -> Option<&str> {
    lease.pointer("/spec/holderIdentity").and_then(Json::as_str)
}

fn locked(place: &Place, lease: &Json) -> Error {
    let info = lease["metadata"]["annotations"][ANNOTATION].as_str();
    let info: Option<LockInfo> = info.and_then(|text| serde_json::from_str(text).ok());
    let id = holder(lease).unwrap_or_default();
    let info = info.filter(|info| info.id == id).unwrap_or(LockInfo {
        id: id.to_owned(),
        ..LockInfo::default()
    });
    LockedBy::error(Some(info)).with("lease", &place.lease)
}

/// Takes the lock, or fails at once.
///
/// # Errors
/// `Locked` with the holder; those of the requests.
pub(super) async fn take(
    client: &Client,
    cx: &Context,
    place: &Place,
    info: &LockInfo,
) -> Result<()> {
    cx.check()?;
    let taken = try_take(client, cx, place, info).await;
    if let Err(error) = &taken
        && is_open(error)
    {
        abandon(client, cx, place, &info.lock_id()).await;
    }
    taken
}

async fn try_take(client: &Client, cx: &Context, place: &Place, info: &LockInfo) -> Result<()> {
    let text = serde_json::to_string(info).map_err(|e| {
        let message = "the lock's information cannot be written as JSON";
        Error::new(ErrorKind::Unexpected, message).with_source(e)
    })?;
    for _ in 0..ATTEMPTS {
        let outcome = match client.get(cx, Resource::Lease, &place.lease).await? {
            None => {
                let lease = json!({
                    "kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
                    "metadata": {
                        "name": place.lease, "namespace": client.config.namespace,
                        "labels": place.labels, "annotations": {ANNOTATION: text},
                    },
                    "spec": {"holderIdentity": info.id},
                });
                client.create(cx, Resource::Lease, &lease, &[]).await?
            }
            Some(lease) if holder(&lease) == Some(&info.id) => return Ok(()),
            Some(lease) if holder(&lease).is_some() => return Err(locked(place, &lease)),
            Some(mut lease) => {
                lease["spec"]["holderIdentity"] = json!(info.id);
                lease["metadata"]["annotations"][ANNOTATION] = json!(text);
                let name = &place.lease;
                client
                    .replace(cx, Resource::Lease, name, &lease, &[])
                    .await?
            }
        };
        if let Outcome::Done(_) = outcome {
            return Ok(());
        }
    }
    Err(LockedBy::error(None).with("lease", &place.lease))
}

/// Makes sure that a lock is still held.
///
/// # Errors
/// `Conflict` when it is not; those of the requests.
pub(super) async fn confirm(
    client: &Client,
    cx: &Context,
    place: &Place,
    id: &LockId,
) -> Result<()> {
    let lease = client.get(cx, Resource::Lease, &place.lease).await?;
    match lease.as_ref().and_then(holder) == Some(&id.0) {
        true => Ok(()),
        false => Err(not_held(id).with("lease", &place.lease)),
    }
}

/// Gives a lock back.
///
/// # Errors
/// `Conflict` when this is not the lock that is held; those of the requests.
pub(super) async fn release(
    client: &Client,
    cx: &Context,
    place: &Place,
    id: &LockId,
) -> Result<()> {
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let lease = client.get(cx, Resource::Lease, &place.lease).await?;
        let mut lease = match lease {
            Some(lease) if holder(&lease) == Some(&id.0) => lease,
            // Given back by our own request, whose answer was lost.
            _ if last.is_some() => return Ok(()),
            _ => return Err(not_held(id).with("lease", &place.lease)),
        };
        if let Some(spec) = lease["spec"].as_object_mut() {
            spec.shift_remove("holderIdentity");
        }
        if let Some(annotations) = lease["metadata"]["annotations"].as_object_mut() {
            annotations.shift_remove(ANNOTATION);
        }
        let name = &place.lease;
        match client.replace(cx, Resource::Lease, name, &lease, &[]).await {
            Ok(Outcome::Done(_)) => return Ok(()),
            Ok(Outcome::Refused) => {}
            Err(error) if is_open(&error) => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or_else(|| not_held(id).with("lease", &place.lease)))
}

/// Gives back a lock that may be ours, of which nobody knows.
pub(super) async fn abandon(client: &Client, cx: &Context, place: &Place, id: &LockId) {
    match release(client, &last_words(cx), place, id).await {
        Err(error) if error.kind() != ErrorKind::Conflict => {
            tracing::warn!(%error, lock = %id, "a lock may be left behind");
        }
        _ => {}
    }
}

/// Deletes the lease of a workspace that is no more, unless it is held.
///
/// # Errors
/// `Locked` when it is; those of the requests.
pub(super) async fn forget(client: &Client, cx: &Context, place: &Place) -> Result<()> {
    for _ in 0..ATTEMPTS {
        let Some(lease) = client.get(cx, Resource::Lease, &place.lease).await? else {
            return Ok(());
        };
        if holder(&lease).is_some() {
            return Err(locked(place, &lease));
        }
        if let Outcome::Done(()) = client.delete(cx, Resource::Lease, &lease).await? {
            return Ok(());
        }
    }
    Err(LockedBy::error(None).with("lease", &place.lease))
}
