//! What really exists for the instances of a state.

mod asked;
mod plan;
mod readers;
mod state;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;

use super::model::Effect;
use crate::address::{InstanceAddress, ProviderConfigAddress};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::provider::plan_back::Verdict;
use crate::provider::{ReaderInfo, ResourceSchema};
use crate::state::Instance;
use crate::value::{Path, Value};

pub use asked::{Answer, Asked};
pub use plan::PlanReality;
pub use readers::{Readers, Routes};
pub use state::StateReality;

/// One object of a state, to be looked at.
#[derive(Debug, Clone)]
pub struct InstanceRef {
    /// Its address.
    pub address: InstanceAddress,
    /// The provider configuration that manages it.
    pub provider: ProviderConfigAddress,
    /// The object as stored.
    pub instance: Instance,
}

/// What a reality can tell about a resource type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// Nothing.
    None,
    /// Whether an object exists.
    Exists,
    /// All attributes.
    Attributes,
}

/// What was found for one object. An error is never an absence.
#[derive(Debug)]
pub enum Observed {
    /// It is there.
    Present(Box<Observation>),
    /// It is not there; `stored` is the object in the state.
    Absent {
        /// The object in the state, in the provider's current schema.
        stored: Value,
        /// Its type's schema.
        schema: Arc<ResourceSchema>,
        /// What the provider had to say.
        notes: Vec<String>,
        /// What apply would do, where it is known to be something else than creating it again.
        effect: Option<Effect>,
    },
    /// It could not be looked at.
    Unreadable(Error),
}

/// An object that is there.
#[derive(Debug)]
pub struct Observation {
    /// The object in the state, in the provider's current schema.
    pub stored: Value,
    /// The object in reality.
    pub current: Value,
    /// Its type's schema.
    pub schema: Arc<ResourceSchema>,
    /// What apply would do about a difference; `None` when there is no difference.
    pub verdict: Option<Result<Verdict>>,
    /// What the verdict rests on.
    pub basis: Basis,
    /// What the provider had to say.
    pub notes: Vec<String>,
}

/// What a verdict rests on, and so what it proves.
#[derive(Debug, Clone, Default)]
pub enum Basis {
    /// The provider was asked with the stored object as its configuration: where it plans nothing, both sides are the same to it.
    #[default]
    PlanBack,
    /// The plan of a configuration: where it changes nothing, reality is as configured, or nothing is configured there.
    Plan {
        /// What apply would do about the object; `None` when the plan does not tell.
        effect: Option<Effect>,
        /// The arguments that the configuration sets; `None` when the plan does not tell.
        configured: Option<BTreeSet<String>>,
    },
}

impl Basis {
    /// Whether the configuration sets the attribute, as far as a plan tells. Nested blocks can come from a `dynamic` block, which plans leave
    /// out, so that nothing is said about a list that is not named.
    pub(super) fn sets(&self, path: &Path, sides: [Option<&Value>; 2]) -> Option<bool> {
        let Self::Plan {
            configured: Some(arguments),
            ..
        } = self
        else {
            return None;
        };
        let name = path.steps().first()?.name()?;
        if arguments.contains(name) {
            return Some(true);
        }
        let nested = path.steps().len() > 1
            || sides
                .into_iter()
                .flatten()
                .any(|value| matches!(value, Value::List(_) | Value::Set(_) | Value::Map(_)));
        (!nested).then_some(false)
    }
}

/// What really exists for the instances of a state: provider plugins, native readers, plans, snapshots, other states, later inventories.
///
/// # Behavior
/// - `observe` may be called for many objects at once.
/// - [`Observed::Absent`] is only for an object that was looked for and is not there.
/// - Nothing is written.
#[async_trait]
pub trait Reality: Send + Sync {
    /// Who answers for a provider configuration; `None` when nobody does.
    fn reader_info(&self, provider: &ProviderConfigAddress) -> Option<&ReaderInfo>;

    /// What can be told about a type under a provider configuration.
    fn support(&self, provider: &ProviderConfigAddress, type_name: &str) -> Support;

    /// Whether "everything is gone" can mean that it was looked for in the wrong place.
    fn can_be_misdirected(&self) -> bool {
        true
    }

    /// Looks at one object.
    async fn observe(&self, cx: &Context, object: &InstanceRef) -> Observed;
}
