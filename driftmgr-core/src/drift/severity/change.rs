//! What a rule is asked about: one change of an attribute, and the parts of a block that came or changed as a whole.

use crate::value::{Path, Step, Value};

/// One changed attribute, as severity rules see it.
#[derive(Debug, Clone, Copy)]
pub struct Changed<'a> {
    /// The resource type, such as `aws_s3_bucket`.
    pub resource_type: &'a str,
    /// Where it stands.
    pub path: &'a Path,
    /// What the state says; `None` where there is nothing at that path.
    pub before: Option<&'a Value>,
    /// What is really there.
    pub after: Option<&'a Value>,
    /// The whole object in reality, for conditions on other attributes.
    pub current: &'a Value,
}

/// Both sides of an attribute, or of a part of it. No value and an empty one are both `None`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Sides<'a> {
    pub(super) before: Option<&'a Value>,
    pub(super) after: Option<&'a Value>,
}

impl<'a> Sides<'a> {
    pub(super) fn new(before: Option<&'a Value>, after: Option<&'a Value>) -> Self {
        let some = |side: Option<&'a Value>| side.map(plain).filter(|value| !is_nothing(value));
        Self {
            before: some(before),
            after: some(after),
        }
    }
}

/// A change with its name, and with the named parts of what is new.
pub(super) struct Parts<'a> {
    /// Attribute names and keys from the top, joined by dots.
    pub(super) names: String,
    pub(super) whole: Sides<'a>,
    /// Attributes inside a block that is there now and was not before, each with its full name.
    pub(super) inside: Vec<(String, Sides<'a>)>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(change: &Changed<'a>) -> Self {
        let names: Vec<&str> = change.path.steps().iter().filter_map(Step::name).collect();
        let names = names.join(".");
        let whole = Sides::new(change.before, change.after);
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for (side, into) in [(whole.before, &mut old), (whole.after, &mut new)] {
            if let Some(value) = side {
                collect(value, &names, into);
            }
        }
        let inside = new
            .into_iter()
            .filter(|node| !old.contains(node))
            .map(|(name, value)| {
                let mut same_name = old.iter().filter(|(n, _)| *n == name);
                // Of several it cannot be told which one it was.
                let before = match (same_name.next(), same_name.next()) {
                    (Some((_, value)), None) => Some(*value),
                    _ => None,
                };
                let sides = Sides::new(before, Some(value));
                (name, sides)
            })
            .filter(|(_, sides)| sides.after.is_some())
            .collect();
        Self {
            names,
            whole,
            inside,
        }
    }
}

/// Every named value below this one, with its full name.
fn collect<'a>(value: &'a Value, at: &str, into: &mut Vec<(String, &'a Value)>) {
    match plain(value) {
        Value::Map(entries) => {
            for (name, value) in entries {
                let name = format!("{at}.{name}");
                into.push((name.clone(), plain(value)));
                collect(value, &name, into);
            }
        }
        Value::List(items) | Value::Set(items) => {
            for item in items {
                collect(item, at, into);
            }
        }
        _ => {}
    }
}

/// All values at these names, through all members of lists and sets on the way.
pub(super) fn at_names<'a>(value: &'a Value, names: &[&str]) -> Vec<&'a Value> {
    match (plain(value), names.split_first()) {
        (value, None) => vec![value],
        (Value::Map(entries), Some((name, rest))) => entries
            .get(*name)
            .map_or_else(Vec::new, |value| at_names(value, rest)),
        (Value::List(items) | Value::Set(items), Some(_)) => {
            items.iter().flat_map(|i| at_names(i, names)).collect()
        }
        _ => Vec::new(),
    }
}

/// The value without the type that a dynamic one carries.
pub(super) fn plain(value: &Value) -> &Value {
    match value {
        Value::Dynamic(inner) => plain(&inner.1),
        other => other,
    }
}

/// Null, and what providers write in its place.
pub(super) fn is_nothing(value: &Value) -> bool {
    match plain(value) {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::List(items) | Value::Set(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        _ => false,
    }
}
