//! What the providers' schemas say about order: only the members of a set have none.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::support::tools::Terraform;

/// The shape of a value, as far as order is concerned.
#[derive(Debug, Default)]
pub(super) enum Shape {
    /// A primitive, or a dynamic value: JSON tells its order as it is.
    #[default]
    Plain,
    /// Named parts, each of its own shape.
    Object(BTreeMap<String, Shape>),
    /// Named members, all of one shape.
    Map(Box<Shape>),
    /// Members in order.
    List(Box<Shape>),
    /// Members in order, each of its own shape.
    Tuple(Vec<Shape>),
    /// Members without order.
    Set(Box<Shape>),
}

/// The shapes of the resource types of a root module.
pub(super) struct Shapes(BTreeMap<String, Shape>);

impl Shapes {
    /// What `providers schema -json` says.
    pub(super) fn of(terraform: &Terraform) -> Self {
        let text = terraform.ok(&["providers", "schema", "-json"]);
        let document: Value = serde_json::from_str(&text).unwrap();
        let providers = document["provider_schemas"].as_object().unwrap().values();
        let types = providers.filter_map(|p| p["resource_schemas"].as_object());
        let mut shapes: BTreeMap<String, Shape> = types
            .flatten()
            .map(|(name, schema)| (name.clone(), block(&schema["block"])))
            .collect();
        // Built into the programs, which say nothing of its schema; its values are dynamic.
        shapes.insert("terraform_data".to_owned(), Shape::Plain);
        Self(shapes)
    }

    /// The shape of a resource type.
    pub(super) fn get(&self, resource_type: &str) -> &Shape {
        self.0
            .get(resource_type)
            .unwrap_or_else(|| panic!("no provider has a schema for {resource_type}"))
    }
}

impl Shape {
    /// Puts the members of sets, here and below, in one order.
    pub(super) fn sort(&self, value: &mut Value) {
        match (self, value) {
            (Self::Object(parts), Value::Object(entries)) => {
                for (name, value) in entries {
                    let part = parts
                        .get(name)
                        .unwrap_or_else(|| panic!("the schema has no {name}"));
                    part.sort(value);
                }
            }
            (Self::Map(member), Value::Object(entries)) => {
                entries.values_mut().for_each(|value| member.sort(value));
            }
            (Self::List(member), Value::Array(items)) => {
                items.iter_mut().for_each(|item| member.sort(item));
            }
            (Self::Tuple(members), Value::Array(items)) => {
                let pairs = members.iter().zip(items);
                pairs.for_each(|(member, item)| member.sort(item));
            }
            (Self::Set(member), Value::Array(items)) => {
                items.iter_mut().for_each(|item| member.sort(item));
                items.sort_by_cached_key(ToString::to_string);
            }
            _ => {}
        }
    }

    /// The shape one step below.
    pub(super) fn step(&self, name: &str) -> &Self {
        const PLAIN: &Shape = &Shape::Plain;
        match self {
            Self::Object(parts) => parts.get(name).unwrap_or(PLAIN),
            Self::Map(member) | Self::List(member) | Self::Set(member) => member,
            Self::Tuple(members) => name
                .parse()
                .ok()
                .and_then(|i: usize| members.get(i))
                .unwrap_or(PLAIN),
            Self::Plain => PLAIN,
        }
    }
}

fn block(schema: &Value) -> Shape {
    let mut parts = BTreeMap::new();
    for (name, schema) in entries(&schema["attributes"]) {
        let shape = match schema.get("nested_type") {
            Some(nested) => nesting(nested, block(nested)),
            None => of_type(&schema["type"]),
        };
        parts.insert(name.clone(), shape);
    }
    for (name, schema) in entries(&schema["block_types"]) {
        parts.insert(name.clone(), nesting(schema, block(&schema["block"])));
    }
    Shape::Object(parts)
}

fn nesting(schema: &Value, inner: Shape) -> Shape {
    match schema["nesting_mode"].as_str().unwrap() {
        "single" | "group" => inner,
        "list" => Shape::List(inner.into()),
        "set" => Shape::Set(inner.into()),
        "map" => Shape::Map(inner.into()),
        other => panic!("unknown nesting: {other}"),
    }
}

/// A type in its JSON form, such as `["set", "string"]`.
fn of_type(of: &Value) -> Shape {
    let Some([kind, inner, ..]) = of.as_array().map(Vec::as_slice) else {
        return Shape::Plain;
    };
    match kind.as_str().unwrap() {
        "list" => Shape::List(of_type(inner).into()),
        "set" => Shape::Set(of_type(inner).into()),
        "map" => Shape::Map(of_type(inner).into()),
        "tuple" => Shape::Tuple(inner.as_array().unwrap().iter().map(of_type).collect()),
        "object" => Shape::Object(
            entries(inner)
                .map(|(name, of)| (name.clone(), of_type(of)))
                .collect(),
        ),
        other => panic!("unknown type: {other}"),
    }
}

fn entries(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    of.as_object().into_iter().flat_map(Map::iter)
}

mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_members_of_sets_change_places() {
        let schema = json!({
            "attributes": {
                "list": {"type": ["list", "string"]},
                "set": {"type": ["set", ["list", "number"]]},
                "dynamic": {"type": "dynamic"},
                "nested": {"nested_type": {"nesting_mode": "map", "attributes": {"zones": {"type": ["set", "string"]}}}},
            },
            "block_types": {
                "disk": {"nesting_mode": "list", "block": {"attributes": {"n": {"type": "number"}}}},
                "rule": {"nesting_mode": "set", "block": {"attributes": {"n": {"type": "number"}}}},
            },
        });
        let mut value = json!({
            "list": ["b", "a"],
            "set": [[3, 2], [1]],
            "dynamic": ["b", "a"],
            "nested": {"x": {"zones": ["b", "a"]}},
            "disk": [{"n": 2}, {"n": 1}],
            "rule": [{"n": 2}, {"n": 1}],
        });
        block(&schema).sort(&mut value);
        let want = json!({
            "list": ["b", "a"],
            "set": [[1], [3, 2]],
            "dynamic": ["b", "a"],
            "nested": {"x": {"zones": ["a", "b"]}},
            "disk": [{"n": 2}, {"n": 1}],
            "rule": [{"n": 1}, {"n": 2}],
        });
        assert_eq!(value, want);
    }
}
