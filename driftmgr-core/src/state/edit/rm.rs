//! `state rm`.

use std::collections::{HashMap, HashSet};

use super::nearest::nothing_at;
use super::place;
use super::target::{Target, covers};
use super::{Change, Edited};
use crate::address::{InstanceAddress, InstanceKey, ModulePath, ResourceAddress};
use crate::error::{Error, ErrorKind, Result};
use crate::state::model::State;

/// Forgets instances with their deposed objects: some, those of resources and data sources, or those of modules with all that they call.
/// The real objects are left alone.
///
/// A resource goes with its last instance. One that had none before stays, as in both programs. A module without a key stands for all of
/// its instances.
///
/// # Errors
/// [`ErrorKind::NotFound`] with the nearest addresses when none of the targets matches an instance; those that do not match beside others
/// are in [`Edited::unmatched`]. [`ErrorKind::InvalidInput`] when there is no target.
pub fn rm(state: &State, targets: &[Target]) -> Result<Edited> {
    let Some(first) = targets.first() else {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            "there is nothing to remove: no address is given",
        )
        .with_operation("state.edit"));
    };
    let wanted = Wanted::new(targets);
    let mut matched: HashSet<&Target> = HashSet::new();
    let mut addresses = Vec::new();
    let mut new = state.clone();
    for resource in &mut new.resources {
        let address = &resource.address;
        let as_a_whole = wanted.resource(address);
        let keys = wanted.instances.get(address);
        if as_a_whole.is_empty() && keys.is_none() {
            continue;
        }
        let removed = resource.instances.extract_if(.., |instance| {
            let by_key = keys.and_then(|keys| keys.get(&instance.key));
            matched.extend(by_key);
            matched.extend(as_a_whole.iter().copied());
            by_key.is_some() || !as_a_whole.is_empty()
        });
        let removed: Vec<InstanceAddress> = removed.map(|i| address.instance(i.key)).collect();
        if !removed.is_empty() {
            addresses.extend(removed);
            place::settle_provider(resource);
            place::settle_each(resource);
        }
    }
    if addresses.is_empty() {
        return Err(nothing_at(state, first));
    }
    let touched: HashSet<&ResourceAddress> = addresses.iter().map(|a| &a.resource).collect();
    new.resources
        .retain(|r| !r.instances.is_empty() || !touched.contains(&r.address));
    drop(touched);
    addresses.sort();
    addresses.dedup();
    let changes = addresses
        .into_iter()
        .map(|address| Change::Removed { address });
    let mut edited = Edited::new(new, changes.collect())?;
    for target in targets {
        if !matched.contains(target) && !edited.unmatched.contains(target) {
            edited.unmatched.push(target.clone());
        }
    }
    Ok(edited)
}

/// The targets, so that each resource and each instance is looked up once.
struct Wanted<'a> {
    modules: Vec<(&'a ModulePath, &'a Target)>,
    resources: HashMap<&'a ResourceAddress, &'a Target>,
    instances: HashMap<&'a ResourceAddress, HashMap<Option<InstanceKey>, &'a Target>>,
}

impl<'a> Wanted<'a> {
    fn new(targets: &'a [Target]) -> Self {
        let mut this = Self {
            modules: Vec::new(),
            resources: HashMap::new(),
            instances: HashMap::new(),
        };
        for target in targets {
            match target {
                Target::Module(module) => this.modules.push((module, target)),
                Target::Resource(resource) => {
                    this.resources.insert(resource, target);
                }
                Target::Instance(instance) => {
                    let of_resource = this.instances.entry(&instance.resource).or_default();
                    of_resource.insert(instance.key.clone(), target);
                }
            }
        }
        this
    }

    /// The targets that ask for all instances of a resource.
    fn resource(&self, address: &ResourceAddress) -> Vec<&'a Target> {
        let modules = self.modules.iter();
        let modules = modules.filter(|(module, _)| covers(module, &address.module));
        let resource = self.resources.get(address).copied();
        modules.map(|(_, target)| *target).chain(resource).collect()
    }
}
