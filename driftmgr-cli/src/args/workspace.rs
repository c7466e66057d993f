//! Arguments of `driftmgr workspace`.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::{BackendConfig, Ignoring, Judge, Output, Reach, ReportOutput, duration};

/// `driftmgr workspace`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Workspaces {
    /// What to do; without it, drift is looked for in every workspace.
    #[command(subcommand)]
    pub command: Option<Workspace>,
    /// Drift across workspaces.
    #[command(flatten)]
    pub drift: WorkspaceDrift,
}

/// Drift across the workspaces of a root module.
#[derive(Debug, Clone, Args)]
pub struct WorkspaceDrift {
    /// Folder of a root module, or address of a state
    #[arg(
        long,
        visible_alias = "file",
        value_name = "TARGET",
        default_value = "."
    )]
    pub path: String,
    /// What is not to be shown.
    #[command(flatten)]
    pub ignoring: Ignoring,
    /// How reality is reached.
    #[command(flatten)]
    pub reach: Reach,
    /// How to show it.
    #[command(flatten)]
    pub output: ReportOutput,
    /// The exit code.
    #[command(flatten)]
    pub judge: Judge,
}

/// Whose workspaces are meant.
#[derive(Debug, Clone, Args)]
pub struct Module {
    /// Folder of a root module, or address of a state
    #[arg(
        long,
        visible_alias = "file",
        value_name = "TARGET",
        default_value = "."
    )]
    pub path: String,
    /// The backend's own arguments.
    #[command(flatten)]
    pub backend: BackendConfig,
}

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
    /// Whose workspaces.
    #[command(flatten)]
    pub module: Module,
    /// How to show it.
    #[command(flatten)]
    pub output: Output,
}

/// `driftmgr workspace show`.
#[derive(Debug, Clone, Args)]
pub struct WorkspaceShow {
    /// Whose workspaces.
    #[command(flatten)]
    pub module: Module,
}

/// `driftmgr workspace new`.
#[derive(Debug, Clone, Args)]
pub struct WorkspaceNew {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Whose workspaces.
    #[command(flatten)]
    pub module: Module,
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
