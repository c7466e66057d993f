//! `driftmgr snapshot`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Output, Survey};

/// Commands about snapshots.
#[derive(Debug, Subcommand)]
pub enum Snapshot {
    /// Look at everything and write down what is really there
    ///
    /// The file holds no secret: in the place of each stands a keyed hash, whose key is in the file. It is written for its owner alone,
    /// since weak secrets can be guessed from such a hash. `driftmgr drift TARGET --snapshot FILE` compares with it, without any provider.
    Save(Box<SnapshotSave>),

    /// What a snapshot holds: states, times, providers, and what was not looked at
    Show(SnapshotShow),
}

/// `driftmgr snapshot save`.
#[derive(Debug, Clone, Args)]
pub struct SnapshotSave {
    /// Folders of root modules, state files, addresses of states; else the current folder
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// The file to write. One that exists is replaced
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// What to look at.
    #[command(flatten)]
    pub survey: Survey,
}

/// `driftmgr snapshot show`.
#[derive(Debug, Clone, Args)]
pub struct SnapshotShow {
    /// The snapshot
    #[arg(value_name = "FILE")]
    pub file: String,
    /// How to show it.
    #[command(flatten)]
    pub output: Output,
}
