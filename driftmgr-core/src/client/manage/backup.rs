//! What was there before a change, as files of this machine that only their owner reads.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{BACKUP, HistoricVersion, Keeper};
use crate::backend::{RawState, WorkspaceName};
use crate::context::Context;
use crate::env::DRIFTMGR_BACKUPS;
use crate::error::{Error, ErrorKind, Result};
use crate::file::{self, Readers};

/// So many of one state are kept; older ones are deleted after a new one was written.
const KEPT: usize = 50;
const SUFFIX: &str = ".tfstate";

/// The backups of one state.
pub(super) struct Backups {
    folder: PathBuf,
}

impl Backups {
    /// Of the state that is stored there. Nothing is made yet.
    ///
    /// # Errors
    /// `NotFound` where there is no home folder and no other one is named.
    pub(super) fn of(cx: &Context, location: &str, workspace: &WorkspaceName) -> Result<Self> {
        let environment = cx.environment();
        let base = match environment.get(DRIFTMGR_BACKUPS) {
            Some(folder) => Some(environment.current_dir().join(folder)),
            None => environment
                .state_folder()
                .map(|folder| folder.join("backups")),
        };
        let base = base.ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                "there is no home folder to keep backups of states in",
            )
            .with_hint(format!("name a folder with {DRIFTMGR_BACKUPS}"))
        })?;
        let mut digest = Sha256::new();
        for part in [location, workspace.as_str()] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        Ok(Self {
            folder: base.join(hex(&digest.finalize(), 16)),
        })
    }

    /// Keeps the bytes as they are stored; gives the id of the version. Bytes that are kept already are not kept twice.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn keep(&self, cx: &Context, bytes: &[u8]) -> Result<String> {
        make(&self.folder)?;
        let written = jiff::Timestamp::try_from(cx.now()).unwrap_or_default();
        let short = hex(&Sha256::digest(bytes), 6);
        if let Some(there) = self.names()?.into_iter().find(|n| n.contains(&short))
            && std::fs::read(self.folder.join(&there)).is_ok_and(|kept| kept == bytes)
        {
            return Ok(format!("{BACKUP}{}", bare(&there)));
        }
        let name = format!("{}-{short}", written.strftime("%Y%m%dT%H%M%S%.6fZ"));
        let path = self.folder.join(format!("{name}{SUFFIX}"));
        file::write("keep a backup of the state", &path, bytes, Readers::Owner)?;
        // What was written is what will be needed one day.
        let again = std::fs::read(&path).map_err(|e| Error::io("read the backup", &path, e))?;
        if again != bytes {
            return Err(Error::new(
                ErrorKind::Unavailable,
                "the backup of the state is not what was written",
            )
            .with("file", path.display()));
        }
        self.forget()?;
        Ok(format!("{BACKUP}{name}"))
    }

    /// Those that are there.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn list(&self) -> Result<Vec<HistoricVersion>> {
        let mut found = Vec::new();
        for name in self.names()? {
            let path = self.folder.join(&name);
            let metadata =
                std::fs::metadata(&path).map_err(|e| Error::io("look at a backup", &path, e))?;
            found.push(HistoricVersion {
                id: format!("{BACKUP}{}", bare(&name)),
                kept_by: Keeper::Backup,
                modified: taken(&name).or_else(|| metadata.modified().ok()),
                size: Some(metadata.len()),
                latest: false,
            });
        }
        Ok(found)
    }

    /// # Errors
    /// `NotFound` for a name of none; those of the file system.
    pub(super) fn read(&self, name: &str) -> Result<RawState> {
        let file = format!("{name}{SUFFIX}");
        if !self.names()?.contains(&file) {
            return Err(Error::new(ErrorKind::NotFound, "there is no such backup")
                .with("version", format!("{BACKUP}{}", name.escape_debug()))
                .with("folder", self.folder.display()));
        }
        let path = self.folder.join(&file);
        let bytes = std::fs::read(&path).map_err(|e| Error::io("read a backup", &path, e))?;
        Ok(RawState {
            etag: None,
            bytes: Bytes::from(bytes),
            version: Some(format!("{BACKUP}{name}")),
            modified: taken(&file),
        })
    }

    /// The names of the files, sorted: the oldest first.
    fn names(&self) -> Result<Vec<String>> {
        let fail = |e| Error::io("list the backups", &self.folder, e);
        let entries = match std::fs::read_dir(&self.folder) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(fail)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(fail)?.file_name();
            names.extend(
                name.to_str()
                    .filter(|n| n.ends_with(SUFFIX))
                    .map(str::to_owned),
            );
        }
        names.sort();
        Ok(names)
    }

    fn forget(&self) -> Result<()> {
        let names = self.names()?;
        let many = names.len().saturating_sub(KEPT);
        for name in names.iter().take(many) {
            let path = self.folder.join(name);
            std::fs::remove_file(&path).map_err(|e| Error::io("delete an old backup", &path, e))?;
        }
        Ok(())
    }
}

fn hex(digest: &[u8], bytes: usize) -> String {
    let start = digest.iter().take(bytes);
    start.map(|byte| format!("{byte:02x}")).collect()
}

fn bare(name: &str) -> &str {
    name.strip_suffix(SUFFIX).unwrap_or(name)
}

/// When it was taken, as its name says.
fn taken(name: &str) -> Option<SystemTime> {
    let (moment, _) = name.split_once('-')?;
    let moment = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S%.fZ", moment).ok()?;
    let moment = moment.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(moment.timestamp().into())
}

fn make(folder: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|e| Error::io("make the folder of backups", folder, e))
}
