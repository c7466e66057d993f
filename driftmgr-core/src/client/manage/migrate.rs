//! States from one place to another, and away.

use super::{ChangeOptions, Changed, ManagedState};
use crate::backend::StateRef;
use crate::error::{Error, ErrorKind, Result};
use crate::state::State;

impl ManagedState {
    /// Copies the state to another place as it is, with its lineage and serial, encrypted as that place's configuration says. Both are
    /// locked meanwhile, this one where it can be; it is left as it is.
    ///
    /// What is there must be a state that this one may follow, as for [`ManagedState::push`].
    ///
    /// # Errors
    /// `InvalidInput` when both are the same place; `NotFound` when there is no state here; those of [`ManagedState::push`].
    pub async fn copy_to(&self, to: &Self, options: &ChangeOptions) -> Result<Changed> {
        let place = |of: &Self| (of.info().clone(), of.inner.at.workspace.clone());
        if place(self) == place(to) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "a state cannot be copied to where it is",
            )
            .with("target", to.label())
            .with("location", &to.info().location)
            .with_hint("name another target or another workspace to copy it to"));
        }
        let here = ChangeOptions {
            without_lock: options.without_lock || !self.capability().lock,
            ..options.clone()
        };
        self.holding("driftmgr state migrate", &here, async |_| {
            let bytes = self.pull().await?.ok_or_else(|| self.absent())?;
            to.push(&bytes, options).await
        })
        .await
    }

    /// Deletes the state, under its lock; gives the id of the backup that keeps it on this machine, `None` when there was no state.
    ///
    /// # Errors
    /// `Conflict` when it holds resources, which [`ChangeOptions::force`] allows: the real objects would be left without a state. Those of every
    /// change.
    pub async fn delete(&self, options: &ChangeOptions) -> Result<Option<String>> {
        self.holding("driftmgr state delete", options, async |lock| {
            let Some(raw) = self.stored().await? else {
                return Ok(None);
            };
            let holds = self.parsed(raw.bytes.clone()).await?.resources.len();
            if holds > 0 && !options.force {
                return Err(Error::new(ErrorKind::Conflict, "the state is not empty")
                    .with("target", self.label())
                    .with("resources", holds)
                    .with_hint("destroy what it holds first, or force it: the real objects stay, and no state knows them"));
            }
            if options.dry_run {
                return Ok(None);
            }
            let backup = self.keep(raw.bytes.clone()).await?;
            let unless_changed = self.unless_changed(lock, Some(&raw));
            let (backend, at) = (&self.inner.backend, &self.inner.at);
            backend.delete(&self.cx, at, unless_changed).await?;
            Ok(Some(backup))
        })
        .await
    }

    /// The names of all workspaces beside this one, itself among them where it exists: `default` first, the others sorted.
    ///
    /// # Errors
    /// Those of reaching the store.
    pub async fn workspaces(&self) -> Result<Vec<String>> {
        let names = self.inner.backend.workspaces(&self.cx).await?;
        Ok(names.iter().map(ToString::to_string).collect())
    }

    /// The state of another workspace of the same configuration; it need not exist.
    ///
    /// # Errors
    /// `InvalidInput` for what is no name; `Unsupported` where there is no other workspace than `default`.
    pub fn in_workspace(&self, name: &str) -> Result<Self> {
        let at = StateRef::current(name.parse()?);
        if !at.workspace.is_default() && !self.capability().workspaces {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "the {} backend has no other workspace than `default`",
                    self.info().kind
                ),
            )
            .with("target", self.label())
            .with_hint("keep each environment's state in a place of its own"));
        }
        Ok(self.at(at))
    }

    /// Makes another workspace, with an empty state as Terraform makes it.
    ///
    /// # Errors
    /// `Conflict` when it exists; those of [`ManagedState::in_workspace`] and of every change.
    pub async fn create_workspace(&self, name: &str, options: &ChangeOptions) -> Result<Self> {
        let new = self.in_workspace(name)?;
        if self.workspaces().await?.iter().any(|there| there == name) {
            return Err(
                Error::new(ErrorKind::Conflict, "there is a workspace of this name")
                    .with("workspace", name)
                    .with("target", self.label())
                    .with_hint("use it as it is, or choose another name"),
            );
        }
        let mut state = State::new(uuid::Uuid::new_v4().to_string());
        state.serial = 1;
        new.push(&state.to_v4_bytes(), options).await?;
        Ok(new)
    }

    /// Deletes another workspace with its state: [`ManagedState::delete`].
    ///
    /// # Errors
    /// `InvalidInput` for `default`, which always exists; `NotFound` when there is none of this name; those of [`ManagedState::delete`].
    pub async fn delete_workspace(
        &self,
        name: &str,
        options: &ChangeOptions,
    ) -> Result<Option<String>> {
        let doomed = self.in_workspace(name)?;
        if doomed.inner.at.workspace.is_default() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "the workspace `default` cannot be deleted",
            )
            .with("target", self.label())
            .with_hint("what can be deleted is its state"));
        }
        let all = self.workspaces().await?;
        if !all.iter().any(|there| there == name) {
            return Err(
                Error::new(ErrorKind::NotFound, "there is no workspace of this name")
                    .with("workspace", name)
                    .with_hint(format!("there are: {}", all.join(", "))),
            );
        }
        let backup = doomed.delete(options).await?;
        if !options.dry_run {
            let (backend, workspace) = (&self.inner.backend, &doomed.inner.at.workspace);
            backend.forget_workspace(&self.cx, workspace).await?;
        }
        Ok(backup)
    }
}
