//! Reading and replacing state files.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::config::{backup_path, lock_info_path};
use super::lock::{Held, try_exclusive};
use crate::error::{Error, ErrorKind, Result};
use crate::file::{Permissions, links, same_owner, stage, sync_folder};

/// What is left in a file that was replaced. Who waited for its lock gets it on this file, which no name leads to any more, and what it
/// would write there would be lost. Terraform refuses to read this, and so stops before it changes anything.
const DISPLACED: &[u8] = br#"{"version":4000000000,"note":"This state file was replaced while you waited for its lock. Run again."}"#;

/// The bytes of a file, and when they were written.
pub(super) type Content = (Vec<u8>, Option<SystemTime>);

/// The state that is stored; `None` when there is none.
pub(super) fn read(state: &Path, held: Option<&Held>) -> Result<Option<Content>> {
    let fail = |e| Error::io("read the state", state, e);
    if let Some(held) = held {
        let bytes = read_all(&held.file).map_err(fail)?;
        let modified = held.file.metadata().and_then(|m| m.modified()).ok();
        let absent = bytes.is_empty() && held.empty_is_absent;
        return Ok((!absent).then_some((bytes, modified)));
    }
    let Some((bytes, modified)) = read_file(state)? else {
        return Ok(None);
    };
    // Whoever locks a state that does not exist yet creates it empty. Any other empty file is for its reader to judge.
    if bytes.is_empty() && lock_info_path(state).exists() {
        return Ok(None);
    }
    Ok(Some((bytes, modified)))
}

