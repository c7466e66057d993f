//! Arguments of the commands that change a stored state, and of those that look at its past.

use std::time::Duration;

use clap::Args;

use super::{BackendConfig, Output, duration};

/// Where the state is.
#[derive(Debug, Clone, Args)]
pub struct Stored {
    /// Folder of a root module, state file, or address of a state
    #[arg(long, value_name = "TARGET", default_value = ".")]
    pub file: String,
    /// The workspace, instead of the selected one
    #[arg(long, value_name = "NAME")]
    pub workspace: Option<String>,
    /// The backend's own arguments.
    #[command(flatten)]
    pub backend: BackendConfig,
}

/// How the state is changed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Change")]
pub struct Changing {
    /// Only say what would change
    #[arg(long)]
    pub dry_run: bool,
    /// How long somebody else's lock is waited for
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s")]
    pub lock_timeout: Duration,
    /// Do without a lock: only when nobody else writes the state
    #[arg(long)]
    pub no_lock: bool,
    /// How to show it.
    #[command(flatten)]
    pub output: Output,
}

/// `driftmgr state pull`.
#[derive(Debug, Clone, Args)]
pub struct StatePull {
    /// Where the state is.
    #[command(flatten)]
    pub stored: Stored,
    /// One of its versions, as `state history` lists them
    #[arg(long, value_name = "ID")]
    pub version: Option<String>,
}

/// `driftmgr state push`.
#[derive(Debug, Clone, Args)]
pub struct StatePush {
    /// The state to write; - is standard input
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// Write a state of another lineage, or an older one
    #[arg(long)]
    pub force: bool,
    /// Where the state is.
    #[command(flatten)]
    pub stored: Stored,
    /// How it is changed.
    #[command(flatten)]
    pub changing: Changing,
}

/// `driftmgr state mv`.
#[derive(Debug, Clone, Args)]
pub struct StateMv {
    /// Instance, resource or module to move
    #[arg(value_name = "FROM")]
    pub from: String,
    /// Its new address
    #[arg(value_name = "TO")]
    pub to: String,
    /// Where the state is.
    #[command(flatten)]
    pub stored: Stored,
    /// How it is changed.
    #[command(flatten)]
    pub changing: Changing,
}

/// `driftmgr state rm`.
#[derive(Debug, Clone, Args)]
pub struct StateRm {
    /// Instances, resources and modules to forget
    #[arg(value_name = "ADDRESS", required = true)]
    pub addresses: Vec<String>,
    /// Where the state is.
    #[command(flatten)]
    pub stored: Stored,
    /// How it is changed.
    #[command(flatten)]
    pub changing: Changing,
}

/// `driftmgr state replace-provider`.
#[derive(Debug, Clone, Args)]
pub struct StateReplaceProvider {
    /// The source of the provider now, such as hashicorp/aws
    #[arg(value_name = "FROM")]
    pub from: String,
    /// The source of the one to take its place
    #[arg(value_name = "TO")]
    pub to: String,
    /// Where the state is.
    #[command(flatten)]
    pub stored: Stored,
    /// How it is changed.
    #[command(flatten)]
    pub changing: Changing,
}

/// `driftmgr state rollback`.
#[derive(Debug, Clone, Args)]
pub struct StateRollback {
    /// One of its versions, as `state history` lists them
    #[arg(value_name = "ID")]
    pub version: String,
    /// Where the state is.
    #[command(flatten)]
    pub stored: Stored,
    /// How it is changed.
    #[command(flatten)]
    pub changing: Changing,
}

/// `driftmgr state restore`.
#[derive(Debug, Clone, Args)]
pub struct StateRestore {
    /// A state that was kept elsewhere; - is standard input
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// Take a state of another lineage
    #[arg(long)]
    pub force: bool,
    /// Where the state is.
    #[command(flatten)]
    pub stored: Stored,
    /// How it is changed.
    #[command(flatten)]
    pub changing: Changing,
}

/// `driftmgr state migrate`.
#[derive(Debug, Clone, Args)]
pub struct StateMigrate {
    /// Where it goes: folder of a root module, state file, or address of a state
    #[arg(value_name = "TO")]
    pub to: String,
    /// The workspace there, instead of the selected one
    #[arg(long, value_name = "NAME")]
    pub to_workspace: Option<String>,
    /// As --backend-config, of the backend that it goes to
    #[arg(long, value_name = "NAME=VALUE|FILE")]
    pub to_backend_config: Vec<String>,
    /// Replace a state of another lineage, or a newer one
    #[arg(long)]
    pub force: bool,
    /// Where the state is.
    #[command(flatten)]
    pub stored: Stored,
    /// How it is changed.
    #[command(flatten)]
    pub changing: Changing,
}

/// `driftmgr state snapshot`.
#[derive(Debug, Clone, Args)]
pub struct StateSnapshot {
    /// Where the state is.
    #[command(flatten)]
    pub stored: Stored,
}

/// `driftmgr state history`.
#[derive(Debug, Clone, Args)]
pub struct StateHistory {
    /// Where the state is.
    #[command(flatten)]
    pub stored: Stored,
    /// How to show it.
    #[command(flatten)]
    pub output: Output,
}

/// `driftmgr state diff`.
#[derive(Debug, Clone, Args)]
pub struct StateDiff {
    /// The older version
    #[arg(value_name = "FROM")]
    pub from: String,
    /// The newer version; the current state when there is none
    #[arg(value_name = "TO")]
    pub to: Option<String>,
    /// Where the state is.
    #[command(flatten)]
    pub stored: Stored,
    /// How to show it.
    #[command(flatten)]
    pub output: Output,
    /// Exit with 2 when they differ
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// `driftmgr state lock`.
#[derive(Debug, Clone, Args)]
pub struct StateLock {
    /// What it is taken for; whoever meets the lock reads it
    #[arg(long, value_name = "TEXT", default_value = "driftmgr state lock")]
    pub reason: String,
    /// How long somebody else's lock is waited for
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s")]
    pub lock_timeout: Duration,
    /// Where the state is.
    #[command(flatten)]
    pub stored: Stored,
}

/// `driftmgr state unlock`.
#[derive(Debug, Clone, Args)]
pub struct StateUnlock {
    /// The id of the lock, as the error of a locked state names it
    #[arg(value_name = "ID")]
    pub id: String,
    /// Where the state is.
    #[command(flatten)]
    pub stored: Stored,
}
