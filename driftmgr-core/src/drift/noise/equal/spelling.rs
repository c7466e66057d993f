//! One value in two spellings: scalars, members of sets, and lists whose order means nothing (classes 2, 3 and 7).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::format::Format;
use super::noise;
use super::place::{at, attribute, element, entry, names, type_at};
use super::rules::EqualityRule;
use crate::drift::noise::compare::{Certainty, Comparator, Compared, Noise};
use crate::drift::severity::Pattern;
use crate::provider::Block;
use crate::value::{Path, Step, Type, Value};

/// What is known of types and paths.
const TABLE: &str = include_str!("table.json");

/// Formats that a value shows by itself, wherever it stands.
const SHAPES: &[(Format, Certainty)] = &[
    (Format::Json, Certainty::Proven),
    (Format::Address, Certainty::Proven),
    (Format::Timestamp, Certainty::Proven),
    (Format::Arn, Certainty::Known),
    (Format::Uuid, Certainty::Known),
    (Format::Clock, Certainty::Known),
    (Format::Scalar, Certainty::Known),
];

/// Attributes that hold a text for its own sake: files, scripts, values that programs read. Each byte of them counts.
const CONTENT: &[&str] = &[
    "content",
    "content_base64",
    "contents",
    "custom_data",
    "data",
    "input",
    "metadata_startup_script",
    "plaintext",
    "script",
    "secret_string",
    "startup_script",
    "text",
    "user_data",
    "user_data_base64",
    "value",
];

/// Parts of the names of secrets. A secret that looks like an identifier has a case.
const SECRETS: &[&str] = &[
    "credential",
    "passphrase",
    "password",
    "private_key",
    "access_key",
    "secret",
    "token",
];

/// A format that values of some attributes have.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    #[serde(rename = "type")]
    pub(super) resource_type: Pattern,
    pub(super) path: Pattern,
    #[serde(rename = "as")]
    pub(super) format: Format,
    #[serde(default = "known")]
    pub(super) certainty: Certainty,
    /// Other attributes of the object, with the values that make it so.
    #[serde(default)]
    pub(super) when: BTreeMap<String, Vec<String>>,
    /// A user's reason.
    #[serde(skip)]
    pub(super) reason: Option<String>,
}

fn known() -> Certainty {
    Certainty::Known
}

impl Entry {
    /// A format of values also holds for all that is below; an order is one list's own.
    fn covers(&self, names: &str) -> bool {
        match self.format {
            Format::Set => self.path.matches(names),
            _ => self.path.covers(names),
        }
    }

    fn holds_for(&self, objects: &[&Value]) -> bool {
        self.when.iter().all(|(name, values)| {
            let fits = |object: &&Value| {
                let value = object.attribute(name).and_then(Value::as_str);
                value.is_some_and(|value| values.iter().any(|v| v == value))
            };
            !objects.is_empty() && objects.iter().all(fits)
        })
    }

    fn noise(&self) -> Noise {
        match &self.reason {
            Some(reason) => noise("user-equality", reason, self.certainty),
            None => noise(self.format.rule(), self.format.reason(), self.certainty),
        }
    }
}

/// Formats by type and path and, for the built-in ones, by shape.
#[derive(Debug)]
pub(in crate::drift::noise) struct Spelling {
    entries: Cow<'static, [Entry]>,
    shapes: bool,
}

impl Spelling {
    /// What is known without a user.
    pub(in crate::drift::noise) fn builtin() -> Self {
        static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
        // A test reads the file, so that it is never wrong here.
        let entries = ENTRIES.get_or_init(|| serde_json::from_str(TABLE).unwrap_or_default());
        Self {
            entries: Cow::Borrowed(entries),
            shapes: true,
        }
    }

    pub(super) fn of_rules(rules: Vec<EqualityRule>) -> Self {
        Self {
            entries: rules.into_iter().map(EqualityRule::into_entry).collect(),
            shapes: false,
        }
    }

    fn of_type(&self, resource_type: &str, objects: &[&Value]) -> Formats<'_> {
        let entries = self.entries.iter();
        Formats {
            entries: entries
                .filter(|e| e.resource_type.matches(resource_type) && e.holds_for(objects))
                .collect(),
            shapes: self.shapes,
        }
    }

    /// One form for all spellings of a value and of everything in it. `names` is where it stands, `ty` its type.
    pub(in crate::drift::noise) fn normal(
        &self,
        resource_type: &str,
        names: &str,
        ty: &Type,
        value: &Value,
    ) -> Value {
        self.of_type(resource_type, &[]).normal(names, ty, value)
    }
}

impl Comparator for Spelling {
    fn equal(&self, change: &Compared<'_>) -> Option<Noise> {
        let formats = self.of_type(change.resource_type, &[change.stored, change.current]);
        let secret = attribute(change.block, change.path).is_some_and(|a| a.sensitive);
        let formats = Formats {
            shapes: formats.shapes && !secret,
            ..formats
        };
        formats.scalar(change).or_else(|| formats.member(change))
    }
}

