//! Changing stored states without an asynchronous runtime.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;

use super::{Client, wait};
use crate::backend::{BackendInfo, Capability, LockId};
use crate::client::{self, ChangeOptions, Changed, HistoricVersion, OpenOptions, StoredState};
use crate::error::{Partial, Result};
use crate::state::Comparison;

impl Client {
    /// The twin of [`client::Client::manage`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn manage<P: AsRef<Path>>(&self, target: P) -> Result<ManagedState> {
        wait(self.0.manage(target)).map(ManagedState)
    }

    /// The twin of [`client::Client::manage_with`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn manage_with<P: AsRef<Path>>(
        &self,
        target: P,
        options: &OpenOptions,
    ) -> Result<ManagedState> {
        wait(self.0.manage_with(target, options)).map(ManagedState)
    }
}

/// The blocking twin of [`client::ManagedState`]. Cloning is cheap.
///
/// ```no_run
/// use driftmgr_core::blocking::Client;
/// use driftmgr_core::client::ChangeOptions;
///
/// # fn main() -> driftmgr_core::Result<()> {
/// let client = Client::new(driftmgr_core::client::Client::builder().build()?);
/// let state = client.manage("./infra")?;
/// let done = state.mv("aws_vpc.main", "module.net.aws_vpc.main", &ChangeOptions::default())?;
/// println!("the state before it is version {:?}", done.backup);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ManagedState(client::ManagedState);

impl ManagedState {
    /// What messages and results call it.
    pub fn label(&self) -> &str {
        self.0.label()
    }

    /// Where it is stored; no secrets.
    pub fn info(&self) -> &BackendInfo {
        self.0.info()
    }

    /// What its backend can do.
    pub fn capability(&self) -> Capability {
        self.0.capability()
    }

    /// The name of its workspace.
    pub fn workspace(&self) -> &str {
        self.0.workspace()
    }

    /// The twin of [`client::ManagedState::pull`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn pull(&self) -> Result<Option<Bytes>> {
        wait(self.0.pull())
    }

    /// The twin of [`client::ManagedState::state`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn state(&self, version: Option<&str>) -> Result<StoredState> {
        wait(self.0.state(version))
    }

    /// The twin of [`client::ManagedState::versions`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn versions(&self) -> Result<Vec<HistoricVersion>> {
        wait(self.0.versions())
    }

    /// The twin of [`client::ManagedState::diff`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn diff(&self, from: Option<&str>, to: Option<&str>) -> Result<Partial<Comparison>> {
        wait(self.0.diff(from, to))
    }

    /// The twin of [`client::ManagedState::push`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn push(&self, bytes: &[u8], options: &ChangeOptions) -> Result<Changed> {
        wait(self.0.push(bytes, options))
    }

    /// The twin of [`client::ManagedState::rollback`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn rollback(&self, version: &str, options: &ChangeOptions) -> Result<Changed> {
        wait(self.0.rollback(version, options))
    }

    /// The twin of [`client::ManagedState::restore`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn restore(&self, bytes: &[u8], options: &ChangeOptions) -> Result<Changed> {
        wait(self.0.restore(bytes, options))
    }

    /// The twin of [`client::ManagedState::snapshot`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn snapshot(&self) -> Result<String> {
        wait(self.0.snapshot())
    }

    /// The twin of [`client::ManagedState::mv`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn mv(&self, from: &str, to: &str, options: &ChangeOptions) -> Result<Changed> {
        wait(self.0.mv(from, to, options))
    }

    /// The twin of [`client::ManagedState::rm`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn rm<S: AsRef<str>>(&self, addresses: &[S], options: &ChangeOptions) -> Result<Changed> {
        wait(self.0.rm(addresses, options))
    }

    /// The twin of [`client::ManagedState::replace_provider`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn replace_provider(
        &self,
        from: &str,
        to: &str,
        options: &ChangeOptions,
    ) -> Result<Changed> {
        wait(self.0.replace_provider(from, to, options))
    }

    /// The twin of [`client::ManagedState::import_object`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn import_object(
        &self,
        address: &str,
        provider: &str,
        object: &str,
        options: &ChangeOptions,
    ) -> Result<Changed> {
        wait(self.0.import_object(address, provider, object, options))
    }

    /// The twin of [`client::ManagedState::copy_to`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn copy_to(&self, to: &Self, options: &ChangeOptions) -> Result<Changed> {
        wait(self.0.copy_to(&to.0, options))
    }

    /// The twin of [`client::ManagedState::delete`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn delete(&self, options: &ChangeOptions) -> Result<Option<String>> {
        wait(self.0.delete(options))
    }

    /// The twin of [`client::ManagedState::lock`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn lock(&self, operation: &str, timeout: Duration) -> Result<LockId> {
        wait(self.0.lock(operation, timeout))
    }

    /// The twin of [`client::ManagedState::unlock`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn unlock(&self, id: &LockId) -> Result<()> {
        wait(self.0.unlock(id))
    }

    /// The twin of [`client::ManagedState::workspaces`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn workspaces(&self) -> Result<Vec<String>> {
        wait(self.0.workspaces())
    }

    /// The twin of [`client::ManagedState::create_workspace`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn create_workspace(&self, name: &str, options: &ChangeOptions) -> Result<Self> {
        wait(self.0.create_workspace(name, options)).map(Self)
    }

    /// The twin of [`client::ManagedState::delete_workspace`].
    ///
    /// # Errors
    /// Those of its twin, and `InvalidInput` inside of a runtime.
    pub fn delete_workspace(&self, name: &str, options: &ChangeOptions) -> Result<Option<String>> {
        wait(self.0.delete_workspace(name, options))
    }

    /// [`client::ManagedState::in_workspace`]
    ///
    /// # Errors
    /// Those of [`client::ManagedState::in_workspace`].
    pub fn in_workspace(&self, name: &str) -> Result<Self> {
        self.0.in_workspace(name).map(Self)
    }
}
