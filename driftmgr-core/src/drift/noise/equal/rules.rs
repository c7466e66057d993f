//! Equalities that users write down.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::format::Format;
use super::spelling::Entry;
use crate::drift::noise::compare::Certainty;
use crate::drift::severity::Pattern;
use crate::error::{Error, ErrorKind, Result};

/// A user's word that values of an attribute are written in a format, so that two spellings of one value are no drift.
///
/// As data: `{"type": "acme_*", "path": "schedule.every", "as": "duration", "reason": "the API answers in seconds"}`. Types and paths may hold `*` for any run of
/// characters and `|` between alternatives; a path is made of attribute names from the top, joined by dots, without positions, and covers
/// all below it, except that `set` speaks of the very list it names.
#[derive(Debug, Clone)]
pub struct EqualityRule {
    resource_type: Pattern,
    path: Pattern,
    format: Format,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(rename = "type")]
    resource_type: Pattern,
    path: Pattern,
    #[serde(rename = "as")]
    format: Format,
    reason: String,
}

impl<'de> Deserialize<'de> for EqualityRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        if written.reason.trim().is_empty() {
            return Err(serde::de::Error::custom(
                "a reason is expected: it stands beside every difference that the rule hides",
            ));
        }
        Ok(Self {
            resource_type: written.resource_type,
            path: written.path,
            format: written.format,
            reason: written.reason,
        })
    }
}

impl EqualityRule {
    /// Reads a JSON list of rules.
    ///
    /// # Errors
    /// `InvalidConfig` with line and column, and what was expected there.
    pub fn read(json: &str) -> Result<Vec<Self>> {
        serde_json::from_str(json).map_err(|e| {
            Error::new(
                ErrorKind::InvalidConfig,
                format!("the equality rules cannot be read: {e}"),
            )
            .with_hint(
                "each rule has type, path, as (json, yaml, policy, set, cidr, arn, case, duration, number, timestamp, empty, trailing, …) and reason",
            )
        })
    }

    pub(super) fn into_entry(self) -> Entry {
        Entry {
            resource_type: self.resource_type,
            path: self.path,
            format: self.format,
            certainty: Certainty::Known,
            when: BTreeMap::new(),
            reason: Some(self.reason),
        }
    }
}
