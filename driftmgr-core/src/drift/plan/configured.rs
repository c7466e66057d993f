//! Which arguments a plan's configuration sets, resource by resource.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Configuration, ConfiguredModule};
use crate::address::ResourceAddress;

/// Module calls from the root, type and name of a managed resource.
type Key = (Vec<String>, String, String);

/// The arguments of each managed resource.
#[derive(Default)]
pub(super) struct Arguments(BTreeMap<Key, BTreeSet<String>>);

impl Arguments {
    pub(super) fn read(configuration: Option<&Configuration>) -> Self {
        let mut found = Self::default();
        if let Some(root) = configuration.and_then(|c| c.root_module.as_ref()) {
            found.collect(root, &mut Vec::new());
        }
        found
    }

    fn collect(&mut self, module: &ConfiguredModule, calls: &mut Vec<String>) {
        for resource in module.resources.iter().flatten() {
            if resource.mode.as_deref() == Some("data") {
                continue;
            }
            let key = (
                calls.clone(),
                resource.resource_type.clone(),
                resource.name.clone(),
            );
            let names = resource.expressions.iter().flat_map(|e| e.keys().cloned());
            self.0.insert(key, names.collect());
        }
        for (name, call) in module.module_calls.iter().flatten() {
            if let Some(module) = &call.module {
                calls.push(name.clone());
                self.collect(module, calls);
                calls.pop();
            }
        }
    }

    /// The arguments of the resource's block; `None` when the configuration has no such block.
    pub(super) fn of(&self, address: &ResourceAddress) -> Option<&BTreeSet<String>> {
        let calls = address.module.calls().into_iter().map(str::to_owned);
        self.0.get(&(
            calls.collect(),
            address.resource_type.clone(),
            address.name.clone(),
        ))
    }
}
