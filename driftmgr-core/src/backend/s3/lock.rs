//! The locks of both programs: an object `KEY.tflock`, an item of a DynamoDB table, or both.

use std::sync::Arc;

use super::client::{Client, Condition, Outcome};
use super::table::Table;
use crate::backend::lock::not_held;
use crate::backend::{LockId, LockInfo, LockedBy};
use crate::error::{Error, ErrorKind, Result};

/// What the name of a lock ends with.
pub(super) const LOCK_SUFFIX: &str = ".tflock";
/// So often a lock may vanish between being met and being read before we give up.
const ATTEMPTS: usize = 3;

/// A lock that is held. Dropped without [`Held::keep`] or [`Held::release`] it is given back: its taker was stopped.
pub(super) struct Held {
    client: Arc<Client>,
    key: String,
    id: LockId,
    armed: bool,
}

impl Held {
    /// Takes the lock of a state, or fails at once.
    ///
    /// # Errors
    /// `Locked` with the holder; `Unsupported` when the store cannot write under a condition; those of the requests.
    pub(super) async fn take(client: Arc<Client>, key: String, mut info: LockInfo) -> Result<Self> {
        info.path = format!("{}/{key}", client.config.bucket);
        let json = serde_json::to_string(&info).map_err(|e| {
            Error::new(
                ErrorKind::Unexpected,
                "the lock's information cannot be written as JSON",
            )
            .with_source(e)
        })?;
        if client.config.use_lockfile {
            take_file(&client, &key, &info.id, &json).await?;
        }
        let held = Self {
            id: info.lock_id(),
            client,
            key,
            armed: true,
        };
        // When this fails, dropping `held` would give the file back later; but the next one may come at once.
        if let Some(table) = Table::of(&held.client)
            && let Err(error) = take_item(table, &held.key, &held.id, &json).await
        {
            let mut held = held;
            held.armed = false;
            if held.client.config.use_lockfile
                && let Err(left) = release_file(&held.client, &held.key, &held.id).await
            {
                let hint = format!("the lock file was left behind: {left}");
                return Err(error.with_hint(hint));
            }
            return Err(error);
        }
        Ok(held)
    }

    /// Leaves the lock to the caller.
    pub(super) fn keep(mut self) -> LockId {
        self.armed = false;
        self.id.clone()
    }

    /// Gives the lock back.
    pub(super) async fn release(mut self) -> Result<()> {
        self.armed = false;
        release(&self.client, &self.key, &self.id).await
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (client, key, id) = (Arc::clone(&self.client), self.key.clone(), self.id.clone());
        runtime.spawn(async move {
            if let Err(error) = release(&client, &key, &id).await {
                tracing::warn!(%error, "a lock was not given back");
            }
        });
    }
}

/// Gives a lock back, in all places.
///
/// # Errors
/// `Conflict` when this is not the lock that is held in one of them; those of the requests.
pub(super) async fn release(client: &Client, key: &str, id: &LockId) -> Result<()> {
    if !client.config.locks() {
        return Err(not_held(id));
    }
    let file = match client.config.use_lockfile {
        true => release_file(client, key, id).await,
        false => Ok(()),
    };
    let item = match Table::of(client) {
        Some(table) => release_item(table, key, id).await,
        None => Ok(()),
    };
    file.and(item)
}

/// Makes sure that a lock is still held, in all places.
///
/// # Errors
/// `Conflict` when it is not; those of the requests.
pub(super) async fn confirm(client: &Client, key: &str, id: &LockId) -> Result<()> {
    let held = |holder: Option<String>| match holder.as_deref().and_then(parse) {
        Some(info) if info.id == id.0 => Ok(()),
        _ => Err(not_held(id).with("key", key)),
    };
    if !client.config.locks() {
        return held(None);
    }
    if client.config.use_lockfile {
        held(file_holder(client, key).await?.map(|(text, _)| text))?;
    }
    if let Some(table) = Table::of(client) {
        held(table.holder(key).await?)?;
    }
    Ok(())
}

