//! `state mv`, within a state and from one to another.

use std::collections::BTreeSet;

use super::dependencies::{self, Moved};
use super::nearest::nothing_at;
use super::place;
use super::target::{Target, below};
use super::{Change, Edited, EditedBoth};
use crate::address::{
    InstanceAddress, ModulePath, ProviderConfigAddress as Provider, ResourceAddress, ResourceMode,
};
use crate::error::{Error, ErrorKind, Result};
use crate::state::model::{Resource, State};

/// Moves a module with all that it calls, a resource or an instance to another address.
///
/// - A resource whose only instance has no key is moved as that instance, so `x` may become `y`, `y[0]` or `y["k"]`; with keys it is
///   moved as a whole and only to a resource that is not there.
/// - An instance may move into a resource that is there, whose provider configuration it takes on ([`Change::ProviderChanged`]); where
///   there is none, it brings its own.
/// - Deposed objects move along.
/// - Dependencies that name what is moved are dropped ([`Change::DependenciesDropped`]).
///
/// # Errors
/// [`ErrorKind::NotFound`] with the nearest addresses when nothing is at `from`; [`ErrorKind::Conflict`] when something is at `to`;
/// [`ErrorKind::InvalidInput`] when one cannot become the other: a module and a resource, a resource with keys and an instance, a resource
/// and a data source, two types.
pub fn mv(state: &State, from: &Target, to: &Target) -> Result<Edited> {
    let plan = Plan::of(state, state, from, to)?;
    let mut new = state.clone();
    let mut changes = match &plan {
        Plan::Whole { .. } => {
            let mut changes = Vec::new();
            for resource in &mut new.resources {
                if let Some(to) = plan.new_address(&resource.address) {
                    changes.extend(moved(resource, &to));
                    resource.address = to;
                }
            }
            changes
        }
        Plan::Instance { from, to } => {
            let mut changes = vec![Change::Moved {
                from: from.clone(),
                to: to.clone(),
            }];
            if !renamed_in_place(&mut new, from, to) {
                let (provider, before) = providers(&new, from);
                let objects = place::take_instance(&mut new, from);
                place::insert_instance(&mut new, to, objects, provider.as_ref());
                changes.extend(provider_changed(&new, to, before));
            }
            changes
        }
    };
    changes.sort_by(by_origin);
    changes.dedup();
    changes.extend(dependencies::drop_outdated(&mut new, &plan.moved()));
    Edited::new(new, changes)
}

/// [`mv`] out of one state into another, as `-state-out` does. Into a state that does not exist yet, move with [`State::new`].
///
/// Dependencies are looked at in the target alone, as in both programs.
///
/// # Errors
/// Those of [`mv`].
pub fn mv_between(
    source: &State,
    target: &State,
    from: &Target,
    to: &Target,
) -> Result<EditedBoth> {
    let plan = Plan::of(source, target, from, to)?;
    let (mut source, mut target) = (source.clone(), target.clone());
    let mut changes = Vec::new();
    match &plan {
        Plan::Whole { .. } => {
            let mut entering = Vec::new();
            let resources = std::mem::take(&mut source.resources);
            for mut resource in resources {
                match plan.new_address(&resource.address) {
                    Some(to) => {
                        changes.extend(moved(&resource, &to));
                        resource.address = to;
                        entering.push(resource);
                    }
                    None => source.resources.push(resource),
                }
            }
            place::insert_resources(&mut target, entering);
        }
        Plan::Instance { from, to } => {
            let (provider, before) = providers(&source, from);
            let objects = place::take_instance(&mut source, from);
            place::insert_instance(&mut target, to, objects, provider.as_ref());
            changes.push(Change::Moved {
                from: from.clone(),
                to: to.clone(),
            });
            changes.extend(provider_changed(&target, to, before));
        }
    }
    changes.sort_by(by_origin);
    changes.dedup();
    changes.extend(dependencies::drop_outdated(&mut target, &plan.moved()));
    source.serial = source.next_serial()?;
    target.serial = target.next_serial()?;
    Ok(EditedBoth {
        source,
        target,
        changes,
    })
}

