//! Proposes rules for what a report shows.

use std::collections::{BTreeMap, BTreeSet};

use super::outcome::each;
use super::path::PathPattern;
use crate::address::InstanceAddress;
use crate::drift::model::{AttributeChange, DriftReport, Finding};
use crate::drift::noise::may_be_hidden;
use crate::redact::MASK;
use crate::value::{Path, Step, Value};

/// A visible change that a rule may hide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The instance.
    pub address: InstanceAddress,
    /// The object's `id` attribute in the state, unless it is a secret or there is none.
    pub id: Option<String>,
    /// The attribute as rules spell it, without positions: `ingress.cidr_blocks`, `tags["env"]`.
    pub path: String,
    /// The attribute as a `.driftignore` spells it: `ingress.*.cidr_blocks`, `tags.env`; `None` when it cannot stand in a line.
    pub dotted: Option<String>,
}

impl Candidate {
    /// What a report shows and a rule may hide: no deletions, no critical changes, nothing that is hidden already.
    pub fn of(report: &DriftReport) -> Vec<Self> {
        each(report)
            .filter_map(|(finding, change)| {
                let change = change?;
                let open = change.hidden.is_none() && may_be_hidden(finding, change);
                open.then(|| Self::new(finding, change))
            })
            // What no rule can name cannot be proposed.
            .filter(|candidate| PathPattern::new(&candidate.path).is_ok())
            .collect()
    }

    fn new(finding: &Finding, change: &AttributeChange) -> Self {
        let at = Path::attribute_of_root("id");
        let id = match finding.before.attribute("id") {
            _ if finding.sensitive.touches(&at) => None,
            Some(Value::String(id)) => Some(id.clone()).filter(|id| id != MASK),
            Some(Value::Number(id)) => Some(id.to_string()),
            _ => None,
        };
        Self {
            address: finding.address.clone(),
            id,
            path: spelled(&change.path),
            dotted: dotted(&change.path),
        }
    }
}

/// A path as [`super::IgnoreRule::path`] reads it: names that are no identifiers stand in brackets.
fn spelled(path: &Path) -> String {
    let identifier = |name: &str| {
        let legal = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        !name.is_empty() && name.chars().all(legal)
    };
    let named = path.steps().iter().filter(|step| step.name().is_some());
    let steps = named.enumerate().map(|(i, step)| match step {
        Step::Attribute(name) if i > 0 && !identifier(name) => Step::Key(name.clone()),
        step => step.clone(),
    });
    Path(steps.collect()).to_string()
}

/// Positions are `*`; those at the end are left out, since a line is for everything below it too.
fn dotted(path: &Path) -> Option<String> {
    let steps = path.steps();
    let end = steps.iter().rposition(|step| step.name().is_some())? + 1;
    let names = steps.iter().take(end).map(|step| match step.name() {
        Some(name) => escaped(name),
        None => Some("*".to_owned()),
    });
    let names: Option<Vec<String>> = names.collect();
    Some(names?.join("."))
}

/// A rule that would hide something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Suggestion {
    /// How many instances it speaks of.
    pub instances: usize,
    /// How many visible changes it would hide.
    pub changes: usize,
    /// The address, when the rule is for one resource.
    pub address: Option<String>,
    /// The resource type, when it is for several.
    #[serde(rename = "type")]
    pub resource_type: Option<String>,
    /// The attributes, separated by `|`.
    pub path: String,
    /// The lines of a `.driftignore` that would do the same. Empty when an object has no `id` that can stand in one.
    pub driftignore: Vec<String>,
}

/// From many changes to few rules, the narrowest first: one for an instance, for all instances of a resource, or, where the same
/// attribute differs on several resources, for their type. None of them is for more attributes than those that differ.
pub fn suggest(candidates: &[Candidate]) -> Vec<Suggestion> {
    let mut by_attribute: BTreeMap<(&str, &str), BTreeSet<&InstanceAddress>> = BTreeMap::new();
    for candidate in candidates {
        by_attribute
            .entry((&candidate.address.resource.resource_type, &candidate.path))
            .or_default()
            .insert(&candidate.address);
    }
    let mut by_scope: BTreeMap<Scope, BTreeSet<&str>> = BTreeMap::new();
    for ((_, path), addresses) in by_attribute {
        if let Some(scope) = Scope::of(&addresses) {
            by_scope.entry(scope).or_default().insert(path);
        }
    }
    let mut suggestions: Vec<Suggestion> = by_scope
        .into_iter()
        .map(|(scope, paths)| suggestion(&scope, &paths, candidates))
        .collect();
    suggestions.sort();
    suggestions
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    Address(String),
    Type(String),
}

impl Scope {
    /// The narrowest that holds all of them; `None` for none.
    fn of(addresses: &BTreeSet<&InstanceAddress>) -> Option<Self> {
        let first = addresses.first()?;
        Some(if addresses.len() == 1 {
            Self::Address(first.to_string())
        } else if addresses.iter().all(|a| a.resource == first.resource) {
            Self::Address(first.resource.to_string())
        } else {
            Self::Type(first.resource.resource_type.clone())
        })
    }

    fn holds(&self, address: &InstanceAddress) -> bool {
        match self {
            Self::Address(text) => {
                *text == address.to_string() || *text == address.resource.to_string()
            }
            Self::Type(name) => *name == address.resource.resource_type,
        }
    }
}

fn suggestion(scope: &Scope, paths: &BTreeSet<&str>, candidates: &[Candidate]) -> Suggestion {
    let hidden: Vec<&Candidate> = candidates
        .iter()
        .filter(|c| scope.holds(&c.address) && paths.contains(c.path.as_str()))
        .collect();
    let addresses: BTreeSet<&InstanceAddress> = hidden.iter().map(|c| &c.address).collect();
    let (address, resource_type) = match scope {
        Scope::Address(address) => (Some(address.clone()), None),
        Scope::Type(name) => (None, Some(name.clone())),
    };
    let lines: Option<BTreeSet<String>> = match scope {
        Scope::Type(name) => {
            let each = hidden
                .iter()
                .map(|c| Some(format!("{name}.*.{}", c.dotted.as_ref()?)));
            each.collect()
        }
        Scope::Address(_) => hidden.iter().map(|c| line(c)).collect(),
    };
    Suggestion {
        instances: addresses.len(),
        changes: hidden.len(),
        address,
        resource_type,
        path: paths.iter().copied().collect::<Vec<_>>().join("|"),
        driftignore: lines.unwrap_or_default().into_iter().collect(),
    }
}

/// A line of a `.driftignore` for one object. `None` for what cannot stand in a line.
fn line(candidate: &Candidate) -> Option<String> {
    let resource_type = &candidate.address.resource.resource_type;
    let id = escaped(candidate.id.as_deref()?)?;
    Some(format!(
        "{resource_type}.{id}.{}",
        candidate.dotted.as_ref()?
    ))
}

/// The text as a pattern that fits nothing else; `None` for what cannot stand in a line.
fn escaped(text: &str) -> Option<String> {
    if text.contains(['\n', '\r']) {
        return None;
    }
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '\\' | '*' | '?' | '[') {
            out.push('\\');
        }
        out.push(c);
    }
    // A space at the end of a line would not count.
    if let Some(head) = out.strip_suffix(' ') {
        out = format!("{head}\\ ");
    }
    Some(out)
}
