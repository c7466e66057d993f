//! Which instances are looked at.

use crate::address::{InstanceAddress, ModulePath, ResourceAddress};
use crate::error::Result;

/// Addresses to look at and to leave out. Empty: all of them.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    only: Vec<Pattern>,
    without: Vec<Pattern>,
}

/// A module, a resource or an instance; a module call or resource without a key stands for all its instances.
#[derive(Debug, Clone)]
enum Pattern {
    Module(ModulePath),
    Instance(InstanceAddress),
}

impl Selection {
    /// Reads addresses as `-target` takes them: `module.a`, `aws_vpc.main`, `aws_vpc.main["x"]`.
    ///
    /// # Errors
    /// `InvalidInput` for a text that is no address.
    pub fn new<S: AsRef<str>>(only: &[S], without: &[S]) -> Result<Self> {
        let read = |texts: &[S]| {
            texts
                .iter()
                .map(|t| Pattern::read(t.as_ref()))
                .collect::<Result<Vec<_>>>()
        };
        Ok(Self {
            only: read(only)?,
            without: read(without)?,
        })
    }

    /// Whether an instance is looked at.
    pub fn contains(&self, address: &InstanceAddress) -> bool {
        self.contains_renamed(address, None)
    }

    /// Whether an instance is looked at that the configuration knows under another address than the state: both are its names.
    pub(crate) fn contains_renamed(
        &self,
        address: &InstanceAddress,
        new_address: Option<&InstanceAddress>,
    ) -> bool {
        let matches = |pattern: &Pattern| {
            pattern.covers(address) || new_address.is_some_and(|new| pattern.covers(new))
        };
        (self.only.is_empty() || self.only.iter().any(matches)) && !self.without.iter().any(matches)
    }
}

impl Pattern {
    fn read(text: &str) -> Result<Self> {
        if let Ok(module) = text.parse::<ModulePath>()
            && !module.is_root()
        {
            return Ok(Self::Module(module));
        }
        Ok(Self::Instance(text.parse()?))
    }

    fn covers(&self, address: &InstanceAddress) -> bool {
        match self {
            Self::Module(module) => within(module, &address.resource.module),
            Self::Instance(wanted) => {
                same_resource(&wanted.resource, &address.resource)
                    && (wanted.key.is_none() || wanted.key == address.key)
            }
        }
    }
}

fn same_resource(wanted: &ResourceAddress, address: &ResourceAddress) -> bool {
    wanted.mode == address.mode
        && wanted.resource_type == address.resource_type
        && wanted.name == address.name
        && wanted.module.0.len() == address.module.0.len()
        && within(&wanted.module, &address.module)
}

fn within(outer: &ModulePath, inner: &ModulePath) -> bool {
    outer.0.len() <= inner.0.len()
        && outer
            .0
            .iter()
            .zip(&inner.0)
            .all(|(o, i)| o.name == i.name && (o.key.is_none() || o.key == i.key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(only: &[&str], without: &[&str], address: &str) -> bool {
        Selection::new(only, without)
            .unwrap()
            .contains(&address.parse().unwrap())
    }

    #[test]
    fn a_shorter_address_stands_for_all_below_it() {
        let all: &[&str] = &[];
        assert!(selects(all, all, "a.b"));
        assert!(selects(&["a.b"], all, "a.b[1]"));
        assert!(!selects(&["a.b[0]"], all, "a.b[1]"));
        assert!(!selects(&["a.b"], all, "module.m.a.b"));
        assert!(selects(&["module.m"], all, "module.m[\"x\"].module.n.a.b"));
        assert!(!selects(&["module.m[\"y\"]"], all, "module.m[\"x\"].a.b"));
        assert!(!selects(all, &["module.m"], "module.m.a.b"));
        assert!(Selection::new(&["a"], &[]).is_err());
    }
}
