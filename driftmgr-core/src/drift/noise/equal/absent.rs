//! Null, `""`, `[]` and `{}` for each other in an attribute that can be left out (class 1).

use super::noise;
use super::place::attribute;
use crate::drift::model::Severity;
use crate::drift::noise::compare::{Certainty, Comparator, Compared, Noise};
use crate::value::{Step, Value};

/// Attributes for which "nothing" and the empty text are two answers: an empty class is "none", a missing one is the default.
const DISTINCT: &[&str] = &[
    "storage_class_name",
    "load_balancer_class",
    "ingress_class_name",
];

/// Providers on the plugin SDK that cannot tell null from an empty collection, so that neither means "all".
const CANNOT_TELL: &[&str] = &[
    "aws_",
    "azurerm_",
    "digitalocean_",
    "google_",
    "kubernetes_",
];

/// Two ways to say that nothing is set.
///
/// `false` and `0` are values, an entry of a map with an empty value exists, and so does an element of a list: none of them is absent.
/// In some APIs an empty list means "none" where a missing one means "all". So a list whose change would be critical counts as the same
/// only when the provider plans no change for it and cannot tell the two apart: by its SDK, or since the attribute is not computed, which
/// keeps the plan from taking over what it finds.
#[derive(Debug)]
pub(super) struct Absent;

impl Comparator for Absent {
    fn equal(&self, change: &Compared<'_>) -> Option<Noise> {
        let (before, after) = (
            change.before.unwrap_or(&Value::Null),
            change.after.unwrap_or(&Value::Null),
        );
        let Some(Step::Attribute(name)) = change.path.steps().last() else {
            return None;
        };
        if !before.is_blank() || !after.is_blank() || DISTINCT.contains(&name.as_str()) {
            return None;
        }
        let attribute = attribute(change.block, change.path)?;
        if !attribute.optional && !attribute.computed {
            return None;
        }
        let listed = [before, after].iter().any(|v| v.as_elements().is_some());
        let cannot_tell = !attribute.computed
            || CANNOT_TELL
                .iter()
                .any(|prefix| change.resource_type.starts_with(prefix));
        let agreed = change.planned == Some(false);
        if listed && change.severity == Severity::Critical && !(agreed && cannot_tell) {
            return None;
        }
        let certainty = if agreed {
            Certainty::Proven
        } else {
            Certainty::Known
        };
        Some(noise(
            "equal-empty",
            "both sides mean that nothing is set",
            certainty,
        ))
    }
}
