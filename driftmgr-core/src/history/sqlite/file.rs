//! Where the file is, how it comes to be, and how it is opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{failure, is_busy, plain};
use crate::env::Environment;
use crate::error::{Error, Result};

/// How long a program waits for others. A run of 10,000 objects is written in less than a second.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between two attempts where SQLite does not wait by itself.
const PAUSE: Duration = Duration::from_millis(20);

/// The user's history: `history.sqlite` in the [folder of what is kept](Environment::state_folder). `None` where there is no home.
pub fn default_path(environment: &Environment) -> Option<PathBuf> {
    Some(environment.state_folder()?.join("history.sqlite"))
}

/// Makes the file and its folders, for the user alone. SQLite gives its side files the mode of the file.
pub(super) fn create(path: &Path) -> Result<()> {
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(folder)
            .map_err(|e| Error::io("make the history's folder", folder, e))?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(drop)
        .map_err(|e| Error::io("open the history", path, e))
}

pub(super) fn must_exist(path: &Path) -> Result<()> {
    std::fs::metadata(path).map(drop).map_err(|e| {
        Error::io("open the history", path, e)
            .with_hint("`driftmgr drift --record` begins a history")
    })
}

pub(super) fn connect(path: &Path) -> Result<Connection> {
    let place = path.display().to_string();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(plain(path), flags).map_err(|e| failure(&e, &place))?;
    connection
        .busy_timeout(PATIENCE)
        .and_then(|()| write_ahead(&connection))
        .map_err(|e| failure(&e, &place))?;
    Ok(connection)
}

/// Lets readers and a writer work at a time. While another program does the same, SQLite answers "busy" at once instead of waiting.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let mut waited = Duration::ZERO;
    loop {
        let mode = |c: &Connection| c.pragma_query_value(None, "journal_mode", |r| r.get(0));
        let done = mode(connection).and_then(|now: String| {
            if now == "wal" {
                return Ok(());
            }
            connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))
        });
        match done {
            Err(error) if is_busy(&error) && waited < PATIENCE => {
                std::thread::sleep(PAUSE);
                waited += PAUSE;
            }
            // In this mode the database stays whole through a crash; a run that was just recorded may be lost by a power cut.
            other => {
                return other
                    .and_then(|()| connection.pragma_update(None, "synchronous", "normal"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::XDG_STATE_HOME;

    #[test]
    fn the_state_folder_is_the_place() {
        let env = Environment::default().with_home("/home/u");
        if cfg!(target_os = "linux") {
            let of = |env: &Environment| default_path(env).map(|p| p.display().to_string());
            assert_eq!(
                of(&env).as_deref(),
                Some("/home/u/.local/state/driftmgr/history.sqlite")
            );
            let set = |v: &str| env.clone().with_variable(XDG_STATE_HOME, v);
            assert_eq!(
                of(&set("/s")).as_deref(),
                Some("/s/driftmgr/history.sqlite")
            );
            assert_eq!(of(&set("s")), of(&env), "a relative one is not valid");
        }
        assert_eq!(default_path(&Environment::default()), None);
    }
}
