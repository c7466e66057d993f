//! Reading and changing a state: its object and its generations, under its lock.

use bytes::Bytes;

use super::Inner;
use super::client::{Client, Got, NOTHING, Object, Outcome, Which};
use super::config::Name;
use super::lock;
use crate::backend::task::last_words;
use crate::backend::{IfChanged, LockInfo, RawState, StateVersion, WriteOptions, Written};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// What becomes of a state.
pub(super) enum Change {
    Write(Bytes),
    Delete,
}

/// Which state, and the lock beside it.
pub(super) struct Place {
    pub(super) state: Name,
    pub(super) lock: Name,
}

/// The current state or a version of it.
pub(super) async fn read(
    client: &Client,
    cx: &Context,
    name: &Name,
    version: Option<&str>,
) -> Result<Option<RawState>> {
    let found = match version {
        None => client.get(cx, name, None).await?,
        Some(version) => {
            let found = match version.parse::<i64>().ok().filter(|n| *n > NOTHING) {
                Some(generation) => client.get(cx, name, Some(generation)).await?,
                None => None,
            };
            Some(found.ok_or_else(|| {
                let error = Error::new(ErrorKind::NotFound, "the state has no such version");
                placed(client, name, error.with("version", version.escape_debug()))
            })?)
        }
    };
    Ok(found.map(raw))
}

fn raw(object: Object) -> RawState {
    RawState {
        bytes: object.bytes,
        etag: Some(object.generation.to_string()),
        version: Some(object.generation.to_string()),
        modified: object.modified,
    }
}

/// The state, or a version of it, unless it has this etag.
pub(super) async fn read_if_changed(
    client: &Client,
    cx: &Context,
    name: &Name,
    version: Option<&str>,
    etag: &str,
) -> Result<IfChanged> {
    let known = etag.parse::<i64>().ok().filter(|n| *n > NOTHING);
    let (None, Some(known)) = (version, known) else {
        let stored = read(client, cx, name, version).await?;
        return Ok(IfChanged::since(etag, stored));
    };
    Ok(
        match client.get_unless(cx, name, None, Some(known)).await? {
            Got::Nothing => IfChanged::Changed(None),
            Got::Known => IfChanged::Unchanged,
            // A server that knows no conditions sends it all the same.
            Got::Object(object) => IfChanged::since(etag, Some(raw(object))),
        },
    )
}

/// The generations of a state that can be read, newest first.
///
/// # Errors
/// `Unsupported` when the bucket keeps none; those of the requests.
pub(super) async fn versions(
    inner: &Inner,
    cx: &Context,
    name: &Name,
) -> Result<Vec<StateVersion>> {
    let client = &inner.client;
    let mut found = client.list(cx, &name.text, Which::Generations).await?;
    found.retain(|object| object.name == name.text);
    if found.iter().all(super::client::Metadata::is_live) {
        // Either there are no others yet, or none are kept.
        match inner.ask_versioning(cx).await {
            Ok(true) => {}
            Ok(false) => {
                let error = Error::new(
                    ErrorKind::Unsupported,
                    "the bucket keeps no versions of its objects",
                )
                .with("bucket", &client.config.bucket);
                return Err(error.with_hint(
                    "enable object versioning for the bucket; versions are kept from then on",
                ));
            }
            // Then the list has to do.
            Err(e) if e.kind() == ErrorKind::PermissionDenied => {}
            Err(e) => return Err(e),
        }
    }
    found.sort_by_key(|object| std::cmp::Reverse(object.generation));
    Ok(found
        .iter()
        .map(|object| StateVersion {
            id: object.generation.to_string(),
            modified: object.modified(),
            size: object.size(),
            latest: object.is_live(),
        })
        .collect())
}

/// Changes a state under the lock that the caller holds, or under one for this change alone.
pub(super) async fn change(
    inner: &Inner,
    cx: &Context,
    place: &Place,
    change: Change,
    options: &WriteOptions,
    own: LockInfo,
) -> Result<Written> {
    let client = &inner.client;
    if let Some(id) = &options.lock {
        lock::confirm(client, cx, &place.lock, id).await?;
        return apply(inner, cx, &place.state, change, options).await;
    }
    let id = lock::take(client, cx, &place.lock, &own).await?;
    let changed = apply(inner, cx, &place.state, change, options).await;
    let released = lock::release(client, &last_words(cx), &place.lock, &id).await;
    let written = changed?;
    match released {
        Ok(()) => Ok(written),
        Err(error) => Err(error
            .with("lock", &id)
            .with_hint("the change was made; give the lock back with `terraform force-unlock`")),
    }
}

async fn apply(
    inner: &Inner,
    cx: &Context,
    name: &Name,
    change: Change,
    options: &WriteOptions,
) -> Result<Written> {
    let client = &inner.client;
    let stored = client.head(cx, name, None).await?;
    if let Some(condition) = &options.if_match {
        let etag = stored.as_ref().map(|there| there.generation.to_string());
        let checked = condition.check(etag.as_deref());
        checked.map_err(|e| placed(client, name, e))?;
    }
    // No other client's write is lost: the change is made to what was looked at, or not at all.
    let there = stored.as_ref().map_or(NOTHING, |there| there.generation);
    let new = match change {
        Change::Delete => {
            if there != NOTHING {
                delete(client, cx, name, there).await?;
            }
            return Ok(written(None, None));
        }
        Change::Write(new) => new,
    };
    let same_size = stored.and_then(|there| there.size()) == Some(new.len() as u64);
    if same_size
        && let Some(object) = client.get(cx, name, None).await?
        && object.bytes == new
    {
        return Ok(written(Some(object.generation), None));
    }
    let generation = match client.put(cx, name, &new, there).await? {
        Outcome::Done(stored) => stored.generation,
        // The answer to our own request may have been lost, and it was repeated.
        Outcome::Refused => match client.get(cx, name, None).await? {
            Some(object) if object.bytes == new => object.generation,
            _ => return Err(changed_meanwhile(client, name)),
        },
    };
    let backup = match there {
        NOTHING => None,
        there => kept(inner, cx, name, there).await,
    };
    Ok(written(Some(generation), backup))
}

/// The generation that was overwritten, where the bucket keeps it. Only asking tells.
async fn kept(inner: &Inner, cx: &Context, name: &Name, generation: i64) -> Option<i64> {
    match inner.client.head(cx, name, Some(generation)).await {
        Ok(found) => {
            inner.versioning.learn(found.is_some());
            found.map(|object| object.generation)
        }
        // The state is written all the same.
        Err(error) => {
            tracing::debug!(%error, "whether the former state is kept is not known");
            None
        }
    }
}

async fn delete(client: &Client, cx: &Context, name: &Name, there: i64) -> Result<()> {
    match client.delete(cx, name, there).await? {
        Outcome::Done(()) => Ok(()),
        Outcome::Refused => match client.head(cx, name, None).await? {
            None => Ok(()),
            Some(_) => Err(changed_meanwhile(client, name)),
        },
    }
}

fn written(generation: Option<i64>, backup: Option<i64>) -> Written {
    let text = |generation: Option<i64>| generation.map(|g| g.to_string());
    Written {
        etag: text(generation),
        version: text(generation),
        backup: text(backup),
    }
}

fn changed_meanwhile(client: &Client, name: &Name) -> Error {
    let error = Error::new(
        ErrorKind::Conflict,
        "another client changed the state at the same time; nothing was written",
    )
    .with_hint("read the state again and repeat the change on it");
    placed(client, name, error)
}

fn placed(client: &Client, name: &Name, error: Error) -> Error {
    error
        .with("bucket", &client.config.bucket)
        .with("object", name)
}
