//! One rule: what it is about, when it applies, what it says.

use serde::{Deserialize, Serialize};

use super::change::{Changed, Parts, Sides};
use super::condition::{Case, When};
use super::pattern::Pattern;
use super::required_tags::RequiredTags;
use crate::drift::model::Severity;

/// What a rule is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
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

/// One rule. `docs/rules.md` describes the form, in JSON: `{"type", "path", "when", "severity", "category", "reason"}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Rule {
    #[serde(rename = "type")]
    pub(super) resource_type: Pattern,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<Pattern>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) when: Option<When>,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub category: Category,
    /// Why, for people.
    pub reason: String,
}

/// A rule as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Resource types, `*` for any run of characters, `|` between alternatives.
    #[serde(rename = "type")]
    resource_type: Pattern,
    /// Attribute names from the top, joined by dots, without positions; a rule also covers all below. Missing: the object's deletion.
    path: Option<Pattern>,
    when: Option<When>,
    severity: Severity,
    category: Category,
    reason: String,
}

impl TryFrom<Written> for Rule {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        if written.path.is_none() && written.when.is_some() {
            return Err("`when` is about a changed attribute, so it needs `path`");
        }
        if written.when.as_ref().is_some_and(When::is_empty) {
            return Err(
                "`when` is empty: expected to, from, adds, removes, lowers, raises, required_tag or beside",
            );
        }
        if written.reason.trim().is_empty() {
            return Err("`reason` is empty: expected a sentence for people");
        }
        Ok(Self {
            resource_type: written.resource_type,
            path: written.path,
            when: written.when,
            severity: written.severity,
            category: written.category,
            reason: written.reason,
        })
    }
}

impl Rule {
    /// Whether the rule applies to the change: yes, no, or open, when its condition cannot be told.
    pub(super) fn applies(
        &self,
        change: &Changed<'_>,
        parts: &Parts<'_>,
        required_tags: &RequiredTags,
    ) -> Option<bool> {
        let Some(path) = &self.path else {
            return Some(false);
        };
        if !self.resource_type.matches(change.resource_type) {
            return Some(false);
        }
        let holds = |sides: Sides<'_>| match &self.when {
            None => Some(true),
            Some(when) => when.holds(&Case {
                sides,
                path: change.path,
                current: change.current,
                required_tags,
            }),
        };
        if path.covers(&parts.names) {
            return holds(parts.whole);
        }
        let inside = parts.inside.iter().filter(|(name, _)| path.matches(name));
        strictest(inside.map(|(_, sides)| holds(*sides)))
    }

    pub(super) fn is_deletion_of(&self, resource_type: &str) -> bool {
        self.path.is_none() && self.resource_type.matches(resource_type)
    }
}

/// Yes, if any says yes; else open, if any is.
fn strictest(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = Some(false);
    for answer in answers {
        match answer {
            Some(true) => return answer,
            Some(false) => {}
            None => result = None,
        }
    }
    result
}
