//! Reading and changing a state: its blob, its snapshots and its versions. An empty blob is no state.

use bytes::Bytes;

use super::client::{Client, Guard, Head, Object, Which};
use super::error::Action;
use super::list::Item;
use super::lock::{self, lost_or};
use crate::backend::transport::content_md5;
use crate::backend::{
    IfChanged, LockId, LockInfo, RawState, StateRef, StateVersion, WriteOptions, Written,
};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// What a snapshot's name is told from a version's by.
const SNAPSHOT: &str = "snapshot:";
/// What stands before a digest. The store's own etag also changes when a lock is taken.
const DIGEST: &str = "md5:";

/// What becomes of a state.
pub(super) enum Change {
    Write(Bytes),
    Delete,
}

/// The current state or a version of it.
pub(super) async fn read(client: &Client, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
    let blob = client.config.blob(&at.workspace);
    let Some(version) = at.version.as_deref() else {
        let found = current(client, cx, &blob).await?;
        return Ok(found.map(|object| raw(object, None)));
    };
    let found = former(client, cx, &blob, version).await?;
    match found {
        Some(object) => Ok(Some(raw(object, Some(version)))),
        None => Err(
            Error::new(ErrorKind::NotFound, "the state has no such version")
                .with("version", version.escape_debug())
                .with("container", &client.config.container)
                .with("blob", &blob),
        ),
    }
}

/// The state, or a version of it, unless it has this etag. The store's own etag changes with the lock, so it is not asked for that one: it
/// tells the digest of a blob without its bytes.
pub(super) async fn read_if_changed(
    client: &Client,
    cx: &Context,
    at: &StateRef,
    known: &str,
) -> Result<IfChanged> {
    if at.version.is_none() {
        let blob = client.config.blob(&at.workspace);
        match client.head(cx, Action::Read, &blob, None).await? {
            Ok(head) => {
                let digest = head.md5.filter(|_| head.size > 0);
                if digest.is_some_and(|md5| format!("{DIGEST}{md5}") == known) {
                    return Ok(IfChanged::Unchanged);
                }
            }
            Err(refusal) if refusal.is_missing_blob() => return Ok(IfChanged::Changed(None)),
            Err(refusal) => return Err(refusal.error),
        }
    }
    Ok(IfChanged::since(known, read(client, cx, at).await?))
}

fn raw(object: Object, version: Option<&str>) -> RawState {
    RawState {
        etag: Some(etag(&object.bytes)),
        version: version.map(str::to_owned).or(object.head.version),
        modified: object.head.modified,
        bytes: object.bytes,
    }
}

fn etag(bytes: &[u8]) -> String {
    format!("{DIGEST}{}", content_md5(bytes))
}

async fn current(client: &Client, cx: &Context, blob: &str) -> Result<Option<Object>> {
    match client.get(cx, blob, Which::Current).await? {
        Ok(object) => Ok(Some(object).filter(|object| !object.bytes.is_empty())),
        Err(refusal) if refusal.is_missing_blob() => Ok(None),
        Err(refusal) => Err(refusal.error),
    }
}

async fn former(
    client: &Client,
    cx: &Context,
    blob: &str,
    version: &str,
) -> Result<Option<Object>> {
    if version.starts_with(DIGEST) {
        let object = current(client, cx, blob).await?;
        return Ok(object.filter(|object| etag(&object.bytes) == version));
    }
    let which = match version.strip_prefix(SNAPSHOT) {
        Some(time) if is_time(time) => Which::Snapshot(time),
        None if is_time(version) => Which::Version(version),
        _ => return Ok(None),
    };
    let found = match client.get(cx, blob, which).await? {
        Ok(object) => object,
        Err(refusal) if refusal.is_missing_blob() || refusal.code.starts_with("InvalidQuery") => {
            return Ok(None);
        }
        Err(refusal) => return Err(refusal.error),
    };
    // A store without versions answers with the current one.
    let other =
        matches!(which, Which::Version(_)) && found.head.version.as_deref() != Some(version);
    Ok((!other).then_some(found))
}

/// Snapshots and versions are named by the time at which they were made.
fn is_time(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok()
}

/// The versions of a state. Of those with the same bytes only the newest is told: a lock that comes and goes leaves some.
pub(super) async fn versions(
    client: &Client,
    cx: &Context,
    at: &StateRef,
) -> Result<Vec<StateVersion>> {
    let blob = client.config.blob(&at.workspace);
    let mut items = match client.list(cx, &blob, "snapshots,versions").await? {
        Ok(items) => items,
        // Accounts with folders know no versions.
        Err(refusal) if matches!(refusal.error.kind(), ErrorKind::Unexpected) => {
            let items = client.list(cx, &blob, "snapshots").await?;
            items.map_err(|refusal| refusal.error)?
        }
        Err(refusal) => return Err(refusal.error),
    };
    items.retain(|item| item.name == blob && item.size > 0);
    let latest = |item: &Item| item.snapshot.is_none() && !item.former;
    // The current one first, the others by their time, which sorts as text.
    items.sort_by(|a, b| {
        let time = |item: &Item| item.snapshot.clone().or_else(|| item.version.clone());
        (latest(b), time(b)).cmp(&(latest(a), time(a)))
    });
    items.dedup_by(|older, newer| {
        newer.md5.is_some() && (&older.md5, older.size) == (&newer.md5, newer.size)
    });
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        let id = match (&item.snapshot, &item.version) {
            (Some(time), _) => format!("{SNAPSHOT}{time}"),
            (None, Some(version)) => version.clone(),
            (None, None) => match &item.md5 {
                Some(md5) => format!("{DIGEST}{md5}"),
                None => match current(client, cx, &blob).await? {
                    Some(object) => etag(&object.bytes),
                    None => continue,
                },
            },
        };
        all.push(StateVersion {
            id,
            latest: latest(&item),
            size: Some(item.size),
            modified: item.modified,
        });
    }
    if all.iter().all(|version| version.latest) && !keeps(client) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the storage account keeps no former states",
        )
        .with("account", &client.config.account)
        .with("container", &client.config.container)
        .with_hint(
            "enable versioning for blobs, or set `snapshot`; former states are kept from then on",
        ));
    }
    Ok(all)
}

