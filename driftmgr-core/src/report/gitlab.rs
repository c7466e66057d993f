//! GitLab's code quality report: a list of `{description, check_name, fingerprint, severity, location}`.
//! Source: GitLab documentation, "Code Quality", section on the report format.

use serde_json::{Value as Json, json};

use super::render::RenderOptions;
use super::{places, shown};
use crate::drift::{DriftReport, Severity};

pub(super) fn code_quality(report: &DriftReport, options: &RenderOptions) -> Json {
    shown::worst_first(report, options.hidden)
        .into_iter()
        .map(|finding| {
            let place = places::of_finding(finding, options);
            json!({
                "description": shown::headline(finding, options.hidden, 200),
                "check_name": shown::rule_id(finding),
                "fingerprint": finding.fingerprint,
                "severity": match finding.severity {
                    Severity::Critical => "critical",
                    Severity::Important => "major",
                    Severity::Informational => "info",
                },
                "location": {
                    "path": place.file,
                    // GitLab requires a line.
                    "lines": {"begin": place.line.unwrap_or(1)},
                },
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::SystemTime;

    use super::*;
    use crate::report::testing::{SECRET, full, many};

    #[test]
    fn each_visible_finding_has_a_place_and_a_fingerprint_of_its_own() {
        let options = RenderOptions::new(SystemTime::UNIX_EPOCH);
        let list = code_quality(&full(), &options);
        assert!(!list.to_string().contains(SECRET));
        assert_eq!(
            list[0]["location"],
            json!({"path": "infra/web,1.tf", "lines": {"begin": 12}})
        );
        assert_eq!(list[0]["severity"], "critical");
        assert_eq!(list.as_array().unwrap().len(), 3);
        let many = code_quality(&many(500), &options);
        let prints: BTreeSet<&str> = many
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["fingerprint"].as_str().unwrap())
            .collect();
        assert_eq!(prints.len(), 500);
        assert!(prints.iter().all(|p| p.starts_with("v1-")));
    }
}
