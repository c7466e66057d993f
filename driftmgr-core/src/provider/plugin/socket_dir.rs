//! A short-lived private folder for a provider's socket.
//!
//! It is removed as soon as the connection stands: a connected socket needs no name, so a SIGKILL of this process leaves nothing
//! behind. The few that a death during a start leaves are swept by a later start.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::env::{Environment, TMPDIR};
use crate::error::{Error, Result};

/// Folders are called `driftmgr-PID-RANDOM`.
const PREFIX: &str = "driftmgr-";
/// Longest folder path in bytes. A socket's path has 104 bytes on macOS and 108 on Linux with its final zero, and the provider
/// adds `/plugin` and ten digits.
const MAX_PATH: usize = 85;
/// A folder is somebody's running start until it is this old.
const STALE: Duration = Duration::from_secs(600);

/// Makes the folder, with mode 0700, in `TMPDIR` when that is short enough and else in `/tmp`.
pub(crate) fn create(environment: &Environment) -> Result<TempDir> {
    let base = base(environment);
    sweep(&base);
    let mut builder = tempfile::Builder::new();
    let prefix = format!("{PREFIX}{}-", std::process::id());
    builder.prefix(&prefix);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    builder
        .tempdir_in(&base)
        .map_err(|e| Error::io("make a folder for the provider's socket", &base, e))
}

fn base(environment: &Environment) -> PathBuf {
    let wanted = match environment.get(TMPDIR) {
        Some(dir) => PathBuf::from(dir),
        None => std::env::temp_dir(),
    };
    let name = PREFIX.len() + "4294967295-".len() + 6;
    let fits = wanted.as_os_str().len() + 1 + name <= MAX_PATH;
    if cfg!(unix) && !(fits && wanted.is_absolute() && wanted.is_dir()) {
        PathBuf::from("/tmp")
    } else {
        wanted
    }
}

/// Removes what dead processes left. Failures are of no interest: the folders of other users cannot be removed, and need not.
fn sweep(base: &Path) {
    let Ok(entries) = std::fs::read_dir(base) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let pid = name
            .to_str()
            .and_then(|n| n.strip_prefix(PREFIX))
            .and_then(|n| n.split_once('-'))
            .and_then(|(pid, _)| pid.parse().ok());
        let old = || {
            let modified = entry.metadata().and_then(|m| m.modified()).ok()?;
            SystemTime::now().duration_since(modified).ok()
        };
        if pid.is_some_and(is_gone) && old().is_some_and(|age| age > STALE) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(unix)]
fn is_gone(pid: i32) -> bool {
    rustix::process::Pid::from_raw(pid)
        .is_some_and(|pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn is_gone(_: i32) -> bool {
    false
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn environment(tmpdir: &Path) -> Environment {
        Environment::from_variables([("TMPDIR", tmpdir.to_str().unwrap())])
    }

    #[test]
    fn is_private_and_short() {
        let temp = tempfile::tempdir().unwrap();
        let dir = create(&environment(temp.path())).unwrap();
        assert_eq!(dir.path().parent(), Some(temp.path()));
        let mode = std::fs::metadata(dir.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);

        let long = temp.path().join("x".repeat(100));
        std::fs::create_dir(&long).unwrap();
        let dir = create(&environment(&long)).unwrap();
        assert!(dir.path().as_os_str().len() <= MAX_PATH);
        assert_eq!(dir.path().parent(), Some(Path::new("/tmp")));
    }

    #[test]
    fn old_folders_of_dead_processes_are_swept() {
        let temp = tempfile::tempdir().unwrap();
        // No process has this number: it is above the largest that Linux and macOS give.
        let dead = temp.path().join("driftmgr-2000000000-abc");
        let fresh = temp.path().join("driftmgr-2000000000-new");
        let alive = temp
            .path()
            .join(format!("driftmgr-{}-abc", std::process::id()));
        let other = temp.path().join("driftmgr-notes");
        for dir in [&dead, &fresh, &alive, &other] {
            std::fs::create_dir(dir).unwrap();
            if dir != &fresh {
                let long_ago = SystemTime::now() - 2 * STALE;
                std::fs::File::open(dir)
                    .unwrap()
                    .set_modified(long_ago)
                    .unwrap();
            }
        }
        sweep(temp.path());
        assert!(!dead.exists());
        assert!(fresh.exists() && alive.exists() && other.exists());
    }
}