/// Whether what is overwritten can be had again, as far as that is known.
pub(super) fn keeps(client: &Client) -> bool {
    client.config.snapshot || client.is_versioned()
}

/// Changes a state under the lock that the caller holds, or under one for this change alone.
pub(super) async fn change(
    client: &Client,
    cx: &Context,
    at: &StateRef,
    change: Change,
    options: WriteOptions,
    own: LockInfo,
) -> Result<Written> {
    let blob = client.config.blob(&at.workspace);
    let applying = Applying {
        client,
        cx,
        blob: &blob,
        options: &options,
    };
    let action = match change {
        Change::Write(_) => Action::Write,
        Change::Delete => Action::Delete,
    };
    if let Some(id) = &options.lock {
        let head = lock::confirm(client, cx, action, &blob, id).await?;
        return match change {
            Change::Write(new) => applying.write(new, id, head).await,
            Change::Delete => applying.empty(id, head).await,
        };
    }
    // Nothing is locked for it: that would make a blob.
    if matches!(change, Change::Delete)
        && let Err(refusal) = client.head(cx, action, &blob, None).await?
    {
        if !refusal.is_missing_blob() {
            return Err(refusal.error);
        }
        if let Some(condition) = &options.if_match {
            condition.check(None).map_err(|e| e.with("blob", &blob))?;
        }
        return Ok(nothing());
    }
    let held = lock::take(client, cx, &blob, own).await?;
    let id = held.id;
    let changed = match change {
        Change::Write(new) => applying.write(new, &id, held.head).await.map(Some),
        Change::Delete => applying.delete(&id, held.head).await,
    };
    // With the blob its lease went.
    if let Ok(None) = changed {
        return Ok(nothing());
    }
    let tidy = !at.workspace.is_default();
    let released = lock::give_back(client, &cx.detached(), &blob, &id, tidy).await;
    let changed = changed?.unwrap_or_else(nothing);
    released.map_err(|e| {
        e.with_hint(format!(
            "the change was made, but its lock may be left: give back {id}"
        ))
    })?;
    Ok(changed)
}

fn nothing() -> Written {
    Written {
        etag: None,
        version: None,
        backup: None,
    }
}

/// A change under a lock.
struct Applying<'a> {
    client: &'a Client,
    cx: &'a Context,
    blob: &'a str,
    options: &'a WriteOptions,
}

impl Applying<'_> {
    async fn check(&self, head: &Head) -> Result<()> {
        let Some(condition) = &self.options.if_match else {
            return Ok(());
        };
        let stored = match &head.md5 {
            _ if head.size == 0 => None,
            Some(md5) => Some(format!("{DIGEST}{md5}")),
            None => {
                let object = current(self.client, self.cx, self.blob).await?;
                object.map(|object| etag(&object.bytes))
            }
        };
        condition
            .check(stored.as_deref())
            .map_err(|e| e.with("blob", self.blob))
    }

    async fn write(&self, new: Bytes, id: &LockId, head: Head) -> Result<Written> {
        self.check(&head).await?;
        let mut written = Written {
            etag: Some(etag(&new)),
            version: head.version.clone(),
            backup: None,
        };
        if head.size == new.len() as u64 {
            let there = current(self.client, self.cx, self.blob).await?;
            if there.is_some_and(|object| object.bytes == new) {
                return Ok(written);
            }
        }
        written.backup = self.keep(id, &head).await?;
        let after = self.put(new, id, &head).await?;
        written.version = after.version;
        Ok(written)
    }

    /// Deletes the blob; `None` when that is done. One with snapshots is emptied: they would go with it.
    async fn delete(&self, id: &LockId, head: Head) -> Result<Option<Written>> {
        if self.client.config.snapshot {
            return self.empty(id, head).await.map(Some);
        }
        self.check(&head).await?;
        match self.client.delete(self.cx, self.blob, &id.0).await? {
            Ok(()) => Ok(None),
            Err(refusal) if refusal.code == "SnapshotsPresent" => {
                self.empty(id, head).await.map(Some)
            }
            Err(refusal) => Err(lost_or(refusal, id)),
        }
    }

    /// Leaves no state, and the blob to its lock.
    async fn empty(&self, id: &LockId, head: Head) -> Result<Written> {
        self.check(&head).await?;
        if head.size > 0 {
            self.keep(id, &head).await?;
            self.put(Bytes::new(), id, &head).await?;
        }
        Ok(nothing())
    }

    /// What keeps the state that is there now.
    async fn keep(&self, id: &LockId, head: &Head) -> Result<Option<String>> {
        if head.size == 0 {
            return Ok(None);
        }
        if !self.client.config.snapshot {
            return Ok(head.version.clone());
        }
        let time = self.client.snapshot(self.cx, self.blob, &id.0).await?;
        Ok(Some(format!("{SNAPSHOT}{time}")))
    }

    async fn put(&self, bytes: Bytes, id: &LockId, head: &Head) -> Result<Head> {
        let guard = Guard::Lease(&id.0);
        let put = self
            .client
            .put(
                self.cx,
                Action::Write,
                self.blob,
                bytes,
                guard,
                &head.metadata,
            )
            .await?;
        put.map_err(|refusal| lost_or(refusal, id).with("blob", self.blob))
    }
}
