//! Attributes of one object that the cloud changes together.

use std::sync::OnceLock;

use serde::Deserialize;

use super::{Cause, Group, Member};
use crate::drift::model::{AttributeChange, Finding};
use crate::drift::severity::Pattern;
use crate::value::Step;

/// Attributes that are one thing said several times.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Together {
    #[serde(rename = "type")]
    pub(super) resource_type: Pattern,
    pub(super) paths: Vec<String>,
    reason: String,
}

pub(super) fn table() -> &'static [Together] {
    static TABLE: OnceLock<Vec<Together>> = OnceLock::new();
    // A test reads the file, so that it is never wrong here.
    TABLE.get_or_init(|| read(include_str!("together.json")).unwrap_or_default())
}

pub(super) fn read(json: &str) -> serde_json::Result<Vec<Together>> {
    serde_json::from_str(json)
}

pub(super) fn groups(findings: &[Finding]) -> Vec<Group> {
    let of_finding = |finding| table().iter().filter_map(move |t| t.of(finding));
    findings.iter().flat_map(of_finding).collect()
}

impl Together {
    fn of(&self, finding: &Finding) -> Option<Group> {
        let resource_type = &finding.address.resource.resource_type;
        if !self.resource_type.matches(resource_type) {
            return None;
        }
        let changes = finding.changes.iter().filter(|c| !c.sensitive);
        let moved: Vec<(&String, &AttributeChange)> = changes
            .filter_map(|change| Some((self.attribute(change)?, change)))
            .collect();
        let first = moved.first()?.0;
        // Two keys of `tags` are two changes; a key of `tags` and of `tags_all` is one.
        if moved.iter().all(|(attribute, _)| *attribute == first) {
            return None;
        }
        Some(Group {
            cause: Cause::MovesTogether,
            members: vec![Member::of(finding)],
            paths: moved.iter().map(|(_, c)| c.path.clone()).collect(),
            reason: self.reason.clone(),
        })
    }

    /// Which of the attributes the change is in.
    fn attribute(&self, change: &AttributeChange) -> Option<&String> {
        let names: Vec<&str> = change.path.steps().iter().filter_map(Step::name).collect();
        self.paths.iter().find(|attribute| {
            let wanted: Vec<&str> = attribute.split('.').collect();
            names.starts_with(&wanted)
        })
    }
}
