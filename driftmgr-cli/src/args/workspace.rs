//! Arguments of `driftmgr workspace`.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::{Output, duration};

/// Commands about workspaces.
#[derive(Debug, Subcommand)]
pub enum Workspace {
    /// The workspaces that exist
    List(WorkspaceList),
    /// The name of the selected workspace
    Show(WorkspaceShow),
    /// Make a workspace with an empty state
    ///
    /// Which workspace is selected stays as it is.
    #[command(visible_alias = "create")]
    New(WorkspaceNew),
    /// Delete a workspace and its state
    Delete(WorkspaceDelete),
}

/// `driftmgr workspace list`.
#[derive(Debug, Clone, Args)]
pub struct WorkspaceList {
    /// Folder of a root module, or address of a state
    #[arg(
        long,
        visible_alias = "file",
        value_name = "TARGET",
        default_value = "."
    )]
    pub path: String,
    /// How to show it.
    #[command(flatten)]
    pub output: Output,
}

/// `driftmgr workspace show`.
#[derive(Debug, Clone, Args)]
pub struct WorkspaceShow {
    /// Folder of a root module, or address of a state
    #[arg(
        long,
        visible_alias = "file",
        value_name = "TARGET",
        default_value = "."
    )]
    pub path: String,
}

/// `driftmgr workspace new`.
#[derive(Debug, Clone, Args)]
pub struct WorkspaceNew {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Folder of a root module, or address of a state
    #[arg(
        long,
        visible_alias = "file",
        value_name = "TARGET",
        default_value = "."
    )]
    pub path: String,
    /// How long somebody else's lock is waited for
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s")]
    pub lock_timeout: Duration,
    /// Do without a lock: only when nobody else writes the state
    #[arg(long)]
    pub no_lock: bool,
}

/// `driftmgr workspace delete`.
#[derive(Debug, Clone, Args)]
pub struct WorkspaceDelete {
    /// The same as for a new one.
    #[command(flatten)]
    pub which: WorkspaceNew,
    /// Delete it although its state holds resources: they stay, and no state knows them
    #[arg(long)]
    pub force: bool,
}
