//! How a state lies in keys: whole, compressed, or in pieces under a pointer, as both programs write it.

use bytes::{Bytes, BytesMut};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::Inner;
use super::client::{Client, Operation, Outcome, Transaction};
use super::error::WRITE;
use super::lock;
use crate::backend::gzip;
use crate::backend::lock::not_held;
use crate::backend::task::last_words;
use crate::backend::transport::STATE_LIMIT;
use crate::backend::{IfMatch, LockId, LockInfo, RawState, WriteOptions, Written};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// A server takes no longer value and no longer transaction, unless it is configured to; pieces have this length (bytes).
pub(super) const PIECE: usize = 512 * 1024;
/// So often a state may be replaced while it is read piece by piece.
const ATTEMPTS: usize = 4;

/// What stands at the key of a state that is in pieces.
#[derive(Serialize, Deserialize)]
struct Pointer {
    /// The MD5 of the state, in hexadecimal digits.
    #[serde(rename = "current-hash")]
    hash: String,
    /// The keys of the pieces, in order.
    chunks: Vec<String>,
}

impl Pointer {
    fn of(value: &[u8]) -> Option<Self> {
        serde_json::from_slice(value).ok()
    }
}

pub(super) fn etag(index: u64) -> String {
    index.to_string()
}

/// A key, without the slashes that it may end with.
pub(super) fn trimmed(key: &str) -> &str {
    key.trim_end_matches('/')
}

/// What the keys of the pieces of a state begin with.
fn pieces(key: &str, hash: &str) -> String {
    format!("{}/tfstate.{hash}/", trimmed(key))
}

fn hash_of(bytes: &[u8]) -> String {
    let digest = Md5::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a state.
pub(super) async fn read(client: &Client, cx: &Context, key: &str) -> Result<Option<RawState>> {
    let state = |bytes, index| {
        Ok(Some(RawState {
            bytes,
            etag: Some(etag(index)),
            version: None,
            modified: None,
        }))
    };
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let Some(entry) = client.get(cx, key).await? else {
            return Ok(None);
        };
        // Replaced since the last look, or damaged: the second look tells.
        if last == Some(entry.index) {
            break;
        }
        last = Some(entry.index);
        let Some(pointer) = Pointer::of(&entry.value) else {
            let bytes = expanded(entry.value).map_err(|e| e.with("key", key))?;
            return state(bytes, entry.index);
        };
        let Some(packed) = gather(client, cx, &pointer).await? else {
            continue;
        };
        match expanded(packed) {
            Ok(bytes) if hash_of(&bytes) == pointer.hash => return state(bytes, entry.index),
            _ => {}
        }
    }
    Err(Error::new(
        ErrorKind::InvalidState,
        "the stored state is damaged: its pieces are not those that were written",
    )
    .with("key", key)
    .with_hint("restore the state from a backup; the pieces that are left are the keys below it"))
}

/// All pieces, one after the other; `None` when one is missing.
async fn gather(client: &Client, cx: &Context, pointer: &Pointer) -> Result<Option<Bytes>> {
    let mut all = BytesMut::new();
    for key in &pointer.chunks {
        let Some(piece) = client.get(cx, key).await? else {
            return Ok(None);
        };
        if all.len() + piece.value.len() > STATE_LIMIT {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the stored state is larger than any that is read",
            )
            .with("limit in bytes", STATE_LIMIT));
        }
        all.extend_from_slice(&piece.value);
    }
    Ok(Some(all.freeze()))
}

fn expanded(value: Bytes) -> Result<Bytes> {
    match value.first() {
        Some(&gzip::MAGIC) => gzip::expanded(&value, STATE_LIMIT),
        _ => Ok(value),
    }
}

/// What is stored for a state. Bytes that would be taken for something else are compressed, whatever the configuration says.
fn packed(config_gzip: bool, new: &Bytes) -> Result<Bytes> {
    let misread = new.first() == Some(&gzip::MAGIC) || Pointer::of(new).is_some();
    match config_gzip || misread {
        true => gzip::compressed(new),
        false => Ok(new.clone()),
    }
}

/// Writes or, without bytes, deletes; under the lock that the caller holds, or under one of its own.
pub(super) async fn change(
    inner: &Inner,
    cx: &Context,
    key: &str,
    new: Option<Bytes>,
    options: &WriteOptions,
    own: LockInfo,
) -> Result<Written> {
    cx.check()?;
    let client = &inner.client;
    let condition = options.if_match.as_ref();
    match (&options.lock, client.config.lock) {
        (Some(id), false) => Err(not_held(id).with("key", key)),
        (None, false) => under(client, cx, key, new, condition, None).await,
        (Some(id), true) => under(client, cx, key, new, condition, Some(id)).await,
        (None, true) => {
            let id = lock::take(inner, cx, key, &own).await?;
            let done = under(client, cx, key, new, condition, Some(&id)).await;
            let back = lock::release(inner, &last_words(cx), key, &id).await;
            let written = done?;
            if let Err(error) = back {
                // It ends by itself, since nobody renews it any more.
                tracing::warn!(%error, lock = %id, "a lock is left to end by itself");
            }
            Ok(written)
        }
    }
}

