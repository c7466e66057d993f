//! GitLab's code quality report: the Code Climate format, as far as GitLab reads it.

use serde_json::{Value as Json, json};

use super::row;
use crate::drift::{DriftReport, Severity};

/// The visible findings. GitLab wants a file for each; one without a block in the configuration gets its target.
pub(super) fn drift(report: &DriftReport) -> Json {
    let findings = row::by_severity(&report.findings);
    findings
        .into_iter()
        .map(|finding| {
            let (file, line) = finding
                .declared
                .as_ref()
                .map_or_else(|| (finding.target.clone(), 1), |at| (at.file.display().to_string(), at.line));
            let severity = match finding.severity {
                Severity::Critical => "critical",
                Severity::Important => "major",
                Severity::Informational => "info",
            };
            json!({
                "description": row::headline(finding),
                "check_name": format!("driftmgr/{}/{}", row::kind(finding.kind), row::word(finding.category)),
                "fingerprint": row::fingerprint(finding),
                "severity": severity,
                "location": {"path": file, "lines": {"begin": line}},
            })
        })
        .collect()
}
