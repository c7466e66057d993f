//! States in one SQLite file: all workspaces, all versions, and locks that keep every program out that uses the same file.
//!
//! ```no_run
//! use driftmgr_core::client::Client;
//! use driftmgr_example_backend::SqliteBackend;
//!
//! # async fn example() -> driftmgr_core::Result<()> {
//! let client = Client::builder().backend(SqliteBackend::KIND, SqliteBackend::factory()).build()?;
//! // The folder's `backend "sqlite" { file = "states.db" }` is understood now.
//! let stack = client.open("./infra").await?;
//! # Ok(())
//! # }
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use driftmgr_core::backend::{
    Backend, BackendFactory, BackendInfo, BackendSpec, Capability, LockId, LockInfo, LockedBy,
    RawState, StateRef, StateVersion, WorkspaceName, WriteOptions, Written,
};
use driftmgr_core::{Context, Error, ErrorKind, Result};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use sha2::{Digest as _, Sha256};

/// A version is a row that stays; deleting a state takes its head away.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS versions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        workspace TEXT NOT NULL,
        modified INTEGER NOT NULL,
        bytes BLOB NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS heads (
        workspace TEXT PRIMARY KEY,
        version INTEGER NOT NULL REFERENCES versions (id)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS locks (
        workspace TEXT PRIMARY KEY,
        holder TEXT NOT NULL
    ) STRICT;
";

/// Another program may be writing: so long is waited for it.
const BUSY: Duration = Duration::from_secs(10);

/// Keeps states in a SQLite file.
#[derive(Debug, Clone)]
pub struct SqliteBackend {
    file: PathBuf,
    info: BackendInfo,
}

impl SqliteBackend {
    /// Its name in `backend` blocks.
    pub const KIND: &str = "sqlite";

    /// States in this file, which is made when it is needed.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        let file = file.into();
        let info = BackendInfo {
            kind: Self::KIND.to_owned(),
            location: file.display().to_string(),
        };
        Self { file, info }
    }

    /// What a client makes backends of this kind with.
    pub fn factory() -> BackendFactory {
        Arc::new(|_, spec| Ok(Arc::new(Self::from_spec(spec)?)))
    }

    /// From `backend "sqlite" { file = "…" }`; a relative path starts at the root module's folder.
    ///
    /// # Errors
    /// `InvalidConfig` without `file`, or with other arguments.
    pub fn from_spec(spec: &BackendSpec) -> Result<Self> {
        let invalid = |reason: &str| {
            Error::new(ErrorKind::InvalidConfig, reason)
                .with("backend", &spec.origin)
                .with_hint("write `file = \"states.db\"` into the block, and nothing else")
        };
        if spec.config.keys().any(|name| name != "file") {
            return Err(invalid("the backend has an argument that is not `file`"));
        }
        match spec.string("file")? {
            Some(file) if !file.is_empty() => Ok(Self::new(spec.root.join(file))),
            _ => Err(invalid("the backend has no file")),
        }
    }

    /// Does something in one transaction, away from the runtime's own threads. It happens wholly or not at all.
    async fn transact<T: Send + 'static>(
        &self,
        cx: &Context,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        cx.check()?;
        let file = self.file.clone();
        let done = tokio::task::spawn_blocking(move || {
            let mut connection = open(&file).map_err(broken)?;
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(broken)?;
            let value = work(&transaction)?;
            transaction.commit().map_err(broken)?;
            Ok(value)
        });
        let done = done.await.map_err(|error| {
            Error::new(ErrorKind::Unexpected, "the work on the file did not end").with_source(error)
        });
        done?.map_err(|error: Error| error.with("file", self.file.display()))
    }
}

