//! Tags that a policy requires, in the spellings that people use.

use std::collections::BTreeSet;

use super::change::{Sides, plain};
use crate::value::{Path, Step, Value};

/// What most tag policies ask for: where it belongs, whose it is, who pays.
const USUAL: &[&str] = &[
    "environment",
    "env",
    "owner",
    "cost center",
    "cost centre",
    "cost code",
];

/// Names of tags, whatever their case, and with or without `-`, `_`, `.`, `:`, `/` and spaces.
#[derive(Debug, Clone)]
pub(super) struct RequiredTags(BTreeSet<String>);

impl Default for RequiredTags {
    fn default() -> Self {
        Self::new(USUAL)
    }
}

impl RequiredTags {
    pub(super) fn new<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Self {
        Self(names.into_iter().map(|n| folded(n.as_ref())).collect())
    }

    fn contains(&self, name: &str) -> bool {
        self.0.contains(&folded(name))
    }

    /// Whether a required tag was there and has another value now, or none. A tag that was only added takes nothing away.
    pub(super) fn touched(&self, path: &Path, sides: Sides<'_>) -> bool {
        let Some(before) = sides.before.map(plain) else {
            return false;
        };
        // `tags["env"]`
        let named = path.steps().iter().rev().find_map(Step::name);
        if named.is_some_and(|name| self.contains(name)) {
            return true;
        }
        match before {
            // All tags at once, or a block of name and value as an autoscaling group has.
            Value::Map(entries) => {
                let after = sides.after.and_then(|v| plain(v).as_map());
                let changed = |name: &String| after.and_then(|a| a.get(name)) != entries.get(name);
                entries.keys().any(|k| self.contains(k) && changed(k))
                    || entries
                        .get("key")
                        .and_then(Value::as_str)
                        .is_some_and(|name| self.contains(name))
            }
            _ => false,
        }
    }
}

fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '-' | '_' | '.' | ':' | '/' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}
