//! The lock of both programs: an object beside the state whose generation is the lock's id.

use bytes::Bytes;

use super::client::{Client, NOTHING, Outcome};
use super::config::Name;
use crate::backend::lock::not_held;
use crate::backend::task::last_words;
use crate::backend::{LockId, LockInfo, LockedBy};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// So often a lock may vanish between being met and being read before we give up.
const ATTEMPTS: usize = 3;

/// Who holds a lock, and its generation.
struct Holder {
    generation: i64,
    /// `None` when the object is not one of the programs' locks.
    info: Option<LockInfo>,
}

impl Holder {
    /// The holder, by the id that gives the lock back: the generation is not known before the object is written, so the one inside of it
    /// is another. Both programs show it the same way.
    fn told(self) -> Option<LockInfo> {
        let id = self.generation.to_string();
        self.info.map(|info| LockInfo { id, ..info })
    }
}

async fn holder(client: &Client, cx: &Context, name: &Name) -> Result<Option<Holder>> {
    let found = client.get(cx, name, None).await?;
    Ok(found.map(|object| Holder {
        generation: object.generation,
        info: serde_json::from_slice(&object.bytes).ok(),
    }))
}

/// Takes the lock, or fails at once.
///
/// # Errors
/// `Locked` with the holder; those of the requests.
pub(super) async fn take(
    client: &Client,
    cx: &Context,
    name: &Name,
    info: &LockInfo,
) -> Result<LockId> {
    cx.check()?;
    match try_take(client, cx, name, info).await {
        Ok(id) => Ok(id),
        Err(error) => {
            // The server may have taken a request although nobody saw its answer.
            if matches!(
                error.kind(),
                ErrorKind::Cancelled | ErrorKind::Timeout | ErrorKind::Unavailable
            ) {
                abandon(client, cx, name, info).await;
            }
            Err(error)
        }
    }
}

async fn try_take(client: &Client, cx: &Context, name: &Name, info: &LockInfo) -> Result<LockId> {
    let info = LockInfo {
        path: format!("gs://{}/{name}", client.config.bucket),
        ..info.clone()
    };
    let json = serde_json::to_vec(&info).map(Bytes::from).map_err(|e| {
        let message = "the lock's information cannot be written as JSON";
        Error::new(ErrorKind::Unexpected, message).with_source(e)
    })?;
    for _ in 0..ATTEMPTS {
        if let Outcome::Done(lock) = client.put(cx, name, &json, NOTHING).await? {
            return Ok(LockId(lock.generation.to_string()));
        }
        match holder(client, cx, name).await? {
            None => {}
            // Ours, by an earlier request whose answer was lost.
            Some(holder) if is_by(&holder, &info) => {
                return Ok(LockId(holder.generation.to_string()));
            }
            Some(holder) => return Err(locked(client, name, Some(holder))),
        }
    }
    Err(locked(client, name, None))
}

fn is_by(holder: &Holder, info: &LockInfo) -> bool {
    holder
        .info
        .as_ref()
        .is_some_and(|there| there.id == info.id)
}

fn locked(client: &Client, name: &Name, holder: Option<Holder>) -> Error {
    let id = holder.as_ref().map(|holder| holder.generation);
    let mut error = LockedBy::error(holder.and_then(Holder::told));
    if let (Some(id), None) = (id, error.context_value("lock")) {
        error = error.with("lock", id);
    }
    error
        .with("bucket", &client.config.bucket)
        .with("object", name)
}

/// Gives back a lock that may be ours, of which nobody knows.
pub(super) async fn abandon(client: &Client, cx: &Context, name: &Name, info: &LockInfo) {
    let cx = last_words(cx);
    let given_back = async {
        match holder(client, &cx, name).await? {
            Some(holder) if is_by(&holder, info) => client
                .delete(&cx, name, holder.generation)
                .await
                .map(|_| ()),
            _ => Ok(()),
        }
    };
    if let Err(error) = given_back.await {
        tracing::warn!(%error, lock = %info.id, "a lock may be left behind");
    }
}

/// Makes sure that a lock is still held.
///
/// # Errors
/// `Conflict` when it is not; those of the requests.
pub(super) async fn confirm(
    client: &Client,
    cx: &Context,
    name: &Name,
    id: &LockId,
) -> Result<i64> {
    let there = client.head(cx, name, None).await?;
    let there = there.map(|lock| lock.generation);
    there
        .filter(|generation| generation.to_string() == id.0)
        .ok_or_else(|| {
            not_held(id)
                .with("bucket", &client.config.bucket)
                .with("object", name)
        })
}

/// Gives a lock back.
///
/// # Errors
/// `Conflict` when this is not the lock that is held; those of the requests.
pub(super) async fn release(client: &Client, cx: &Context, name: &Name, id: &LockId) -> Result<()> {
    // Looked at before, since not every server checks the condition of a deletion.
    let generation = confirm(client, cx, name, id).await?;
    match client.delete(cx, name, generation).await? {
        Outcome::Done(()) => Ok(()),
        Outcome::Refused => match client.head(cx, name, None).await? {
            Some(there) if there.generation == generation => Err(not_held(id).with("object", name)),
            // Deleted by our own request, whose answer was lost and which was repeated; somebody else may hold it since.
            _ => Ok(()),
        },
    }
}
