//! Terraform's lock on a state file: a record lock on the whole file decides, `.NAME.lock.info` beside it says who.
//!
//! The info file alone locks nothing: one that a killed program left is overwritten, as Terraform does.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::config::lock_info_path;
use super::store;
use crate::backend::{LockInfo, LockedBy};
use crate::error::{Error, ErrorKind, Result};

/// The state files that clients in this process hold. Where record locks belong to the process they would not keep each other out.
static HELD: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// So often the file may be replaced under us while we lock it before we give up.
const ATTEMPTS: usize = 8;

/// A lock that is held; dropping it gives it back.
pub(super) struct Held {
    pub(super) info: LockInfo,
    /// The state file, open and locked. All our reading and writing goes through it.
    pub(super) file: File,
    /// The state file itself, links followed.
    pub(super) real: PathBuf,
    /// An empty file stands for no state; it is removed with the lock.
    pub(super) empty_is_absent: bool,
    info_path: PathBuf,
    _token: Token,
}

/// Membership in [`HELD`].
struct Token(PathBuf);

impl Drop for Token {
    fn drop(&mut self) {
        HELD.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.0);
    }
}

impl Held {
    /// Takes the lock of a state file, which is created empty when it is not there.
    pub(super) fn acquire(state: &Path, mut info: LockInfo) -> Result<Self> {
        let info_path = lock_info_path(state);
        if let Some(folder) = state.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|e| Error::io("create the state's folder", folder, e))?;
        }
        let real = store::follow(state)?;
        let (file, created, token) = Self::lock_file(&real, &info_path)?;
        info.path = state.display().to_string();
        let held = Self {
            info,
            file,
            real,
            empty_is_absent: created,
            info_path,
            _token: token,
        };
        // From here on, dropping `held` undoes what was done.
        let json = serde_json::to_vec(&held.info).map_err(|e| {
            Error::new(
                ErrorKind::Unexpected,
                "the lock's information cannot be written as JSON",
            )
            .with_source(e)
        })?;
        write_private(&held.info_path, &json)
            .map_err(|e| Error::io("write who holds the lock", &held.info_path, e))?;
        Ok(held)
    }

    fn lock_file(real: &Path, info_path: &Path) -> Result<(File, bool, Token)> {
        let mut created = false;
        for _ in 0..ATTEMPTS {
            let (file, new) =
                open(real).map_err(|e| Error::io("open the state file for writing", real, e))?;
            created |= new;
            let fail = |e| Error::io("lock the state file", real, e);
            let meta = file.metadata().map_err(fail)?;
            if !meta.is_file() {
                return Err(store::not_a_file(real));
            }
            let canonical = real.canonicalize().map_err(fail)?;
            let free = HELD
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(canonical.clone());
            let token = free.then(|| Token(canonical));
            let Some(token) = token else {
                return Err(LockedBy::error(read_info(info_path)));
            };
            if !try_exclusive(&file).map_err(fail)? {
                return Err(LockedBy::error(read_info(info_path)));
            }
            // Somebody may have replaced the file between opening and locking; then our lock is on nothing.
            if store::is_at(&file, real).map_err(fail)? {
                let empty = file.metadata().map_err(fail)?.len() == 0;
                return Ok((file, created && empty, token));
            }
        }
        Err(Error::new(
            ErrorKind::Conflict,
            "the state file is replaced again and again while it is locked",
        )
        .with("file", real.display()))
    }

    /// Gives the lock back.
    pub(super) fn release(mut self) -> Result<()> {
        self.clean_up()
    }

    fn clean_up(&mut self) -> Result<()> {
        let path = self.info_path.clone();
        let removed = match std::fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("remove who holds the lock", &path, e))
            }
            _ => Ok(()),
        };
        let fail = |e| Error::io("remove the empty state file", &self.real, e);
        let empty = self.file.metadata().map_err(fail)?.len() == 0;
        if self.empty_is_absent && empty && store::is_at(&self.file, &self.real).map_err(fail)? {
            std::fs::remove_file(&self.real).map_err(fail)?;
            store::displace(&self.file);
        }
        // The lock itself ends when the file is closed.
        removed
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Err(error) = self.clean_up() {
            tracing::debug!(%error, "a lock was not cleaned up");
        }
    }
}

/// Who holds the lock, by the file beside the state.
pub(super) fn read_info(info_path: &Path) -> Option<LockInfo> {
    serde_json::from_slice(&std::fs::read(info_path).ok()?).ok()
}

/// Opens for reading and writing; the flag says that the file was not there.
fn open(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.open(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            match options.create_new(true).open(path) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                    Ok((OpenOptions::new().read(true).write(true).open(path)?, false))
                }
                other => Ok((other?, true)),
            }
        }
        other => Ok((other?, false)),
    }
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::Write::write_all(&mut options.open(path)?, content)
}

/// Locks the whole file for this open file alone, or answers false at once.
///
/// An open file description's lock and Terraform's record lock exclude each other. Unlike the latter, it does not end when some other
/// code of this process closes the same file.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn try_exclusive(file: &File) -> io::Result<bool> {
    use nix::errno::Errno;
    use nix::fcntl::{FcntlArg, fcntl};
    use nix::libc;

    let whole = libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    match fcntl(file, FcntlArg::F_OFD_SETLK(&whole)) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// Locks the whole file for this process, or answers false at once.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
pub(super) fn try_exclusive(file: &File) -> io::Result<bool> {
    use rustix::fs::{FlockOperation, fcntl_lock};
    use rustix::io::Errno;

    match fcntl_lock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::AGAIN | Errno::ACCESS) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// Locks the whole file for this open file alone, or answers false at once.
#[cfg(not(unix))]
pub(super) fn try_exclusive(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(std::fs::TryLockError::WouldBlock) => Ok(false),
        Err(std::fs::TryLockError::Error(e)) => Err(e),
    }
}