/// The formats that one resource type knows.
struct Formats<'a> {
    entries: Vec<&'a Entry>,
    shapes: bool,
}

/// A format of one attribute.
struct Candidate<'a> {
    format: Format,
    entry: Option<&'a Entry>,
    certainty: Certainty,
}

impl Candidate<'_> {
    fn noise(&self) -> Noise {
        match self.entry {
            Some(entry) => entry.noise(),
            None => noise(self.format.rule(), self.format.reason(), self.certainty),
        }
    }
}

impl Formats<'_> {
    /// The formats of what stands at these names, the most particular first.
    fn of(&self, names: &str, in_map: bool) -> Vec<Candidate<'_>> {
        let entries = self.entries.iter().filter(|e| e.covers(names));
        let mut found: Vec<Candidate<'_>> = entries
            .map(|entry| Candidate {
                format: entry.format,
                entry: Some(*entry),
                certainty: entry.certainty,
            })
            .collect();
        if self.shapes && !in_map && !is_content(names) {
            found.extend(SHAPES.iter().map(|(format, certainty)| Candidate {
                format: *format,
                entry: None,
                certainty: *certainty,
            }));
        }
        found
    }

    /// The same, what is certain before what is presumed.
    fn by_certainty(&self, names: &str, in_map: bool) -> Vec<Candidate<'_>> {
        let mut found = self.of(names, in_map);
        found.sort_by_key(|c| std::cmp::Reverse(c.certainty));
        found
    }

    /// Both sides are there, and are two spellings of one value.
    fn scalar(&self, change: &Compared<'_>) -> Option<Noise> {
        let steps = change.path.steps();
        let sides = [change.before, change.after].map(|side| side.unwrap_or(&Value::Null));
        let [before, after] = sides;
        let named = matches!(steps.last(), Some(Step::Attribute(_)));
        let both = change.before.is_some() && change.after.is_some();
        self.by_certainty(&names(steps), in_map(steps))
            .iter()
            // A missing entry or element is not an empty one.
            .filter(|c| both || (named && c.format == Format::Empty))
            .find(|c| same(c.format, before, after))
            .map(Candidate::noise)
    }

    /// A member of a set, or an element of a list without order, whose like is on the other side as often.
    fn member(&self, change: &Compared<'_>) -> Option<Noise> {
        let steps = change.path.steps();
        let outermost_last = (0..steps.len()).rev();
        outermost_last
            .filter_map(|cut| Some((steps.get(..cut)?, steps.get(cut)?, steps.get(cut + 1..)?)))
            .find_map(|(container, step, below)| {
                let names = names(container);
                let order = match step {
                    Step::Element(_) => None,
                    Step::Index(_) => Some(
                        self.entries
                            .iter()
                            .find(|e| e.format == Format::Set && e.covers(&names))?,
                    ),
                    _ => return None,
                };
                let stored = elements(at(change.stored, container)?)?;
                let current = elements(at(change.current, container)?)?;
                let [before, after] = match (step, below.is_empty()) {
                    (Step::Index(index), false) => [stored.get(*index), current.get(*index)],
                    _ => [change.before, change.after],
                };
                let like = Like {
                    set: order.is_none(),
                    stored,
                    current,
                    before,
                    after,
                };
                let ty = change.block.implied_type();
                let ty = type_at(&ty, &Path(container.to_vec()).join(step.clone()).0).clone();
                let alone = order
                    .is_none()
                    .then(|| {
                        self.by_certainty(&names, in_map(container))
                            .into_iter()
                            .filter(|c| !matches!(c.format, Format::Set | Format::Empty))
                            .find(|c| like.balanced(|v| c.format.normal(v)))
                    })
                    .flatten();
                if let Some(candidate) = alone {
                    return Some(candidate.noise());
                }
                let whole = like.balanced(|v| Some(self.normal(&names, &ty, v)));
                if !whole && order.is_none() && was_asked(change, container, stored) {
                    let zeros = like.balanced(|v| {
                        let value = without_zeros(change.block, container, v);
                        Some(self.normal(&names, &ty, &value))
                    });
                    return zeros.then(|| {
                        noise(
                            "equal-zero",
                            "nothing on one side and zero on the other, which the provider does not tell apart",
                            Certainty::Proven,
                        )
                    });
                }
                whole.then(|| match order {
                    Some(entry) => entry.noise(),
                    None => noise(
                        "equal-member",
                        "the same member of the set, written differently",
                        Certainty::Known,
                    ),
                })
            })
    }

    fn normal(&self, names: &str, ty: &Type, value: &Value) -> Value {
        match value {
            Value::Map(entries) => {
                let keyed = matches!(ty, Type::Map(_));
                let entries = entries.iter().map(|(key, value)| {
                    let below = format!("{names}.{key}");
                    let value = if keyed && !self.names_it(&below) {
                        value.clone()
                    } else {
                        self.normal(&below, entry(ty, key), value)
                    };
                    (key.clone(), value)
                });
                // An attribute that is null or empty is not set; an entry of a map is there.
                Value::Map(entries.filter(|(_, v)| keyed || !v.is_blank()).collect())
            }
            Value::List(items) => {
                let items = items.iter().map(|i| self.normal(names, element(ty), i));
                let mut items: Vec<Value> = items.collect();
                if self
                    .entries
                    .iter()
                    .any(|e| e.format == Format::Set && e.covers(names))
                {
                    items.sort();
                }
                Value::List(items)
            }
            Value::Set(members) => {
                Value::set(members.iter().map(|m| self.normal(names, element(ty), m)))
            }
            Value::Null | Value::Unknown | Value::Dynamic(_) => value.clone(),
            plain if plain.is_blank() => plain.clone(),
            plain => self
                .of(names, false)
                .iter()
                .filter(|c| c.certainty >= Certainty::Known && c.format != Format::Empty)
                .find_map(|c| Some(marked(c.format, c.format.normal(plain)?)))
                .unwrap_or_else(|| plain.clone()),
        }
    }

    /// An entry of the table speaks of the value, not its shape alone.
    fn names_it(&self, names: &str) -> bool {
        self.entries.iter().any(|e| e.covers(names))
    }
}

