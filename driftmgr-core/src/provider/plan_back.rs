//! Plan-back: asks the provider whether a difference would make apply change anything, without any configuration files.
//!
//! What the configuration says is taken from the stored object: all that it can have set, as it was last applied. A provider that
//! plans no change from there to the real object calls both the same.

use super::reader::{PlanRequest, Planned, Refreshed};
use super::schema::{Nesting, ResourceSchema};
use super::shape::{Field, Fields};
use crate::value::{Difference, Path, Value, diff};

/// What apply would do about a real object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: the provider calls the stored and the real object the same.
    NoChange,
    /// Something.
    Change {
        /// From the real object to the planned one.
        changes: Vec<Difference>,
        /// The attributes among them whose change destroys the object and creates it anew.
        requires_replace: Vec<Path>,
    },
}

/// The plan request for an instance that was refreshed. `stored` is the state's object in the provider's current schema.
///
/// For an object that does not exist the prior value is null, and the provider plans its creation.
pub fn plan_request(
    schema: &ResourceSchema,
    type_name: &str,
    stored: &Value,
    refreshed: &Refreshed,
) -> PlanRequest {
    let prior = refreshed.current.clone().unwrap_or_default();
    let configuration = configured(schema.block.fields(), stored);
    let proposed = propose(schema.block.fields(), &configuration, &prior);
    PlanRequest {
        type_name: type_name.to_owned(),
        prior,
        configuration,
        proposed,
        private: refreshed.private.clone(),
        identity: refreshed.identity.clone(),
    }
}

/// What a configuration can have said to get an object: all but what only the provider sets and what is never stored.
fn configured(fields: Fields<'_>, object: &Value) -> Value {
    fields.map_attributes(object, &|attribute| {
        let unset = (attribute.computed && !attribute.optional) || attribute.write_only;
        unset.then_some(Value::Null)
    })
}

/// Configuration merged with what the provider computed: an attribute that the configuration leaves null and the provider
/// computes keeps its prior value. Nested objects are matched by position, by key, and in sets by all that is not computed.
pub(crate) fn propose(fields: Fields<'_>, configuration: &Value, prior: &Value) -> Value {
    let Value::Map(entries) = configuration else {
        return configuration.clone();
    };
    let mut entries = entries.clone();
    for (name, field) in fields.iter() {
        let prior = prior.attribute(name).unwrap_or(&Value::Null);
        let value = entries.entry(name.to_owned()).or_default();
        let kept = field.attribute().is_some_and(|a| a.computed) && value.is_null();
        *value = match field {
            _ if kept => prior.clone(),
            Field::Plain(_) => continue,
            Field::Nested(_, nesting, fields) | Field::Block(nesting, fields) => {
                propose_nested(nesting, fields, value, prior)
            }
        };
    }
    Value::Map(entries)
}

fn propose_nested(
    nesting: Nesting,
    fields: Fields<'_>,
    configuration: &Value,
    prior: &Value,
) -> Value {
    match (nesting, configuration) {
        (Nesting::Single | Nesting::Group, object) => propose(fields, object, prior),
        (Nesting::Map, Value::Map(objects)) => {
            Value::from_iter(objects.iter().map(|(key, object)| {
                let prior = prior.attribute(key).unwrap_or(&Value::Null);
                (key.clone(), propose(fields, object, prior))
            }))
        }
        (_, Value::List(objects)) => {
            let prior = prior.as_elements().unwrap_or_default();
            let objects = objects
                .iter()
                .enumerate()
                .map(|(i, object)| propose(fields, object, prior.get(i).unwrap_or(&Value::Null)));
            Value::List(objects.collect())
        }
        (_, Value::Set(members)) => propose_members(fields, members, prior),
        (_, other) => other.clone(),
    }
}

