//! Reading and changing a state: its object, its digest, its lock.

use std::time::Duration;

use bytes::Bytes;
use md5::{Digest, Md5};
use tokio::time::Instant;

use super::Inner;
use super::client::{Client, Condition, Got, Head, Object, Outcome};
use super::lock::{self, tags};
use super::table::Table;
use crate::backend::{IfChanged, LockInfo, RawState, WriteOptions, Written};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// So long both programs wait for a state that fits its digest: its writer may be between the two.
const CONSISTENT_WITHIN: Duration = Duration::from_secs(10);
/// And so often they look.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// So long a change that was stopped may take to leave everything in order.
const SETTLE_WITHIN: Duration = Duration::from_secs(10);
/// The version of objects that were written while the bucket kept none.
const NULL: &str = "null";

/// What becomes of a state.
pub(super) enum Change {
    Write(Bytes),
    Delete,
}

/// The current state or a version of it.
pub(super) async fn read(
    inner: &Inner,
    key: &str,
    version: Option<&str>,
) -> Result<Option<RawState>> {
    let client = &inner.client;
    let found = match version {
        None => current(client, key).await?,
        Some(version) => {
            let found = client.get(key, Some(version)).await?;
            Some(found.ok_or_else(|| {
                Error::new(ErrorKind::NotFound, "the state has no such version")
                    .with("version", version.escape_debug())
                    .with("bucket", &client.config.bucket)
                    .with("key", key)
            })?)
        }
    };
    Ok(found.map(|object| raw(inner, object)))
}

fn raw(inner: &Inner, object: Object) -> RawState {
    if object.head.version.is_none() {
        inner.versioning.learn(false);
    }
    RawState {
        bytes: object.bytes,
        etag: object.head.etag,
        version: object.head.version,
        modified: object.head.modified,
    }
}

/// The state, or a version of it, unless it has this etag.
pub(super) async fn read_if_changed(
    inner: &Inner,
    key: &str,
    version: Option<&str>,
    etag: &str,
) -> Result<IfChanged> {
    // What stands in the table of digests is compared with the bytes.
    if version.is_some() || Table::of(&inner.client).is_some() {
        return Ok(IfChanged::since(etag, read(inner, key, version).await?));
    }
    Ok(
        match inner.client.get_unless(key, None, Some(etag)).await? {
            Got::Nothing => IfChanged::Changed(None),
            Got::Known => IfChanged::Unchanged,
            // A store that knows no conditions sends it all the same.
            Got::Object(object) => IfChanged::since(etag, Some(raw(inner, object))),
        },
    )
}

