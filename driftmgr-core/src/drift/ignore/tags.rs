//! Tags and labels whose changes are not shown.

use std::collections::BTreeSet;

use super::glob::Glob;
use super::outcome::{Origin, RuleOutcome, Tally, is_managed};
use crate::drift::model::{AttributeChange, DriftReport, Finding, Hidden};
use crate::drift::noise::Silencer;
use crate::error::Partial;
use crate::value::{Step, Value};

/// Attributes that hold tags by key: AWS and Azure (`tags`), what their provider-wide defaults make of them (`tags_all`), Google and
/// Kubernetes (`labels`) with what the Google provider makes of them.
const HOLDERS: [&str; 5] = [
    "tags",
    "tags_all",
    "labels",
    "effective_labels",
    "terraform_labels",
];

/// The name of the rule in reports.
const RULE: &str = "ignore_tags";

/// Keys of tags whose changes are not shown, whatever has them.
#[derive(Debug, Clone, Default)]
pub struct IgnoreTags(Vec<(String, Glob, Origin)>);

impl IgnoreTags {
    /// Keys with `*` for any run of characters, each with the place where it is written. An empty one is a problem.
    pub fn new(keys: &[(String, Origin)]) -> Partial<Self> {
        let mut read = Partial::complete(Self::default());
        for (key, origin) in keys {
            match Glob::new(key) {
                Some(glob) => read.value.0.push((key.clone(), glob, origin.clone())),
                None => read
                    .problems
                    .push(origin.error("a key of `ignore_tags` is empty: expected the key of a tag, such as LastScanned or kubernetes.io/*")),
            }
        }
        read
    }
}

/// True for a change of tags in which no other keys than these take part.
pub(super) fn only(change: &AttributeChange, ignored: impl Fn(&str) -> bool) -> bool {
    let steps = change.path.steps();
    let holder = |step: &Step| step.name().is_some_and(|name| HOLDERS.contains(&name));
    let Some(at) = steps.iter().position(holder) else {
        return false;
    };
    match steps.get(at + 1) {
        Some(step) => step.name().is_some_and(ignored),
        // All of them at once, since one side has none.
        None => {
            let keys = differing(change.before.as_ref(), change.after.as_ref());
            keys.is_some_and(|keys| !keys.is_empty() && keys.into_iter().all(ignored))
        }
    }
}

/// The keys whose values differ; `None` when a side is no map.
fn differing<'a>(before: Option<&'a Value>, after: Option<&'a Value>) -> Option<BTreeSet<&'a str>> {
    let keys = |side: Option<&'a Value>| match side {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(value) => value.as_map().map(|map| map.keys().collect()),
    };
    let all = keys(before)?.into_iter().chain(keys(after)?);
    let value = |side: Option<&'a Value>, key: &str| side.and_then(|v| v.attribute(key));
    let differing = all.filter(|key| value(before, key) != value(after, key));
    Some(differing.map(String::as_str).collect())
}

impl Silencer for IgnoreTags {
    fn silences(&self, _: &Finding, change: &AttributeChange) -> Option<Hidden> {
        // All keys together: a change of the whole map may need several of them.
        only(change, |key| {
            self.0.iter().any(|(_, glob, _)| glob.matches(key))
        })
        .then(|| Hidden {
            rule: RULE.to_owned(),
            reason: "changes of this tag are not to be shown".to_owned(),
        })
    }

    fn outcomes(&self, report: &DriftReport) -> Vec<RuleOutcome> {
        let all = |key: &str| self.0.iter().any(|(_, glob, _)| glob.matches(key));
        let each = self.0.iter().map(|(_, glob, origin)| {
            let speaks_of = |_: &Finding, change: Option<&AttributeChange>| {
                change.is_some_and(|c| only(c, all) && touches(c, glob))
            };
            Tally::of(report, speaks_of, is_managed).outcome(RULE, origin.clone())
        });
        each.collect()
    }
}

/// True when the key takes part in a change of tags.
fn touches(change: &AttributeChange, glob: &Glob) -> bool {
    !only(change, |key| !glob.matches(key))
}