#[async_trait]
impl Backend for SqliteBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn capability(&self) -> Capability {
        Capability {
            write: true,
            lock: true,
            workspaces: true,
            versions: true,
            if_match: true,
            concurrency: 1,
        }
    }

    async fn workspaces(&self, cx: &Context) -> Result<Vec<WorkspaceName>> {
        let found = self.transact(cx, |transaction| {
            let mut query = transaction
                .prepare(
                    "SELECT workspace FROM heads WHERE workspace <> 'default' ORDER BY workspace",
                )
                .map_err(broken)?;
            let names = query.query_map([], |row| row.get::<_, String>(0));
            names
                .map_err(broken)?
                .collect::<Result<Vec<_>, _>>()
                .map_err(broken)
        });
        let names = found.await?;
        let names = names.iter().map(|name| name.parse());
        std::iter::once(Ok(WorkspaceName::default_name()))
            .chain(names)
            .collect()
    }

    async fn read(&self, cx: &Context, at: &StateRef) -> Result<Option<RawState>> {
        let at = at.clone();
        self.transact(cx, move |transaction| match &at.version {
            None => Ok(current(transaction, &at)?.map(Stored::into_raw)),
            Some(version) => {
                let kept = stored(
                    transaction,
                    "SELECT id, modified, bytes FROM versions WHERE workspace = ?1 AND id = ?2",
                    params![at.workspace.as_str(), version.parse::<i64>().unwrap_or(-1)],
                )?;
                let kept = kept.ok_or_else(|| {
                    Error::new(ErrorKind::NotFound, "the state has no such version")
                        .with("version", version)
                })?;
                Ok(Some(kept.into_raw()))
            }
        })
        .await
    }

    async fn versions(&self, cx: &Context, at: &StateRef) -> Result<Vec<StateVersion>> {
        let workspace = at.workspace.as_str().to_owned();
        self.transact(cx, move |transaction| {
            let mut query = transaction
                .prepare(
                    "SELECT id, modified, length(bytes), id = (SELECT version FROM heads WHERE workspace = ?1)
                     FROM versions WHERE workspace = ?1 ORDER BY id DESC",
                )
                .map_err(broken)?;
            let rows = query.query_map([workspace], |row| {
                Ok(StateVersion {
                    id: row.get::<_, i64>(0)?.to_string(),
                    modified: Some(from_millis(row.get(1)?)),
                    size: row.get::<_, i64>(2)?.try_into().ok(),
                    latest: row.get::<_, Option<bool>>(3)?.unwrap_or(false),
                })
            });
            rows.map_err(broken)?.collect::<Result<_, _>>().map_err(broken)
        })
        .await
    }

    async fn write(
        &self,
        cx: &Context,
        at: &StateRef,
        new: Bytes,
        options: WriteOptions,
    ) -> Result<Written> {
        at.only_current()?;
        let (at, now) = (at.clone(), millis(cx.now()));
        self.transact(cx, move |transaction| {
            let before = admit(transaction, &at, &options)?;
            let etag = Some(etag(&new));
            if let Some(same) = before.as_ref().filter(|before| before.bytes == new) {
                return Ok(Written {
                    etag,
                    version: Some(same.id.to_string()),
                    backup: None,
                });
            }
            let workspace = at.workspace.as_str();
            transaction
                .execute(
                    "INSERT INTO versions (workspace, modified, bytes) VALUES (?1, ?2, ?3)",
                    params![workspace, now, &new[..]],
                )
                .map_err(broken)?;
            let id = transaction.last_insert_rowid();
            transaction
                .execute(
                    "INSERT OR REPLACE INTO heads (workspace, version) VALUES (?1, ?2)",
                    params![workspace, id],
                )
                .map_err(broken)?;
            Ok(Written {
                etag,
                version: Some(id.to_string()),
                backup: before.map(|before| before.id.to_string()),
            })
        })
        .await
    }

    async fn delete(&self, cx: &Context, at: &StateRef, options: WriteOptions) -> Result<()> {
        at.only_current()?;
        let at = at.clone();
        self.transact(cx, move |transaction| {
            admit(transaction, &at, &options)?;
            let done = transaction.execute(
                "DELETE FROM heads WHERE workspace = ?1",
                [at.workspace.as_str()],
            );
            done.map(drop).map_err(broken)
        })
        .await
    }

    async fn lock(&self, cx: &Context, at: &StateRef, info: LockInfo) -> Result<LockId> {
        at.only_current()?;
        let at = at.clone();
        self.transact(cx, move |transaction| {
            if let Some(holder) = holder(transaction, &at)? {
                return Err(LockedBy::error(Some(holder)));
            }
            let text = serde_json::to_string(&info).map_err(|error| {
                Error::new(ErrorKind::Unexpected, "the lock cannot be written down")
                    .with_source(error)
            })?;
            transaction
                .execute(
                    "INSERT INTO locks (workspace, holder) VALUES (?1, ?2)",
                    params![at.workspace.as_str(), text],
                )
                .map_err(broken)?;
            Ok(info.lock_id())
        })
        .await
    }

    async fn unlock(&self, cx: &Context, at: &StateRef, id: &LockId) -> Result<()> {
        let (at, id) = (at.clone(), id.clone());
        // Whoever was cancelled gives its lock back all the same.
        let cx = Context::new(cx.environment().clone());
        self.transact(&cx, move |transaction| {
            if holder(transaction, &at)?.is_none_or(|holder| holder.id != id.0) {
                return Err(not_held(&id));
            }
            let done = transaction.execute(
                "DELETE FROM locks WHERE workspace = ?1",
                [at.workspace.as_str()],
            );
            done.map(drop).map_err(broken)
        })
        .await
    }
}

