//! What terraform says about a difference, and what driftmgr says, in one shape that can be compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// An address, with the key of a deposed object behind a `#`.
pub(super) type Key = String;

/// One difference between state and reality.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    /// `update` or `delete`.
    pub(super) action: String,
    /// The object in the state, secrets masked, arrays in one order.
    pub(super) before: Value,
    /// The object in reality, likewise.
    pub(super) after: Value,
}

impl Difference {
    /// The paths at which the two sides differ, as JSON pointers.
    pub(super) fn paths(&self) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        differing(&self.before, &self.after, String::new(), &mut paths);
        paths
    }
}

fn differing(a: &Value, b: &Value, at: String, into: &mut BTreeSet<String>) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let null = &Value::Null;
                differing(
                    a.get(key).unwrap_or(null),
                    b.get(key).unwrap_or(null),
                    format!("{at}/{key}"),
                    into,
                );
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                differing(a, b, format!("{at}/{i}"), into);
            }
        }
        _ if a != b => {
            into.insert(at);
        }
        _ => {}
    }
}

/// Every entry of `resource_drift`, ours or terraform's.
pub(super) fn differences(document: &Value) -> BTreeMap<Key, Difference> {
    let entries = document["resource_drift"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    entries
        .iter()
        .map(|entry| {
            let change = &entry["change"];
            let mut sides = ["before", "after"].map(|side| {
                let mut value = change[side].clone();
                mask(&mut value, &change["before_sensitive"]);
                mask(&mut value, &change["after_sensitive"]);
                value
            });
            sides.iter_mut().for_each(in_one_order);
            let [before, after] = sides;
            let action = change["actions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|a| a.as_str().unwrap())
                .collect::<Vec<_>>()
                .join("+");
            (
                key(entry),
                Difference {
                    action,
                    before,
                    after,
                },
            )
        })
        .collect()
}

/// The actions of a full plan on managed resources, `no-op` included.
pub(super) fn actions(plan: &Value) -> BTreeMap<Key, String> {
    plan["resource_changes"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .filter(|entry| entry["mode"] == "managed")
        .map(|entry| {
            let actions: BTreeSet<&str> = entry["change"]["actions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|a| a.as_str().unwrap())
                .collect();
            (
                key(entry),
                actions.into_iter().collect::<Vec<_>>().join("+"),
            )
        })
        .collect()
}

fn key(entry: &Value) -> Key {
    let address = entry["address"].as_str().unwrap();
    match entry["deposed"].as_str() {
        Some(deposed) => format!("{address}#{deposed}"),
        None => address.to_owned(),
    }
}

/// Puts the mask where a sensitivity structure says `true`.
fn mask(value: &mut Value, sensitive: &Value) {
    match (value, sensitive) {
        (value, Value::Bool(true)) if !value.is_null() => {
            *value = driftmgr_core::redact::MASK.into()
        }
        (Value::Object(entries), Value::Object(marks)) => {
            for (name, mark) in marks {
                if let Some(entry) = entries.get_mut(name) {
                    mask(entry, mark);
                }
            }
        }
        (Value::Array(items), Value::Array(marks)) => items
            .iter_mut()
            .zip(marks)
            .for_each(|(item, mark)| mask(item, mark)),
        _ => {}
    }
}

/// JSON does not tell sets from lists, so both sides are sorted: the order of lists is checked by the mutation tests.
fn in_one_order(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(in_one_order);
            items.sort_by_cached_key(ToString::to_string);
        }
        // The same number has many texts.
        Value::Number(number) => {
            let exact: driftmgr_core::value::Number = number.to_string().parse().unwrap();
            *value = Value::String(exact.to_string());
        }
        Value::Object(entries) => {
            let mut sorted: Vec<(String, Value)> = std::mem::take(entries).into_iter().collect();
            sorted.iter_mut().for_each(|(_, value)| in_one_order(value));
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            *entries = sorted.into_iter().collect::<Map<_, _>>();
        }
        _ => {}
    }
}
