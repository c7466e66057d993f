//! How much a change matters: rules in a data file, most severe match first.

mod pattern;

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

pub(super) use self::pattern::Pattern;
use super::model::Severity;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Path, Step};

const BUILT_IN: &str = include_str!("rules.json");

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Who can reach it.
    Exposure,
    /// Encryption at rest and in transit.
    Encryption,
    /// Open to everybody.
    PublicAccess,
    /// Who may do what.
    Authentication,
    /// Traces of what happened.
    Logging,
    /// What survives a loss.
    Backup,
    /// Size and number.
    Capacity,
    /// Where it stands in the network.
    Network,
    /// Versions of what runs.
    Version,
    /// What people note down.
    Metadata,
    /// Anything else.
    #[default]
    Other,
}

/// One rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Resource types, `*` for any run of characters, `|` between alternatives.
    #[serde(rename = "type")]
    resource_type: Pattern,
    /// Attribute names from the top, joined by dots, without positions; a rule also covers all below. Missing: the object's deletion.
    path: Option<Pattern>,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub category: Category,
    /// Why, for people.
    pub reason: String,
}

/// Severity rules. User rules win over the built-in ones; among each, the most severe match counts.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    user: Vec<Rule>,
}

impl Rules {
    /// The built-in rules and, before them, rules in the same JSON form: a list of `{"type", "path", "severity", "category", "reason"}`.
    ///
    /// # Errors
    /// `InvalidConfig` with line and column when the text is not such a list.
    pub fn with_user_rules(json: &str) -> Result<Self> {
        let user = read(json).map_err(|e| {
            Error::new(ErrorKind::InvalidConfig, format!("the severity rules cannot be read: {e}"))
                .with_hint("each rule has type, path, severity (critical, important, informational), category and reason")
        })?;
        Ok(Self { user })
    }

    /// The rule for a changed attribute.
    pub fn changed(&self, resource_type: &str, path: &Path) -> &Rule {
        let names = names(path);
        self.pick(|rule| {
            rule.path.as_ref().is_some_and(|p| p.covers(&names))
                && rule.resource_type.matches(resource_type)
        })
        .unwrap_or_else(|| defaults(|d| &d.changed))
    }

    /// The rule for a deleted object.
    pub fn deleted(&self, resource_type: &str) -> &Rule {
        self.pick(|rule| rule.path.is_none() && rule.resource_type.matches(resource_type))
            .unwrap_or_else(|| defaults(|d| &d.deleted))
    }

    fn pick(&self, applies: impl Fn(&Rule) -> bool) -> Option<&Rule> {
        // The first of the most severe ones: `max_by_key` alone would take the last.
        let most_severe = |rules: &'_ [Rule]| -> Option<usize> {
            let matching = rules.iter().enumerate().filter(|(_, r)| applies(r));
            matching
                .max_by_key(|(i, r)| (r.severity, std::cmp::Reverse(*i)))
                .map(|(i, _)| i)
        };
        if let Some(rule) = most_severe(&self.user).and_then(|i| self.user.get(i)) {
            return Some(rule);
        }
        let built_in = built_in();
        most_severe(built_in).and_then(|i| built_in.get(i))
    }
}

fn read(json: &str) -> serde_json::Result<Vec<Rule>> {
    serde_json::from_str(json)
}

fn built_in() -> &'static [Rule] {
    static RULES: OnceLock<Vec<Rule>> = OnceLock::new();
    // A test reads the file, so that it is never wrong here.
    RULES.get_or_init(|| read(BUILT_IN).unwrap_or_default())
}

struct Defaults {
    changed: Rule,
    deleted: Rule,
}

fn defaults(which: impl Fn(&'static Defaults) -> &'static Rule) -> &'static Rule {
    static DEFAULTS: OnceLock<Defaults> = OnceLock::new();
    let rule = |path: Option<Pattern>, reason: &str| Rule {
        resource_type: Pattern::any(),
        path,
        severity: Severity::Important,
        category: Category::Other,
        reason: reason.to_owned(),
    };
    which(DEFAULTS.get_or_init(|| Defaults {
        changed: rule(
            Some(Pattern::any()),
            "differs from what the configuration was applied as",
        ),
        deleted: rule(None, "the object no longer exists"),
    }))
}

fn names(path: &Path) -> String {
    path.steps()
        .iter()
        .filter_map(Step::name)
        .collect::<Vec<_>>()
        .join(".")
}

#[cfg(test)]
mod tests;
