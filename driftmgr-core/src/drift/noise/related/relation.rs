//! The table of relations, and how both sides of one are made comparable.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::drift::noise::equal::{Spelling, names};
use crate::drift::severity::Pattern;
use crate::value::{Step, Type, Value, json};

const TABLE: &str = include_str!("relations.json");

/// A part of one object that another can declare. Exactly one of `member`, `value` and `whole` is given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Relation {
    /// Types of the object that shows the part.
    pub(super) parent: Pattern,
    /// Its attribute: a collection, or a text.
    pub(super) attribute: String,
    /// The type that declares the part.
    pub(super) child: String,
    /// Attributes of the child, each with the attribute of the parent that it names. One may be a list.
    link: BTreeMap<String, String>,
    /// Further attributes of the child that say which of the parent's attributes is meant.
    #[serde(default, rename = "where")]
    only: BTreeMap<String, serde_json::Value>,
    /// Members are objects: their attributes, from those of the child.
    member: Option<BTreeMap<String, Source>>,
    /// Members are texts: the child's attribute, one or a list of them.
    value: Option<String>,
    /// The whole attribute is the child's one.
    pub(super) whole: Option<String>,
    /// The child declares many members, in this collection.
    members: Option<String>,
    /// Attributes of a member that each stand for a part of their own: one network of a rule, one group.
    #[serde(default)]
    each: Vec<String>,
    /// An attribute that names the parent itself, and the boolean one that says so instead.
    #[serde(default)]
    own: BTreeMap<String, String>,
    /// Attributes that mean nothing when they are 0 or false.
    #[serde(default)]
    zero: Vec<String>,
    /// Attributes of a member that describe another object.
    #[serde(default)]
    ignore: Vec<String>,
    /// Values of a member that the child cannot set.
    #[serde(default)]
    defaults: BTreeMap<String, serde_json::Value>,
    /// The link is unique in all accounts.
    #[serde(default)]
    pub(super) global: bool,
}

/// Where a member's attribute comes from.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Source {
    /// An attribute of the child, through single blocks by dots.
    At(String),
    /// The same, in other words.
    Words {
        at: String,
        values: BTreeMap<String, serde_json::Value>,
    },
}

pub(super) fn relations() -> &'static [Relation] {
    static RELATIONS: OnceLock<Vec<Relation>> = OnceLock::new();
    // A test reads the file, so that it is never wrong here.
    RELATIONS.get_or_init(|| serde_json::from_str(TABLE).unwrap_or_default())
}

/// Ids that no other account has: of AWS objects, of Azure, and ARNs that name an account.
pub(super) fn is_unique(key: &str) -> bool {
    if key.starts_with("/subscriptions/") {
        return true;
    }
    if let Some(arn) = key.strip_prefix("arn:") {
        let account = arn.split(':').nth(3).unwrap_or_default();
        return account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    }
    key.rsplit_once('-').is_some_and(|(kind, id)| {
        let letters = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_lowercase());
        letters && matches!(id.len(), 8 | 17) && id.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

/// One form of a value that stands at the steps of a type.
pub(super) fn scalar(spelling: &Spelling, ty: &str, steps: &[Step], value: &Value) -> Value {
    spelling.normal(ty, &names(steps), &Type::Dynamic, value)
}

impl Relation {
    /// The link that siblings are found by. Conditions are blocks, and compared afterwards.
    fn main_link(&self) -> Option<(&String, &String)> {
        self.link.iter().find(|(child, _)| *child != "condition")
    }

    /// What a child says whose part it is.
    pub(super) fn keys(&self, child: &Value) -> Vec<String> {
        let Some((attribute, _)) = self.main_link() else {
            return Vec::new();
        };
        let value = child.attribute(attribute).unwrap_or(&Value::Null);
        texts(value).into_iter().map(key).collect()
    }

    /// What its children would say of this parent.
    pub(super) fn key_of(&self, parent: &Value) -> Option<String> {
        let (_, attribute) = self.main_link()?;
        parent.attribute(attribute)?.as_str().map(key)
    }

    /// Whether the child declares a part of this very attribute of the parent.
    pub(super) fn belongs(&self, child: &Value, parent: &Value) -> bool {
        let linked = self.link.iter().all(|(child_name, parent_name)| {
            let (ours, theirs) = (child.attribute(child_name), parent.attribute(parent_name));
            match theirs.and_then(Value::as_str) {
                Some(wanted) => texts(ours.unwrap_or(&Value::Null))
                    .iter()
                    .any(|t| key(t) == key(wanted)),
                None => tidy(ours.unwrap_or(&Value::Null)) == tidy(theirs.unwrap_or(&Value::Null)),
            }
        });
        let chosen = self.only.iter().all(|(name, wanted)| {
            let wanted = json::untyped(wanted.clone());
            child.attribute(name) == Some(&wanted)
        });
        linked && chosen
    }

    pub(super) fn whole_of<'v>(&self, child: &'v Value) -> Option<&'v Value> {
        child.attribute(self.whole.as_ref()?)
    }

    /// The members that a child declares, in the words of the parent.
    pub(super) fn members_of(&self, child: &Value) -> Vec<Value> {
        if let Some(name) = &self.value {
            let value = child.attribute(name).unwrap_or(&Value::Null);
            return texts(value).into_iter().map(Value::from).collect();
        }
        let Some(attributes) = &self.member else {
            return Vec::new();
        };
        let objects: Vec<&Value> = match &self.members {
            Some(name) => {
                let all = child.attribute(name).and_then(Value::as_elements);
                all.unwrap_or_default().iter().collect()
            }
            None => vec![child],
        };
        let member = |object: &&Value| {
            let each = attributes
                .iter()
                .map(|(name, source)| Some((name.clone(), source.of(object)?)));
            each.collect::<Option<BTreeMap<_, _>>>().map(Value::Map)
        };
        objects.iter().filter_map(member).collect()
    }

    /// A member as the parts that can be declared apart from each other, each in one form.
    pub(super) fn parts(
        &self,
        spelling: &Spelling,
        parent_type: &str,
        parent: &Value,
        member: &Value,
    ) -> Vec<Value> {
        let form = |name: Option<&str>, value: &Value| {
            let at = match name {
                Some(name) => format!("{}.{name}", self.attribute),
                None => self.attribute.clone(),
            };
            tidy(&spelling.normal(parent_type, &at, &Type::Dynamic, value))
        };
        let Value::Map(attributes) = member else {
            return match member.is_blank() {
                true => Vec::new(),
                false => vec![form(None, member)],
            };
        };
        let mut common = BTreeMap::new();
        let mut split = Vec::new();
        for (name, value) in attributes {
            if self.says_nothing(name, value) {
                continue;
            }
            if !self.each.contains(name) {
                common.insert(name.clone(), form(Some(name), value));
                continue;
            }
            let values = match value.as_elements() {
                Some(values) => values,
                None => std::slice::from_ref(value),
            };
            for value in values {
                let own = self
                    .own
                    .get(name)
                    .filter(|_| Some(value) == parent.attribute("id"));
                split.push(match own {
                    Some(flag) => (flag.clone(), form(Some(flag), &Value::Bool(true))),
                    None => (name.clone(), form(Some(name), value)),
                });
            }
        }
        if self.each.is_empty() {
            let says = !common.is_empty();
            return says.then_some(Value::Map(common)).into_iter().collect();
        }
        let part = |(name, value): (String, Value)| {
            let mut part = common.clone();
            part.insert(name, value);
            Value::Map(part)
        };
        split.into_iter().map(part).collect()
    }

    fn says_nothing(&self, name: &String, value: &Value) -> bool {
        let zero = || match value {
            Value::Number(number) => number.as_i64() == Some(0),
            Value::String(text) => text == "0",
            Value::Bool(truth) => !truth,
            _ => false,
        };
        let flag_off = self.each.contains(name) && *value == Value::Bool(false);
        value.is_blank()
            || flag_off
            || self.ignore.contains(name)
            || (self.zero.contains(name) && zero())
            || self
                .defaults
                .get(name)
                .is_some_and(|d| json::untyped(d.clone()) == *value)
    }
}

