//! What differs between two states.
//!
//! Managed resources, data sources and outputs are all compared, since all of them stand in a state and are what its users read. What
//! Terraform keeps for itself is not: private data, dependencies, the order of things.

use std::collections::{BTreeMap, BTreeSet};

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::flatmap;
use super::model::{Instance, InstanceStatus, Output, RawAttributes, Resource, State};
use crate::address::{InstanceAddress, ResourceMode};
use crate::error::{Error, Partial, Result};
use crate::redact::MASK;
use crate::value::{Path, PathSet, Type, Value, diff, json, mask, mask_at};

/// The differences, sorted by address. As JSON, secrets are masked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// Instances that only the second state has.
    pub added: Vec<InstanceAddress>,
    /// Instances that only the first state has.
    pub removed: Vec<InstanceAddress>,
    /// Objects of instances in both states that differ.
    pub changed: Vec<ChangedInstance>,
    /// Instances that are the same object under another address; both addresses also stand in `removed` and `added`.
    pub moved: Vec<MovedInstance>,
    /// Outputs that only the second state has.
    pub outputs_added: Vec<String>,
    /// Outputs that only the first state has.
    pub outputs_removed: Vec<String>,
    /// Outputs in both states that differ.
    pub outputs_changed: Vec<ChangedOutput>,
}

/// An object that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedInstance {
    /// The instance.
    pub address: InstanceAddress,
    /// The key of a deposed object.
    pub deposed: Option<String>,
    /// Its attributes that differ. An object that came or went while its instance stayed is one change at the empty path.
    pub changes: Vec<StateChange>,
    /// What else differs.
    pub metadata: Vec<MetadataChange>,
    /// Secret parts of both objects.
    pub sensitive: PathSet,
}

/// An attribute that differs. The values are unmasked in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct StateChange {
    /// Where.
    pub path: Path,
    /// In the first state; `None` where there is nothing.
    pub before: Option<Value>,
    /// In the second state; `None` where there is nothing.
    pub after: Option<Value>,
    /// One of both is a secret, or holds one.
    pub sensitive: bool,
}

/// A difference beside the attributes: `status`, `schema_version` or `provider`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MetadataChange {
    /// Which.
    pub field: &'static str,
    /// In the first state.
    pub before: String,
    /// In the second state.
    pub after: String,
}

/// An object under another address.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MovedInstance {
    /// The address in the first state.
    pub from: InstanceAddress,
    /// The address in the second state.
    pub to: InstanceAddress,
}

/// An output that differs. The values are unmasked in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedOutput {
    /// Its name.
    pub name: String,
    /// In the first state.
    pub before: Value,
    /// In the second state.
    pub after: Value,
    /// Either is a secret.
    pub sensitive: bool,
}

impl Comparison {
    /// True when nothing differs.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

pub(crate) type Object<'a> = (&'a Resource, &'a Instance);
type Objects<'a> =
    BTreeMap<InstanceAddress, BTreeMap<Option<&'a str>, (&'a Resource, &'a Instance)>>;

/// Compares two states, instance by instance and attribute by attribute, without schemas.
///
/// Where an object cannot be parsed and the texts differ, it counts as one change of the whole, and the problem is named.
pub fn compare(before: &State, after: &State) -> Partial<Comparison> {
    let (old, new) = (objects(before), objects(after));
    let only = |a: &Objects<'_>, b: &Objects<'_>| -> Vec<InstanceAddress> {
        a.keys()
            .filter(|address| !b.contains_key(*address))
            .cloned()
            .collect()
    };
    let mut result = Partial::complete(Comparison {
        added: only(&new, &old),
        removed: only(&old, &new),
        ..Comparison::default()
    });
    for (address, old) in &old {
        let Some(new) = new.get(address) else {
            continue;
        };
        let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        for key in keys {
            let changed = changed(
                address,
                *key,
                old.get(key),
                new.get(key),
                &mut result.problems,
            );
            result.value.changed.extend(changed);
        }
    }
    result.value.moved = moved(&result.value, &old, &new);
    outputs(before, after, &mut result);
    result
}

fn objects(state: &State) -> Objects<'_> {
    let mut objects = Objects::new();
    for (resource, instance) in state.instances() {
        objects
            .entry(resource.instance_address(instance))
            .or_default()
            .insert(instance.deposed.as_deref(), (resource, instance));
    }
    objects
}

