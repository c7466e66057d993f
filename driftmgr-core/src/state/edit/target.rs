//! What an edit is asked to work on.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::address::{
    AddressError, InstanceAddress, ModulePath, ModuleStep, ResourceAddress, ResourceMode,
};

/// A module, a resource with all of its instances, or one instance.
///
/// An address without a key is a resource, as for Terraform's `-target`; commands decide by the state whether its only instance is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// Everything in a module and in the modules that it calls. Never the root module.
    Module(ModulePath),
    /// A resource or data source.
    Resource(ResourceAddress),
    /// One instance, by its key.
    Instance(InstanceAddress),
}

impl Target {
    /// The resource that is meant or that the instance belongs to.
    pub fn resource(&self) -> Option<&ResourceAddress> {
        match self {
            Self::Module(_) => None,
            Self::Resource(resource) => Some(resource),
            Self::Instance(instance) => Some(&instance.resource),
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let (module, resource) = match self {
            Self::Module(module) => (module, None),
            Self::Resource(resource) => (&resource.module, Some(resource)),
            Self::Instance(instance) => (&instance.resource.module, Some(&instance.resource)),
        };
        let own = resource.map(|r| [r.resource_type.as_str(), r.name.as_str()]);
        let calls = module.0.iter().map(|step| step.name.as_str());
        calls.chain(own.into_iter().flatten())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module(module) => module.fmt(f),
            Self::Resource(resource) => resource.fmt(f),
            Self::Instance(instance) => instance.fmt(f),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Target {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let target = match text.parse::<ModulePath>() {
            Ok(module) if !module.is_root() => Self::Module(module),
            _ => {
                let instance: InstanceAddress = text.parse()?;
                if instance.key.is_some() {
                    Self::Instance(instance)
                } else {
                    Self::Resource(instance.resource)
                }
            }
        };
        if text.ends_with('.') {
            let reason = "the address ends with a dot";
            return Err(AddressError::new(text, text.len(), reason));
        }
        // Nothing in a configuration can have another name, so nothing may be moved there.
        let starts_well = |name: &str| {
            let first = name.chars().next();
            first.is_some_and(|c| c.is_alphabetic() || c == '_')
        };
        if !target.names().all(starts_well) {
            let reason = "a name begins with a letter or an underscore";
            return Err(AddressError::new(text, 0, reason));
        }
        // `data.NAME` and `ephemeral.NAME` are the beginning of a longer address.
        if let Some(resource) = target.resource()
            && resource.mode == ResourceMode::Managed
            && matches!(resource.resource_type.as_str(), "data" | "ephemeral")
        {
            let reason = "the address ends before the name of the resource";
            return Err(AddressError::new(text, text.len(), reason));
        }
        Ok(target)
    }
}

impl From<InstanceAddress> for Target {
    fn from(address: InstanceAddress) -> Self {
        if address.key.is_some() {
            Self::Instance(address)
        } else {
            Self::Resource(address.resource)
        }
    }
}

/// What follows in `path` after all the steps of `prefix`, keys included.
pub(super) fn below<'a>(prefix: &ModulePath, path: &'a ModulePath) -> Option<&'a [ModuleStep]> {
    path.0.strip_prefix(prefix.0.as_slice())
}

/// Whether `state rm` of the module `wanted` removes what stands in the module instance `module`.
///
/// A step without a key at the end of `wanted` matches every instance of that call. Further in front it does so only for modules deeper
/// than `wanted`, which is how both programs have it (`IsAncestor` and `TargetContains` in `internal/addrs/module_instance.go`).
pub(super) fn covers(wanted: &ModulePath, module: &ModulePath) -> bool {
    let (wanted, module) = (&wanted.0, &module.0);
    let Some(head) = module.get(..wanted.len()) else {
        return false;
    };
    let pairs = || wanted.iter().zip(head);
    if pairs().any(|(w, m)| w.name != m.name) {
        return false;
    }
    let open = |(w, m): (&ModuleStep, &ModuleStep)| w.key.is_none() || w.key == m.key;
    let is_ancestor = module.len() > wanted.len() && pairs().all(open);
    let last = wanted.len().saturating_sub(1);
    let contains = pairs().enumerate().all(|(i, (w, m))| {
        let ends_open = i == last && w.key.is_none();
        ends_open || w.key == m.key
    });
    is_ancestor || contains
}
