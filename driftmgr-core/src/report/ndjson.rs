//! One JSON object a line, laid out as the machine-readable output of OpenTofu and Terraform is: `@level`, `@message`, `@timestamp` and a
//! `type`. Readers ignore types that they do not know.

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::{json, row};
use crate::drift::{DriftReport, Severity};

/// Version of the lines' form.
const VERSION: &str = "1.0";

/// The report's lines: `version`, then a `finding`, `not_looked_at` or `problem` each, then `summary`.
pub(super) fn drift(report: &DriftReport, at: Timestamp) -> String {
    let mut lines = Lines {
        text: String::new(),
        at: at.to_string(),
    };
    lines.add(
        "info",
        format!("driftmgr {}", env!("CARGO_PKG_VERSION")),
        "version",
        json!({"driftmgr": env!("CARGO_PKG_VERSION"), "ui": VERSION}),
    );
    let document = json::drift(report);
    let parts = |name: &str| document[name].as_array().cloned().unwrap_or_default();
    for (finding, entry) in report.findings.iter().zip(parts("resource_drift")) {
        let level = match finding.severity {
            _ if finding.hidden.is_some() => "debug",
            Severity::Critical => "error",
            Severity::Important => "warn",
            Severity::Informational => "info",
        };
        lines.add(
            level,
            row::headline(finding),
            "finding",
            json!({"finding": entry}),
        );
    }
    for (left_out, entry) in report.not_looked_at.iter().zip(parts("not_looked_at")) {
        let message = format!(
            "{} was not looked at: {}",
            left_out.address, left_out.reason
        );
        lines.add(
            "warn",
            message,
            "not_looked_at",
            json!({"not_looked_at": entry}),
        );
    }
    for (problem, entry) in report.problems.iter().zip(parts("problems")) {
        lines.add(
            "error",
            problem.message().to_owned(),
            "problem",
            json!({"problem": entry}),
        );
    }
    let summary = &report.summary;
    let message = format!(
        "{} checked, {} drifted, {} deleted, {} could not be looked at",
        summary.checked, summary.drifted, summary.deleted, summary.unverifiable
    );
    lines.add("info", message, "summary", json!({"summary": summary}));
    lines.text
}

struct Lines {
    text: String,
    at: String,
}

impl Lines {
    fn add(&mut self, level: &str, message: String, kind: &str, payload: Json) {
        let mut line = Map::new();
        line.insert("@level".to_owned(), level.into());
        line.insert("@message".to_owned(), message.into());
        line.insert("@module".to_owned(), "driftmgr".into());
        line.insert("@timestamp".to_owned(), self.at.clone().into());
        line.insert("type".to_owned(), kind.into());
        if let Json::Object(payload) = payload {
            line.extend(payload);
        }
        self.text.push_str(&Json::Object(line).to_string());
        self.text.push('\n');
    }
}
