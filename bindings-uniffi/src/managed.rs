//! A stored state that can be changed.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use driftmgr_core::backend::LockId;
use driftmgr_core::client;
use driftmgr_core::context::Context;

use crate::error::Failure;
use crate::job::Job;
use crate::options::ChangeOptions;
use crate::records::{BackendInfo, Capability, Changed, HistoricVersion};
use crate::state::{Compared, State};
use crate::typed::typed;

/// A state where it is stored. Every change takes the lock that Terraform takes, keeps what was there before, and checks what was written.
#[derive(uniffi::Object)]
pub struct ManagedState {
    inner: client::ManagedState,
}

impl ManagedState {
    /// With the context of what it came from: the call is over, and its cancellation must not end later ones.
    pub(crate) fn new(inner: &client::ManagedState, cx: &Context) -> Arc<Self> {
        Arc::new(Self {
            inner: inner.with_context(cx.clone()),
        })
    }

    /// Runs a call with its own context.
    async fn call<T, F>(
        &self,
        job: Option<Arc<Job>>,
        work: impl FnOnce(client::ManagedState) -> F,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        Job::run(job, |cx| work(self.inner.with_context(cx))).await
    }
}

#[uniffi::export]
impl ManagedState {
    /// What messages and results call it.
    pub fn label(&self) -> String {
        self.inner.label().to_owned()
    }

    /// The name of its workspace.
    pub fn workspace(&self) -> String {
        self.inner.workspace().to_owned()
    }

    /// Where it is stored; no secrets.
    pub fn info(&self) -> Result<BackendInfo, Failure> {
        typed(self.inner.info())
    }

    /// What its backend can do.
    pub fn capability(&self) -> Result<Capability, Failure> {
        typed(&self.inner.capability())
    }

    /// The bytes of the state, decrypted, as they stand otherwise; null when there is none. Takes no lock.
    pub async fn pull(&self, job: Option<Arc<Job>>) -> Result<Option<Vec<u8>>, Failure> {
        self.call(job, |state| async move {
            Ok(state.pull().await?.map(Vec::from))
        })
        .await
    }

    /// The state, or one of its versions.
    pub async fn state(
        &self,
        version: Option<String>,
        job: Option<Arc<Job>>,
    ) -> Result<Arc<State>, Failure> {
        self.call(job, |state| async move {
            Ok(State::new(state.state(version.as_deref()).await?))
        })
        .await
    }

    /// What can still be read of its past, the newest first: versions of the backend, and backups and snapshots on this machine.
    pub async fn versions(&self, job: Option<Arc<Job>>) -> Result<Vec<HistoricVersion>, Failure> {
        self.call(job, |state| async move { typed(&state.versions().await?) })
            .await
    }

    /// What changed from one version to another; null is the current state.
    pub async fn diff(
        &self,
        from: Option<String>,
        to: Option<String>,
        job: Option<Arc<Job>>,
    ) -> Result<Compared, Failure> {
        self.call(job, |state| async move {
            Compared::of(&state.diff(from.as_deref(), to.as_deref()).await?)
        })
        .await
    }

