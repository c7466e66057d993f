//! Values of Terraform's type system: exact numbers, unknowns, sets, paths. No I/O.

mod codec;
mod diff;
mod diff_rules;
#[cfg(test)]
mod fixture_tests;
#[cfg(test)]
pub(crate) mod generate;
pub mod json;
pub mod msgpack;
mod number;
mod path;
mod path_json;
mod render;
mod types;
mod yaml;

use std::collections::BTreeMap;
use std::fmt;

pub use codec::{DecodeError, EncodeError};
pub use diff::{Difference, NestedShape, Shape, diff, diff_typed};
pub use number::{Number, NumberError};
pub use path::{Path, PathSet, Step};
pub use render::{mask, mask_at, one_line};
pub use types::{Type, TypeError};
pub(crate) use yaml::forbidden as forbidden_in_yaml;

/// A value, without its marks: which parts are sensitive stands beside it in a [`PathSet`].
///
/// Objects and maps are both [`Value::Map`], tuples and lists both [`Value::List`]; a [`Type`] tells them apart where that matters.
/// `Debug` shows the shape and never the content, since any string can be a secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Value {
    /// No value, of any type.
    #[default]
    Null,
    /// Not known before apply.
    Unknown,
    /// A boolean.
    Bool(bool),
    /// An exact decimal number.
    Number(Number),
    /// Text.
    String(String),
    /// A list or tuple.
    List(Vec<Value>),
    /// A set: sorted, without duplicates. Build it with [`Value::set`].
    Set(Vec<Value>),
    /// A map or object.
    Map(BTreeMap<String, Value>),
    /// A value of an attribute whose type is dynamic, with the type it has.
    Dynamic(Box<(Type, Value)>),
}

impl Value {
    /// A set of these elements, in canonical order.
    pub fn set(elements: impl IntoIterator<Item = Value>) -> Self {
        let mut elements: Vec<Value> = elements.into_iter().collect();
        elements.sort();
        elements.dedup();
        Self::Set(elements)
    }

    /// True for nothing: null, empty text, and collections without elements.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Null => true,
            Self::String(text) => text.is_empty(),
            Self::List(items) | Self::Set(items) => items.is_empty(),
            Self::Map(entries) => entries.is_empty(),
            Self::Dynamic(inner) => inner.1.is_blank(),
            Self::Unknown | Self::Bool(_) | Self::Number(_) => false,
        }
    }

    /// True for null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// True when this value or anything in it is unknown.
    pub fn has_unknown(&self) -> bool {
        match self {
            Self::Unknown => true,
            Self::List(items) | Self::Set(items) => items.iter().any(Value::has_unknown),
            Self::Map(entries) => entries.values().any(Value::has_unknown),
            Self::Dynamic(inner) => inner.1.has_unknown(),
            _ => false,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(s) => Some(s),
            _ => None,
        }
    }

    /// The entries of a map or object.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The elements of a list, tuple or set.
    pub fn as_elements(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) | Self::Set(items) => Some(items),
            _ => None,
        }
    }

    /// The value of an attribute of an object.
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        self.as_map()?.get(name)
    }

    /// What the value is, in a word: `string`, `list`, …
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Unknown => "unknown",
            Self::Bool(_) => "bool",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Map(_) => "map",
            Self::Dynamic(inner) => inner.1.kind_name(),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(items) | Self::Set(items) => {
                write!(f, "{}({})", self.kind_name(), items.len())
            }
            Self::Map(entries) => f.debug_map().entries(entries).finish(),
            _ => f.write_str(self.kind_name()),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

impl From<Number> for Value {
    fn from(value: Number) -> Self {
        Self::Number(value)
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Value {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self::Map(
            entries
                .into_iter()
                .map(|(k, v)| (k.into(), v.into()))
                .collect(),
        )
    }
}
