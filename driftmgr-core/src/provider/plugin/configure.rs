//! Completes a provider or list configuration to the whole object that the protocol wants.
//!
//! What the configuration sets is converted to the schema's types as Terraform converts it. The rest is null for attributes, empty
//! for repeated blocks. Providers refuse an object that is not whole.

use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind};
use crate::provider::schema::{Attribute, AttributeType, Block, NestedBlock, Nesting};
use crate::value::{Path, Step, Type, Value};

/// Why a configuration does not fit its schema. It quotes no value, since any can be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct ConfigError {
    path: Path,
    reason: String,
}

type Completed<T = Value> = Result<T, ConfigError>;

impl ConfigError {
    fn new(reason: impl Into<String>) -> Self {
        Self {
            path: Path::root(),
            reason: reason.into(),
        }
    }

    fn inside(mut self, step: Step) -> Self {
        self.path.0.insert(0, step);
        self
    }

    /// The error at the public edge.
    pub(crate) fn into_error(self) -> Error {
        let error = Error::new(ErrorKind::InvalidConfig, self.reason);
        if self.path.steps().is_empty() {
            error
        } else {
            error.with("attribute", self.path)
        }
    }
}

/// The whole object for the attributes and blocks that are set; null stands for none.
pub(crate) fn complete(given: &Value, block: &Block) -> Completed {
    let empty = BTreeMap::new();
    let given = match given {
        Value::Null => &empty,
        Value::Map(entries) => entries,
        other => return Err(expected("an object", other)),
    };
    if let Some(name) = given
        .keys()
        .find(|name| !block.attributes.contains_key(*name) && !block.blocks.contains_key(*name))
    {
        return Err(unknown_name(name));
    }
    let mut object = complete_attributes(given, &block.attributes)?;
    for (name, nested) in &block.blocks {
        let value = match given.get(name) {
            None | Some(Value::Null) => nested.empty_value(),
            Some(value) => {
                complete_blocks(value, nested).map_err(|e| e.inside(attribute_step(name)))?
            }
        };
        object.insert(name.clone(), value);
    }
    Ok(Value::Map(object))
}

fn attribute_step(name: &str) -> Step {
    Step::Attribute(name.to_owned())
}

fn unknown_name(name: &str) -> ConfigError {
    ConfigError::new("the provider has no such setting").inside(attribute_step(name))
}

fn expected(what: &str, got: &Value) -> ConfigError {
    ConfigError::new(match got {
        Value::Unknown => format!("{what} is expected, and its value is not known"),
        got => format!("{what} is expected, not {}", got.kind_name()),
    })
}

fn complete_attributes(
    given: &BTreeMap<String, Value>,
    attributes: &BTreeMap<String, Attribute>,
) -> Completed<BTreeMap<String, Value>> {
    let complete = |(name, attribute): (&String, &Attribute)| {
        let value = given.get(name).unwrap_or(&Value::Null);
        let value = match &attribute.attribute_type {
            AttributeType::Plain(ty) => convert(value, ty),
            AttributeType::Nested {
                nesting,
                attributes,
            } => complete_nested(value, *nesting, attributes),
        };
        let value = value.map_err(|e| e.inside(attribute_step(name)))?;
        Ok((name.clone(), value))
    };
    attributes.iter().map(complete).collect()
}

fn complete_nested(
    given: &Value,
    nesting: Nesting,
    attributes: &BTreeMap<String, Attribute>,
) -> Completed {
    if given.is_null() {
        return Ok(Value::Null);
    }
    arrange(given, nesting, &|object| match object {
        Value::Map(entries) => {
            if let Some(name) = entries.keys().find(|name| !attributes.contains_key(*name)) {
                return Err(unknown_name(name));
            }
            complete_attributes(entries, attributes).map(Value::Map)
        }
        other => Err(expected("an object", other)),
    })
}

/// Blocks of one name. A single block may stand without its list.
fn complete_blocks(given: &Value, nested: &NestedBlock) -> Completed {
    let one = |object: &Value| complete(object, &nested.block);
    match (nested.nesting, given) {
        (Nesting::Single | Nesting::Group, Value::List(items)) => match items.as_slice() {
            [] => Ok(nested.empty_value()),
            [object] => one(object),
            _ => Err(ConfigError::new(
                "at most one block of this name is allowed",
            )),
        },
        (Nesting::List, object @ Value::Map(_)) => Ok(Value::List(vec![one(object)?])),
        (Nesting::Set, object @ Value::Map(_)) => Ok(Value::set([one(object)?])),
        (nesting, given) => arrange(given, nesting, &one),
    }
}

