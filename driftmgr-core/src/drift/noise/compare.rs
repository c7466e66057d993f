//! Judging whether two different values mean the same.

use std::fmt::Debug;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::drift::model::Severity;
use crate::provider::Block;
use crate::value::{Path, Value};

/// How sure it is that a change means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// The attribute's name suggests it.
    Presumed,
    /// It is known of this resource type or this cloud.
    Known,
    /// The provider plans no change, or both sides are two spellings of one value.
    Proven,
}

/// Why a change means nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noise {
    /// The rule's name, such as `equal-json`.
    pub rule: String,
    /// Why, for people.
    pub reason: String,
    /// How sure that is.
    pub certainty: Certainty,
}

impl Noise {
    /// What the provider's plan says: nothing would be done.
    pub fn planned() -> Self {
        Self {
            rule: "plan-back".to_owned(),
            reason: "the provider plans no change for this difference".to_owned(),
            certainty: Certainty::Proven,
        }
    }
}

/// One change of an attribute, as a comparator sees it.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    /// The resource type, such as `aws_iam_role`.
    pub resource_type: &'a str,
    /// Where the values stand.
    pub path: &'a Path,
    /// What the state says; `None` where there is nothing at that path.
    pub before: Option<&'a Value>,
    /// What is really there.
    pub after: Option<&'a Value>,
    /// Only the provider sets the attribute; a configuration cannot.
    pub only_computed: bool,
    /// Apply would change it; `None` when the provider could not say so.
    pub planned: Option<bool>,
    /// The configuration sets the attribute; `None` without a configuration.
    pub configured: Option<bool>,
    /// How much the change matters, taken by itself.
    pub severity: Severity,
    /// The schema of the whole object.
    pub block: &'a Block,
    /// The whole object in the state.
    pub stored: &'a Value,
    /// The whole object in reality.
    pub current: &'a Value,
}

/// Knows one way in which two different values mean the same.
///
/// # Behavior
/// - The answer depends on nothing but the change: the same change gets the same answer in every run.
/// - No opinion is `None`; a comparator never calls values equal that it does not understand.
pub trait Comparator: Debug + Send + Sync {
    /// Why both sides mean the same.
    fn equal(&self, change: &Compared<'_>) -> Option<Noise>;
}

/// The comparators of a survey; the first that has an opinion decides.
#[derive(Debug, Clone)]
pub struct Comparators(pub(super) Vec<Arc<dyn Comparator>>);

impl Comparators {
    /// These, in this order, before the built-in ones.
    #[must_use]
    pub fn with(comparators: Vec<Arc<dyn Comparator>>) -> Self {
        let built_in = Self::builtin().0;
        Self(comparators.into_iter().chain(built_in).collect())
    }

    /// None at all: only what the provider plans counts.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// Why both sides of a change mean the same.
    pub fn judge(&self, change: &Compared<'_>) -> Option<Noise> {
        self.0.iter().find_map(|each| each.equal(change))
    }
}
