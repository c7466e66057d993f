//! A state with what is known around it: its root module, workspace and place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Client, DriftOptions};
use crate::configuration::{RootModule, Variables, Workspace};
use crate::drift::DriftReport;
use crate::error::{Error, Result};
use crate::state::State;

/// An opened target. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Stack {
    pub(super) client: Client,
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) label: String,
    pub(super) root_dir: PathBuf,
    pub(super) state: Arc<State>,
    pub(super) state_path: PathBuf,
    pub(super) state_bytes: u64,
    pub(super) workspace: Workspace,
    /// `None` when the folder holds no configuration.
    pub(super) root_module: Option<Arc<RootModule>>,
    pub(super) variables: Variables,
    /// What could not be read of the configuration and its variables.
    pub(super) problems: Vec<Error>,
}

impl Stack {
    /// Looks at every managed instance: [`Client::detect_drift`] for this stack alone.
    ///
    /// # Errors
    /// Those of [`Client::detect_drift`].
    pub async fn detect_drift(&self, options: &DriftOptions) -> Result<DriftReport> {
        self.client
            .detect_drift(std::slice::from_ref(self), options)
            .await
    }

    /// The target as the caller named it.
    pub fn label(&self) -> &str {
        &self.inner.label
    }

    /// The state.
    pub fn state(&self) -> &State {
        &self.inner.state
    }

    /// The file the state was read from.
    pub fn state_path(&self) -> &Path {
        &self.inner.state_path
    }

    /// Size of the state as stored, in bytes.
    pub fn state_bytes(&self) -> u64 {
        self.inner.state_bytes
    }

    /// The folder of the root module: what relative paths in the state start from.
    pub fn root_dir(&self) -> &Path {
        &self.inner.root_dir
    }

    /// The workspace.
    pub fn workspace(&self) -> &Workspace {
        &self.inner.workspace
    }

    /// The configuration, when the folder holds one.
    pub fn root_module(&self) -> Option<&RootModule> {
        self.inner.root_module.as_deref()
    }

    /// What could not be read of the configuration. The state is whole all the same.
    pub fn problems(&self) -> &[Error] {
        &self.inner.problems
    }
}
