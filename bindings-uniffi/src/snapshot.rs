//! What was really there, written down.

use std::path::Path;
use std::sync::Arc;

use driftmgr_core::drift;

use crate::error::Failure;
use crate::records::SnapshotInfo;
use crate::report::DriftReport;
use crate::typed::typed;

/// What a run found, to compare with later.
#[derive(uniffi::Object)]
pub struct Snapshot {
    pub(crate) inner: Arc<drift::Snapshot>,
}

impl Snapshot {
    pub(crate) fn new(inner: drift::Snapshot) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::new(inner),
        })
    }
}

/// A snapshot, and the report of the run that made it.
#[derive(uniffi::Record)]
pub struct SnapshotMade {
    /// The snapshot.
    pub snapshot: Arc<Snapshot>,
    /// The report.
    pub report: Arc<DriftReport>,
}

/// Reads a snapshot file.
#[uniffi::export]
pub fn read_snapshot(path: String) -> Result<Arc<Snapshot>, Failure> {
    Ok(Snapshot::new(drift::Snapshot::read(path)?))
}

#[uniffi::export]
impl Snapshot {
    /// Writes it to a file, over what is there.
    pub fn write(&self, path: String) -> Result<(), Failure> {
        Ok(self.inner.write(Path::new(&path))?)
    }

    /// What it holds, without any value.
    pub fn info(&self) -> Result<SnapshotInfo, Failure> {
        typed(&self.inner.info())
    }
}
