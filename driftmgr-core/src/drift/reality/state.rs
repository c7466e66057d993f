//! Another state as reality: what it holds is there, what it does not hold is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;

use super::{Basis, InstanceRef, Observation, Observed, Reality, Support};
use crate::address::{InstanceAddress, ProviderConfigAddress, ResourceMode};
use crate::context::Context;
use crate::drift::moved::Renames;
use crate::drift::selection::Selection;
use crate::error::{Error, ErrorKind, Result};
use crate::provider::{ReaderInfo, ResourceSchema};
use crate::state::{Instance, Resource, State, comparable};
use crate::value::diff;

/// Another state as reality. Objects are found by their address; those that the configuration has moved also by the new one.
///
/// No provider is asked, so nobody says what apply would do about a difference.
#[derive(Debug)]
pub struct StateReality {
    objects: BTreeMap<(InstanceAddress, Option<String>), (Resource, Instance)>,
    renames: Renames,
    schema: Arc<ResourceSchema>,
}

impl StateReality {
    /// The objects of `real`; `renames` are those of the state that is compared with it.
    pub fn new(real: &State, renames: Renames) -> Self {
        let objects = real
            .instances()
            .filter(|(resource, _)| resource.address.mode == ResourceMode::Managed);
        let objects = objects.map(|(resource, instance)| {
            let key = (
                resource.instance_address(instance),
                instance.deposed.clone(),
            );
            let alone = Resource::new(
                resource.address.clone(),
                resource.provider_of(instance).cloned(),
            );
            (key, (alone, instance.clone()))
        });
        Self {
            objects: objects.collect(),
            renames,
            schema: Arc::default(),
        }
    }

    /// How many selected instances are in this reality and not in the state.
    pub fn unmanaged(&self, state: &State, selection: &Selection) -> u64 {
        let mut known: BTreeSet<InstanceAddress> = BTreeSet::new();
        for (resource, instance) in state.instances() {
            let address = resource.instance_address(instance);
            known.extend(self.renames.get(&address).cloned());
            known.insert(address);
        }
        let mine: BTreeSet<&InstanceAddress> = self.objects.keys().map(|(a, _)| a).collect();
        let unknown = mine
            .into_iter()
            .filter(|a| !known.contains(*a) && selection.contains(a));
        unknown.count() as u64
    }

    /// The state with the marks of secrets of this reality added to its own.
    pub fn marked(&self, state: &State) -> State {
        let mut state = state.clone();
        for resource in &mut state.resources {
            for instance in &mut resource.instances {
                let address = resource.address.instance(instance.key.clone());
                if let Some((_, real)) = self.find(&address, instance.deposed.as_deref()) {
                    instance.sensitive.extend(&real.sensitive);
                }
            }
        }
        state
    }

    fn find(
        &self,
        address: &InstanceAddress,
        deposed: Option<&str>,
    ) -> Option<&(Resource, Instance)> {
        let at = |address: &InstanceAddress| {
            let key = (address.clone(), deposed.map(str::to_owned));
            self.objects.get(&key)
        };
        at(address).or_else(|| at(self.renames.get(address)?))
    }

    fn look(&self, object: &InstanceRef) -> Result<Observed> {
        let own = Resource::new(
            object.address.resource.clone(),
            Some(object.provider.clone()),
        );
        let deposed = object.instance.deposed.as_deref();
        let Some((resource, real)) = self.find(&object.address, deposed) else {
            return Ok(Observed::Absent {
                stored: object.instance.attributes_plain(Some(&object.provider))?,
                schema: self.schema.clone(),
                notes: Vec::new(),
                effect: None,
            });
        };
        let (stored, current) = comparable(&(&own, &object.instance), &(resource, real))?;
        let same = diff(
            &stored,
            &current,
            Some(&self.schema.block.comparison_shape()),
        )
        .is_empty();
        Ok(Observed::Present(Box::new(Observation {
            stored,
            current,
            schema: self.schema.clone(),
            verdict: (!same).then(|| {
                Err(Error::new(
                    ErrorKind::Unsupported,
                    "two states are compared, and nobody was asked",
                ))
            }),
            basis: Basis::PlanBack,
            notes: Vec::new(),
        })))
    }
}

#[async_trait]
impl Reality for StateReality {
    fn reader_info(&self, _provider: &ProviderConfigAddress) -> Option<&ReaderInfo> {
        None
    }

    fn support(&self, _provider: &ProviderConfigAddress, _type_name: &str) -> Support {
        Support::Attributes
    }

    /// The caller named the other state.
    fn can_be_misdirected(&self) -> bool {
        false
    }

    async fn observe(&self, _cx: &Context, object: &InstanceRef) -> Observed {
        self.look(object).unwrap_or_else(Observed::Unreadable)
    }
}
