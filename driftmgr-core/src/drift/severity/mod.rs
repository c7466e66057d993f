//! How much a change matters: rules in data files, most severe match first. `docs/rules.md` describes them.

mod change;
mod compare;
mod condition;
mod pattern;
mod required_tags;
mod rule;

use std::sync::OnceLock;

pub use self::change::Changed;
use self::change::Parts;
pub(super) use self::pattern::Pattern;
use self::required_tags::RequiredTags;
pub use self::rule::{Category, Rule};
use super::model::Severity;
use crate::error::{Error, ErrorKind, Result};

/// One file for each family of providers. Of equal severities the rule that stands first decides, so general ones come last.
const BUILT_IN: [(&str, &str); 6] = [
    ("aws", include_str!("rules/aws.json")),
    ("azure", include_str!("rules/azure.json")),
    ("google", include_str!("rules/google.json")),
    ("kubernetes", include_str!("rules/kubernetes.json")),
    ("digitalocean", include_str!("rules/digitalocean.json")),
    ("common", include_str!("rules/common.json")),
];

/// Severity rules. User rules win over the built-in ones; among each, the most severe match counts.
///
/// Where the condition of a rule is open, since the values do not tell which way a change goes, the stricter of both answers counts.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    user: Vec<Rule>,
    required_tags: RequiredTags,
}

impl Rules {
    /// The built-in rules and, before them, these.
    pub fn new(user: Vec<Rule>) -> Self {
        Self {
            user,
            required_tags: RequiredTags::default(),
        }
    }

    /// The built-in rules and, before them, rules in the same JSON form: a list of
    /// `{"type", "path", "when", "severity", "category", "reason"}`.
    ///
    /// # Errors
    /// `InvalidConfig`: with line and column when the text is no JSON list, else those of [`Rules::with_user_values`].
    pub fn with_user_rules(json: &str) -> Result<Self> {
        let values: Vec<serde_json::Value> = serde_json::from_str(json).map_err(|e| {
            Error::new(
                ErrorKind::InvalidConfig,
                format!("the severity rules cannot be read: {e}"),
            )
            .with_hint("severity rules are a list of objects")
        })?;
        Self::with_user_values(values)
    }

    /// The same of rules that were parsed already, as from a part of a configuration file.
    ///
    /// # Errors
    /// `InvalidConfig` for the first broken rule, with its place in the list (from 1), its type and path, and what was expected.
    pub fn with_user_values(values: Vec<serde_json::Value>) -> Result<Self> {
        let rules = values.into_iter().enumerate();
        let rules: Result<Vec<Rule>> = rules.map(|(i, value)| read_rule(i + 1, value)).collect();
        Ok(Self::new(rules?))
    }

    /// Names of tags that a policy requires, in place of the usual ones (environment, owner, cost centre): a change of one is important,
    /// that of another tag informational. Case, spaces and `-`, `_`, `.`, `:`, `/` make no difference.
    #[must_use]
    pub fn with_required_tags<T: AsRef<str>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.required_tags = RequiredTags::new(names);
        self
    }

    /// All rules: the user's, then the built-in ones, each in the order in which they are asked.
    pub fn list(&self) -> impl Iterator<Item = ListedRule<'_>> {
        let user = self.user.iter().map(|rule| ListedRule {
            origin: "settings",
            rule,
        });
        let built_in = BuiltIn::get();
        let origins = built_in.origins.iter().copied();
        let ours = origins.zip(&built_in.rules);
        user.chain(ours.map(|(origin, rule)| ListedRule { origin, rule }))
    }

    /// The rule for a changed attribute.
    pub fn changed(&self, change: &Changed<'_>) -> &Rule {
        let parts = Parts::of(change);
        let applies = |rule: &Rule| rule.applies(change, &parts, &self.required_tags);
        let general = Matches::among(built_in(), applies).decide(defaults(|d| &d.changed));
        Matches::among(&self.user, applies).decide(general)
    }

    /// The rule for a deleted object.
    pub fn deleted(&self, resource_type: &str) -> &Rule {
        [&self.user, built_in()]
            .into_iter()
            .find_map(|rules| {
                let matching = rules.iter().filter(|r| r.is_deletion_of(resource_type));
                // The first of the most severe ones: `max_by_key` takes the last.
                matching.rev().max_by_key(|rule| rule.severity)
            })
            .unwrap_or_else(|| defaults(|d| &d.deleted))
    }
}

/// A rule and who made it.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct ListedRule<'a> {
    /// `settings`, or the family of providers that a built-in rule is for: `aws`, `azure`, `google`, `kubernetes`, `digitalocean`,
    /// `common`.
    pub origin: &'static str,
    /// The rule.
    #[serde(flatten)]
    pub rule: &'a Rule,
}

/// The most severe of the rules that apply, and of those that may.
#[derive(Default)]
struct Matches<'a> {
    sure: Option<&'a Rule>,
    open: Option<&'a Rule>,
}

impl<'a> Matches<'a> {
    fn among(rules: &'a [Rule], applies: impl Fn(&Rule) -> Option<bool>) -> Self {
        let mut matches = Self::default();
        for rule in rules {
            let best = match applies(rule) {
                Some(true) => &mut matches.sure,
                None => &mut matches.open,
                Some(false) => continue,
            };
            // Of equals, the first one stays.
            if best.is_none_or(|best| rule.severity > best.severity) {
                *best = Some(rule);
            }
        }
        matches
    }

    /// `general` is what counts without these rules.
    fn decide(self, general: &'a Rule) -> &'a Rule {
        match (self.sure, self.open) {
            (Some(sure), Some(open)) if open.severity > sure.severity => open,
            (Some(sure), _) => sure,
            (None, Some(open)) if open.severity >= general.severity => open,
            (None, _) => general,
        }
    }
}

fn read_rule(place: usize, value: serde_json::Value) -> Result<Rule> {
    let written = |name: &str| value.get(name).and_then(|v| v.as_str()).map(str::to_owned);
    let (resource_type, path) = (written("type"), written("path"));
    serde_json::from_value(value).map_err(|e| {
        let mut error = Error::new(
            ErrorKind::InvalidConfig,
            format!("severity rule {place} cannot be read: {e}"),
        );
        for (key, text) in [("type", resource_type), ("path", path)] {
            if let Some(text) = text {
                error = error.with(key, text);
            }
        }
        error.with_hint("each rule has type, severity (critical, important, informational), category and reason; path and when are optional")
    })
}

struct BuiltIn {
    rules: Vec<Rule>,
    /// The file of each.
    origins: Vec<&'static str>,
}

impl BuiltIn {
    fn get() -> &'static Self {
        static RULES: OnceLock<BuiltIn> = OnceLock::new();
        RULES.get_or_init(|| {
            let mut built_in = Self {
                rules: Vec::new(),
                origins: Vec::new(),
            };
            for (name, json) in BUILT_IN {
                // A test reads the files, so that they are never wrong here.
                let rules: Vec<Rule> = serde_json::from_str(json).unwrap_or_default();
                built_in.origins.extend(rules.iter().map(|_| name));
                built_in.rules.extend(rules);
            }
            built_in
        })
    }
}

fn built_in() -> &'static [Rule] {
    &BuiltIn::get().rules
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
        when: None,
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

#[cfg(test)]
mod tests;
