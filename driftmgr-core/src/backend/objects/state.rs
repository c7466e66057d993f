//! Reading and changing a state: its object and its versions, under its lock.

use std::time::Duration;

use bytes::Bytes;

use super::client::{Client, Head, Outcome};
use super::engine::Inner;
use super::{Vendor, md5_hex};
use crate::backend::{LockInfo, RawState, StateVersion, WriteOptions, Written};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// What has to be done also when the rest was cancelled may take so long.
const LAST_WORDS: Duration = Duration::from_secs(30);
/// So often a state is read that is not the one that was noted, and after such a pause. The programs wait for ten seconds, too.
const ATTEMPTS: usize = 6;
const PAUSE: Duration = Duration::from_secs(2);

/// A context for what has to be done also when the rest was cancelled.
pub(in crate::backend) fn detached(cx: &Context) -> Context {
    cx.detached().with_timeout(LAST_WORDS)
}

/// What becomes of a state.
pub(super) enum Change {
    Write(Bytes),
    Delete,
}

/// The current state or a version of it.
pub(super) async fn read<V: Vendor>(
    client: &Client<V>,
    cx: &Context,
    key: &str,
    version: Option<&str>,
) -> Result<Option<RawState>> {
    let found = match version {
        None => current(client, cx, key).await?,
        Some(version) => {
            let found = client.get(cx, key, Some(version)).await?;
            Some(found.ok_or_else(|| {
                let error = Error::new(ErrorKind::NotFound, "the state has no such version");
                client.placed(error.with("version", version.escape_debug()), key)
            })?)
        }
    };
    // The programs take an empty object for no state.
    let found = found.filter(|object| !object.bytes.is_empty());
    Ok(found.map(|object| RawState {
        bytes: object.bytes,
        etag: object.head.etag,
        version: object.head.version,
        modified: object.head.modified,
    }))
}

/// The current state, which is the one that was noted where one was.
async fn current<V: Vendor>(
    client: &Client<V>,
    cx: &Context,
    key: &str,
) -> Result<Option<super::client::Object>> {
    for attempt in 1.. {
        let found = client.get(cx, key, None).await?;
        let Some(noted) = client.vendor.noted(client, cx, key).await? else {
            return Ok(found);
        };
        let there = found.as_ref().map(|object| md5_hex(&object.bytes));
        if there.as_deref() == Some(noted.as_str()) {
            return Ok(found);
        }
        if attempt >= ATTEMPTS {
            break;
        }
        cx.run(async {
            tokio::time::sleep(PAUSE).await;
            Ok(())
        })
        .await?;
    }
    let error = Error::new(
        ErrorKind::Unavailable,
        "the state is not the one whose digest is noted beside its lock",
    )
    .with_hint("a write may have ended half way: compare the object's versions, and correct the row's `Digest`");
    Err(client.placed(error, key))
}

/// The versions of a state that can be read, newest first.
///
/// # Errors
/// `Unsupported` when the bucket keeps none; those of the requests.
pub(super) async fn versions<V: Vendor>(
    inner: &Inner<V>,
    cx: &Context,
    key: &str,
) -> Result<Vec<StateVersion>> {
    let client = &inner.client;
    let found = client.versions(cx, key).await?;
    if found.iter().all(|item| item.latest && !item.deleted) {
        // Either there are no others yet, or none are kept.
        match inner.ask_versioning(cx).await {
            Ok(true) => {}
            Ok(false) => {
                let error = Error::new(
                    ErrorKind::Unsupported,
                    "the bucket keeps no versions of its objects",
                )
                .with("bucket", client.vendor.bucket());
                return Err(error.with_hint(
                    "enable versioning for the bucket; versions are kept from then on",
                ));
            }
            // Then the list has to do.
            Err(e) if e.kind() == ErrorKind::PermissionDenied => {}
            Err(e) => return Err(e),
        }
    }
    let versions = found.into_iter().filter(|item| !item.deleted);
    Ok(versions
        .filter_map(|item| {
            Some(StateVersion {
                id: item.version?,
                modified: item.modified,
                size: item.size,
                latest: item.latest,
            })
        })
        .collect())
}

