//! Snapshots as files, and what is in one.

use std::path::Path;

use serde::Serialize;

use crate::drift::Snapshot;
use crate::drift::snapshot::{Found, SnapshotProvider, SnapshotTarget};
use crate::error::{Error, Result};

/// What a snapshot holds, without any value. In JSON as `driftmgr snapshot show --format json` prints it.
#[derive(Debug, Clone, Serialize)]
pub struct SnapshotInfo {
    /// The version of the format.
    pub driftmgr_snapshot: String,
    /// The version of driftmgr that wrote it.
    pub driftmgr_version: String,
    /// When the run began, in RFC 3339.
    pub created_at: String,
    /// When it ended.
    pub finished_at: String,
    /// The states, sorted by target.
    pub targets: Vec<SnapshotTargetInfo>,
}

/// One state of a snapshot.
#[derive(Debug, Clone, Serialize)]
pub struct SnapshotTargetInfo {
    /// The target as the caller named it.
    pub target: String,
    /// The state's lineage.
    pub lineage: String,
    /// The state's serial.
    pub serial: u64,
    /// Who answered.
    pub providers: Vec<SnapshotProvider>,
    /// How many objects there are.
    pub objects: FoundCounts,
    /// The objects that could not be looked at.
    pub not_looked_at: Vec<OpenObject>,
}

/// Objects by what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct FoundCounts {
    /// They were there.
    pub present: usize,
    /// They were looked for, and not there.
    pub absent: usize,
    /// They could not be looked at.
    pub unreadable: usize,
}

/// An object that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenObject {
    /// Its address in the state.
    pub address: String,
    /// The key of a deposed object.
    pub deposed: Option<String>,
    /// Why, for people.
    pub reason: String,
}

impl FoundCounts {
    /// All of them.
    pub fn all(&self) -> usize {
        self.present + self.absent + self.unreadable
    }

    fn add(mut self, found: &Found) -> Self {
        *match found {
            Found::Present { .. } => &mut self.present,
            Found::Absent { .. } => &mut self.absent,
            Found::Unreadable { .. } => &mut self.unreadable,
        } += 1;
        self
    }
}

impl SnapshotInfo {
    /// The objects of all states.
    pub fn objects(&self) -> FoundCounts {
        let each = self.targets.iter().map(|t| t.objects);
        each.fold(FoundCounts::default(), |sum, one| FoundCounts {
            present: sum.present + one.present,
            absent: sum.absent + one.absent,
            unreadable: sum.unreadable + one.unreadable,
        })
    }
}

impl Snapshot {
    /// Reads a snapshot file.
    ///
    /// # Errors
    /// - `NotFound`, `PermissionDenied` and `Unavailable` for a file that cannot be read.
    /// - `InvalidInput` for what is no snapshot, `Unsupported` for a format of a newer major version.
    ///
    /// ```no_run
    /// use driftmgr_core::drift::Snapshot;
    ///
    /// # fn main() -> driftmgr_core::Result<()> {
    /// let taken = Snapshot::read("now.json")?;
    /// println!("{} objects", taken.info().objects().all());
    /// # Ok(())
    /// # }
    /// ```
    pub fn read<P: AsRef<Path>>(file: P) -> Result<Self> {
        let file = file.as_ref();
        let bytes = std::fs::read(file).map_err(|e| Error::io("read the snapshot", file, e))?;
        Self::parse(&bytes).map_err(|e| e.with("file", file.display()))
    }

    /// What it holds, without any value.
    pub fn info(&self) -> SnapshotInfo {
        SnapshotInfo {
            driftmgr_snapshot: self.driftmgr_snapshot.clone(),
            driftmgr_version: self.driftmgr_version.clone(),
            created_at: self.created_at.clone(),
            finished_at: self.finished_at.clone(),
            targets: self.targets.iter().map(info).collect(),
        }
    }
}

fn info(target: &SnapshotTarget) -> SnapshotTargetInfo {
    let objects = target.objects.iter().map(|o| &o.found);
    let open = target
        .objects
        .iter()
        .filter_map(|object| match &object.found {
            Found::Unreadable { reason, .. } => Some(OpenObject {
                address: object.address.clone(),
                deposed: object.deposed.clone(),
                reason: reason.clone(),
            }),
            _ => None,
        });
    SnapshotTargetInfo {
        target: target.target.clone(),
        lineage: target.lineage.clone(),
        serial: target.serial,
        providers: target.providers.clone(),
        objects: objects.fold(FoundCounts::default(), FoundCounts::add),
        not_looked_at: open.collect(),
    }
}
