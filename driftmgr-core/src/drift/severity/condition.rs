//! Conditions on a change: which way it goes.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::change::{Sides, at_names, is_nothing, plain};
use super::compare::{equals, order, texts};
use super::required_tags::RequiredTags;
use crate::value::{Path, Value};

/// When a rule applies. All that is given must hold; `docs/rules.md` explains each.
///
/// The answer of a condition is yes, no, or open: where the values do not tell which way a change goes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct When {
    /// The new value is one of these.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<Wanted>,
    /// The old value is one of these.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<Wanted>,
    /// Something is there now that was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) adds: Option<Members>,
    /// Something was there and is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) removes: Option<Members>,
    /// The new number or version is less.
    #[serde(deserialize_with = "only_true", skip_serializing_if = "is_false")]
    pub(super) lowers: bool,
    /// The new number or version is more.
    #[serde(deserialize_with = "only_true", skip_serializing_if = "is_false")]
    pub(super) raises: bool,
    /// A tag that a policy requires was changed or removed.
    #[serde(deserialize_with = "only_true", skip_serializing_if = "is_false")]
    pub(super) required_tag: bool,
    /// Other attributes of the object have one of these values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) beside: BTreeMap<String, Wanted>,
}

/// A value, or several of which one is enough. Null is nothing at all; beside the change, `"*"` is anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Wanted(pub(super) Vec<serde_json::Value>);

/// `true` for anything, or texts of which one is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Members {
    Any,
    Texts(Vec<String>),
}

/// What a condition is judged by.
pub(super) struct Case<'a> {
    pub(super) sides: Sides<'a>,
    pub(super) path: &'a Path,
    pub(super) current: &'a Value,
    pub(super) required_tags: &'a RequiredTags,
}

impl When {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the condition holds; `None` when that cannot be told.
    pub(super) fn holds(&self, case: &Case<'_>) -> Option<bool> {
        let Sides { before, after } = case.sides;
        let mut answers: Vec<Option<bool>> = Vec::new();
        answers.extend(self.to.as_ref().map(|wanted| wanted.holds(after)));
        answers.extend(self.from.as_ref().map(|wanted| wanted.holds(before)));
        answers.extend(self.adds.as_ref().map(|m| m.are_new(before, after)));
        answers.extend(self.removes.as_ref().map(|m| m.are_new(after, before)));
        if self.lowers {
            answers.push(order(after, before).map(|o| o.is_lt()));
        }
        if self.raises {
            answers.push(order(after, before).map(|o| o.is_gt()));
        }
        if self.required_tag {
            answers.push(Some(case.required_tags.touched(case.path, case.sides)));
        }
        let beside = |(names, wanted): (&String, &Wanted)| wanted.holds_beside(names, case.current);
        answers.extend(self.beside.iter().map(beside));
        all(answers)
    }
}

/// No, if any says no; else open, if any is.
fn all(answers: Vec<Option<bool>>) -> Option<bool> {
    if answers.contains(&Some(false)) {
        Some(false)
    } else if answers.contains(&None) {
        None
    } else {
        Some(true)
    }
}

impl Wanted {
    fn wants_nothing(&self) -> bool {
        self.0.iter().any(serde_json::Value::is_null)
    }

    /// What is not there is null if that is wanted; otherwise the provider's default may well be what is wanted.
    fn holds(&self, side: Option<&Value>) -> Option<bool> {
        let Some(value) = side else {
            return self.wants_nothing().then_some(true);
        };
        let mut open = false;
        for wanted in &self.0 {
            match equals(value, wanted) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => open = true,
            }
        }
        (!open).then_some(false)
    }

    /// One member of a list is enough.
    fn holds_beside(&self, names: &str, current: &Value) -> Option<bool> {
        let names: Vec<&str> = names.split('.').collect();
        let found: Vec<&Value> = at_names(current, &names)
            .into_iter()
            .filter(|value| !is_nothing(value))
            .collect();
        if found.is_empty() {
            return Some(self.wants_nothing());
        }
        if self.0.iter().any(|wanted| wanted == "*") {
            return Some(true);
        }
        let answers: Vec<Option<bool>> = found.into_iter().map(|v| self.holds(Some(v))).collect();
        if answers.contains(&Some(true)) {
            Some(true)
        } else if answers.contains(&None) {
            None
        } else {
            Some(false)
        }
    }
}

impl Members {
    /// Whether `after` has something that `before` has not. Called with the sides exchanged it tells what is gone.
    fn are_new(&self, before: Option<&Value>, after: Option<&Value>) -> Option<bool> {
        let Some(after) = after else {
            return Some(false);
        };
        if after.has_unknown() {
            return None;
        }
        match self {
            Self::Any => Some(match before.map(plain) {
                None => true,
                Some(before) => texts(after).difference(&texts(before)).next().is_some(),
            }),
            Self::Texts(wanted) => {
                let old = before.map(texts).unwrap_or_default();
                let new = texts(after);
                Some(
                    wanted
                        .iter()
                        .any(|text| new.contains(text) && !old.contains(text)),
                )
            }
        }
    }
}

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Array(values) if !values.is_empty() => values,
            serde_json::Value::Array(_) => {
                return Err(serde::de::Error::custom(
                    "a list of values has one at least",
                ));
            }
            one => vec![one],
        };
        if values.iter().any(|v| v.is_array() || v.is_object()) {
            return Err(serde::de::Error::custom(
                "expected a text, number, boolean or null, or a list of them",
            ));
        }
        Ok(Self(values))
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => serializer.serialize_bool(true),
            Self::Texts(texts) => texts.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Bool(true) => Some(Self::Any),
            serde_json::Value::String(text) => Some(Self::Texts(vec![text])),
            serde_json::Value::Array(items) if !items.is_empty() => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect::<Option<Vec<String>>>()
                .map(Self::Texts),
            _ => None,
        }
        .ok_or_else(|| serde::de::Error::custom("expected true, a text, or a list of texts"))
    }
}

/// Null is a value that can be wanted, and not the same as no condition.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Wanted>, D::Error> {
    Wanted::deserialize(deserializer).map(Some)
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(flag: &bool) -> bool {
    !flag
}

fn only_true<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    if bool::deserialize(deserializer)? {
        Ok(true)
    } else {
        Err(serde::de::Error::custom(
            "expected true; leave the condition out instead of false",
        ))
    }
}

#[cfg(test)]
#[path = "condition_tests.rs"]
mod tests;