/// Changes a state under the lock that the caller holds, or under one for this change alone.
pub(super) async fn change<V: Vendor>(
    inner: &Inner<V>,
    cx: &Context,
    key: &str,
    change: Change,
    options: &WriteOptions,
    own: LockInfo,
) -> Result<Written> {
    let client = &inner.client;
    let vendor = &client.vendor;
    if let Some(id) = &options.lock {
        if !vendor.can_lock() {
            return Err(client.placed(crate::backend::lock::not_held(id), key));
        }
        vendor.confirm(client, cx, key, id).await?;
        return apply(inner, cx, key, change, options).await;
    }
    if !vendor.can_lock() {
        return apply(inner, cx, key, change, options).await;
    }
    let id = vendor.take(client, cx, key, &own).await?;
    let changed = apply(inner, cx, key, change, options).await;
    let released = vendor.release(client, &detached(cx), key, &id).await;
    let written = changed?;
    match released {
        Ok(()) => Ok(written),
        Err(error) => Err(error
            .with("lock", &id)
            .with_hint("the change was made; give the lock back with `terraform force-unlock`")),
    }
}

async fn apply<V: Vendor>(
    inner: &Inner<V>,
    cx: &Context,
    key: &str,
    change: Change,
    options: &WriteOptions,
) -> Result<Written> {
    let client = &inner.client;
    let stored = client.head(cx, key).await?;
    if let Some(condition) = &options.if_match {
        let etag = stored.as_ref().and_then(|there| there.etag.as_deref());
        let checked = condition.check(etag);
        checked.map_err(|e| client.placed(e, key))?;
    }
    match change {
        Change::Delete => {
            if stored.is_some() {
                client.delete(cx, key).await?;
            }
            // What was begun is brought to its end: a state and its digest belong together.
            let cx = detached(cx);
            client.vendor.note(client, &cx, key, None).await?;
            Ok(written(Head::default(), None))
        }
        Change::Write(new) => write(inner, cx, key, &new, stored).await,
    }
}

async fn write<V: Vendor>(
    inner: &Inner<V>,
    cx: &Context,
    key: &str,
    new: &Bytes,
    stored: Option<Head>,
) -> Result<Written> {
    let client = &inner.client;
    let last = detached(cx);
    let md5 = md5_hex(new);
    if stored.as_ref().and_then(|there| there.size) == Some(new.len() as u64)
        && let Some(object) = client.get(cx, key, None).await?
        && object.bytes == *new
    {
        client.vendor.note(client, &last, key, Some(&md5)).await?;
        return Ok(written(object.head, None));
    }
    let head = match client.put(cx, key, new, stored.is_none()).await? {
        Outcome::Done(head) => head,
        // The answer to our own request may have been lost, and it was repeated.
        Outcome::Refused => match client.get(cx, key, None).await? {
            Some(object) if object.bytes == *new => object.head,
            _ => return Err(changed_meanwhile(client, key)),
        },
    };
    client.vendor.note(client, &last, key, Some(&md5)).await?;
    let backup = stored.and_then(|there| there.version);
    // Where versions are suspended, the one that is called `null` is replaced.
    let backup = backup.filter(|id| head.version.is_some() && head.version.as_ref() != Some(id));
    inner.learn_from(&head);
    Ok(written(head, backup))
}

fn written(head: Head, backup: Option<String>) -> Written {
    Written {
        etag: head.etag,
        version: head.version,
        backup,
    }
}

fn changed_meanwhile<V: Vendor>(client: &Client<V>, key: &str) -> Error {
    let error = Error::new(
        ErrorKind::Conflict,
        "another client wrote the state at the same time; nothing was written",
    )
    .with_hint("read the state again and repeat the change on it");
    client.placed(error, key)
}
