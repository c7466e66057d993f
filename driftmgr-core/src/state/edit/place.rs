//! Where things stand in a state: resources by address, instances by key, in the order that Terraform writes.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::address::{
    InstanceAddress, InstanceKey, ProviderConfigAddress, ResourceAddress, ResourceMode,
};
use crate::error::{Error, ErrorKind, Result};
use crate::state::model::{Each, Instance, Resource, State};

/// The entries of a resource. Old states may have several, which count as one.
pub(super) fn entries<'a>(
    state: &'a State,
    address: &'a ResourceAddress,
) -> impl Iterator<Item = &'a Resource> {
    state
        .resources
        .iter()
        .filter(move |r| r.address == *address)
}

/// Whether the state knows the resource, with instances or without.
pub(super) fn has_resource(state: &State, address: &ResourceAddress) -> bool {
    entries(state, address).next().is_some()
}

/// Whether there is any object of the instance, a deposed one included.
pub(super) fn has_instance(state: &State, address: &InstanceAddress) -> bool {
    state.objects(address).next().is_some()
}

/// The addresses of the instances of some entries of one resource, once each.
pub(super) fn keys(resource: &Resource) -> BTreeSet<Option<InstanceKey>> {
    resource.instances.iter().map(|i| i.key.clone()).collect()
}

/// An index that `count` can have; Terraform reads no other one from an address.
pub(super) fn refuse_negative(address: &InstanceAddress) -> Result<()> {
    let module = address.resource.module.0.iter();
    let keys = module.map(|step| &step.key).chain([&address.key]);
    if keys
        .flatten()
        .any(|key| matches!(key, InstanceKey::Int(index) if *index < 0))
    {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            format!("nothing can be put at {address}: an index is not negative"),
        )
        .with_operation("state.edit")
        .with("address", address));
    }
    Ok(())
}

/// In which order Terraform writes resources.
fn order(address: &ResourceAddress) -> (String, ResourceMode, &str, &str) {
    let module = address.module.to_string();
    (module, address.mode, &address.resource_type, &address.name)
}

/// Puts resources among the others, where Terraform would write them. The others keep their order.
pub(super) fn insert_resources(state: &mut State, new: Vec<Resource>) {
    let mut new: Vec<(usize, Resource)> = new
        .into_iter()
        .map(|resource| {
            let own = order(&resource.address);
            let at = state
                .resources
                .partition_point(|r| order(&r.address) <= own);
            (at, resource)
        })
        .collect();
    new.sort_by(|(a, x), (b, y)| {
        a.cmp(b)
            .then_with(|| order(&x.address).cmp(&order(&y.address)))
    });
    let mut all = Vec::with_capacity(state.resources.len() + new.len());
    let mut new = new.into_iter().peekable();
    for (i, resource) in std::mem::take(&mut state.resources).into_iter().enumerate() {
        while let Some((_, new)) = new.next_if(|(at, _)| *at <= i) {
            all.push(new);
        }
        all.push(resource);
    }
    all.extend(new.map(|(_, resource)| resource));
    state.resources = all;
}

/// Puts the objects of one instance into a resource, which is made when it is not there.
///
/// A resource that is there keeps its provider configuration, and the objects belong to that from now on; a key of a configuration with
/// `for_each` (OpenTofu) stays with them.
pub(super) fn insert_instance(
    state: &mut State,
    to: &InstanceAddress,
    objects: Vec<Instance>,
    provider: Option<&ProviderConfigAddress>,
) {
    let known = state
        .resources
        .iter()
        .rposition(|r| r.address == to.resource);
    let keys: Vec<Option<InstanceKey>> = objects
        .iter()
        .map(|object| object.provider.as_ref().and_then(|p| p.key.clone()))
        .collect();
    let mut objects = objects;
    for object in &mut objects {
        object.key.clone_from(&to.key);
        object.provider = None;
    }
    let Some(resource) = known.and_then(|at| state.resources.get_mut(at)) else {
        let mut resource = Resource::new(to.resource.clone(), provider.map(without_key));
        for (object, key) in objects.iter_mut().zip(keys) {
            object.provider = keyed(provider, key);
        }
        resource.instances = objects;
        settle_provider(&mut resource);
        insert_resources(state, vec![resource]);
        return;
    };
    let provider = provider_of(resource).cloned();
    for (object, key) in objects.iter_mut().zip(keys) {
        object.provider = keyed(provider.as_ref(), key);
    }
    let at = resource.instances.partition_point(|i| i.key <= to.key);
    resource.instances.splice(at..at, objects);
    settle_provider(resource);
    settle_each(resource);
}

/// The provider configuration of a resource, whether it stands there or with the instances; without a key.
pub(super) fn provider_of(resource: &Resource) -> Option<&ProviderConfigAddress> {
    let own = resource.provider.as_deref();
    own.or_else(|| {
        resource
            .instances
            .iter()
            .find_map(|i| i.provider.as_deref())
    })
}

fn without_key(provider: &ProviderConfigAddress) -> ProviderConfigAddress {
    ProviderConfigAddress {
        key: None,
        ..provider.clone()
    }
}

fn keyed(
    provider: Option<&ProviderConfigAddress>,
    key: Option<InstanceKey>,
) -> Option<Arc<ProviderConfigAddress>> {
    let (provider, key) = (provider?, key?);
    Some(Arc::new(ProviderConfigAddress {
        key: Some(key),
        ..provider.clone()
    }))
}

/// OpenTofu writes the configuration to each instance when one of them has a key of it, and else to the resource.
pub(super) fn settle_provider(resource: &mut Resource) {
    if resource.instances.iter().all(|i| i.provider.is_none()) {
        return;
    }
    let Some(provider) = provider_of(resource).map(without_key) else {
        return;
    };
    let provider = Arc::new(provider);
    let has_key = |i: &Instance| i.provider.as_ref().is_some_and(|p| p.key.is_some());
    if resource.instances.iter().any(has_key) {
        resource.provider = None;
        for instance in &mut resource.instances {
            instance
                .provider
                .get_or_insert_with(|| Arc::clone(&provider));
        }
    } else {
        resource.provider = Some(provider);
        for instance in &mut resource.instances {
            instance.provider = None;
        }
    }
}

/// `each`, where an old state has it, goes by the keys: nobody reads it since Terraform 0.13, but it should not lie.
pub(super) fn settle_each(resource: &mut Resource) {
    if resource.each.is_none() {
        return;
    }
    let keys = || resource.instances.iter().map(|i| &i.key);
    resource.each = if keys().all(|key| matches!(key, Some(InstanceKey::Int(_)))) {
        Some(Each::List)
    } else if keys().all(|key| matches!(key, Some(InstanceKey::String(_)))) {
        Some(Each::Map)
    } else {
        None
    };
}

/// Takes all objects of an instance out, in their order; a resource that has no instance left goes with the last.
pub(super) fn take_instance(state: &mut State, from: &InstanceAddress) -> Vec<Instance> {
    let mut taken = Vec::new();
    for resource in &mut state.resources {
        if resource.address == from.resource {
            taken.extend(resource.instances.extract_if(.., |i| i.key == from.key));
            settle_provider(resource);
            settle_each(resource);
        }
    }
    let left = entries(state, &from.resource).any(|r| !r.instances.is_empty());
    state
        .resources
        .retain(|r| r.address != from.resource || (left && !r.instances.is_empty()));
    taken
}
