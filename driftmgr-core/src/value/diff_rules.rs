//! When two values count as equal, and what a comparison knows about the place it has come to.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::diff::{NestedShape, Shape};
use super::{Type, Value};

/// What is known about a value from where it stands.
#[derive(Clone)]
pub(crate) enum Guide<'a> {
    /// An object of a schema's block.
    Object(&'a Shape),
    /// All nested blocks of one name.
    Blocks(&'a NestedShape),
    /// A value of a type.
    Type(Cow<'a, Type>),
    /// A resource's object, without a schema.
    Root,
    /// An attribute of an object or an entry of a map, without a schema.
    Entry(String),
    /// An element of a list, without a schema.
    Element,
}

impl<'a> Guide<'a> {
    /// What is known of an entry of the map or object that `self` is about; `keyed` tells which of the two it is.
    pub(crate) fn entry(&self, key: &str, keyed: bool) -> Guide<'a> {
        match self {
            Guide::Object(shape) => of_shape(shape, key),
            Guide::Blocks(nested) if keyed => Guide::Object(&nested.shape),
            Guide::Blocks(nested) => of_shape(&nested.shape, key),
            Guide::Type(ty) => part(ty, |ty| match ty {
                Type::Map(of) => Some(of),
                Type::Object(of) => of.get(key),
                _ => None,
            })
            .unwrap_or_else(|| Guide::Entry(key.to_owned())),
            Guide::Root | Guide::Entry(_) | Guide::Element => Guide::Entry(key.to_owned()),
        }
    }

    /// What is known of an element of the list, tuple or set that `self` is about.
    pub(crate) fn element(&self, index: usize) -> Guide<'a> {
        match self {
            Guide::Blocks(nested) => Guide::Object(&nested.shape),
            Guide::Type(ty) => part(ty, |ty| match ty {
                Type::List(of) | Type::Set(of) => Some(of),
                Type::Tuple(of) => of.get(index),
                _ => None,
            })
            .unwrap_or(Guide::Element),
            _ => Guide::Element,
        }
    }

    /// True when the entries stand under keys (`["k"]`), false when they are attributes (`.k`).
    pub(crate) fn is_keyed(&self, entries: &BTreeMap<String, Value>) -> bool {
        match self {
            Guide::Object(_) | Guide::Root => false,
            Guide::Blocks(nested) => nested.keyed,
            Guide::Type(ty) => match ty.as_ref() {
                Type::Map(_) => true,
                Type::Object(_) => false,
                _ => looks_like_a_map(None, entries),
            },
            Guide::Entry(name) => looks_like_a_map(Some(name), entries),
            Guide::Element => looks_like_a_map(None, entries),
        }
    }

    /// True for what means "nothing here": null, and among nested blocks also an empty collection.
    pub(crate) fn is_void(&self, value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Dynamic(inner) => inner.1.is_null(),
            Value::List(items) | Value::Set(items) => {
                items.is_empty() && matches!(self, Guide::Blocks(_))
            }
            Value::Map(entries) => entries.is_empty() && matches!(self, Guide::Blocks(_)),
            _ => false,
        }
    }
}

fn of_shape<'a>(shape: &'a Shape, name: &str) -> Guide<'a> {
    if let Some(nested) = shape.blocks.get(name) {
        return Guide::Blocks(nested);
    }
    match shape.attributes.get(name) {
        Some(ty) => Guide::Type(Cow::Borrowed(ty)),
        None => Guide::Entry(name.to_owned()),
    }
}

fn part<'a>(
    ty: &Cow<'a, Type>,
    choose: impl for<'t> Fn(&'t Type) -> Option<&'t Type>,
) -> Option<Guide<'a>> {
    let part = match ty {
        Cow::Borrowed(ty) => choose(ty).map(Cow::Borrowed),
        Cow::Owned(ty) => choose(ty).cloned().map(Cow::Owned),
    };
    part.map(Guide::Type)
}

/// Guesses whether JSON's object is a map: by a name that always holds one, by keys that no attribute can have, or since all that
/// it holds is text. Elements of lists are taken for objects unless their keys say otherwise: nested blocks look like that.
fn looks_like_a_map(name: Option<&str>, entries: &BTreeMap<String, Value>) -> bool {
    const MAPS: [&str; 9] = [
        "tags",
        "tags_all",
        "labels",
        "effective_labels",
        "terraform_labels",
        "annotations",
        "triggers",
        "keepers",
        "variables",
    ];
    let by_name = name.is_some_and(|name| {
        MAPS.contains(&name) || name.ends_with("_tags") || name.ends_with("_labels")
    });
    let all_text = || {
        !entries.is_empty()
            && entries
                .values()
                .all(|value| matches!(value, Value::String(_)))
    };
    by_name || entries.keys().any(|key| !is_attribute_name(key)) || (name.is_some() && all_text())
}

/// Schemas hold lower-case names only.
fn is_attribute_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// One form for all values that count as equal at this place.
pub(crate) fn canonical(value: &Value, guide: &Guide<'_>) -> Value {
    if guide.is_void(value) {
        return Value::Null;
    }
    match value {
        Value::Map(entries) => {
            let keyed = guide.is_keyed(entries);
            let entries = entries.iter().map(|(key, value)| {
                let value = canonical(value, &guide.entry(key, keyed));
                (key.clone(), value)
            });
            Value::Map(entries.filter(|(_, v)| keyed || !v.is_null()).collect())
        }
        Value::List(items) => {
            let items = items.iter().enumerate();
            let items = items.map(|(i, item)| canonical(item, &guide.element(i)));
            Value::List(items.collect())
        }
        Value::Set(members) => {
            let element = guide.element(0);
            Value::set(members.iter().map(|member| canonical(member, &element)))
        }
        Value::Dynamic(inner) => {
            let (ty, value) = inner.as_ref();
            let value = canonical(value, &Guide::Type(Cow::Borrowed(ty)));
            Value::Dynamic(Box::new((ty.clone(), value)))
        }
        plain => plain.clone(),
    }
}
