//! Entries in a folder that processes share, one file each. The time of a file is when its state was last known to be the current one.
//!
//! A file appears whole under its name. What cannot be read or written is as good as not there; nothing here fails.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use super::Kept;
use super::seal::Seal;
use crate::backend::layers::observe::Meter;
use crate::error::{Error, Result};

/// How entries' names end.
const ENDING: &str = ".state";
/// How files begin that are no entries yet.
const STAGED: &str = ".staged-";
/// One that is older was left by a process that ended early.
const LEFT: Duration = Duration::from_secs(3600);
/// After the sum of what was written since the last look at the folder reaches this part of its size, it is looked at again.
const PART: u64 = 16;

/// The folder.
pub(super) struct Disk {
    folder: PathBuf,
    most: u64,
    seal: Seal,
    /// What may be there: what was seen, and what was written since. The first look is at the first entry.
    filled: AtomicU64,
    /// What was written since the last look.
    written: AtomicU64,
    /// Who looks at the folder; one is enough.
    looking: Mutex<()>,
    meter: Arc<Meter>,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk")
            .field("folder", &self.folder)
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

/// Makes a folder that is the user's alone, with those above it.
///
/// # Errors
/// Those of the file system.
pub(super) fn make_folder(path: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(path)
        .map_err(|e| Error::io("make the folder", path, e))
}

impl Disk {
    pub(super) fn open(
        folder: PathBuf,
        most: u64,
        key: &[u8; 32],
        meter: Arc<Meter>,
    ) -> Result<Self> {
        make_folder(&folder)?;
        Ok(Self {
            folder,
            most,
            seal: Seal::new(key),
            filled: AtomicU64::new(u64::MAX),
            written: AtomicU64::new(0),
            looking: Mutex::default(),
            meter,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}{ENDING}"))
    }

    pub(super) fn get(&self, name: &str) -> Option<Kept> {
        let mut file = File::open(self.path(name)).ok()?;
        let read = |file: &mut File| {
            let mut sealed = Vec::new();
            let checked = file.metadata().ok()?.modified().ok()?;
            file.read_to_end(&mut sealed).ok()?;
            let state = self.seal.open(name, &sealed)?;
            Some(Kept { state, checked })
        };
        let found = read(&mut file);
        if found.is_none() {
            self.meter.note(|metrics| metrics.cache.damaged += 1);
        }
        found
    }

    /// Writes an entry beside its place; `None` when that cannot be done, or it is too large.
    pub(super) fn stage(&self, name: &str, kept: &Kept) -> Option<NamedTempFile> {
        let sealed = self.seal.close(name, &kept.state)?;
        if sealed.len() as u64 > self.most {
            return None;
        }
        let mut builder = tempfile::Builder::new();
        let mut staged = builder.prefix(STAGED).tempfile_in(&self.folder).ok()?;
        std::io::Write::write_all(&mut staged, &sealed).ok()?;
        staged.as_file().set_modified(kept.checked).ok()?;
        let size = sealed.len() as u64;
        self.written.fetch_add(size, Ordering::Relaxed);
        let _ = self
            .filled
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |filled| {
                Some(filled.saturating_add(size))
            });
        Some(staged)
    }

    pub(super) fn put(&self, name: &str, staged: NamedTempFile) {
        if staged.persist(self.path(name)).is_err() {
            // What is there may be older than what could not be written.
            self.remove(name);
        }
    }

    pub(super) fn touch(&self, name: &str, checked: SystemTime) {
        let file = OpenOptions::new().write(true).open(self.path(name));
        // Another process may have removed it.
        let _ = file.and_then(|file| file.set_modified(checked));
    }

    pub(super) fn remove(&self, name: &str) {
        let _ = std::fs::remove_file(self.path(name));
    }

    /// Removes the entries that were current longest ago, until the folder has its size again.
    pub(super) fn tidy(&self) {
        let written = self.written.load(Ordering::Relaxed);
        if self.filled.load(Ordering::Relaxed) <= self.most && written <= self.most / PART {
            return;
        }
        let Ok(_looking) = self.looking.try_lock() else {
            return;
        };
        let (mut entries, mut filled) = (Vec::new(), 0_u64);
        for file in std::fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = file.file_name();
            let Some(name) = name.to_str() else { continue };
            let Ok(metadata) = file.metadata() else {
                continue;
            };
            let Ok(modified) = metadata.modified() else {
                continue;
            };
            if name.ends_with(ENDING) {
                filled = filled.saturating_add(metadata.len());
                entries.push((modified, file.path(), metadata.len()));
            } else if name.starts_with(STAGED)
                && modified.elapsed().is_ok_and(|age| age > LEFT)
                && metadata
                    .created()
                    .is_ok_and(|made| made.elapsed().is_ok_and(|age| age > LEFT))
            {
                let _ = std::fs::remove_file(file.path());
            }
        }
        if filled > self.most {
            entries.sort();
            let enough = self.most / 10 * 9;
            for (_, path, size) in entries {
                if filled <= enough {
                    break;
                }
                if std::fs::remove_file(&path).is_ok() {
                    self.meter.note(|metrics| metrics.cache.evicted += 1);
                }
                filled = filled.saturating_sub(size);
            }
        }
        self.filled.store(filled, Ordering::Relaxed);
        self.written.store(0, Ordering::Relaxed);
    }
}
