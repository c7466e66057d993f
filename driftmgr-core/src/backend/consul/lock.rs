//! The lock of both programs: a session that has locked the key `.lock` below the state's, and beside it, in `.lockinfo`, who it is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;

use super::Inner;
use super::client::{Client, Operation, Outcome, TTL, Transaction};
use super::state::trimmed;
use crate::backend::lock::not_held;
use crate::backend::task::last_words;
use crate::backend::{LockId, LockInfo, LockedBy};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// What Consul's own clients write beside a lock, to tell it from other uses of sessions.
const FLAGS: u64 = 0x2ddc_cbc0_58a5_0c18;
/// What a session had locked when it ended stays locked for so long.
const DELAY: Duration = Duration::from_secs(5);
/// So often a lock may vanish between being met and being read before we give up.
const ATTEMPTS: usize = 3;
/// A renewal that takes longer than this is begun anew.
const RENEWAL: Duration = Duration::from_secs(5);

/// After such an error the server may have done what it was asked for.
pub(super) fn is_open(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Cancelled | ErrorKind::Timeout | ErrorKind::Unavailable
    )
}

/// The key that is locked for a state.
pub(super) fn key_of(state: &str) -> String {
    format!("{}/.lock", trimmed(state))
}

fn info_key_of(state: &str) -> String {
    format!("{}/.lockinfo", trimmed(state))
}

/// The sessions that are kept alive, by their ids. They end with this value.
#[derive(Default)]
pub(super) struct Sessions(Mutex<BTreeMap<String, JoinHandle<()>>>);

impl Sessions {
    fn keep(&self, client: &Arc<Client>, cx: &Context, id: &str) {
        let task = tokio::spawn(renewing(Arc::clone(client), cx.detached(), id.to_owned()));
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(id.to_owned(), task);
    }

    fn let_go(&self, id: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = all.remove(id) {
            task.abort();
        }
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        let all = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        all.values().for_each(JoinHandle::abort);
    }
}

/// Renews a session until it has ended.
async fn renewing(client: Arc<Client>, cx: Context, id: String) {
    let mut pause = TTL / 2;
    loop {
        tokio::time::sleep(pause).await;
        let hurried = cx.detached().with_timeout(RENEWAL);
        match client.renew_session(&hurried, &id).await {
            Ok(true) => pause = TTL / 2,
            Ok(false) => {
                tracing::warn!(lock = %id, "the session of a lock has ended, and the lock with it");
                return;
            }
            Err(error) => {
                tracing::warn!(%error, lock = %id, "the session of a lock could not be renewed");
                pause = Duration::from_secs(1);
            }
        }
    }
}

/// Takes the lock, or fails at once.
///
/// # Errors
/// `Locked` with the holder; those of the requests.
pub(super) async fn take(
    inner: &Inner,
    cx: &Context,
    state: &str,
    info: &LockInfo,
) -> Result<LockId> {
    cx.check()?;
    let client = &inner.client;
    let session = client.begin_session(cx, DELAY).await?;
    match try_take(client, cx, state, info, &session).await {
        Ok(()) => {
            inner.sessions.keep(client, cx, &session);
            Ok(LockId(session))
        }
        Err(error) => {
            let cx = last_words(cx);
            // Giving it back before its session ends spares the next one the delay.
            if is_open(&error) {
                let _ = give_back(client, &cx, state, &session).await;
            }
            // A session that nobody renews ends by itself.
            let _ = client.end_session(&cx, &session).await;
            Err(error)
        }
    }
}