/// Keeps the normal form in one format apart from the same text in another.
fn marked(format: Format, normal: Value) -> Value {
    if format == Format::Scalar {
        return normal;
    }
    Value::List(vec![format!("\0{}", format.rule()).into(), normal])
}

fn same(format: Format, before: &Value, after: &Value) -> bool {
    match (format.normal(before), format.normal(after)) {
        (Some(before), Some(after)) => before == after,
        _ => false,
    }
}

/// The provider plans no change of the set, and plan-back did not take over what is really there.
fn was_asked(change: &Compared<'_>, container: &[Step], stored: &[Value]) -> bool {
    let computed = attribute(change.block, &Path(container.to_vec())).is_some_and(|a| a.computed);
    change.planned == Some(false) && (!computed || !stored.is_empty())
}

/// A member without what is zero or false, where the provider does not fill that in.
fn without_zeros(block: &Block, container: &[Step], member: &Value) -> Value {
    let Value::Map(entries) = member else {
        return member.clone();
    };
    let set = attribute(block, &Path(container.to_vec()));
    let zero = |value: &Value| match value {
        Value::Bool(truth) => !truth,
        Value::Number(number) => number.as_i64() == Some(0),
        _ => false,
    };
    let kept = |name: &str, value: &Value| {
        let path = Path(container.to_vec()).join(Step::Attribute(name.to_owned()));
        let inner =
            attribute(block, &path).filter(|inner| set.is_none_or(|s| !std::ptr::eq(s, *inner)));
        !zero(value) || inner.is_some_and(|a| a.computed)
    };
    let entries = entries.iter().filter(|(name, value)| kept(name, value));
    Value::Map(entries.map(|(k, v)| (k.clone(), v.clone())).collect())
}

fn in_map(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step, Step::Key(_)))
}

/// Whether the attribute holds a text for its own sake, or a secret.
fn is_content(names: &str) -> bool {
    let name = names.rsplit('.').next().unwrap_or(names);
    CONTENT.contains(&name) || SECRETS.iter().any(|part| name.contains(part))
}

/// The elements of a collection; none where there is no value.
fn elements(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Null => Some(&[]),
        Value::Dynamic(inner) => elements(&inner.1),
        other => other.as_elements(),
    }
}

/// Elements that left and came, among all of both sides.
struct Like<'a> {
    /// How often an element is there means nothing.
    set: bool,
    stored: &'a [Value],
    current: &'a [Value],
    before: Option<&'a Value>,
    after: Option<&'a Value>,
}

impl Like<'_> {
    /// What left is on the other side in another spelling, as often as here, and so is what came.
    fn balanced(&self, form: impl Fn(&Value) -> Option<Value>) -> bool {
        let count = |all: &[Value], wanted: &Value| {
            all.iter()
                .filter(|v| form(v).as_ref() == Some(wanted))
                .count()
        };
        let there = |value: &Value| match form(value) {
            None => false,
            Some(wanted) => {
                let (stored, current) = (count(self.stored, &wanted), count(self.current, &wanted));
                stored > 0 && current > 0 && (self.set || stored == current)
            }
        };
        (self.before.is_some() || self.after.is_some())
            && self.before.is_none_or(there)
            && self.after.is_none_or(there)
    }
}