async fn under(
    client: &Client,
    cx: &Context,
    key: &str,
    new: Option<Bytes>,
    condition: Option<&IfMatch>,
    lock: Option<&LockId>,
) -> Result<Written> {
    let there = look(client, cx, key).await?;
    let index = there.as_ref().map(|there| there.index);
    if let Some(condition) = condition {
        let etag = index.map(etag);
        let checked = condition.check(etag.as_deref());
        checked.map_err(|e| e.with("key", key))?;
    }
    let change = Change {
        client,
        cx,
        key,
        lock,
        index: index.unwrap_or_default(),
    };
    let left = there.and_then(|there| there.hash);
    let (index, hash) = match new {
        Some(new) => {
            let (index, hash) = change.write(&new, left.as_deref()).await?;
            (Some(index), hash)
        }
        None => {
            change.delete().await?;
            (None, None)
        }
    };
    if let Some(left) = left.filter(|left| Some(left) != hash.as_ref()) {
        // The change is made; pieces that stay behind are only in the way.
        let cx = last_words(cx);
        if let Err(error) = client.delete_tree(&cx, &pieces(key, &left)).await {
            tracing::warn!(%error, key, "pieces of the former state are left behind");
        }
    }
    Ok(Written {
        etag: index.map(etag),
        version: None,
        backup: None,
    })
}

/// What a change has to know of the state that is there.
struct There {
    index: u64,
    hash: Option<String>,
}

async fn look(client: &Client, cx: &Context, key: &str) -> Result<Option<There>> {
    let entry = client.get(cx, key).await?;
    Ok(entry.map(|entry| There {
        index: entry.index,
        hash: Pointer::of(&entry.value).map(|pointer| pointer.hash),
    }))
}

/// One change of a key that was looked at.
struct Change<'a> {
    client: &'a Client,
    cx: &'a Context,
    key: &'a str,
    lock: Option<&'a LockId>,
    /// The key's index, 0 when there is none.
    index: u64,
}

impl Change<'_> {
    /// Writes a state; the new index, and the hash of its pieces if it is in pieces. `left` is that of the pieces that are there.
    async fn write(&self, new: &Bytes, left: Option<&str>) -> Result<(u64, Option<String>)> {
        let packed = packed(self.client.config.gzip, new)?;
        let whole = self.operations(Operation::put_if(self.key, &packed, self.index));
        let whole = Transaction::of(&whole)?;
        // Above that, a server says no before it has read the whole request; there is no sense in sending it.
        if whole.length() <= PIECE
            && let Some(index) = self.commit(whole, Some(&packed), new).await?
        {
            return Ok((index, None));
        }
        let hash = hash_of(new);
        let pointer = Pointer {
            chunks: (0..packed.chunks(PIECE).len())
                .map(|n| format!("{}{n}", pieces(self.key, &hash)))
                .collect(),
            hash,
        };
        // Pieces that are there already, and good, are not written over: somebody may be reading them.
        let there = left == Some(&pointer.hash)
            && gather(self.client, self.cx, &pointer).await? == Some(packed.clone());
        if !there {
            if let Some(lock) = self.lock {
                lock::confirm(self.client, self.cx, self.key, lock).await?;
            }
            for (key, piece) in pointer.chunks.iter().zip(packed.chunks(PIECE)) {
                self.client
                    .put(self.cx, key, packed.slice_ref(piece))
                    .await?;
            }
        }
        let value = serde_json::to_vec(&pointer).map_err(|e| {
            Error::new(
                ErrorKind::Unexpected,
                "the list of pieces cannot be written",
            )
            .with_source(e)
        })?;
        let link = self.operations(Operation::put_if(self.key, &value, self.index));
        match self
            .commit(Transaction::of(&link)?, Some(&value), new)
            .await?
        {
            Some(index) => Ok((index, Some(pointer.hash))),
            None => Err(Error::new(
                ErrorKind::InvalidInput,
                format!(
                    "cannot {}: the state is too large for the server",
                    WRITE.what
                ),
            )
            .with("key", self.key)
            .with_hint("set `gzip`, or raise the server's `kv_max_value_size`")),
        }
    }

    /// Deletes the state; nothing, if there is none.
    async fn delete(&self) -> Result<()> {
        let operations = match (self.index, self.lock) {
            (0, None) => return Ok(()),
            (0, Some(lock)) => {
                return lock::confirm(self.client, self.cx, self.key, lock).await;
            }
            _ => self.operations(Operation::delete_if(self.key, self.index)),
        };
        self.commit(Transaction::of(&operations)?, None, &[])
            .await
            .map(|_| ())
    }

    /// The operation, under the lock.
    fn operations(&self, operation: Operation) -> Vec<Operation> {
        let held = self
            .lock
            .map(|id| Operation::check_session(&lock::key_of(self.key), &id.0));
        held.into_iter().chain([operation]).collect()
    }

    /// The new index; `None` when it is too large. `value` is what stands at the key afterwards; `secret` is what no error may repeat.
    async fn commit(
        &self,
        transaction: Transaction,
        value: Option<&[u8]>,
        secret: &[u8],
    ) -> Result<Option<u64>> {
        match self
            .client
            .commit(self.cx, transaction, secret, false)
            .await
        {
            Ok(Outcome::Done(index)) => Ok(Some(index)),
            Ok(Outcome::TooLarge) => Ok(None),
            Ok(Outcome::Refused(at)) => Err(match self.lock {
                Some(lock) if at == 0 => not_held(lock).with("key", self.key),
                _ => Error::new(
                    ErrorKind::Conflict,
                    "the state was changed at the same time",
                )
                .with("key", self.key)
                .with_hint("read the state again and repeat the change on it"),
            }),
            Err(error) => self.outcome_of(error, value).await.map(Some),
        }
    }

    /// The server may have done it although nobody saw its answer.
    async fn outcome_of(&self, error: Error, value: Option<&[u8]>) -> Result<u64> {
        if !lock::is_open(&error) {
            return Err(error);
        }
        let there = self.client.get(&last_words(self.cx), self.key).await;
        match (there, value) {
            (Ok(None), None) => Ok(0),
            (Ok(Some(there)), Some(value)) if there.index != self.index && there.value == value => {
                Ok(there.index)
            }
            _ => Err(error),
        }
    }
}
