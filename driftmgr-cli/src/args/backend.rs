//! Arguments of `driftmgr status`, and those that say how a backend is configured.

use clap::Args;
use driftmgr_core::configuration::BackendInput;

use super::Output;

/// How the backend is configured beside its block.
#[derive(Debug, Clone, Default, Args)]
pub struct BackendConfig {
    /// An argument of the backend, or a file of them, as `terraform init` takes it. Can be given more than once
    #[arg(long, value_name = "NAME=VALUE|FILE")]
    pub backend_config: Vec<String>,
}

impl BackendConfig {
    /// As the library takes it.
    pub(crate) fn inputs(&self) -> Vec<BackendInput> {
        inputs(&self.backend_config)
    }
}

pub(crate) fn inputs(given: &[String]) -> Vec<BackendInput> {
    given
        .iter()
        .map(|text| text.parse().unwrap_or_else(|e| match e {}))
        .collect()
}

/// `driftmgr status`.
#[derive(Debug, Clone, Args)]
pub struct Status {
    /// Folders of root modules, state files, addresses of states; else the current folder
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// The workspace, instead of the selected one
    #[arg(long, value_name = "NAME")]
    pub workspace: Option<String>,
    /// The backend's own arguments.
    #[command(flatten)]
    pub backend: BackendConfig,
    /// How to show it.
    #[command(flatten)]
    pub output: Output,
}
