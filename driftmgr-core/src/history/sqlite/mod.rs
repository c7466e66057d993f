//! The history in one SQLite file.
//!
//! What stays as it is takes no room: for each object and each finding only the runs are kept at which something changed. All blocking
//! work is done on threads for it.

mod codes;
mod file;
mod prune;
mod read;
mod schema;
mod write;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use super::moment::Moment;
use super::run::Run;
use super::store::{HistoryStore, Pruned, Recorded, TargetHistory, Wanted};
use crate::context::{Context, blocking};
use crate::error::{Error, ErrorKind, Result};

pub use file::default_path;

/// Runs in an SQLite database: in a file that many programs may use at a time, or in memory.
#[derive(Debug, Clone)]
pub struct SqliteHistory {
    connection: Arc<Mutex<Connection>>,
    /// The file; a name in brackets for memory.
    place: Arc<str>,
}

impl SqliteHistory {
    /// Opens the file, or makes it, readable by the user alone. Missing folders are made.
    ///
    /// # Errors
    /// - `InvalidInput` for a file that is no history, or is damaged.
    /// - `Unsupported` for one that a newer version has written.
    /// - `PermissionDenied`, `NotFound` and `Unavailable` for a place that cannot be written.
    pub async fn open(cx: &Context, path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        on_a_thread(cx, move || {
            file::create(&path)?;
            Self::new(file::connect(&path)?, &path.display().to_string())
        })
        .await
    }

    /// Opens a file that is there.
    ///
    /// # Errors
    /// `NotFound` when it is not; else those of [`SqliteHistory::open`].
    pub async fn open_existing(cx: &Context, path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        on_a_thread(cx, move || {
            file::must_exist(&path)?;
            Self::new(file::connect(&path)?, &path.display().to_string())
        })
        .await
    }

    /// A history that ends with the last of its clones.
    ///
    /// # Errors
    /// `Unexpected` when SQLite cannot start.
    pub async fn in_memory(cx: &Context) -> Result<Self> {
        on_a_thread(cx, || {
            let connection = Connection::open_in_memory().map_err(|e| failure(&e, "(memory)"))?;
            Self::new(connection, "(memory)")
        })
        .await
    }

    fn new(mut connection: Connection, place: &str) -> Result<Self> {
        schema::prepare(&mut connection, place)?;
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
            place: place.into(),
        })
    }

    /// Does blocking work with the connection. It is finished even if the caller does not wait for it, so no transaction is cut in two.
    async fn with<T: Send + 'static>(
        &self,
        cx: &Context,
        work: impl FnOnce(&mut Connection, &str) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let this = self.clone();
        on_a_thread(cx, move || {
            // A thread that panicked left no open transaction: dropping it rolls it back.
            let mut connection = this
                .connection
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            work(&mut connection, &this.place)
        })
        .await
    }

    /// The same inside a transaction that other writers wait for.
    async fn write<T: Send + 'static>(
        &self,
        cx: &Context,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.with(cx, move |connection, place| {
            let run = || {
                let transaction =
                    connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                let value = work(&transaction)?;
                transaction.commit()?;
                Ok(value)
            };
            run().map_err(|e| failure(&e, place))
        })
        .await
    }
}

#[async_trait]
impl HistoryStore for SqliteHistory {
    async fn record(&self, cx: &Context, run: Run) -> Result<Recorded> {
        self.write(cx, move |transaction| write::record(transaction, &run))
            .await
            .map_err(|e| e.with_operation("history.record"))
    }

    async fn load(&self, cx: &Context, wanted: Vec<Wanted>) -> Result<Vec<TargetHistory>> {
        self.with(cx, move |connection, place| {
            // One transaction, so that what a writer adds meanwhile is seen whole or not at all.
            let transaction = connection.transaction().map_err(|e| failure(&e, place))?;
            let loaded = read::load(&transaction, &wanted).map_err(|e| failure(&e, place))?;
            loaded.map_err(|unknown| unknown.with("history", place))
        })
        .await
        .map_err(|e| e.with_operation("history.load"))
    }

    async fn prune(&self, cx: &Context, moment: Moment) -> Result<Pruned> {
        let pruned = self
            .write(cx, move |transaction| prune::prune(transaction, moment))
            .await
            .map_err(|e| e.with_operation("history.prune"))?;
        self.with(cx, |connection, place| {
            // The room is given back. Nothing is lost if another program is in the way.
            match connection.execute_batch("VACUUM") {
                Err(e) if is_busy(&e) => Ok(()),
                other => other.map_err(|e| failure(&e, place)),
            }
        })
        .await?;
        Ok(pruned)
    }
}

async fn on_a_thread<T: Send + 'static>(
    cx: &Context,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    blocking(cx, "work on the history", work).await
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// An error of SQLite as one of ours. No value of a history is in its text.
fn failure(error: &rusqlite::Error, place: &str) -> Error {
    let (kind, message, hint) = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            ErrorKind::Locked,
            "other programs keep the history busy",
            "try again when they are done",
        ),
        Some(ErrorCode::NotADatabase) => return not_a_history(place),
        Some(ErrorCode::DatabaseCorrupt) => return damaged(place),
        Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => (
            ErrorKind::PermissionDenied,
            "the history may not be written",
            "make the file and its folder writable, or name another file",
        ),
        Some(ErrorCode::DiskFull) => (
            ErrorKind::Unavailable,
            "there is no room for the history",
            "make room, or forget old runs",
        ),
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::SystemIoFailure
            | ErrorCode::FileLockingProtocolFailed,
        ) => (
            ErrorKind::Unavailable,
            "the history cannot be read or written",
            "name a file on a local disk: SQLite's locks do not work on every network file system",
        ),
        // What is stored is not what this version stores.
        None if matches!(
            error,
            rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
        ) =>
        {
            return damaged(place);
        }
        _ => (
            ErrorKind::Unexpected,
            "the history's database failed",
            "look at the file with `sqlite3 FILE 'PRAGMA integrity_check'`",
        ),
    };
    Error::new(kind, format!("{message}: {error}"))
        .with("history", place)
        .with_hint(hint)
}

fn not_a_history(place: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, "the file is no history of drift")
        .with("history", place)
        .with_hint("name another file; this one is left as it is")
}

fn damaged(place: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, "the history is damaged")
        .with("history", place)
        .with_hint(
            "move the file away and begin a new history, or mend it with `sqlite3 FILE .recover`",
        )
}

/// The file of a path for SQLite, which reads `file:` at the beginning of a name as a URI.
fn plain(path: &Path) -> PathBuf {
    if path.is_absolute() {
        path.to_owned()
    } else {
        Path::new(".").join(path)
    }
}