/// A move that was found to be possible.
enum Plan {
    /// Resources with all their instances: one, or those of modules.
    Whole {
        from: Whole,
        to: Whole,
        modules: BTreeSet<ModulePath>,
    },
    Instance {
        from: InstanceAddress,
        to: InstanceAddress,
    },
}

enum Whole {
    Module(ModulePath),
    Resource(ResourceAddress),
}

impl Plan {
    fn of(source: &State, target: &State, from: &Target, to: &Target) -> Result<Self> {
        match from {
            Target::Module(module) => Self::of_modules(source, target, module, to),
            Target::Resource(resource) => {
                let alone = resource.instance(None);
                if place::has_instance(source, &alone) {
                    Self::of_instance(target, alone, to)
                } else if place::has_resource(source, resource) {
                    Self::of_resource(target, resource, to)
                } else {
                    Err(nothing_at(source, from))
                }
            }
            Target::Instance(instance) => {
                let plan = Self::of_instance(target, instance.clone(), to)?;
                if place::has_instance(source, instance) {
                    Ok(plan)
                } else {
                    Err(nothing_at(source, from))
                }
            }
        }
    }

    fn of_modules(source: &State, target: &State, from: &ModulePath, to: &Target) -> Result<Self> {
        let all = source.resources.iter().map(|r| &r.address.module);
        let modules: BTreeSet<ModulePath> = all
            .filter(|module| below(from, module).is_some())
            .cloned()
            .collect();
        let from_target = Target::Module(from.clone());
        if modules.is_empty() {
            return Err(nothing_at(source, &from_target));
        }
        let Target::Module(to) = to else {
            return Err(impossible(
                &from_target,
                to,
                "a module can only become a module",
            ));
        };
        let there: BTreeSet<&ModulePath> =
            target.resources.iter().map(|r| &r.address.module).collect();
        for module in &modules {
            let becomes = rebased(from, to, module).unwrap_or_default();
            if there.contains(&becomes) {
                return Err(taken(&Target::Module(becomes)));
            }
        }
        Ok(Self::Whole {
            from: Whole::Module(from.clone()),
            to: Whole::Module(to.clone()),
            modules,
        })
    }

    fn of_resource(target: &State, from: &ResourceAddress, to: &Target) -> Result<Self> {
        let from_target = Target::Resource(from.clone());
        let Target::Resource(to) = to else {
            let why =
                "a resource with keys can only become a resource that has none in its address";
            return Err(impossible(&from_target, to, why));
        };
        refuse_other_kind(from, to)?;
        place::refuse_negative(&to.instance(None))?;
        if place::has_resource(target, to) {
            return Err(taken(&Target::Resource(to.clone())));
        }
        Ok(Self::Whole {
            from: Whole::Resource(from.clone()),
            to: Whole::Resource(to.clone()),
            modules: BTreeSet::new(),
        })
    }

    fn of_instance(target: &State, from: InstanceAddress, to: &Target) -> Result<Self> {
        let to = match to {
            Target::Resource(resource) => resource.instance(None),
            Target::Instance(instance) => instance.clone(),
            Target::Module(_) => {
                let why = "an instance can only become an instance";
                return Err(impossible(&from.into(), to, why));
            }
        };
        refuse_other_kind(&from.resource, &to.resource)?;
        place::refuse_negative(&to)?;
        if place::has_instance(target, &to) {
            return Err(taken(&to.into()));
        }
        Ok(Self::Instance { from, to })
    }

    /// Where a resource goes that is moved as a whole.
    fn new_address(&self, address: &ResourceAddress) -> Option<ResourceAddress> {
        match self {
            Self::Whole {
                from: Whole::Module(from),
                to: Whole::Module(to),
                ..
            } => Some(ResourceAddress {
                module: rebased(from, to, &address.module)?,
                ..address.clone()
            }),
            Self::Whole {
                from: Whole::Resource(from),
                to: Whole::Resource(to),
                ..
            } => (address == from).then(|| to.clone()),
            _ => None,
        }
    }

