//! The tables, and how a file of an older version gets them.

use rusqlite::{Connection, TransactionBehavior};

use super::{failure, not_a_history};
use crate::error::{Error, ErrorKind, Result};

/// Tells our files from other SQLite databases: "DrMg".
const APPLICATION_ID: i64 = 0x4472_4d67;

/// Each step brings a file from one version (its place in the list) to the next. Steps are never changed, only added.
///
/// `at` is milliseconds since 1970 and unique for each target. A change holds from its moment until the next one of the same object or
/// finding; outcome and state 0 mean "not there", which is also what holds before the first change. The other numbers are in `codes`.
const STEPS: &[&str] = &[r"
CREATE TABLE target (
    id            INTEGER PRIMARY KEY,
    origin        TEXT NOT NULL UNIQUE,
    lineage       TEXT NOT NULL,
    pruned_before INTEGER
);
CREATE TABLE run (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    started     INTEGER NOT NULL,
    ended       INTEGER NOT NULL,
    version     TEXT NOT NULL,
    sensitivity TEXT NOT NULL,
    problems    INTEGER NOT NULL
);
CREATE TABLE look (
    target       INTEGER NOT NULL REFERENCES target,
    at           INTEGER NOT NULL,
    run          INTEGER NOT NULL REFERENCES run,
    location     TEXT NOT NULL,
    serial       INTEGER NOT NULL,
    same         INTEGER NOT NULL,
    modified     INTEGER NOT NULL,
    missing      INTEGER NOT NULL,
    moved        INTEGER NOT NULL,
    hidden       INTEGER NOT NULL,
    unverifiable INTEGER NOT NULL,
    skipped      INTEGER NOT NULL,
    PRIMARY KEY (target, at)
) WITHOUT ROWID;
CREATE INDEX look_of_run ON look (run);
CREATE TABLE object (
    id      INTEGER PRIMARY KEY,
    target  INTEGER NOT NULL REFERENCES target,
    address TEXT NOT NULL,
    deposed TEXT NOT NULL,
    UNIQUE (target, address, deposed)
);
CREATE TABLE object_change (
    object  INTEGER NOT NULL REFERENCES object,
    at      INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    PRIMARY KEY (object, at)
) WITHOUT ROWID;
CREATE TABLE finding (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    object     INTEGER NOT NULL REFERENCES object,
    kind       TEXT NOT NULL,
    path       TEXT NOT NULL,
    first_seen INTEGER,
    last_seen  INTEGER,
    last_state INTEGER,
    open_since INTEGER,
    times      INTEGER
);
CREATE INDEX finding_of_object ON finding (object);
CREATE TABLE finding_change (
    finding INTEGER NOT NULL REFERENCES finding,
    at      INTEGER NOT NULL,
    state   INTEGER NOT NULL,
    PRIMARY KEY (finding, at)
) WITHOUT ROWID;
"];

/// Brings the database to this version, or says why not.
pub(super) fn prepare(connection: &mut Connection, place: &str) -> Result<()> {
    let failed = |e: rusqlite::Error| failure(&e, place);
    connection
        .pragma_update(None, "foreign_keys", true)
        .map_err(failed)?;
    if version(connection, place)? == STEPS.len() {
        return Ok(());
    }
    // Another program may be about to do the same: whoever comes second finds it done.
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    let from = version(&transaction, place)?;
    for step in STEPS.iter().skip(from) {
        transaction.execute_batch(step).map_err(failed)?;
    }
    transaction
        .pragma_update(None, "application_id", APPLICATION_ID)
        .and_then(|()| transaction.pragma_update(None, "user_version", STEPS.len() as i64))
        .and_then(|()| transaction.commit())
        .map_err(failed)
}

/// The version of a history; 0 for an empty database.
fn version(connection: &Connection, place: &str) -> Result<usize> {
    let number = |name: &str| -> Result<i64> {
        connection
            .pragma_query_value(None, name, |row| row.get(0))
            .map_err(|e| failure(&e, place))
    };
    let version = number("user_version")?;
    if number("application_id")? != APPLICATION_ID {
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(|e| failure(&e, place))?;
        return if tables == 0 && version == 0 {
            Ok(0)
        } else {
            Err(not_a_history(place))
        };
    }
    match usize::try_from(version) {
        Ok(known) if known <= STEPS.len() => Ok(known),
        _ => Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "the history is of version {version}, and this driftmgr knows versions up to {}",
                STEPS.len()
            ),
        )
        .with("history", place)
        .with_hint("use the newer driftmgr that wrote it, or name another file")),
    }
}
