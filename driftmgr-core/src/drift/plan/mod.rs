//! A plan of Terraform or OpenTofu, as `terraform show -json PLANFILE` prints it, and what it tells about reality. No I/O.
//!
//! # What a plan tells
//! - `resource_drift`: objects that a refresh found changed or gone, before and after. Written since Terraform 0.15.4.
//! - `prior_state`: all objects after that refresh.
//! - `resource_changes`: what apply would do. Every object that the plan covers stands there, unchanged ones too (`no-op`).
//!
//! # What follows from it
//! - An object of `prior_state` without an entry in `resource_changes` was left out (`-target`, a plan that an error broke off): it is open.
//! - A plan that proposes nothing for any object is taken for a refresh-only plan: all of `prior_state` was refreshed, and nobody knows what
//!   apply would do. Where it calls itself incomplete (`complete`, `errored`), what it does not name is open.
//! - A plan made with `-refresh=false` looks like one of a world without drift. Nothing in the JSON tells them apart, so it is assumed that
//!   the plan was made with a refresh.
//! - An object that apply would import is in no state yet, and not looked at here.
//!
//! Source of the format: "JSON Output Format" in the documentation of Terraform and OpenTofu.

mod configured;
mod document;
mod marks;
mod read;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use crate::address::{InstanceAddress, ProviderSource};
use crate::value::{Path, PathSet, Value};

/// A plan. `Debug` of its values shows no content.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The format's version, such as `1.2`.
    pub format_version: String,
    /// The Terraform or OpenTofu version that made it.
    pub terraform_version: Option<String>,
    /// When it was made, in RFC 3339; only newer versions say so.
    pub timestamp: Option<String>,
    /// An error broke it off.
    pub errored: bool,
    /// Applying it leaves nothing to do; only newer versions say so. False for plans with `-target` and with deferred objects.
    pub complete: Option<bool>,
    /// It proposes nothing for any object, as a refresh-only plan does.
    pub refresh_only: bool,
    /// It records what a refresh found (Terraform 0.15.4 and later).
    pub records_drift: bool,
    objects: BTreeMap<Key, PlannedObject>,
    /// Objects that apply would create.
    created: BTreeSet<InstanceAddress>,
}

/// The address before the plan, and the key of a deposed object.
type Key = (InstanceAddress, Option<String>);

/// What a plan tells about one managed object of the state that it was made from.
#[derive(Debug, Clone)]
pub struct PlannedObject {
    /// Its address in the state that the plan was made from.
    pub address: InstanceAddress,
    /// Its address in the configuration, where the plan records a move together with drift.
    pub moved_to: Option<InstanceAddress>,
    /// The key of a deposed object.
    pub deposed: Option<String>,
    /// The provider that manages it.
    pub provider: ProviderSource,
    /// The version of its schema, when the object is still there.
    pub schema_version: Option<u64>,
    /// Apply replaces it in any case.
    pub tainted: bool,
    /// The object before the refresh; `None` where the plan does not record it.
    pub stored: Option<Value>,
    /// The object after the refresh; `None` when it is gone.
    pub current: Option<Value>,
    /// Whether the plan looked at it.
    pub seen: Seen,
    /// What apply would do.
    pub change: Option<PlannedChange>,
    /// Secret parts.
    pub sensitive: PathSet,
    /// The arguments that the configuration sets in its block; `None` when the plan does not tell.
    pub configured: Option<BTreeSet<String>>,
    /// Attributes on which other changes of the plan rest.
    pub relevant: Vec<Path>,
}

/// Whether a plan looked at an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It was refreshed.
    Yes,
    /// It was not, or nobody can tell; with the reason.
    No(String),
}

/// What apply would do about an object.
#[derive(Debug, Clone)]
pub struct PlannedChange {
    /// The actions, in order.
    pub actions: Vec<Action>,
    /// The object that apply would leave, with unknown values where only apply tells; null when it would be gone.
    pub after: Value,
    /// The attributes whose change makes it a replacement; older formats do not tell.
    pub replace_paths: Vec<Path>,
    /// Why, in Terraform's word, such as `replace_because_tainted`.
    pub reason: Option<String>,
}

/// One action of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Nothing.
    NoOp,
    /// Create the object.
    Create,
    /// Read a data source.
    Read,
    /// Change it in place.
    Update,
    /// Destroy it.
    Delete,
    /// Leave it alone and take it out of the state.
    Forget,
    /// Something that this version does not know.
    Other,
}

impl Plan {
    /// The managed objects of the state that the plan was made from, sorted by address.
    pub fn objects(&self) -> impl Iterator<Item = &PlannedObject> {
        self.objects.values()
    }

    /// One of them, by its address in the state or in the configuration.
    pub fn object(
        &self,
        address: &InstanceAddress,
        deposed: Option<&str>,
    ) -> Option<&PlannedObject> {
        let deposed = deposed.map(str::to_owned);
        self.objects
            .get(&(address.clone(), deposed.clone()))
            .or_else(|| {
                self.objects
                    .values()
                    .find(|o| o.moved_to.as_ref() == Some(address) && o.deposed == deposed)
            })
    }

    /// Apply would create an object at this address.
    pub fn creates(&self, address: &InstanceAddress) -> bool {
        self.created.contains(address)
    }
}

#[cfg(test)]
mod tests;
