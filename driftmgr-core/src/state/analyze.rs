//! What one state tells by itself.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::model::{InstanceStatus, RawAttributes, State};
use crate::address::{InstanceAddress, ResourceMode};

/// How many of the heaviest objects are named.
const HEAVIEST: usize = 10;

/// Facts about a state. Lists are sorted; nothing in it is a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Analysis {
    /// Managed resources.
    pub resources: usize,
    /// Data sources.
    pub data_sources: usize,
    /// Current objects of managed resources and data sources.
    pub instances: usize,
    /// Instances of managed resources by type.
    pub by_type: BTreeMap<String, usize>,
    /// Instances of managed resources by provider source.
    pub by_provider: BTreeMap<String, usize>,
    /// Instances of managed resources by module; `root` is the root module.
    pub by_module: BTreeMap<String, usize>,
    /// Instances that must be replaced.
    pub tainted: Vec<InstanceAddress>,
    /// Deposed objects that still have to be destroyed, with their keys.
    pub deposed: Vec<(InstanceAddress, String)>,
    /// Addresses of resources that stand in more than one entry; Terraform merges them.
    pub split_resources: Vec<String>,
    /// Managed resources that have no instance any more.
    pub empty_resources: Vec<String>,
    /// Dependencies on what is not in the state.
    pub orphaned_dependencies: Vec<OrphanedDependency>,
    /// Outputs.
    pub outputs: usize,
    /// Outputs marked sensitive.
    pub sensitive_outputs: usize,
    /// Instances with attributes marked sensitive.
    pub instances_with_secrets: usize,
    /// The objects with the largest attributes, the largest first.
    pub heaviest: Vec<Heaviest>,
    /// What to know before working with the state, one sentence each.
    pub hints: Vec<String>,
}

/// A dependency that names nothing in the state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct OrphanedDependency {
    /// Who depends.
    pub address: InstanceAddress,
    /// On what.
    pub dependency: String,
}

/// A large object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Heaviest {
    /// The instance.
    pub address: InstanceAddress,
    /// Bytes of its attributes in the state.
    pub bytes: usize,
}

impl State {
    /// Counts and judges what the state holds.
    pub fn analyze(&self) -> Analysis {
        let mut found = Analysis {
            outputs: self.outputs.len(),
            sensitive_outputs: self.outputs.values().filter(|o| o.sensitive).count(),
            ..Analysis::default()
        };
        self.count_resources(&mut found);
        self.count_instances(&mut found);
        found.orphaned_dependencies = self.orphaned_dependencies();
        found.hints = self.hints();
        found
    }

    fn count_resources(&self, found: &mut Analysis) {
        let mut seen = BTreeSet::new();
        let mut split = BTreeSet::new();
        for resource in &self.resources {
            if !seen.insert(&resource.address) {
                split.insert(resource.address.to_string());
                continue;
            }
            match resource.address.mode {
                ResourceMode::Managed => found.resources += 1,
                ResourceMode::Data => found.data_sources += 1,
            }
            if resource.instances.is_empty() && resource.address.mode == ResourceMode::Managed {
                found.empty_resources.push(resource.address.to_string());
            }
        }
        found.split_resources = split.into_iter().collect();
        found.empty_resources.sort();
    }

    fn count_instances(&self, found: &mut Analysis) {
        for (resource, instance) in self.instances() {
            let address = resource.instance_address(instance);
            let bytes = match &instance.attributes {
                RawAttributes::Json(raw) => raw.get().len(),
                RawAttributes::Flatmap(map) => map.iter().map(|(k, v)| k.len() + v.len()).sum(),
            };
            found.heaviest.push(Heaviest {
                address: address.clone(),
                bytes,
            });
            if !instance.sensitive.is_empty() {
                found.instances_with_secrets += 1;
            }
            if let Some(key) = &instance.deposed {
                found.deposed.push((address, key.clone()));
                continue;
            }
            found.instances += 1;
            if resource.address.mode == ResourceMode::Managed {
                let at = &resource.address;
                let provider = resource.provider_of(instance);
                let provider = provider.map_or("unknown".into(), |p| p.source.to_string());
                let module = if at.module.is_root() {
                    "root".to_owned()
                } else {
                    at.module.to_string()
                };
                *found.by_type.entry(at.resource_type.clone()).or_default() += 1;
                *found.by_provider.entry(provider).or_default() += 1;
                *found.by_module.entry(module).or_default() += 1;
            }
            if instance.status == InstanceStatus::Tainted {
                found.tainted.push(address);
            }
        }
        found.tainted.sort();
        found.deposed.sort();
        found.heaviest.sort_by(|a, b| {
            b.bytes
                .cmp(&a.bytes)
                .then_with(|| a.address.cmp(&b.address))
        });
        found.heaviest.truncate(HEAVIEST);
    }

    /// Stored dependencies carry no keys, not even those of modules.
    fn orphaned_dependencies(&self) -> Vec<OrphanedDependency> {
        let mut known: BTreeSet<String> = BTreeSet::new();
        for resource in &self.resources {
            let mut bare = resource.address.clone();
            for step in &mut bare.module.0 {
                step.key = None;
            }
            known.insert(bare.to_string());
        }
        let mut orphaned = BTreeSet::new();
        for (resource, instance) in self.instances() {
            for dependency in instance.dependencies.iter() {
                if !known.contains(dependency.as_ref()) {
                    orphaned.insert(OrphanedDependency {
                        address: resource.instance_address(instance),
                        dependency: dependency.to_string(),
                    });
                }
            }
        }
        orphaned.into_iter().collect()
    }

    fn hints(&self) -> Vec<String> {
        let mut hints = Vec::new();
        if self.format_version < 4 {
            hints.push(format!(
                "The file has format {}, which today's Terraform and OpenTofu no longer write; `driftmgr state upgrade` prints it in format 4.",
                self.format_version
            ));
        }
        if self.lineage.is_empty() {
            hints.push(
                "The state has no lineage, so that it cannot be told from another one.".into(),
            );
        }
        let flat = |i: &super::Instance| matches!(i.attributes, RawAttributes::Flatmap(_));
        let flat = self.instances().filter(|(_, i)| flat(i)).count();
        if flat > 0 {
            hints.push(format!(
                "{flat} objects were last written before Terraform 0.12; only their provider can read them exactly."
            ));
        }
        let open: BTreeSet<&str> = self
            .instances()
            .filter_map(|(r, i)| r.provider_of(i))
            .filter(|p| p.source.namespace == "-")
            .map(|p| p.source.provider_type.as_str())
            .collect();
        if !open.is_empty() {
            let open: Vec<&str> = open.into_iter().collect();
            hints.push(format!(
                "The state leaves open where these providers come from: {}; `terraform state replace-provider` settles it.",
                open.join(", ")
            ));
        }
        hints
    }
}
