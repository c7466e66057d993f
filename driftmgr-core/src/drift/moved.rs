//! `moved` blocks: objects that the configuration knows under another address than the state.
//!
//! The rules are those of Terraform's language: addresses are relative to the module of the block, and the block speaks for all instances
//! of that module. An address without a key stands for all instances, unless the other side has a key; then both name one instance.
//! What is at the new address already stays there, and the block does nothing.

use std::collections::BTreeMap;

use crate::address::{
    InstanceAddress, InstanceKey, ModulePath, ModuleStep, ResourceAddress, ResourceMode,
};
use crate::error::{Error, ErrorKind, Result};

/// A `moved` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    declared_in: Vec<String>,
    sides: Sides,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Sides {
    Modules {
        from: Vec<ModuleStep>,
        to: Vec<ModuleStep>,
    },
    Resources {
        from: InstanceAddress,
        to: InstanceAddress,
    },
}

/// The addresses of a state that the configuration has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renames(BTreeMap<InstanceAddress, InstanceAddress>);

/// Where a block puts an object, and what must not be there yet.
struct Destination {
    address: InstanceAddress,
    whole: Whole,
}

/// What moves as one: any part of it at the destination blocks all.
enum Whole {
    Module,
    Resource,
    Instance,
}

impl Move {
    /// A block of the module with these calls from the root, such as `["network", "subnets"]`, and the texts of `from` and `to`.
    ///
    /// # Errors
    /// `InvalidConfig` when one of them is no address, one is a module and the other is none, or one is a data source.
    pub fn new(declared_in: &[String], from: &str, to: &str) -> Result<Self> {
        let sides = match (module(from), module(to)) {
            (Some(from), Some(to)) => Sides::Modules { from, to },
            (None, None) => Sides::Resources {
                from: resource(from)?,
                to: resource(to)?,
            },
            _ => {
                return Err(refused(format!(
                    "a `moved` block cannot make a module of a resource, or a resource of a module: from `{from}` to `{to}`"
                )));
            }
        };
        Ok(Self {
            declared_in: declared_in.to_vec(),
            sides,
        })
    }

    fn apply(&self, address: &InstanceAddress) -> Option<Destination> {
        let path = &address.resource.module.0;
        let (outer, inner) = path.split_at_checked(self.declared_in.len())?;
        if !outer.iter().map(|step| &step.name).eq(&self.declared_in) {
            return None;
        }
        match &self.sides {
            Sides::Modules { from, to } => {
                let module = ModulePath([outer, &move_module(from, to, inner)?].concat());
                let resource = ResourceAddress {
                    module,
                    ..address.resource.clone()
                };
                Some(Destination {
                    address: resource.instance(address.key.clone()),
                    whole: Whole::Module,
                })
            }
            Sides::Resources { from, to } => move_resource(from, to, outer, inner, address),
        }
    }
}

/// The path inside the declaring module, when it leads into the module that moves.
fn move_module(
    from: &[ModuleStep],
    to: &[ModuleStep],
    inner: &[ModuleStep],
) -> Option<Vec<ModuleStep>> {
    let (from_last, from_above) = from.split_last()?;
    let (to_last, to_above) = to.split_last()?;
    let (moving, below) = inner.split_at_checked(from.len())?;
    let (last, above) = moving.split_last()?;
    if above != from_above || last.name != from_last.name {
        return None;
    }
    let key = renamed_key(&from_last.key, &to_last.key, &last.key)?;
    let renamed = ModuleStep {
        name: to_last.name.clone(),
        key,
    };
    Some([to_above, &[renamed], below].concat())
}

fn move_resource(
    from: &InstanceAddress,
    to: &InstanceAddress,
    outer: &[ModuleStep],
    inner: &[ModuleStep],
    address: &InstanceAddress,
) -> Option<Destination> {
    let (was, will) = (&from.resource, &to.resource);
    let same = was.module.0 == inner
        && was.mode == address.resource.mode
        && was.resource_type == address.resource.resource_type
        && was.name == address.resource.name;
    // Another type is another object to the provider, which has to convert it first: until then it is read as what it is.
    if !same || was.resource_type != will.resource_type {
        return None;
    }
    let key = renamed_key(&from.key, &to.key, &address.key)?;
    let resource = ResourceAddress {
        module: ModulePath([outer, &will.module.0].concat()),
        ..will.clone()
    };
    let whole = match (&from.key, &to.key) {
        (None, None) => Whole::Resource,
        _ => Whole::Instance,
    };
    Some(Destination {
        address: resource.instance(key),
        whole,
    })
}

/// The key at the new address; `None` when the block is about another instance.
fn renamed_key(
    from: &Option<InstanceKey>,
    to: &Option<InstanceKey>,
    key: &Option<InstanceKey>,
) -> Option<Option<InstanceKey>> {
    match (from, to) {
        (None, None) => Some(key.clone()),
        _ if from == key => Some(to.clone()),
        _ => None,
    }
}

impl Renames {
    /// What the blocks change among all addresses of a state. Blocks can follow one another: from `a` to `b`, and from `b` to `c`.
    pub fn new(moves: &[Move], addresses: &[InstanceAddress]) -> Self {
        let renamed = addresses.iter().filter_map(|address| {
            let new = follow(moves, addresses, address);
            (new != *address).then(|| (address.clone(), new))
        });
        Self(renamed.collect())
    }

    /// The same, and these as somebody else found them, where nothing is known yet.
    pub(crate) fn and(
        mut self,
        known: impl IntoIterator<Item = (InstanceAddress, InstanceAddress)>,
    ) -> Self {
        for (from, to) in known {
            if from != to {
                self.0.entry(from).or_insert(to);
            }
        }
        self
    }

    /// The address that the configuration gives to what the state has at this one, when it is another.
    pub fn get(&self, address: &InstanceAddress) -> Option<&InstanceAddress> {
        self.0.get(address)
    }
}

/// Each block applies once at most, so that blocks in a circle come to an end.
fn follow(
    moves: &[Move],
    addresses: &[InstanceAddress],
    address: &InstanceAddress,
) -> InstanceAddress {
    let mut address = address.clone();
    let mut left: Vec<&Move> = moves.iter().collect();
    while let Some((at, destination)) = left
        .iter()
        .enumerate()
        .find_map(|(at, block)| Some((at, block.apply(&address)?)))
    {
        left.remove(at);
        if !addresses.iter().any(|taken| destination.is_taken_by(taken)) {
            address = destination.address;
        }
    }
    address
}

impl Destination {
    fn is_taken_by(&self, address: &InstanceAddress) -> bool {
        let (here, there) = (&self.address, address);
        match self.whole {
            Whole::Module => here.resource.module == there.resource.module,
            Whole::Resource => here.resource == there.resource,
            Whole::Instance => here == there,
        }
    }
}

/// The steps of a module's address; `None` for anything else.
fn module(text: &str) -> Option<Vec<ModuleStep>> {
    let path: ModulePath = text.parse().ok()?;
    (!path.is_root()).then_some(path.0)
}

fn resource(text: &str) -> Result<InstanceAddress> {
    let address: InstanceAddress = text
        .parse()
        .map_err(|e| refused(format!("a `moved` block cannot be read: {e}")))?;
    if address.resource.mode == ResourceMode::Data {
        return Err(refused(format!(
            "a `moved` block names the data source `{text}`, and only resources and modules move"
        )));
    }
    Ok(address)
}

fn refused(message: String) -> Error {
    Error::new(ErrorKind::InvalidConfig, message)
}
