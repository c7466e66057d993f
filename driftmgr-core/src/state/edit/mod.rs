//! Changes to a state that touch no cloud: move, remove, replace a provider, take in an object. Pure: a state in, a state out.
//!
//! What is accepted, what is refused and what else changes follow `terraform state mv|rm|replace-provider` of Terraform 1.15 and the same
//! commands of OpenTofu 1.12; where the two leave something to chance, the refusing answer is given. Each edit names what it changes, so
//! that it can be shown before it is written, and [`check`] says afterwards whether that is all that changed.
//!
//! ```
//! use driftmgr_core::state::{State, edit};
//!
//! # fn main() -> driftmgr_core::Result<()> {
//! let state = State::parse(br#"{"version": 4, "serial": 7, "lineage": "l", "outputs": {}, "resources": [
//!     {"mode": "managed", "type": "aws_vpc", "name": "old", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
//!      "instances": [{"schema_version": 1, "attributes": {"id": "vpc-1"}}]}
//! ]}"#)?;
//! let edited = edit::mv(&state, &"aws_vpc.old".parse()?, &"aws_vpc.main[0]".parse()?)?;
//! assert_eq!(edited.changes.len(), 1);
//! edit::check(&state, &edited.state, &edited.changes)?;
//! assert_eq!(edited.state.serial, 8);
//! # Ok(())
//! # }
//! ```

mod check;
mod dependencies;
mod import;
mod mv;
mod nearest;
mod place;
mod provider;
mod rm;
mod target;

#[cfg(test)]
mod tests;

pub use check::{check, check_between};
pub use import::import;
pub use mv::{mv, mv_between};
pub use provider::replace_provider;
pub use rm::rm;
pub use target::Target;

use std::fmt;

use serde::Serialize;

use super::model::State;
use crate::address::{InstanceAddress, ProviderConfigAddress, ResourceAddress};
use crate::error::Result;

/// One thing that an edit changes. As JSON: `{"change": "moved", "from": …, "to": …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// An instance, with its deposed objects, stands at another address. Between two states, `from` is an address of the one and `to` of
    /// the other.
    Moved {
        /// Where it was.
        from: InstanceAddress,
        /// Where it is.
        to: InstanceAddress,
    },
    /// A resource without any instance stands at another address.
    MovedEmpty {
        /// Where it was.
        from: ResourceAddress,
        /// Where it is.
        to: ResourceAddress,
    },
    /// An instance, with its deposed objects, is no longer in the state. The real object is left alone.
    Removed {
        /// Where it was.
        address: InstanceAddress,
    },
    /// A resource and all of its instances belong to another provider.
    ProviderReplaced {
        /// The resource.
        resource: ResourceAddress,
        /// The configuration before.
        from: ProviderConfigAddress,
        /// The configuration after: module, alias and key stay.
        to: ProviderConfigAddress,
    },
    /// An instance was moved into a resource of another provider configuration, which it belongs to now.
    ProviderChanged {
        /// Its new address.
        address: InstanceAddress,
        /// The configuration before.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<ProviderConfigAddress>,
        /// The configuration after.
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<ProviderConfigAddress>,
    },
    /// An object was taken in.
    Imported {
        /// Where it is.
        address: InstanceAddress,
    },
    /// The dependencies that were stored with an instance's current object name what was moved, and are dropped: the next apply of
    /// Terraform writes them anew.
    DependenciesDropped {
        /// The instance, at its new address.
        address: InstanceAddress,
    },
}

/// For people, in one line.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moved { from, to } => write!(f, "{from} -> {to}"),
            Self::MovedEmpty { from, to } => write!(f, "{from} -> {to} (without instances)"),
            Self::Removed { address } => write!(f, "{address} is forgotten"),
            Self::ProviderReplaced { resource, from, to } => {
                write!(f, "{resource}: {from} -> {to}")
            }
            Self::ProviderChanged { address, to, .. } => match to {
                Some(to) => write!(f, "{address} belongs to {to}"),
                None => write!(f, "{address} belongs to no provider"),
            },
            Self::Imported { address } => write!(f, "{address} is taken in"),
            Self::DependenciesDropped { address } => {
                write!(f, "{address} loses its dependencies until the next apply")
            }
        }
    }
}

/// A state after an edit, and what the edit changed.
#[derive(Debug, Clone)]
pub struct Edited {
    /// The state: the next serial when something changed, and else the same.
    pub state: State,
    /// What changed, sorted by where it was. Empty when the edit changes nothing.
    pub changes: Vec<Change>,
    /// Addresses that were asked for beside others and match nothing. Terraform passes over them in silence.
    pub unmatched: Vec<Target>,
}

/// Two states after a move from one into the other, and what changed.
#[derive(Debug, Clone)]
pub struct EditedBoth {
    /// The state that the objects left.
    pub source: State,
    /// The state that they entered.
    pub target: State,
    /// What changed. [`Change::DependenciesDropped`] and [`Change::ProviderChanged`] are about the target.
    pub changes: Vec<Change>,
}

impl Edited {
    fn new(state: State, changes: Vec<Change>) -> Result<Self> {
        let mut state = state;
        if !changes.is_empty() {
            state.serial = state.next_serial()?;
        }
        Ok(Self {
            state,
            changes,
            unmatched: Vec::new(),
        })
    }
}
