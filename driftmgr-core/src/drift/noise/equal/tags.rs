//! Classes 5 and 6: tags that follow other tags, and tags that nobody sets by hand.

use std::collections::{BTreeMap, BTreeSet};

use super::noise;
use crate::drift::noise::compare::{Certainty, Comparator, Compared, Noise};
use crate::value::{Step, Value};

/// `tags_all` is `tags` with a provider's default tags. A change that stands in both is shown once, in `tags`.
#[derive(Debug)]
pub(super) struct SameInTags;

/// The attributes that hold what a provider adds to another attribute: the AWS provider's, and those of the Google provider.
const COMBINED: &[(&str, &str)] = &[
    ("tags_all", "tags"),
    ("effective_labels", "labels"),
    ("terraform_labels", "labels"),
    ("effective_annotations", "annotations"),
];

impl Comparator for SameInTags {
    fn equal(&self, change: &Compared<'_>) -> Option<Noise> {
        let (first, rest) = change.path.steps().split_first()?;
        let (_, own) = COMBINED
            .iter()
            .find(|(all, _)| first.name() == Some(*all))?;
        let differing = changed_keys(change, rest)?;
        let sides = [change.stored, change.current].map(|object| object.attribute(own));
        let all = first.name()?;
        let both = |key: &str| {
            let [before, after] = sides.map(|tags| tags.and_then(|tags| entry(tags, key)));
            let [all_before, all_after] = [change.stored, change.current]
                .map(|object| object.attribute(all).and_then(|tags| entry(tags, key)));
            before == all_before && after == all_after
        };
        differing.iter().all(|key| both(key)).then(|| {
            noise(
                "same-in-tags",
                Certainty::Proven,
                "the same change stands in the object's own tags",
            )
        })
    }
}

/// Tags that a cloud or a cluster puts on what it uses.
#[derive(Debug)]
pub(super) struct SystemTags;

/// Attributes that hold tags or labels.
const HOLDERS: &[&str] = &[
    "tags",
    "tags_all",
    "labels",
    "effective_labels",
    "terraform_labels",
    "annotations",
];

/// How such tags begin. AWS reserves `aws:`, Azure `hidden-`, Google `goog-`; the others are those of clusters.
const PREFIXES: &[&str] = &[
    "aws:",
    "eks:",
    "goog-",
    "hidden-",
    "hidden_",
    "ms-resource-usage",
    "kubernetes.io/",
    "k8s.io/",
    "k8s-",
    "kubernetes:",
    "elbv2.k8s.aws/",
    "ingress.k8s.aws/",
    "service.k8s.aws/",
    "ebs.csi.aws.com/",
    "karpenter.sh/",
    "node.k8s.amazonaws.com/",
    "vpc.amazonaws.com/",
];

impl Comparator for SystemTags {
    fn equal(&self, change: &Compared<'_>) -> Option<Noise> {
        let (first, rest) = change.path.steps().split_first()?;
        if !HOLDERS.contains(&first.name()?) {
            return None;
        }
        // What the configuration sets is the user's, whatever its name.
        if change.configured == Some(true) && !rest.is_empty() {
            return None;
        }
        let keys = changed_keys(change, rest)?;
        let system = |key: &String| PREFIXES.iter().any(|prefix| key.starts_with(prefix));
        (!keys.is_empty() && keys.iter().all(system)).then(|| {
            noise(
                "system-tag",
                Certainty::Known,
                "the cloud or a cluster sets this tag",
            )
        })
    }
}

/// The keys that a change of a map of tags is about: the one that the path names, or all that differ between both sides.
fn changed_keys(change: &Compared<'_>, rest: &[Step]) -> Option<Vec<String>> {
    if let [step] = rest {
        return Some(vec![step.name()?.to_owned()]);
    }
    if !rest.is_empty() {
        return None;
    }
    let before = entries(change.before)?;
    let after = entries(change.after)?;
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differing = keys
        .into_iter()
        .filter(|key| before.get(*key) != after.get(*key));
    Some(differing.cloned().collect())
}

fn entries(side: Option<&Value>) -> Option<BTreeMap<String, Value>> {
    match side {
        Some(Value::Map(entries)) => Some(entries.clone()),
        None | Some(Value::Null) => Some(BTreeMap::new()),
        _ => None,
    }
}

fn entry<'a>(tags: &'a Value, key: &str) -> Option<&'a Value> {
    tags.as_map()?.get(key)
}
