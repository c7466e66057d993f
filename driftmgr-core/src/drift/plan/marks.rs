//! The marks of a plan: objects and lists of the shape of the value, with `true` where it is secret or unknown.

use serde_json::Value as Json;

use crate::value::{Path, PathSet, Step, Value};

/// The paths at which the mark is `true`.
pub(super) fn paths(mark: &Json) -> PathSet {
    let mut found = PathSet::default();
    collect(mark, &Path::root(), &mut found);
    found
}

fn collect(mark: &Json, at: &Path, into: &mut PathSet) {
    match mark {
        Json::Bool(true) => into.insert(at.clone()),
        Json::Object(entries) => {
            for (name, mark) in entries {
                collect(mark, &at.join(Step::Attribute(name.clone())), into);
            }
        }
        Json::Array(items) => {
            for (index, mark) in items.iter().enumerate() {
                collect(mark, &at.join(Step::Index(index)), into);
            }
        }
        _ => {}
    }
}

/// The value with unknown in every place that is marked. Plans leave unknown attributes out of the value itself.
pub(super) fn with_unknown(value: Value, mark: &Json) -> Value {
    match (mark, value) {
        (Json::Bool(true), _) => Value::Unknown,
        (Json::Object(marks), Value::Map(mut entries)) => {
            for (name, mark) in marks {
                let value = entries.remove(name).unwrap_or_default();
                entries.insert(name.clone(), with_unknown(value, mark));
            }
            Value::Map(entries)
        }
        (Json::Array(marks), Value::List(mut items)) => {
            for (index, mark) in marks.iter().enumerate() {
                match items.get_mut(index) {
                    Some(item) => *item = with_unknown(std::mem::take(item), mark),
                    None => items.push(with_unknown(Value::Null, mark)),
                }
            }
            Value::List(items)
        }
        (_, value) => value,
    }
}

/// The path of an array of names and positions, as `replace_paths` and `relevant_attributes` write it. It ends before what is neither.
pub(super) fn path(steps: &[Json]) -> Path {
    let step = |json: &Json| match json {
        Json::String(name) => Some(Step::Attribute(name.clone())),
        Json::Number(index) => usize::try_from(index.as_u64()?).ok().map(Step::Index),
        _ => None,
    };
    Path(steps.iter().map_while(step).collect())
}

/// Parts of the name of an attribute that mostly holds a secret.
const SECRETIVE: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "private_key",
    "api_key",
    "access_key",
    "credential",
    "connection_string",
];

/// What is secret by its name. Plans from before Terraform 0.14 mark nothing, and one secret more is better than one less.
pub(super) fn by_name(value: &Value) -> PathSet {
    let mut found = PathSet::default();
    name_collect(value, &Path::root(), &mut found);
    found
}

fn name_collect(value: &Value, at: &Path, into: &mut PathSet) {
    match value {
        Value::Map(entries) => {
            for (name, value) in entries {
                let at = at.join(Step::Attribute(name.clone()));
                let lower = name.to_lowercase();
                if SECRETIVE.iter().any(|part| lower.contains(part)) {
                    into.insert(at);
                } else {
                    name_collect(value, &at, into);
                }
            }
        }
        Value::List(items) => {
            for (index, value) in items.iter().enumerate() {
                name_collect(value, &at.join(Step::Index(index)), into);
            }
        }
        _ => {}
    }
}