    /// Writes a state as it is, by the rules of `terraform state push`.
    pub async fn push(
        &self,
        bytes: Vec<u8>,
        options: ChangeOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Changed, Failure> {
        self.call(job, |state| async move {
            typed(&state.push(&bytes, &options.into()).await?)
        })
        .await
    }

    /// Makes one of its versions the next state: with the lineage of the current one and the serial after it.
    pub async fn rollback(
        &self,
        version: String,
        options: ChangeOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Changed, Failure> {
        self.call(job, |state| async move {
            typed(&state.rollback(&version, &options.into()).await?)
        })
        .await
    }

    /// Makes a state that was kept elsewhere the next one. Where there is no state, it is written as it is.
    pub async fn restore(
        &self,
        bytes: Vec<u8>,
        options: ChangeOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Changed, Failure> {
        self.call(job, |state| async move {
            typed(&state.restore(&bytes, &options.into()).await?)
        })
        .await
    }

    /// Keeps the current state on this machine, without changing it; gives the id of the version.
    pub async fn snapshot(&self, job: Option<Arc<Job>>) -> Result<String, Failure> {
        self.call(job, |state| async move { Ok(state.snapshot().await?) })
            .await
    }

    /// Moves an instance, a resource or a module to another address, as `terraform state mv`.
    pub async fn mv(
        &self,
        from: String,
        to: String,
        options: ChangeOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Changed, Failure> {
        self.call(job, |state| async move {
            typed(&state.mv(&from, &to, &options.into()).await?)
        })
        .await
    }

    /// Forgets instances, resources and modules, as `terraform state rm`. The real objects are left alone.
    pub async fn rm(
        &self,
        addresses: Vec<String>,
        options: ChangeOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Changed, Failure> {
        self.call(job, |state| async move {
            typed(&state.rm(&addresses, &options.into()).await?)
        })
        .await
    }

    /// Gives all resources of one provider to another one, as `terraform state replace-provider`.
    pub async fn replace_provider(
        &self,
        from: String,
        to: String,
        options: ChangeOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Changed, Failure> {
        self.call(job, |state| async move {
            typed(&state.replace_provider(&from, &to, &options.into()).await?)
        })
        .await
    }

    /// Takes in an object that exists, at an address where nothing is. `provider` is its provider configuration, and `object` what a state of
    /// format 4 says of an instance, as JSON.
    pub async fn import_object(
        &self,
        address: String,
        provider: String,
        object: String,
        options: ChangeOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Changed, Failure> {
        self.call(job, |state| async move {
            let options = options.into();
            let taken = state.import_object(&address, &provider, &object, &options);
            typed(&taken.await?)
        })
        .await
    }

    /// Copies the state to another place as it is, with its lineage and serial. Both are locked meanwhile, this one where it can be.
    pub async fn copy_to(
        &self,
        to: Arc<Self>,
        options: ChangeOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Changed, Failure> {
        self.call(job, |state| async move {
            // The other place is part of the same call.
            let to = to.inner.with_context(state.context().clone());
            typed(&state.copy_to(&to, &options.into()).await?)
        })
        .await
    }

    /// Deletes the state, under its lock; gives the id of the backup that keeps it on this machine, null when there was no state.
    pub async fn delete(
        &self,
        options: ChangeOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Option<String>, Failure> {
        self.call(job, |state| async move {
            Ok(state.delete(&options.into()).await?)
        })
        .await
    }

    /// Takes the lock; while somebody else holds it, tries again until `wait` is over. `operation` says what for. The answer is its id.
    pub async fn lock(
        &self,
        operation: String,
        wait: Duration,
        job: Option<Arc<Job>>,
    ) -> Result<String, Failure> {
        self.call(job, |state| async move {
            Ok(state.lock(&operation, wait).await?.0)
        })
        .await
    }

    /// Gives a lock back. With the id of somebody else's lock, that lock is broken: only when its holder is known to be gone.
    pub async fn unlock(&self, lock: String, job: Option<Arc<Job>>) -> Result<(), Failure> {
        self.call(job, |state| async move {
            Ok(state.unlock(&LockId(lock)).await?)
        })
        .await
    }

    /// The names of all workspaces beside this one, itself among them where it exists: `default` first, the others sorted.
    pub async fn workspaces(&self, job: Option<Arc<Job>>) -> Result<Vec<String>, Failure> {
        self.call(job, |state| async move { Ok(state.workspaces().await?) })
            .await
    }

    /// The state of another workspace of the same configuration; it need not exist.
    pub fn in_workspace(&self, name: String) -> Result<Arc<Self>, Failure> {
        let inner = self.inner.in_workspace(&name)?;
        Ok(Arc::new(Self { inner }))
    }

    /// Makes another workspace, with an empty state as Terraform makes it.
    pub async fn create_workspace(
        &self,
        name: String,
        options: ChangeOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Arc<Self>, Failure> {
        let own = self.inner.context().clone();
        self.call(job, |state| async move {
            let made = state.create_workspace(&name, &options.into()).await?;
            Ok(Self::new(&made, &own))
        })
        .await
    }

    /// Deletes another workspace with its state; gives the id of the backup, as `delete` does.
    pub async fn delete_workspace(
        &self,
        name: String,
        options: ChangeOptions,
        job: Option<Arc<Job>>,
    ) -> Result<Option<String>, Failure> {
        self.call(job, |state| async move {
            Ok(state.delete_workspace(&name, &options.into()).await?)
        })
        .await
    }
}