/// Applies `one` to each object.
fn arrange(given: &Value, nesting: Nesting, one: &dyn Fn(&Value) -> Completed) -> Completed {
    match nesting {
        Nesting::Single | Nesting::Group => one(given),
        Nesting::List => Ok(Value::List(each(given, "a list", one)?)),
        Nesting::Set => Ok(Value::set(each(given, "a set", one)?)),
        Nesting::Map => each_entry(given, one),
    }
}

fn each(given: &Value, what: &str, one: &dyn Fn(&Value) -> Completed) -> Completed<Vec<Value>> {
    let items = given.as_elements().ok_or_else(|| expected(what, given))?;
    let one = |(i, item)| one(item).map_err(|e: ConfigError| e.inside(Step::Index(i)));
    items.iter().enumerate().map(one).collect()
}

fn each_entry(given: &Value, one: &dyn Fn(&Value) -> Completed) -> Completed {
    let entries = given.as_map().ok_or_else(|| expected("a map", given))?;
    let one = |(key, value): (&String, &Value)| {
        let value = one(value).map_err(|e| e.inside(Step::Key(key.clone())))?;
        Ok((key.clone(), value))
    };
    entries
        .iter()
        .map(one)
        .collect::<Completed<_>>()
        .map(Value::Map)
}

/// The value in another type, by Terraform's rules: strings, numbers and bools turn into each other where the text allows it, and
/// lists, sets and tuples do.
pub(crate) fn convert(value: &Value, ty: &Type) -> Completed {
    match (ty, value) {
        (_, Value::Null) => Ok(Value::Null),
        (Type::Dynamic, value @ Value::Dynamic(_)) => Ok(value.clone()),
        (_, Value::Dynamic(inner)) => convert(&inner.1, ty),
        (_, Value::Unknown) => Err(ConfigError::new("its value is not known")),
        (Type::Dynamic, value) => Ok(Value::Dynamic(Box::new((
            Type::infer(value),
            value.clone(),
        )))),
        (Type::Bool, Value::Bool(_))
        | (Type::Number, Value::Number(_))
        | (Type::String, Value::String(_)) => Ok(value.clone()),
        (Type::String, Value::Bool(b)) => Ok(Value::String(b.to_string())),
        (Type::String, Value::Number(number)) => Ok(Value::String(number.to_string())),
        (Type::Number, Value::String(text)) => text
            .parse()
            .map(Value::Number)
            .map_err(|_| ConfigError::new("a number is expected, and this text is none")),
        (Type::Bool, Value::String(text)) => match text.as_str() {
            "true" | "1" => Ok(Value::Bool(true)),
            "false" | "0" => Ok(Value::Bool(false)),
            _ => Err(ConfigError::new(
                "true or false is expected, and this text is neither",
            )),
        },
        (Type::List(of), value) => Ok(Value::List(each(value, "a list", &|v| convert(v, of))?)),
        (Type::Set(of), value) => Ok(Value::set(each(value, "a set", &|v| convert(v, of))?)),
        (Type::Map(of), value) => each_entry(value, &|v| convert(v, of)),
        (Type::Tuple(types), value) => convert_tuple(value, types),
        (Type::Object(types), Value::Map(entries)) => {
            let convert = |(name, ty): (&String, &Type)| {
                let value = entries.get(name).unwrap_or(&Value::Null);
                let value = convert(value, ty).map_err(|e| e.inside(attribute_step(name)))?;
                Ok((name.clone(), value))
            };
            types
                .iter()
                .map(convert)
                .collect::<Completed<_>>()
                .map(Value::Map)
        }
        (ty, value) => Err(expected(ty.described(), value)),
    }
}

fn convert_tuple(value: &Value, types: &[Type]) -> Completed {
    let items = value
        .as_elements()
        .ok_or_else(|| expected("a tuple", value))?;
    if items.len() != types.len() {
        return Err(ConfigError::new(format!(
            "{} elements are expected",
            types.len()
        )));
    }
    let pairs = items.iter().zip(types).enumerate();
    let one = |(i, (item, ty))| convert(item, ty).map_err(|e| e.inside(Step::Index(i)));
    pairs.map(one).collect::<Completed<_>>().map(Value::List)
}

#[cfg(test)]
mod tests;