/// The files whose paths begin so, sorted. Links to folders are not followed, and what a program keeps in `.terraform` is passed over.
pub(super) fn files(prefix: &str) -> Result<Vec<String>> {
    let top = match prefix.rfind('/') {
        Some(at) => prefix.get(..=at).unwrap_or_default(),
        None => "",
    };
    let start = Path::new(if top.is_empty() { "." } else { top });
    let mut found = Vec::new();
    let mut folders = vec![start.to_owned()];
    while let Some(folder) = folders.pop() {
        let fail = |e| Error::io("look for states", &folder, e);
        let entries = match fs::read_dir(&folder) {
            // A folder that is not there holds nothing.
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            other => other.map_err(fail)?,
        };
        for entry in entries {
            let entry = entry.map_err(fail)?;
            let kind = entry.file_type().map_err(fail)?;
            if kind.is_dir() {
                if entry.file_name() != ".terraform" {
                    folders.push(entry.path());
                }
            } else if let Some(path) = entry.path().to_str() {
                let path = path
                    .strip_prefix("./")
                    .filter(|_| top.is_empty())
                    .unwrap_or(path);
                if path.starts_with(prefix) {
                    found.push(path.to_owned());
                }
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The state before the last change.
pub(super) fn read_backup(state: &Path) -> Result<Option<Content>> {
    read_file(&backup_path(state))
}

fn read_file(path: &Path) -> Result<Option<Content>> {
    let fail = |e| Error::io("read the state", path, e);
    loop {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                // A link that leads nowhere is not the absence of a state.
                follow(path)?;
                return Ok(None);
            }
            Err(e) => return Err(fail(e)),
        };
        if !file.metadata().map_err(fail)?.is_file() {
            return Err(not_a_file(path));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(fail)?;
        let meta = file.metadata().map_err(fail)?;
        // Replaced while it was read: what was read may be no state at all (see [`DISPLACED`]).
        if links(&meta) > 0 {
            return Ok(Some((bytes, meta.modified().ok())));
        }
    }
}

pub(super) fn not_a_file(path: &Path) -> Error {
    Error::new(
        ErrorKind::InvalidConfig,
        "the path of the state is not a file",
    )
    .with("file", path.display())
    .with_hint("name the state file itself, not its folder")
}

fn read_all(mut file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The file that a path leads to. Replacing must hit that one and leave the links in place.
pub(super) fn follow(path: &Path) -> Result<PathBuf> {
    match std::fs::symlink_metadata(path) {
        Ok(meta) if meta.file_type().is_symlink() => path
            .canonicalize()
            .map_err(|e| Error::io("follow the link to the state", path, e)),
        Ok(meta) if meta.is_dir() => Err(not_a_file(path)),
        _ => Ok(path.to_owned()),
    }
}

/// Keeps what is stored now as the backup. Nothing is changed when this fails.
pub(super) fn back_up(state: &Path, held: &Held, bytes: &[u8]) -> Result<()> {
    let path = backup_path(state);
    let fail = |e| Error::io("write the backup of the state", &path, e);
    if path.is_dir() {
        return Err(not_a_file(&path));
    }
    let like = held.file.metadata().map_err(fail)?;
    let file = stage(&path, bytes, Permissions::Like(&like)).map_err(fail)?;
    file.persist(&path).map_err(|e| fail(e.error))?;
    sync_folder(&path);
    Ok(())
}

/// Replaces the state in one step: it is either the old one or the new one, also after a crash.
pub(super) fn replace(held: &mut Held, new: &[u8]) -> Result<()> {
    let real = held.real.clone();
    let fail = |e| Error::io("write the state", &real, e);
    if !is_at(&held.file, &real).map_err(fail)? {
        return Err(replaced_by_another(&real));
    }
    let meta = held.file.metadata().map_err(fail)?;
    let staged = stage(&real, new, Permissions::Like(&meta));
    match staged {
        // A file with more than one name must stay the same file, and one whose owner we cannot give it would change hands.
        Ok(file) if links(&meta) <= 1 && same_owner(&file, &meta) => {
            // Locked before it gets the name: there is no moment in which somebody else could lock it.
            if !try_exclusive(file.as_file()).map_err(fail)? {
                return Err(replaced_by_another(&real));
            }
            let file = file.persist(&real).map_err(|e| fail(e.error))?;
            sync_folder(&real);
            let old = std::mem::replace(&mut held.file, file);
            displace(&old);
        }
        Ok(_) => overwrite(&held.file, new).map_err(fail)?,
        Err(e) => return Err(fail(e)),
    }
    held.empty_is_absent = false;
    Ok(())
}

/// Empties the state; the file goes when the lock is given back.
pub(super) fn clear(held: &mut Held) -> Result<()> {
    let fail = |e| Error::io("delete the state", &held.real, e);
    if !is_at(&held.file, &held.real).map_err(fail)? {
        return Err(replaced_by_another(&held.real));
    }
    overwrite(&held.file, b"").map_err(fail)?;
    held.empty_is_absent = true;
    Ok(())
}

fn replaced_by_another(real: &Path) -> Error {
    Error::new(
        ErrorKind::Conflict,
        "another program replaced the state file although it was locked; nothing was written",
    )
    .with("file", real.display())
}

fn overwrite(mut file: &File, new: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(new)?;
    file.set_len(new.len() as u64)?;
    file.sync_all()
}

/// Makes a file without a name unreadable as a state (see [`DISPLACED`]).
pub(super) fn displace(file: &File) {
    if file.metadata().is_ok_and(|m| links(&m) == 0)
        && let Err(error) = overwrite(file, DISPLACED)
    {
        tracing::warn!(%error, "a program that waited for the state's lock may now write to a file that is gone");
    }
}

/// Whether the open file is the one that the path names.
#[cfg(unix)]
pub(super) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (ours, there) = (
        file.metadata()?,
        match std::fs::metadata(path) {
            Ok(meta) => meta,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(e),
        },
    );
    Ok((ours.dev(), ours.ino()) == (there.dev(), there.ino()))
}

#[cfg(not(unix))]
pub(super) fn is_at(_: &File, path: &Path) -> io::Result<bool> {
    // An open file cannot be replaced there.
    path.try_exists()
}
