//! Stored dependencies that a move makes wrong.
//!
//! Both programs drop all dependencies of an instance's current object when one of them names what was moved; the next apply of Terraform
//! writes them anew (`internal/command/state_mv.go`). Stored dependencies name resources without any keys.

use std::collections::HashMap;
use std::sync::Arc;

use super::Change;
use crate::address::{InstanceAddress, ModulePath, ResourceAddress};
use crate::state::model::State;

/// What was moved, as far as dependencies can name it.
pub(super) enum Moved {
    /// Modules, by their old addresses.
    Modules(Vec<ModulePath>),
    /// A resource or one of its instances.
    Resource(ResourceAddress),
}

impl Moved {
    fn is_named_by(&self, dependency: &ResourceAddress) -> bool {
        match self {
            Self::Modules(modules) => modules.iter().any(|module| {
                // A dependency on one instance of a module cannot be told from one on another, so it counts for none of them.
                let keyed = module.0.iter().any(|step| step.key.is_some());
                !keyed && dependency.module.calls().starts_with(&module.calls())
            }),
            Self::Resource(resource) => {
                resource.mode == dependency.mode
                    && resource.resource_type == dependency.resource_type
                    && resource.name == dependency.name
                    && resource.module.calls() == dependency.module.calls()
            }
        }
    }
}

/// Drops what is wrong, and says of which instances.
pub(super) fn drop_outdated(state: &mut State, moved: &Moved) -> Vec<Change> {
    let mut changes = Vec::new();
    // Instances of a resource share a list, and lists share texts.
    let mut lists: HashMap<Arc<[Arc<str>]>, bool, foldhash::fast::RandomState> = HashMap::default();
    let mut texts: HashMap<Arc<str>, bool, foldhash::fast::RandomState> = HashMap::default();
    let mut last: Option<(Arc<[Arc<str>]>, bool)> = None;
    for resource in &mut state.resources {
        for instance in &mut resource.instances {
            if instance.deposed.is_some() || instance.dependencies.is_empty() {
                continue;
            }
            let list = Arc::clone(&instance.dependencies);
            let outdated = match &last {
                Some((known, outdated)) if Arc::ptr_eq(known, &list) => *outdated,
                _ => *lists.entry(Arc::clone(&list)).or_insert_with(|| {
                    list.iter().any(|text| {
                        *texts.entry(Arc::clone(text)).or_insert_with(|| {
                            let dependency = text.parse::<InstanceAddress>();
                            dependency.is_ok_and(|d| moved.is_named_by(&d.resource))
                        })
                    })
                }),
            };
            last = Some((list, outdated));
            if outdated {
                instance.dependencies = Arc::default();
                changes.push(Change::DependenciesDropped {
                    address: resource.address.instance(instance.key.clone()),
                });
            }
        }
    }
    changes
}
