//! The changes: push, rollback, restore, move, remove, replace a provider.

use super::change::Next;
use super::{ChangeOptions, Changed, ManagedState};
use crate::address::{InstanceAddress, ProviderConfigAddress, ProviderSource};
use crate::error::{Error, ErrorKind, Result};
use crate::state::edit::{self, Edited, Target};
use crate::state::{Instance, State};

impl Next {
    pub(super) fn of(edited: Edited) -> Self {
        Self {
            is_new: !edited.changes.is_empty(),
            state: edited.state,
            changes: edited.changes,
            unmatched: edited.unmatched,
            is_edit: true,
        }
    }

    fn whole(state: State, is_new: bool) -> Self {
        Self {
            state,
            changes: Vec::new(),
            unmatched: Vec::new(),
            is_edit: false,
            is_new,
        }
    }
}

impl ManagedState {
    /// Writes a state as it is, by the rules of `terraform state push`: the same lineage, and a serial that is not lower. A state that says
    /// the same with the same serial is not written again.
    ///
    /// # Errors
    /// - `Conflict` for a state that may not follow the one that is there; [`ChangeOptions::force`] allows it.
    /// - `InvalidState` for what is no state. Nothing forces that.
    /// - Those of every change: `Locked`, `Unsupported` where nothing can be locked, those of the store.
    pub async fn push(&self, bytes: &[u8], options: &ChangeOptions) -> Result<Changed> {
        let new = State::parse(bytes)?;
        self.change("driftmgr state push", options, |there| {
            let Some(there) = there else {
                return Ok(Next::whole(new, true));
            };
            there.may_be_replaced_by(&new, options.force)?;
            let same = there.serial == new.serial
                && there.lineage == new.lineage
                && there.same_content(&new);
            Ok(Next::whole(new, !same))
        })
        .await
    }

    /// Makes one of its [versions](ManagedState::versions) the next state: with the lineage of the current one and the serial after it.
    ///
    /// # Errors
    /// `NotFound` for a version of none; those of every change.
    pub async fn rollback(&self, version: &str, options: &ChangeOptions) -> Result<Changed> {
        let then = self.version(version).await?;
        let then = self.parsed(then.bytes).await?;
        self.succeed("driftmgr state rollback", then, options).await
    }

    /// Makes a state that was kept elsewhere the next one: with the lineage of the current one and the serial after it. Where there is no state,
    /// it is written as it is.
    ///
    /// # Errors
    /// `Conflict` for a state of another lineage, which [`ChangeOptions::force`] allows; those of every change.
    pub async fn restore(&self, bytes: &[u8], options: &ChangeOptions) -> Result<Changed> {
        let kept = self.parsed(bytes.to_vec().into()).await?;
        self.succeed("driftmgr state restore", kept, options).await
    }

    async fn succeed(
        &self,
        operation: &str,
        mut next: State,
        options: &ChangeOptions,
    ) -> Result<Changed> {
        self.change(operation, options, |there| {
            let Some(there) = there else {
                return Ok(Next::whole(next, true));
            };
            let strange = !there.lineage.is_empty()
                && !next.lineage.is_empty()
                && there.lineage != next.lineage;
            if strange && !options.force {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    "the state belongs to another lineage",
                )
                .with("lineage", format!("{} -> {}", there.lineage, next.lineage))
                .with_hint(
                    "make sure that it is a state of the same infrastructure, or force the write",
                ));
            }
            next.succeed(there)?;
            let is_new = next.serial != there.serial;
            Ok(Next::whole(next, is_new))
        })
        .await
    }

    /// Keeps the current state on this machine, without changing it; gives the id of the version.
    ///
    /// # Errors
    /// `NotFound` when there is none; those of reaching the store and of writing the file.
    pub async fn snapshot(&self) -> Result<String> {
        let raw = self.stored().await?.ok_or_else(|| self.absent())?;
        self.keep(raw.bytes).await
    }

    /// Moves an instance, a resource or a module to another address, as `terraform state mv`.
    ///
    /// # Errors
    /// Those of [`edit::mv`], and of every change.
    pub async fn mv(&self, from: &str, to: &str, options: &ChangeOptions) -> Result<Changed> {
        let (from, to): (Target, Target) = (from.parse()?, to.parse()?);
        self.edit("driftmgr state mv", options, |state| {
            edit::mv(state, &from, &to)
        })
        .await
    }

    /// Forgets instances, resources and modules, as `terraform state rm`. The real objects are left alone.
    ///
    /// # Errors
    /// Those of [`edit::rm`], and of every change.
    pub async fn rm<S: AsRef<str>>(
        &self,
        addresses: &[S],
        options: &ChangeOptions,
    ) -> Result<Changed> {
        let targets: Result<Vec<Target>> = addresses
            .iter()
            .map(|address| Ok(address.as_ref().parse()?))
            .collect();
        let targets = targets?;
        self.edit("driftmgr state rm", options, |state| {
            edit::rm(state, &targets)
        })
        .await
    }

    /// Gives all resources of one provider to another one, as `terraform state replace-provider`.
    ///
    /// # Errors
    /// Those of [`edit::replace_provider`], and of every change.
    pub async fn replace_provider(
        &self,
        from: &str,
        to: &str,
        options: &ChangeOptions,
    ) -> Result<Changed> {
        let (from, to): (ProviderSource, ProviderSource) = (from.parse()?, to.parse()?);
        self.edit("driftmgr state replace-provider", options, |state| {
            edit::replace_provider(state, &from, &to)
        })
        .await
    }

    /// Takes in an object that exists, at an address where nothing is; what it is, the provider was asked before. `provider` is its provider
    /// configuration, such as `provider["registry.terraform.io/hashicorp/aws"]`, and `object` what a state of format 4 says of an instance, as
    /// JSON: `attributes`, `schema_version`, and where there are any `sensitive_attributes`, `private`, `identity`, `dependencies`.
    ///
    /// # Errors
    /// `InvalidInput` for an object that is none; those of [`edit::import`], and of every change.
    pub async fn import_object(
        &self,
        address: &str,
        provider: &str,
        object: &str,
        options: &ChangeOptions,
    ) -> Result<Changed> {
        let address: InstanceAddress = address.parse()?;
        let provider: ProviderConfigAddress = provider.parse()?;
        let object = Instance::from_json(object)?;
        self.edit("driftmgr state import", options, |state| {
            edit::import(state, &address, &provider, object)
        })
        .await
    }

    async fn edit(
        &self,
        operation: &str,
        options: &ChangeOptions,
        edit: impl FnOnce(&State) -> Result<Edited> + Send,
    ) -> Result<Changed> {
        self.change(operation, options, |there| {
            let there = there.ok_or_else(|| self.absent())?;
            edit(there).map(Next::of)
        })
        .await
    }
}