fn parse(text: &str) -> Option<LockInfo> {
    serde_json::from_str(text).ok()
}

fn file_key(key: &str) -> String {
    format!("{key}{LOCK_SUFFIX}")
}

/// What stands in the lock file, and its etag.
async fn file_holder(client: &Client, key: &str) -> Result<Option<(String, Option<String>)>> {
    let found = client.get(&file_key(key), None).await?;
    Ok(found.map(|o| (String::from_utf8_lossy(&o.bytes).into_owned(), o.head.etag)))
}

async fn take_file(client: &Client, key: &str, id: &str, json: &str) -> Result<()> {
    for _ in 0..ATTEMPTS {
        let tags = tags(&client.config.lock_tags);
        let bytes = json.to_owned().into();
        match client
            .put(&file_key(key), bytes, Condition::Absent, tags)
            .await?
        {
            Outcome::Done(_) => return Ok(()),
            Outcome::Unknown(error) => {
                return Err(error.with_hint(
                    "lock with a DynamoDB table: `dynamodb_table` in the place of `use_lockfile`",
                ));
            }
            Outcome::Refused => {}
        }
        match file_holder(client, key).await? {
            // It was given back in between.
            None => {}
            Some((text, _)) => match parse(&text) {
                // The answer to our own request was lost, and the client repeated it.
                Some(holder) if holder.id == id => return Ok(()),
                holder => return Err(locked(client, key, holder)),
            },
        }
    }
    Err(locked(client, key, None))
}

async fn take_item(table: Table<'_>, key: &str, id: &LockId, json: &str) -> Result<()> {
    for _ in 0..ATTEMPTS {
        if table.lock(key, json).await? {
            return Ok(());
        }
        match table.holder(key).await? {
            None => {}
            Some(text) => match parse(&text) {
                Some(holder) if holder.id == id.0 => return Ok(()),
                holder => return Err(LockedBy::error(holder).with("key", key)),
            },
        }
    }
    Err(LockedBy::error(None).with("key", key))
}

fn locked(client: &Client, key: &str, holder: Option<LockInfo>) -> Error {
    LockedBy::error(holder)
        .with("bucket", &client.config.bucket)
        .with("key", key)
}

async fn release_file(client: &Client, key: &str, id: &LockId) -> Result<()> {
    let Some((text, etag)) = file_holder(client, key).await? else {
        return Err(not_held(id).with("key", key));
    };
    if parse(&text).is_none_or(|holder| holder.id != id.0) {
        return Err(not_held(id).with("key", key));
    }
    let condition = etag.as_deref().map_or(Condition::None, Condition::Etag);
    match client.delete(&file_key(key), condition).await? {
        Outcome::Done(()) => Ok(()),
        Outcome::Refused => match file_holder(client, key).await? {
            Some((text, _)) if parse(&text).is_some_and(|holder| holder.id == id.0) => {
                Err(not_held(id).with("key", key))
            }
            // Deleted by our own request, whose answer was lost and which the client repeated; somebody else may hold it since.
            _ => Ok(()),
        },
        // What was read a moment ago has to do.
        Outcome::Unknown(_) => client
            .delete(&file_key(key), Condition::None)
            .await
            .map(|_| ()),
    }
}

async fn release_item(table: Table<'_>, key: &str, id: &LockId) -> Result<()> {
    let held = table.holder(key).await?;
    let ours = held.filter(|text| parse(text).is_some_and(|holder| holder.id == id.0));
    match ours {
        // When it is gone meanwhile, by our own request: the answer was lost and the client repeated it.
        Some(text) => table.unlock(key, &text).await.map(|_| ()),
        None => Err(not_held(id).with("key", key)),
    }
}

/// Tags as the protocol wants them: as a query.
pub(super) fn tags(tags: &std::collections::BTreeMap<String, String>) -> Option<String> {
    if tags.is_empty() {
        return None;
    }
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    Some(query.extend_pairs(tags).finish())
}
