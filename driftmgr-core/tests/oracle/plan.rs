//! What terraform says about a difference, and what driftmgr says, in one shape that can be compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::schema::{Shape, Shapes};

/// An address, with the key of a deposed object behind a `#`.
pub(super) type Key = String;

/// The way into a value: names and positions.
pub(super) type Steps = Vec<String>;

/// One difference between state and reality.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    pub(super) resource_type: String,
    /// `update` or `delete`.
    pub(super) action: String,
    /// The object in the state, secrets masked, the members of sets in one order.
    pub(super) before: Value,
    /// The object in reality, likewise.
    pub(super) after: Value,
    /// Where the two sides differ as they were given: terraform gives secrets, so theirs are among these.
    pub(super) changed: BTreeSet<Steps>,
}

/// The ways to what differs; an absent entry is a null.
pub(super) fn differing(a: &Value, b: &Value, at: &Steps, into: &mut BTreeSet<Steps>) {
    let below = |step: String| [at.as_slice(), &[step]].concat();
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let null = &Value::Null;
                differing(
                    a.get(key).unwrap_or(null),
                    b.get(key).unwrap_or(null),
                    &below(key.clone()),
                    into,
                );
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                differing(a, b, &below(i.to_string()), into);
            }
        }
        _ if a != b => {
            into.insert(at.clone());
        }
        _ => {}
    }
}

/// Every entry of `resource_drift`, ours or terraform's.
pub(super) fn differences(document: &Value, shapes: &Shapes) -> BTreeMap<Key, Difference> {
    entries(document)
        .iter()
        .map(|entry| (key(entry), difference(entry, shapes)))
        .collect()
}

/// The ways of our own list of changes, each as far as names lead.
pub(super) fn listed(entry: &Value, shapes: &Shapes) -> BTreeSet<Steps> {
    let shape = shapes.get(entry["type"].as_str().unwrap());
    let changes = entry["drift"]["changes"].as_array().unwrap().iter();
    changes
        .map(|change| by_name(&steps(change["path"].as_str().unwrap()), shape))
        .collect()
}

/// The way up to the first list or set: a reader of JSON compares members by their place, and driftmgr knows which were inserted and which
/// belong to a set.
pub(super) fn by_name(steps: &Steps, mut shape: &Shape) -> Steps {
    let named = steps.iter().take_while(|step| {
        let named = match shape {
            Shape::Object(_) | Shape::Map(_) => true,
            Shape::Plain => step.parse::<usize>().is_err(),
            Shape::List(_) | Shape::Tuple(_) | Shape::Set(_) => false,
        };
        shape = shape.step(step);
        named
    });
    named.cloned().collect()
}

/// `disk[1].name` and `tags["a"]` as steps, up to what is neither a name, a position nor a key.
fn steps(path: &str) -> Steps {
    let mut steps = Steps::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(key) = rest.strip_prefix("[\"") {
            let Some(end) = key.find("\"]") else { break };
            steps.push(key[..end].to_owned());
            rest = &key[end + 2..];
        } else if let Some(index) = rest.strip_prefix('[') {
            let Some((index, after)) = index.split_once(']') else {
                break;
            };
            if index.parse::<usize>().is_err() {
                break;
            }
            steps.push(index.to_owned());
            rest = after;
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let end = name.find(['.', '[']).unwrap_or(name.len());
            steps.push(name[..end].to_owned());
            rest = &name[end..];
        }
    }
    steps
}

/// Whether each way of one side is, goes through or leads to one of the other: an object that appears is one difference to the one and one for
/// each of its attributes to the other.
pub(super) fn same_places(a: &BTreeSet<Steps>, b: &BTreeSet<Steps>) -> bool {
    let on_one_way = |x: &Steps, y: &Steps| x.starts_with(y) || y.starts_with(x);
    let each = |a: &BTreeSet<Steps>, b: &BTreeSet<Steps>| {
        a.iter().all(|x| b.iter().any(|y| on_one_way(x, y)))
    };
    each(a, b) && each(b, a)
}

/// The entries of `resource_drift`.
pub(super) fn entries(document: &Value) -> &[Value] {
    document["resource_drift"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn difference(entry: &Value, shapes: &Shapes) -> Difference {
    let change = &entry["change"];
    let shape = shapes.get(entry["type"].as_str().unwrap());
    let side = |side: &str, masked: bool| {
        let mut value = change[side].clone();
        if masked {
            mask(&mut value, &change["before_sensitive"]);
            mask(&mut value, &change["after_sensitive"]);
        }
        exact(&mut value);
        shape.sort(&mut value);
        value
    };
    let action = change["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a.as_str().unwrap())
        .collect::<Vec<_>>()
        .join("+");
    let mut changed = BTreeSet::new();
    differing(
        &side("before", false),
        &side("after", false),
        &Steps::new(),
        &mut changed,
    );
    Difference {
        resource_type: entry["type"].as_str().unwrap().to_owned(),
        action,
        before: side("before", true),
        after: side("after", true),
        changed,
    }
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

pub(super) fn key(entry: &Value) -> Key {
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

/// Numbers by value: the same number has many texts.
fn exact(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(exact),
        Value::Number(number) => {
            let exact: driftmgr_core::value::Number = number.to_string().parse().unwrap();
            // Not the text alone: a number is no string.
            *value = Value::String(format!("the number {exact}"));
        }
        Value::Object(entries) => {
            let mut sorted: Vec<(String, Value)> = std::mem::take(entries).into_iter().collect();
            sorted.iter_mut().for_each(|(_, value)| exact(value));
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            *entries = sorted.into_iter().collect::<Map<_, _>>();
        }
        _ => {}
    }
}

mod tests {
    use super::*;

    fn way(steps: &[&str]) -> Steps {
        steps.iter().map(|step| (*step).to_owned()).collect()
    }

    #[test]
    fn paths_are_split_into_names_positions_and_keys() {
        assert_eq!(steps("disk[1].size_gb"), way(&["disk", "1", "size_gb"]));
        assert_eq!(steps(r#"tags["a.b/[c"]"#), way(&["tags", "a.b/[c"]));
        assert_eq!(steps("rule[{port = 1}]"), way(&["rule"]));
    }

    #[test]
    fn places_are_the_same_when_one_leads_to_the_other() {
        let set = |ways: &[&[&str]]| ways.iter().map(|w| way(w)).collect::<BTreeSet<_>>();
        let object = set(&[&["endpoint"]]);
        let parts = set(&[&["endpoint", "host"], &["endpoint", "port"]]);
        assert!(same_places(&object, &parts) && same_places(&parts, &object));
        assert!(!same_places(&object, &set(&[&["endpoint"], &["name"]])));
        assert!(!same_places(
            &set(&[&["tags", "a"]]),
            &set(&[&["tags", "b"]])
        ));
        assert!(!same_places(&object, &set(&[])));
    }

    #[test]
    fn numbers_are_compared_exactly_and_are_no_strings() {
        let shown = |text: &str| {
            let mut value = serde_json::from_str(text).unwrap();
            exact(&mut value);
            value
        };
        assert_eq!(shown("[1e2, 1.50]"), shown("[100, 1.5]"));
        assert_ne!(shown("1"), shown("\"1\""));
        assert_ne!(
            shown("123456789012345678901234567890.125"),
            shown("123456789012345678901234567890.126")
        );
    }
}