    fn moved(&self) -> Moved {
        match self {
            Self::Whole {
                from: Whole::Resource(from),
                ..
            } => Moved::Resource(from.clone()),
            Self::Whole { modules, .. } => Moved::Modules(modules.iter().cloned().collect()),
            Self::Instance { from, .. } => Moved::Resource(from.resource.clone()),
        }
    }
}

/// The path of a module within a module that is moved.
fn rebased(from: &ModulePath, to: &ModulePath, module: &ModulePath) -> Option<ModulePath> {
    let rest = below(from, module)?;
    Some(ModulePath([to.0.as_slice(), rest].concat()))
}

fn moved(resource: &Resource, to: &ResourceAddress) -> Vec<Change> {
    let from = &resource.address;
    if resource.instances.is_empty() {
        return vec![Change::MovedEmpty {
            from: from.clone(),
            to: to.clone(),
        }];
    }
    let keys = place::keys(resource).into_iter();
    keys.map(|key| Change::Moved {
        from: from.instance(key.clone()),
        to: to.instance(key),
    })
    .collect()
}

fn by_origin(a: &Change, b: &Change) -> std::cmp::Ordering {
    fn origin(change: &Change) -> Option<(&ResourceAddress, Option<&InstanceAddress>)> {
        match change {
            Change::Moved { from, .. } => Some((&from.resource, Some(from))),
            Change::MovedEmpty { from, .. } => Some((from, None)),
            _ => None,
        }
    }
    // What follows from a move stands behind it.
    match (origin(a), origin(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// A resource that consists of this instance, and that is not to be merged with another, keeps its place and whatever else it says.
fn renamed_in_place(state: &mut State, from: &InstanceAddress, to: &InstanceAddress) -> bool {
    let same = from.resource == to.resource;
    let alone = place::entries(state, &from.resource)
        .all(|r| r.instances.iter().all(|i| i.key == from.key));
    if !alone || (!same && place::has_resource(state, &to.resource)) {
        return false;
    }
    for resource in &mut state.resources {
        if resource.address == from.resource {
            resource.address = to.resource.clone();
            for instance in &mut resource.instances {
                instance.key.clone_from(&to.key);
            }
            place::settle_each(resource);
        }
    }
    true
}

/// The provider configuration of an instance's resource, and that of the instance itself.
fn providers(state: &State, from: &InstanceAddress) -> (Option<Provider>, Option<Provider>) {
    let last = place::entries(state, &from.resource).last();
    let own = state
        .objects(from)
        .next()
        .and_then(|(r, i)| r.provider_of(i).cloned());
    (last.and_then(place::provider_of).cloned(), own)
}

fn provider_changed(
    state: &State,
    to: &InstanceAddress,
    before: Option<Provider>,
) -> Option<Change> {
    let object = state.objects(to).next();
    let after = object.and_then(|(r, i)| r.provider_of(i).cloned());
    (before != after).then(|| Change::ProviderChanged {
        address: to.clone(),
        from: before,
        to: after,
    })
}

fn refuse_other_kind(from: &ResourceAddress, to: &ResourceAddress) -> Result<()> {
    let why = if from.mode != to.mode {
        match from.mode {
            ResourceMode::Managed => "a resource can only become a resource",
            ResourceMode::Data => "a data source can only become a data source",
        }
    } else if from.resource_type != to.resource_type {
        "their types differ"
    } else {
        return Ok(());
    };
    let (from, to) = (Target::Resource(from.clone()), Target::Resource(to.clone()));
    Err(impossible(&from, &to, why))
}

fn impossible(from: &Target, to: &Target, why: &str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!("{from} cannot be moved to {to}: {why}"),
    )
    .with_operation("state.edit")
    .with("from", from)
    .with("to", to)
}

fn taken(to: &Target) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!("nothing can be moved to {to}: there is something at that address already"),
    )
    .with_operation("state.edit")
    .with("address", to)
    .with_hint("move what is there to another address first, or remove it from the state")
}
