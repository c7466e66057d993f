//! References answered from a state.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::address::{InstanceKey, ResourceAddress};
use crate::state::{Instance, RawAttributes, Resource, State};
use crate::value::Value;

/// A state's resources by address, as the values that references to them give.
#[derive(Debug)]
pub struct StateReferences<'a> {
    resources: BTreeMap<&'a ResourceAddress, &'a Resource>,
}

/// What a state says about a resource.
pub(super) struct Found {
    pub(super) value: Value,
    pub(super) sensitive: bool,
}

impl<'a> StateReferences<'a> {
    /// Indexes a state. Attributes are parsed when they are referred to.
    pub fn new(state: &'a State) -> Self {
        Self {
            resources: state.resources.iter().map(|r| (&r.address, r)).collect(),
        }
    }

    /// The object of a resource, or the list or map of its instances; `Err` says why there is none.
    pub(super) fn resource(&self, address: &ResourceAddress) -> Result<Found, String> {
        let resource = self
            .resources
            .get(address)
            .ok_or("it is not in the state")?;
        let current: Vec<&Instance> = resource
            .instances
            .iter()
            .filter(|instance| instance.deposed.is_none())
            .collect();
        let sensitive = current
            .iter()
            .any(|instance| !instance.sensitive.is_empty());
        let value = match current.as_slice() {
            [] => return Err("it has no object in the state".to_owned()),
            [only] if only.key.is_none() => object(only)?,
            many => instances(many)?,
        };
        Ok(Found { value, sensitive })
    }
}

fn instances(many: &[&Instance]) -> Result<Value, String> {
    let mut by_name = BTreeMap::new();
    let mut by_index = BTreeMap::new();
    for instance in many {
        let value = object(instance)?;
        match &instance.key {
            Some(InstanceKey::String(name)) => {
                by_name.insert(name.clone(), value);
            }
            Some(InstanceKey::Int(index)) => {
                by_index.insert(*index, value);
            }
            None => return Err("its instances in the state have no keys".to_owned()),
        }
    }
    if by_index.is_empty() {
        return Ok(Value::Map(by_name));
    }
    // A gap would shift the rest.
    let whole = by_index.keys().copied().eq((0..).take(by_index.len()));
    if whole && by_name.is_empty() {
        Ok(Value::List(by_index.into_values().collect()))
    } else {
        Err("some of its instances are not in the state".to_owned())
    }
}

fn object(instance: &Instance) -> Result<Value, String> {
    match &instance.attributes {
        RawAttributes::Json(raw) => serde_json::from_str(raw.get())
            .map(|json| from_json(&json))
            .map_err(|_| "its object in the state is not readable".to_owned()),
        RawAttributes::Flatmap(_) => {
            Err("its object in the state is from before Terraform 0.12".to_owned())
        }
    }
}

/// Without a schema: sets are lists, objects are maps.
pub(crate) fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => number
            .to_string()
            .parse()
            .map_or(Value::Unknown, Value::Number),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(from_json).collect()),
        Json::Object(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), from_json(value)))
                .collect(),
        ),
    }
}