/// The current state, once it fits the digest that is kept for it.
async fn current(client: &Client, key: &str) -> Result<Option<Object>> {
    let start = Instant::now();
    loop {
        let found = client.get(key, None).await?;
        let Some(table) = Table::of(client) else {
            return Ok(found);
        };
        let expected = match table.digest(key).await {
            Ok(Some(digest)) => digest,
            Ok(None) => return Ok(found),
            // As both programs do: who may only read states need not reach the table.
            Err(error) => {
                tracing::warn!(%error, "the digest of a state was not checked");
                return Ok(found);
            }
        };
        let actual = found.as_ref().map(|object| digest(&object.bytes));
        if actual.as_deref() == Some(expected.as_str()) {
            return Ok(found);
        }
        if start.elapsed() >= CONSISTENT_WITHIN {
            return Err(other_digest(client, key, &expected, actual.as_deref()));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn other_digest(client: &Client, key: &str, expected: &str, actual: Option<&str>) -> Error {
    let config = &client.config;
    let id = format!("{}/{key}-md5", config.bucket);
    let table = config.dynamodb_table.as_deref().unwrap_or_default();
    let error = Error::new(
        ErrorKind::Conflict,
        "the state in the bucket is not the one whose digest stands in the lock table",
    )
    .with("bucket", &config.bucket)
    .with("key", key)
    .with("table", table)
    .with("expected", expected);
    match actual {
        Some(actual) => error.with("actual", actual).with_hint(format!(
            "when nobody is writing and the state is the right one, set `Digest` of the item `{id}` to `{actual}`"
        )),
        None => error.with_hint(format!(
            "there is no state; when that is right, delete the item `{id}`"
        )),
    }
}

fn digest(bytes: &[u8]) -> String {
    let digest = Md5::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Changes a state under the lock that the caller holds, or under one for this change alone.
pub(super) async fn change(
    inner: &Inner,
    cx: &Context,
    key: &str,
    change: Change,
    options: &WriteOptions,
    own: LockInfo,
) -> Result<Written> {
    let held = match &options.lock {
        Some(id) => {
            cx.run(lock::confirm(&inner.client, key, id)).await?;
            None
        }
        None if inner.client.config.locks() => Some(inner.take(cx, key.to_owned(), own).await?),
        None => None,
    };
    let changed = apply(inner, cx, key, change, options).await;
    let released = match held {
        Some(held) => in_time(held.release()).await,
        None => Ok(()),
    };
    changed.and_then(|written| released.map(|()| written))
}

async fn apply(
    inner: &Inner,
    cx: &Context,
    key: &str,
    change: Change,
    options: &WriteOptions,
) -> Result<Written> {
    let client = &inner.client;
    let stored = cx.run(client.head(key)).await?;
    if let Some(condition) = &options.if_match {
        let etag = stored.as_ref().and_then(|head| head.etag.as_deref());
        condition.check(etag).map_err(|e| placed(client, key, e))?;
    }
    match change {
        Change::Write(new) => write(inner, cx, key, new, stored, options).await,
        Change::Delete => delete(client, cx, key, stored, options).await,
    }
}

async fn write(
    inner: &Inner,
    cx: &Context,
    key: &str,
    new: Bytes,
    stored: Option<Head>,
    options: &WriteOptions,
) -> Result<Written> {
    let client = &inner.client;
    let unchanged = match &stored {
        Some(head) if head.size == Some(new.len() as u64) => {
            let there = cx.run(client.get(key, None)).await?;
            there.filter(|object| object.bytes == new)
        }
        _ => None,
    };
    if let Some(object) = unchanged {
        in_time(keep_digest(client, key, &new)).await?;
        return Ok(written(object.head, None));
    }
    // No other client's write is lost, also where nobody locks.
    let condition = match stored.as_ref().map(|head| head.etag.as_deref()) {
        None => Condition::Absent,
        Some(Some(etag)) => Condition::Etag(etag),
        Some(None) => Condition::None,
    };
    let put = put(client, key, &new, condition, options);
    let head = match cx.run(put).await {
        Ok(head) => head,
        Err(error) => {
            if matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Timeout) {
                // It may have arrived all the same.
                if let Err(error) = in_time(repair_digest(client, key)).await {
                    tracing::warn!(%error, "the digest of a state may be out of date");
                }
            }
            return Err(error);
        }
    };
    let kept = head.version.as_deref().is_some_and(|v| v != NULL);
    inner.versioning.learn(kept);
    in_time(keep_digest(client, key, &new)).await?;
    let backup = stored
        .filter(|_| kept)
        .map(|head| head.version.unwrap_or_else(|| NULL.to_owned()));
    Ok(written(head, backup))
}

fn written(head: Head, backup: Option<String>) -> Written {
    Written {
        etag: head.etag,
        version: head.version,
        backup,
    }
}

async fn put(
    client: &Client,
    key: &str,
    new: &Bytes,
    condition: Condition<'_>,
    options: &WriteOptions,
) -> Result<Head> {
    let tags = || tags(&client.config.state_tags);
    let sent = client.put(key, new.clone(), condition, tags()).await?;
    match sent {
        Outcome::Done(head) => return Ok(head),
        Outcome::Refused => {
            // The answer to our own request may have been lost, and the client repeated it.
            return match client.get(key, None).await? {
                Some(object) if object.bytes == *new => Ok(object.head),
                _ => Err(changed_meanwhile(client, key)),
            };
        }
        Outcome::Unknown(error) => admit_without(client, options, error)?,
    }
    match client
        .put(key, new.clone(), Condition::None, tags())
        .await?
    {
        Outcome::Done(head) => Ok(head),
        Outcome::Refused | Outcome::Unknown(_) => Err(changed_meanwhile(client, key)),
    }
}

/// A store without conditions is changed under a lock, or when the caller made no condition.
fn admit_without(client: &Client, options: &WriteOptions, error: Error) -> Result<()> {
    if options.if_match.is_some() && !client.config.locks() {
        return Err(error.with_hint("the store knows no conditional writes: lock the states"));
    }
    Ok(())
}

async fn delete(
    client: &Client,
    cx: &Context,
    key: &str,
    stored: Option<Head>,
    options: &WriteOptions,
) -> Result<Written> {
    let nothing = || Written {
        etag: None,
        version: None,
        backup: None,
    };
    if let Some(head) = stored {
        let condition = head
            .etag
            .as_deref()
            .map_or(Condition::None, Condition::Etag);
        match cx.run(client.delete(key, condition)).await? {
            Outcome::Done(()) => {}
            Outcome::Refused => {
                if cx.run(client.head(key)).await?.is_some() {
                    return Err(changed_meanwhile(client, key));
                }
            }
            Outcome::Unknown(error) => {
                admit_without(client, options, error)?;
                cx.run(client.delete(key, Condition::None)).await?;
            }
        }
    }
    if let Some(table) = Table::of(client) {
        in_time(table.delete_digest(key)).await?;
    }
    Ok(nothing())
}

fn changed_meanwhile(client: &Client, key: &str) -> Error {
    let error = Error::new(
        ErrorKind::Conflict,
        "another client changed the state at the same time; nothing was written",
    )
    .with_hint("read the state again and repeat the change on it");
    placed(client, key, error)
}

fn placed(client: &Client, key: &str, error: Error) -> Error {
    error.with("bucket", &client.config.bucket).with("key", key)
}

/// Keeps the digest of a state that was written.
async fn keep_digest(client: &Client, key: &str, bytes: &[u8]) -> Result<()> {
    let Some(table) = Table::of(client) else {
        return Ok(());
    };
    let digest = digest(bytes);
    table.put_digest(key, &digest).await.map_err(|e| {
        let id = format!("{}/{key}-md5", client.config.bucket);
        e.with_hint(format!(
            "the state was written, but others refuse it until `Digest` of the item `{id}` is `{digest}`"
        ))
    })
}

/// Keeps the digest of whatever is there. Only under the lock.
async fn repair_digest(client: &Client, key: &str) -> Result<()> {
    if Table::of(client).is_none() {
        return Ok(());
    }
    match client.get(key, None).await? {
        Some(object) => keep_digest(client, key, &object.bytes).await,
        None => Ok(()),
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let done = tokio::time::timeout(SETTLE_WITHIN, work).await;
    done.unwrap_or_else(|_| {
        Err(Error::new(
            ErrorKind::Timeout,
            "the server does not answer while a change is finished",
        ))
    })
}