fn propose_members(fields: Fields<'_>, members: &[Value], prior: &Value) -> Value {
    let prior = prior.as_elements().unwrap_or_default();
    let mut candidates: Vec<(&Value, Value)> = prior
        .iter()
        .map(|object| (object, configured(fields, object)))
        .collect();
    let mut found: Vec<Option<&Value>> = vec![None; members.len()];
    // First the members that stand for a prior one exactly, so that no other one takes it; then those that become one when
    // nothing but computed values is added.
    for exact in [true, false] {
        for (member, found) in members.iter().zip(&mut found) {
            let belongs = |(object, configured): &(&Value, Value)| {
                if exact {
                    configured == member
                } else {
                    propose(fields, member, object) == **object
                }
            };
            if found.is_none()
                && let Some(at) = candidates.iter().position(belongs)
            {
                *found = Some(candidates.swap_remove(at).0);
            }
        }
    }
    let proposed = members
        .iter()
        .zip(found)
        .map(|(member, found)| match found {
            Some(object) => object.clone(),
            None => propose(fields, member, &Value::Null),
        });
    Value::set(proposed)
}

/// What the plan means. `real` is the object that was read.
///
/// A value that is known after apply only is no change in itself, since providers announce computed values like that whenever they
/// cannot exclude one; where it forces a replacement it is one.
pub fn judge(schema: &ResourceSchema, real: &Value, planned: &Planned) -> Verdict {
    let shape = schema.block.comparison_shape();
    let certain = settle(&planned.planned, real);
    let mut changes = diff(real, &certain, Some(&shape));
    let open = diff(real, &planned.planned, Some(&shape));
    let forced = |path: &Path| planned.requires_replace.iter().any(|r| related(r, path));
    for change in open {
        let unknown = change.after.as_ref().is_some_and(Value::has_unknown);
        if unknown
            && forced(&change.path)
            && !changes.iter().any(|c| related(&c.path, &change.path))
        {
            changes.push(change);
        }
    }
    if changes.is_empty() {
        return Verdict::NoChange;
    }
    // Providers name every attribute that could force a replacement, also those that stay the same.
    let requires_replace = planned.requires_replace.iter();
    let requires_replace = requires_replace
        .filter(|path| changes.iter().any(|change| related(path, &change.path)))
        .cloned()
        .collect();
    Verdict::Change {
        changes,
        requires_replace,
    }
}

fn related(a: &Path, b: &Path) -> bool {
    a.contains(b) || b.contains(a)
}

/// The planned value with the real one wherever the plan does not know.
fn settle(planned: &Value, real: &Value) -> Value {
    if !planned.has_unknown() {
        return planned.clone();
    }
    match (planned, real) {
        (Value::Unknown, real) => real.clone(),
        (Value::Map(entries), real) => Value::from_iter(entries.iter().map(|(key, value)| {
            let real = real.attribute(key).unwrap_or(&Value::Null);
            (key.clone(), settle(value, real))
        })),
        (Value::List(items), real) => {
            let real = real.as_elements().unwrap_or_default();
            let items = items.iter().enumerate();
            Value::List(
                items
                    .map(|(i, item)| settle(item, real.get(i).unwrap_or(&Value::Null)))
                    .collect(),
            )
        }
        (Value::Set(members), real) => {
            let real = real.as_elements().unwrap_or_default();
            let mut candidates: Vec<&Value> =
                real.iter().filter(|m| !members.contains(m)).collect();
            Value::set(members.iter().map(|member| {
                let fits = |real: &&Value| settle(member, real) == **real;
                match candidates.iter().position(fits) {
                    Some(at) if member.has_unknown() => candidates.swap_remove(at).clone(),
                    _ => member.clone(),
                }
            }))
        }
        (Value::Dynamic(planned), Value::Dynamic(real)) if planned.0 == real.0 => {
            let value = settle(&planned.1, &real.1);
            Value::Dynamic(Box::new((planned.0.clone(), value)))
        }
        (planned, _) => planned.clone(),
    }
}

#[cfg(test)]
#[path = "plan_back_tests.rs"]
mod tests;