impl Source {
    /// `None` when the child says it in words that are not known.
    fn of(&self, child: &Value) -> Option<Value> {
        match self {
            Self::At(path) => through_blocks(child, path),
            Self::Words { at, values } => match through_blocks(child, at)? {
                Value::Null => Some(Value::Null),
                value => Some(json::untyped(values.get(value.as_str()?)?.clone())),
            },
        }
    }
}

/// The attribute at dotted names, where each block on the way is there at most once.
fn through_blocks(object: &Value, path: &str) -> Option<Value> {
    let mut here = object;
    for name in path.split('.') {
        here = match here.as_elements() {
            Some([]) => return Some(Value::Null),
            Some([one]) => one,
            Some(_) => return None,
            None => here,
        };
        match here.attribute(name) {
            Some(value) => here = value,
            None => return Some(Value::Null),
        }
    }
    Some(here.clone())
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        other => {
            let all = other.as_elements().unwrap_or_default();
            all.iter().filter_map(Value::as_str).collect()
        }
    }
}

/// Azure's ids have no case.
fn key(text: &str) -> String {
    match text.get(..15) {
        Some(start) if start.eq_ignore_ascii_case("/subscriptions/") => text.to_ascii_lowercase(),
        _ => text.to_owned(),
    }
}

/// What two types may say differently about one thing: a list, a set or a single element; an attribute without a value.
fn tidy(value: &Value) -> Value {
    match value {
        Value::List(items) | Value::Set(items) => {
            let mut items: Vec<Value> = items.iter().map(tidy).collect();
            items.sort();
            match <[Value; 1]>::try_from(items) {
                Ok([one]) => one,
                Err(items) if items.is_empty() => Value::Null,
                Err(items) => Value::List(items),
            }
        }
        Value::Map(entries) => {
            let entries = entries.iter().map(|(k, v)| (k.clone(), tidy(v)));
            let entries: BTreeMap<_, _> = entries.filter(|(_, v)| !v.is_blank()).collect();
            Value::Map(entries)
        }
        Value::String(text) if text.is_empty() => Value::Null,
        plain => plain.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read_and_each_relation_says_what_is_declared() {
        let relations: Vec<Relation> = serde_json::from_str(TABLE).unwrap();
        assert!(relations.len() > 50);
        for relation in &relations {
            let given = [
                relation.member.is_some(),
                relation.value.is_some(),
                relation.whole.is_some(),
            ];
            assert_eq!(given.iter().filter(|g| **g).count(), 1, "{relation:?}");
            assert!(relation.main_link().is_some(), "{relation:?}");
        }
    }

    #[test]
    fn ids_that_no_other_account_has() {
        for unique in [
            "sg-0123456789abcdef0",
            "rtb-12345678",
            "arn:aws:sns:eu-west-1:123456789012:x",
            "/subscriptions/a/b",
        ] {
            assert!(is_unique(unique), "{unique}");
        }
        for name in [
            "app",
            "my-role",
            "web-deadbeef1",
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "1-12345678",
        ] {
            assert!(!is_unique(name), "{name}");
        }
    }
}