/// A version of a state, as stored.
struct Stored {
    id: i64,
    modified: i64,
    bytes: Bytes,
}

impl Stored {
    fn into_raw(self) -> RawState {
        RawState {
            etag: Some(etag(&self.bytes)),
            bytes: self.bytes,
            version: Some(self.id.to_string()),
            modified: Some(from_millis(self.modified)),
        }
    }
}

fn open(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(BUSY)?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

fn current(transaction: &Transaction<'_>, at: &StateRef) -> Result<Option<Stored>> {
    stored(
        transaction,
        "SELECT id, modified, bytes FROM versions JOIN heads ON heads.version = versions.id WHERE heads.workspace = ?1",
        params![at.workspace.as_str()],
    )
}

fn stored(
    transaction: &Transaction<'_>,
    query: &str,
    parameters: &[&dyn rusqlite::ToSql],
) -> Result<Option<Stored>> {
    let found = transaction.query_row(query, parameters, |row| {
        Ok(Stored {
            id: row.get(0)?,
            modified: row.get(1)?,
            bytes: Bytes::from(row.get::<_, Vec<u8>>(2)?),
        })
    });
    found.optional().map_err(broken)
}

fn holder(transaction: &Transaction<'_>, at: &StateRef) -> Result<Option<LockInfo>> {
    let found = transaction.query_row(
        "SELECT holder FROM locks WHERE workspace = ?1",
        [at.workspace.as_str()],
        |row| row.get::<_, String>(0),
    );
    // Information that cannot be read is still a lock.
    let read = |text: String| serde_json::from_str(&text).unwrap_or_default();
    Ok(found.optional().map_err(broken)?.map(read))
}

/// Whether a change may happen, judged in the transaction that makes it; answers with what is stored now.
fn admit(
    transaction: &Transaction<'_>,
    at: &StateRef,
    options: &WriteOptions,
) -> Result<Option<Stored>> {
    match (&options.lock, holder(transaction, at)?) {
        (None, None) => {}
        (None, Some(holder)) => return Err(LockedBy::error(Some(holder))),
        (Some(id), Some(holder)) if id.0 == holder.id => {}
        (Some(id), _) => return Err(not_held(id)),
    }
    let before = current(transaction, at)?;
    if let Some(condition) = &options.if_match {
        let stored = before.as_ref().map(|before| etag(&before.bytes));
        condition.check(stored.as_deref())?;
    }
    Ok(before)
}

fn not_held(id: &LockId) -> Error {
    Error::new(
        ErrorKind::Conflict,
        "the lock that was named is not the one that is held",
    )
    .with("lock", id)
}

fn etag(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

fn broken(error: rusqlite::Error) -> Error {
    let kind = match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            ErrorKind::Unavailable
        }
        Some(rusqlite::ErrorCode::CannotOpen) => ErrorKind::NotFound,
        Some(rusqlite::ErrorCode::PermissionDenied | rusqlite::ErrorCode::ReadOnly) => {
            ErrorKind::PermissionDenied
        }
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
            ErrorKind::InvalidConfig
        }
        _ => ErrorKind::Unexpected,
    };
    Error::new(kind, "the file of states could not be used").with_source(error)
}

fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn from_millis(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
