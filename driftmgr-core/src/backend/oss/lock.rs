//! The lock of both programs: a row of a table in Tablestore, and beside it one with the digest of the state.

use super::Oss;
use super::table::Rows;
use crate::backend::lock::not_held;
use crate::backend::objects::client::Client;
use crate::backend::objects::engine::detached;
use crate::backend::objects::keys::Keys;
use crate::backend::{LockId, LockInfo, LockedBy};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// The column with the holder's JSON.
const INFO: &str = "Info";
/// The column with the MD5 of the state.
const DIGEST: &str = "Digest";
/// What the key of that row ends with.
const DIGEST_SUFFIX: &str = "-md5";
/// What Tablestore says where a condition does not hold.
const REFUSED: &str = "OTSConditionCheckFail";
/// So often a lock may vanish between being met and being read before we give up.
const ATTEMPTS: usize = 3;

fn row(client: &Client<Oss>, state: &str) -> String {
    format!("{}/{state}", client.vendor.config.bucket)
}

async fn keys(client: &Client<Oss>, cx: &Context) -> Result<Keys> {
    let Client {
        vendor, transport, ..
    } = client;
    vendor.credentials.get(cx, &vendor.config, transport).await
}

/// The rows of the table; `None` where there is no table.
fn rows<'a>(client: &'a Client<Oss>, keys: &'a Keys) -> Option<Rows<'a>> {
    let config = &client.vendor.config;
    Some(Rows {
        table: config.table.as_ref()?,
        transport: &client.transport,
        keys,
        secrets: config.secrets.expose(),
    })
}

/// A column of a row.
async fn read(
    client: &Client<Oss>,
    cx: &Context,
    state: &str,
    row: &str,
    column: &str,
) -> Result<Option<String>> {
    let keys = keys(client, cx).await?;
    let Some(rows) = rows(client, &keys) else {
        return Ok(None);
    };
    let found = rows.get(cx, row, column).await;
    found.map_err(|failure| client.placed(failure.error, state))
}

/// The holder's JSON.
async fn holder(client: &Client<Oss>, cx: &Context, state: &str) -> Result<Option<String>> {
    read(client, cx, state, &row(client, state), INFO).await
}

/// Takes the lock, or fails at once.
///
/// # Errors
/// `Locked` with the holder; those of the requests.
pub(super) async fn take(
    client: &Client<Oss>,
    cx: &Context,
    state: &str,
    info: &LockInfo,
) -> Result<LockId> {
    cx.check()?;
    match try_take(client, cx, state, info).await {
        Ok(id) => Ok(id),
        Err(error) => {
            // The service may have taken a request although nobody saw its answer.
            if matches!(
                error.kind(),
                ErrorKind::Cancelled | ErrorKind::Timeout | ErrorKind::Unavailable
            ) {
                abandon(client, cx, state, &info.lock_id()).await;
            }
            Err(error)
        }
    }
}

async fn try_take(
    client: &Client<Oss>,
    cx: &Context,
    state: &str,
    info: &LockInfo,
) -> Result<LockId> {
    let row = row(client, state);
    let info = LockInfo {
        path: row.clone(),
        ..info.clone()
    };
    let json = serde_json::to_string(&info).map_err(|e| {
        let message = "the lock's information cannot be written as JSON";
        Error::new(ErrorKind::Unexpected, message).with_source(e)
    })?;
    for _ in 0..ATTEMPTS {
        let keys = keys(client, cx).await?;
        let Some(rows) = rows(client, &keys) else {
            break;
        };
        match rows.put(cx, &row, (INFO, &json), true).await {
            Ok(()) => return Ok(info.lock_id()),
            Err(failure) if failure.code == REFUSED => {}
            Err(failure) => return Err(client.placed(failure.error, state)),
        }
        if let Some(there) = holder(client, cx, state).await? {
            let there: Option<LockInfo> = serde_json::from_str(&there).ok();
            return Err(client.placed(LockedBy::error(there), state));
        }
    }
    Err(client.placed(LockedBy::error(None), state))
}

/// Takes a lock away that may be ours, of which nobody knows.
async fn abandon(client: &Client<Oss>, cx: &Context, state: &str, id: &LockId) {
    match release(client, &detached(cx), state, id).await {
        Err(error) if error.kind() != ErrorKind::Conflict => {
            tracing::warn!(%error, lock = %id, "a lock may be left behind");
        }
        _ => {}
    }
}

/// The holder's JSON, when this is the lock that is held.
async fn held(client: &Client<Oss>, cx: &Context, state: &str, id: &LockId) -> Result<String> {
    let there = holder(client, cx, state).await?;
    let is_held = |json: &String| {
        let there: Option<LockInfo> = serde_json::from_str(json).ok();
        there.is_some_and(|there| there.id == id.0)
    };
    there
        .filter(is_held)
        .ok_or_else(|| client.placed(not_held(id), state))
}

/// Makes sure that a lock is still held.
///
/// # Errors
/// `Conflict` when it is not; those of the requests.
pub(super) async fn confirm(
    client: &Client<Oss>,
    cx: &Context,
    state: &str,
    id: &LockId,
) -> Result<()> {
    held(client, cx, state, id).await.map(|_| ())
}

/// Gives a lock back.
///
/// # Errors
/// `Conflict` when this is not the lock that is held; those of the requests.
pub(super) async fn release(
    client: &Client<Oss>,
    cx: &Context,
    state: &str,
    id: &LockId,
) -> Result<()> {
    let json = held(client, cx, state, id).await?;
    let row = row(client, state);
    let keys = keys(client, cx).await?;
    let Some(rows) = rows(client, &keys) else {
        return Ok(());
    };
    // That of somebody who broke ours meanwhile is another one.
    match rows.delete(cx, &row, Some((INFO, &json))).await {
        Ok(()) => Ok(()),
        // Deleted by our own request, whose answer was lost and which was repeated; somebody else may hold it since.
        Err(failure) if failure.code == REFUSED => Ok(()),
        Err(failure) => Err(client.placed(failure.error, state)),
    }
}

/// Notes the digest of a state, or that there is none.
pub(super) async fn note(
    client: &Client<Oss>,
    cx: &Context,
    state: &str,
    md5: Option<&str>,
) -> Result<()> {
    let keys = keys(client, cx).await?;
    let Some(rows) = rows(client, &keys) else {
        return Ok(());
    };
    let row = row(client, state) + DIGEST_SUFFIX;
    let noted = match md5 {
        Some(md5) => rows.put(cx, &row, (DIGEST, md5), false).await,
        None => rows.delete(cx, &row, None).await,
    };
    noted.map_err(|failure| {
        client.placed(failure.error, state).with_hint(
            "the state was changed, and its digest was not noted: until it is, nobody reads the state; write it once more",
        )
    })
}

/// The digest that was noted.
pub(super) async fn noted(
    client: &Client<Oss>,
    cx: &Context,
    state: &str,
) -> Result<Option<String>> {
    let row = row(client, state) + DIGEST_SUFFIX;
    match read(client, cx, state, &row, DIGEST).await {
        // What is no digest counts for nothing, to the programs, too.
        Ok(digest) => {
            Ok(digest.filter(|d| d.len() == 32 && d.bytes().all(|b| b.is_ascii_hexdigit())))
        }
        // Reading needs no table, to the programs neither.
        Err(error) if !is_ended(&error) => {
            tracing::warn!(%error, "the digest of a state cannot be read");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn is_ended(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Timeout)
}