async fn try_take(
    client: &Client,
    cx: &Context,
    state: &str,
    info: &LockInfo,
    session: &str,
) -> Result<()> {
    // As both programs have it: the session's id gives the lock back.
    let info = LockInfo {
        id: session.to_owned(),
        info: format!("consul session: {session}"),
        path: state.to_owned(),
        ..info.clone()
    };
    let json = serde_json::to_vec(&info).map_err(|e| {
        let message = "the lock's information cannot be written as JSON";
        Error::new(ErrorKind::Unexpected, message).with_source(e)
    })?;
    for attempt in 1.. {
        let operations = [
            Operation::lock(&key_of(state), session, FLAGS),
            Operation::put(&info_key_of(state), &json),
        ];
        // A session that has the lock already gets it once more.
        let outcome = client
            .commit(cx, Transaction::of(&operations)?, &[], true)
            .await?;
        if let Outcome::Done(_) = outcome {
            return Ok(());
        }
        match holder(client, cx, state).await? {
            Some(holder) => return Err(LockedBy::error(Some(holder)).with("key", state)),
            None if attempt >= ATTEMPTS => break,
            None => {}
        }
    }
    Err(LockedBy::error(None).with("key", state).with_hint(format!(
        "the session of the last holder was ended; Consul keeps the lock for {} s more",
        DELAY.as_secs()
    )))
}

/// Who holds the lock. A session that left no word is named by its id.
async fn holder(client: &Client, cx: &Context, state: &str) -> Result<Option<LockInfo>> {
    let Some(session) = session_of(client, cx, state).await? else {
        return Ok(None);
    };
    let info = client.get(cx, &info_key_of(state)).await?;
    let info = info.and_then(|entry| serde_json::from_slice::<LockInfo>(&entry.value).ok());
    Ok(Some(match info {
        Some(info) if info.id == session => info,
        // Of an earlier holder, or of none.
        _ => LockInfo {
            id: session,
            ..LockInfo::default()
        },
    }))
}

async fn session_of(client: &Client, cx: &Context, state: &str) -> Result<Option<String>> {
    let entry = client.get(cx, &key_of(state)).await?;
    Ok(entry.and_then(|entry| entry.session))
}

/// Makes sure that a lock is still held.
///
/// # Errors
/// `Conflict` when it is not; those of the requests.
pub(super) async fn confirm(client: &Client, cx: &Context, state: &str, id: &LockId) -> Result<()> {
    match session_of(client, cx, state).await? {
        Some(session) if session == id.0 => Ok(()),
        _ => Err(not_held(id).with("key", state)),
    }
}

/// Gives a lock back, whichever client has taken it, and ends its session.
///
/// # Errors
/// `Conflict` when this is not the lock that is held; those of the requests.
pub(super) async fn release(inner: &Inner, cx: &Context, state: &str, id: &LockId) -> Result<()> {
    let client = &inner.client;
    if !give_back(client, cx, state, &id.0).await? {
        return Err(not_held(id).with("key", state));
    }
    inner.sessions.let_go(&id.0);
    if let Err(error) = client.end_session(cx, &id.0).await {
        // Nobody renews it, and it holds nothing.
        tracing::debug!(%error, session = %id, "a session is left to end by itself");
    }
    Ok(())
}

/// Gives a lock back; false when this is not the one that is held.
async fn give_back(client: &Client, cx: &Context, state: &str, session: &str) -> Result<bool> {
    let operations = [
        Operation::unlock(&key_of(state), session, FLAGS),
        Operation::delete(&key_of(state)),
        Operation::delete(&info_key_of(state)),
    ];
    let done = client
        .commit(cx, Transaction::of(&operations)?, &[], false)
        .await;
    match done {
        Ok(Outcome::Done(_)) => Ok(true),
        Ok(_) => Ok(false),
        // The server may have done it although nobody saw its answer.
        Err(error) if is_open(&error) => match session_of(client, cx, state).await {
            Ok(there) if there.as_deref() != Some(session) => Ok(true),
            Ok(_) | Err(_) => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// Gives back a lock that nobody knows of.
pub(super) async fn abandon(inner: &Inner, cx: &Context, state: &str, id: &LockId) {
    if let Err(error) = release(inner, &last_words(cx), state, id).await {
        inner.sessions.let_go(&id.0);
        tracing::warn!(%error, lock = %id, "a lock is left to end by itself");
    }
}
