//! Timestamps, revisions and counters that only the provider sets (class 4).

use super::format::Format;
use super::noise;
use super::place::names;
use crate::drift::model::Severity;
use crate::drift::noise::compare::{Certainty, Comparator, Compared, Noise};
use crate::value::Value;

/// Beginnings of resource types, and attributes of theirs that move without anybody's doing. A time of creation is none of them: a new one
/// means that the object was replaced.
const KNOWN: &[(&str, &[&str])] = &[
    ("aws_db_instance", &["latest_restorable_time"]),
    ("aws_rds_cluster", &["latest_restorable_time"]),
    ("aws_cloudfront_", &["etag", "last_modified_time"]),
    ("aws_lambda_function", &["last_modified"]),
    ("aws_wafv2_", &["lock_token"]),
    (
        "google_",
        &[
            "etag",
            "fingerprint",
            "label_fingerprint",
            "metadata_fingerprint",
            "metageneration",
            "tags_fingerprint",
            "update_time",
        ],
    ),
    (
        "kubernetes_",
        &["metadata.generation", "metadata.resource_version"],
    ),
];

/// Names of times, for any type.
const TIMES: &[&str] = &[
    "last_accessed",
    "last_modified",
    "last_modified_date",
    "last_modified_time",
    "last_updated",
    "last_updated_date",
    "last_updated_time",
    "last_used",
    "latest_restorable_time",
    "modified_at",
    "update_time",
    "updated_at",
];

/// Names of counters and of marks that change with every write, for any type.
const COUNTERS: &[&str] = &[
    "etag",
    "generation",
    "metageneration",
    "resource_version",
    "revision",
];

/// An attribute that no configuration can set, and that moves by itself. A critical one is not judged by its name.
#[derive(Debug)]
pub(super) struct Moving;

impl Comparator for Moving {
    fn equal(&self, change: &Compared<'_>) -> Option<Noise> {
        // Something has to be there before and after: what came or went did not move.
        let (before, after) = (change.before?, change.after?);
        let set = |value: &Value| {
            matches!(value, Value::String(s) if !s.is_empty()) || matches!(value, Value::Number(_))
        };
        if !change.only_computed
            || change.severity == Severity::Critical
            || !set(before)
            || !set(after)
        {
            return None;
        }
        let names = names(change.path.steps());
        let known = KNOWN.iter().any(|(start, attributes)| {
            change.resource_type.starts_with(start) && attributes.contains(&names.as_str())
        });
        let name = names.rsplit('.').next().unwrap_or_default();
        let time = |value: &Value| Format::Timestamp.normal(value).is_some();
        let presumed =
            COUNTERS.contains(&name) || (TIMES.contains(&name) && time(before) && time(after));
        let certainty = match (known, presumed) {
            (true, _) => Certainty::Known,
            (_, true) => Certainty::Presumed,
            _ => return None,
        };
        Some(noise(
            "computed",
            "only the provider sets it, and it moves by itself",
            certainty,
        ))
    }
}