fn changed(
    address: &InstanceAddress,
    deposed: Option<&str>,
    old: Option<&Object<'_>>,
    new: Option<&Object<'_>>,
    problems: &mut Vec<Error>,
) -> Option<ChangedInstance> {
    let mut sensitive = PathSet::default();
    for (_, instance) in old.iter().chain(new.iter()) {
        sensitive.extend(&instance.sensitive);
    }
    let mut found = ChangedInstance {
        address: address.clone(),
        deposed: deposed.map(str::to_owned),
        changes: Vec::new(),
        metadata: Vec::new(),
        sensitive,
    };
    let differences = match (old, new) {
        (Some(old), Some(new)) => {
            found.metadata = metadata(old, new);
            if same_text(old.1, new.1) {
                Ok(Vec::new())
            } else {
                values(old, new).map(|(old, new)| {
                    let differences = diff(&old, &new, None).into_iter();
                    differences.map(|d| (d.path, d.before, d.after)).collect()
                })
            }
        }
        (old, new) => [old, new]
            .map(|object| object.map(plain).transpose())
            .into_iter()
            .collect::<Result<Vec<_>>>()
            .map(|mut sides| {
                let after = sides.pop().flatten();
                vec![(Path::root(), sides.pop().flatten(), after)]
            }),
    };
    let differences = differences.unwrap_or_else(|problem| {
        problems.push(problem.with("address", address));
        vec![(Path::root(), None, None)]
    });
    for (path, before, after) in differences {
        let sensitive = found.sensitive.hides(&path);
        found.changes.push(StateChange {
            path,
            before,
            after,
            sensitive,
        });
    }
    (!found.changes.is_empty() || !found.metadata.is_empty()).then_some(found)
}

fn same_text(old: &Instance, new: &Instance) -> bool {
    match (&old.attributes, &new.attributes) {
        (RawAttributes::Json(a), RawAttributes::Json(b)) => a.get() == b.get(),
        (RawAttributes::Flatmap(a), RawAttributes::Flatmap(b)) => a == b,
        _ => false,
    }
}

/// Both objects as values. A flatmap beside JSON takes its types from there, or all its numbers would differ.
pub(crate) fn values(old: &Object<'_>, new: &Object<'_>) -> Result<(Value, Value)> {
    let like = |flat: &BTreeMap<String, String>, other: &Object<'_>| -> Result<(Value, Value)> {
        let other = plain(other)?;
        let mut value = flatmap::expand(flat, &Type::infer(&other));
        if let (Value::Map(typed), Value::Map(all)) = (&mut value, flatmap::expand_untyped(flat)) {
            for (name, value) in all {
                typed.entry(name).or_insert(value);
            }
        }
        Ok((value, other))
    };
    match (&old.1.attributes, &new.1.attributes) {
        (RawAttributes::Flatmap(flat), RawAttributes::Json(_)) => like(flat, new),
        (RawAttributes::Json(_), RawAttributes::Flatmap(flat)) => {
            like(flat, old).map(|(new, old)| (old, new))
        }
        _ => Ok((plain(old)?, plain(new)?)),
    }
}

fn plain((resource, instance): &Object<'_>) -> Result<Value> {
    instance.attributes_plain(resource.provider_of(instance))
}

fn metadata(old: &Object<'_>, new: &Object<'_>) -> Vec<MetadataChange> {
    let facts = |(resource, instance): &Object<'_>| {
        let status = match instance.status {
            InstanceStatus::Ready => "ready",
            InstanceStatus::Tainted => "tainted",
        };
        let provider = resource.provider_of(instance).map(ToString::to_string);
        [
            ("status", status.to_owned()),
            ("schema_version", instance.schema_version.to_string()),
            ("provider", provider.unwrap_or_default()),
        ]
    };
    let pairs = facts(old).into_iter().zip(facts(new));
    pairs
        .filter(|(old, new)| old != new)
        .map(|((field, before), (_, after))| MetadataChange {
            field,
            before,
            after,
        })
        .collect()
}

/// What makes a managed object the same one: its type and its identity, else its id, else all its attributes. A mark that more than one
/// object bears on a side tells nothing.
fn moved(found: &Comparison, old: &Objects<'_>, new: &Objects<'_>) -> Vec<MovedInstance> {
    let marks = |addresses: &[InstanceAddress], objects: &Objects<'_>| {
        let mut marks: BTreeMap<Mark, Option<InstanceAddress>> = BTreeMap::new();
        for address in addresses {
            let current = objects.get(address).and_then(|o| o.get(&None));
            for mark in current.map(marks_of).unwrap_or_default() {
                let unique = !marks.contains_key(&mark);
                marks.insert(mark, unique.then(|| address.clone()));
            }
        }
        marks
    };
    let (gone, come) = (marks(&found.removed, old), marks(&found.added, new));
    let mut moved: Vec<MovedInstance> = Vec::new();
    // Marks sort by strength: an identity that fits wins over an id.
    for (mark, from) in gone {
        let (Some(from), Some(Some(to))) = (from, come.get(&mark)) else {
            continue;
        };
        if !moved.iter().any(|m| m.from == from || m.to == *to) {
            let to = to.clone();
            moved.push(MovedInstance { from, to });
        }
    }
    moved.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
    moved
}

