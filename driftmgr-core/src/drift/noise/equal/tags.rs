//! Tags that follow other tags (class 5), and tags that the cloud sets (class 6).

use super::noise;
use crate::drift::noise::compare::{Certainty, Comparator, Compared, Noise};
use crate::value::{Step, Value};

/// An attribute that holds all tags of an object, and the one that holds those of its configuration.
const ALL_AND_OWN: &[(&str, &str)] = &[
    ("tags_all", "tags"),
    ("effective_labels", "labels"),
    ("terraform_labels", "labels"),
    ("effective_annotations", "annotations"),
];

/// `tags_all` follows `tags`, and `tags` follows the provider's `default_tags`.
///
/// A tag that changed in both is seen once, in `tags`. A tag that changed in `tags_all` alone is seen there: default tags are real. A tag
/// that moved between `tags` and the default tags, while the object carries it as before, is no change.
#[derive(Debug)]
pub(super) struct EchoedTags;

impl Comparator for EchoedTags {
    fn equal(&self, change: &Compared<'_>) -> Option<Noise> {
        let name = top(change)?;
        let entries = entries(change)?;
        let sides = |name: &str| [change.stored, change.current].map(|side| side.attribute(name));
        for (all, own) in ALL_AND_OWN {
            if name == *all {
                let [stored, current] = sides(own);
                let follows = |(key, before, after): &Entry<'_>| {
                    tag(stored, key) == *before && tag(current, key) == *after
                };
                // Older states have no such attribute: the tags are seen by themselves, and the attribute adds nothing to them.
                let [all_before, all_after] = sides(all).map(|side| side.unwrap_or(&Value::Null));
                let filled =
                    all_before.is_null() && !all_after.is_blank() && current == Some(all_after);
                return (filled || entries.iter().all(follows)).then(|| {
                    let reason = format!("`{all}` follows `{own}`");
                    noise("equal-default-tags", &reason, Certainty::Proven)
                });
            }
            if name == *own && *own == "tags" && change.resource_type.starts_with("aws_") {
                let [stored, current] = sides(all);
                let carried = |(key, before, after): &Entry<'_>| {
                    let value = match (before, after) {
                        (Some(value), None) | (None, Some(value)) => value,
                        _ => return false,
                    };
                    tag(stored, key) == Some(*value) && tag(current, key) == Some(*value)
                };
                if entries.iter().all(carried) {
                    return Some(noise(
                        "equal-default-tags",
                        "the object carries the tag as before; the provider's default tags account for it",
                        Certainty::Known,
                    ));
                }
            }
        }
        None
    }
}

type Entry<'a> = (&'a str, Option<&'a Value>, Option<&'a Value>);

fn tag<'a>(tags: Option<&'a Value>, key: &str) -> Option<&'a Value> {
    tags?.attribute(key)
}

fn top<'a>(change: &Compared<'a>) -> Option<&'a str> {
    change.path.steps().first()?.name()
}

/// The entries of a map that changed: the one at the path or, where the map came or went as a whole, all.
fn entries<'a>(change: &Compared<'a>) -> Option<Vec<Entry<'a>>> {
    match change.path.steps().last()? {
        Step::Key(key) => Some(vec![(key, change.before, change.after)]),
        Step::Attribute(_) => {
            let maps = [change.before, change.after].map(|side| match side {
                None | Some(Value::Null) => Some(None),
                Some(Value::Map(entries)) => Some(Some(entries)),
                Some(_) => None,
            });
            let [before, after] = maps;
            let (before, after) = (before?, after?);
            let found: Vec<Entry<'a>> = match (before, after) {
                (Some(before), None) => before
                    .iter()
                    .map(|(k, v)| (k.as_str(), Some(v), None))
                    .collect(),
                (None, Some(after)) => after
                    .iter()
                    .map(|(k, v)| (k.as_str(), None, Some(v)))
                    .collect(),
                _ => return None,
            };
            (!found.is_empty()).then_some(found)
        }
        _ => None,
    }
}

/// Attributes that hold tags.
const TAGS: &[&str] = &[
    "tags",
    "tags_all",
    "volume_tags",
    "labels",
    "effective_labels",
    "terraform_labels",
    "user_labels",
    "resource_labels",
    "annotations",
];

/// Keys that only the cloud can set: any change of them is its own.
const RESERVED: &[(&str, &str)] = &[("aws_", "aws:"), ("google_", "goog-")];

/// Beginnings of keys that controllers of the cloud add. People can set them too, so that only an added one is nobody's.
const ADDED: &[(&str, &[&str])] = &[
    (
        "aws_",
        &[
            "kubernetes.io/cluster/",
            "kubernetes.io/created-for/",
            "kubernetes.io/service-name",
            "k8s.io/cluster-autoscaler/",
            "elbv2.k8s.aws/",
            "ingress.k8s.aws/",
            "service.k8s.aws/",
            "ebs.csi.aws.com/",
            "eks:",
            "elasticbeanstalk:",
            "AmazonECSManaged",
        ],
    ),
    ("", &["kubernetes.io/cluster/"]),
    ("google_", &["k8s-", "kubernetes-io-"]),
    (
        "azurerm_",
        &["hidden-", "ms-resource-usage", "aks-managed-", "k8s-azure-"],
    ),
];

/// Keys that controllers of Kubernetes keep for themselves. Others with `kubernetes.io` in them are settings of people: load balancers
/// and ingresses are configured by annotations.
const KUBERNETES: &[&str] = &[
    "autoscaling.alpha.kubernetes.io/conditions",
    "autoscaling.alpha.kubernetes.io/current-metrics",
    "control-plane.alpha.kubernetes.io/leader",
    "deployment.kubernetes.io/revision",
    "endpoints.kubernetes.io/last-change-trigger-time",
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubernetes.io/metadata.name",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/selected-node",
    "volume.kubernetes.io/storage-provisioner",
];

/// Tags that the cloud or a controller of it set.
#[derive(Debug)]
pub(super) struct SystemTags;

impl Comparator for SystemTags {
    fn equal(&self, change: &Compared<'_>) -> Option<Noise> {
        let mut inwards = change.path.steps().iter().rev();
        let last = inwards.find_map(|step| match step {
            Step::Attribute(name) => Some(name.as_str()),
            _ => None,
        })?;
        let of_system = match (change.path.steps().last()?, last) {
            // Groups hold their tags as a set of blocks.
            (Step::Element(member), "tag" | "tags") => {
                let key = member.attribute("key")?.as_str()?;
                is_system(change, &(key, change.before, change.after))
            }
            _ if TAGS.contains(&last) => entries(change)?.iter().all(|e| is_system(change, e)),
            _ => return None,
        };
        of_system.then(|| {
            noise(
                "system-tag",
                "the cloud sets this tag for itself",
                Certainty::Known,
            )
        })
    }
}

fn is_system(change: &Compared<'_>, (key, before, after): &Entry<'_>) -> bool {
    let ty = change.resource_type;
    let reserved = |(cloud, start): &(&str, &str)| ty.starts_with(cloud) && key.starts_with(start);
    let added = |(cloud, starts): &(&str, &[&str])| {
        ty.starts_with(cloud) && starts.iter().any(|start| key.starts_with(start))
    };
    RESERVED.iter().any(reserved)
        || (ty.starts_with("kubernetes_") && KUBERNETES.contains(key))
        || (before.is_none() && after.is_some() && ADDED.iter().any(added))
}