/// Strength, type, and the mark itself.
type Mark = (u8, String, Value);

fn marks_of((resource, instance): &Object<'_>) -> Vec<Mark> {
    if resource.address.mode != ResourceMode::Managed {
        return Vec::new();
    }
    let ty = resource.address.resource_type.clone();
    let mut marks = Vec::new();
    let identity = instance.identity.as_ref();
    if let Some(identity) = identity.and_then(|(_, raw)| json::decode_untyped(raw.get()).ok()) {
        marks.push((0, ty.clone(), identity));
    }
    match instance.id() {
        Some(id) if !id.is_empty() => marks.push((1, ty, Value::from(id))),
        _ => {
            if let Ok(attributes) = instance.attributes_untyped() {
                marks.push((2, ty, attributes));
            }
        }
    }
    marks
}

fn outputs(before: &State, after: &State, result: &mut Partial<Comparison>) {
    let found = &mut result.value;
    for (name, old) in &before.outputs {
        let Some(new) = after.outputs.get(name) else {
            found.outputs_removed.push(name.clone());
            continue;
        };
        match (output(old), output(new)) {
            (Ok(before), Ok(after)) if before == after => {}
            (Ok(before), Ok(after)) => found.outputs_changed.push(ChangedOutput {
                name: name.clone(),
                before,
                after,
                sensitive: old.sensitive || new.sensitive,
            }),
            (Err(e), _) | (_, Err(e)) => result.problems.push(e.with("output", name)),
        }
    }
    let is_new = |name: &&String| !before.outputs.contains_key(*name);
    found.outputs_added = after.outputs.keys().filter(is_new).cloned().collect();
}

fn output(output: &Output) -> Result<Value> {
    json::decode_untyped(output.value.get()).map_err(|cause| {
        let message = format!("an output cannot be read: {cause}");
        Error::new(crate::ErrorKind::InvalidState, message).with_operation("state.compare")
    })
}

impl Serialize for Comparison {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Outputs<'a> {
            added: &'a [String],
            removed: &'a [String],
            changed: &'a [ChangedOutput],
        }
        let mut out = serializer.serialize_struct("Comparison", 5)?;
        out.serialize_field("added", &self.added)?;
        out.serialize_field("removed", &self.removed)?;
        out.serialize_field("changed", &self.changed)?;
        out.serialize_field("moved", &self.moved)?;
        let outputs = Outputs {
            added: &self.outputs_added,
            removed: &self.outputs_removed,
            changed: &self.outputs_changed,
        };
        out.serialize_field("outputs", &outputs)?;
        out.end()
    }
}

impl Serialize for ChangedInstance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Change {
            path: String,
            before: serde_json::Value,
            after: serde_json::Value,
            sensitive: bool,
        }
        let shown = |value: &Option<Value>, at: &Path| {
            value.as_ref().map_or(serde_json::Value::Null, |value| {
                json::encode_plain(&mask_at(value, at, &self.sensitive))
            })
        };
        let changes: Vec<Change> = self
            .changes
            .iter()
            .map(|change| Change {
                path: change.path.display_masked(&self.sensitive),
                before: shown(&change.before, &change.path),
                after: shown(&change.after, &change.path),
                sensitive: change.sensitive,
            })
            .collect();
        let mut out = serializer.serialize_struct("ChangedInstance", 4)?;
        out.serialize_field("address", &self.address)?;
        match &self.deposed {
            Some(key) => out.serialize_field("deposed", key)?,
            None => out.skip_field("deposed")?,
        }
        out.serialize_field("changes", &changes)?;
        if self.metadata.is_empty() {
            out.skip_field("metadata")?;
        } else {
            out.serialize_field("metadata", &self.metadata)?;
        }
        out.end()
    }
}

impl Serialize for ChangedOutput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = |value: &Value| match self.sensitive {
            true if !value.is_null() => serde_json::Value::from(MASK),
            _ => json::encode_plain(&mask(value, &PathSet::default())),
        };
        let mut out = serializer.serialize_struct("ChangedOutput", 4)?;
        out.serialize_field("name", &self.name)?;
        out.serialize_field("before", &shown(&self.before))?;
        out.serialize_field("after", &shown(&self.after))?;
        out.serialize_field("sensitive", &self.sensitive)?;
        out.end()
    }
}
