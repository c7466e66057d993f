//! SARIF 2.1.0, for code scanning.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value as Json, json};

use super::row;
use crate::drift::{DriftReport, Finding, Kind, Severity};

/// GitHub takes 25,000 results of a run and keeps the 5,000 most severe; we choose them ourselves and say so.
const RESULTS: usize = 5_000;

/// What a path of a URI has to escape (RFC 3986 section 3.3).
const IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The visible findings as results, each at the block that declares it, else at its target.
pub(super) fn drift(report: &DriftReport) -> Json {
    let findings = row::by_severity(&report.findings);
    let shown = findings.get(..RESULTS).unwrap_or(&findings);
    let mut rules: BTreeMap<String, Json> = BTreeMap::new();
    for finding in shown {
        rules
            .entry(rule_id(finding))
            .or_insert_with(|| rule(finding));
    }
    let places: BTreeMap<&String, usize> =
        rules.keys().enumerate().map(|(i, id)| (id, i)).collect();
    let results: Vec<Json> = shown
        .iter()
        .map(|finding| result(finding, &places))
        .collect();
    let rules: Vec<&Json> = rules.values().collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "driftmgr",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                // The run itself went well: drift is a result, not a failure.
                "executionSuccessful": report.problems.is_empty(),
                "toolExecutionNotifications": notifications(report, findings.len()),
            }],
            "results": results,
        }],
    })
}

/// A rule for each kind and category, with a stable name: `driftmgr/modified/encryption`.
fn rule_id(finding: &Finding) -> String {
    format!(
        "driftmgr/{}/{}",
        row::kind(finding.kind),
        row::word(finding.category)
    )
}

fn rule(finding: &Finding) -> Json {
    let category = row::word(finding.category).replace('_', " ");
    let text = match finding.kind {
        Kind::Missing => "An object of the state no longer exists.".to_owned(),
        Kind::Moved => {
            "An object has another address in the configuration than in the state.".to_owned()
        }
        Kind::Modified => format!("What is really there differs from the state: {category}."),
    };
    json!({
        "id": rule_id(finding),
        "name": format!("{} {category}", row::kind(finding.kind)),
        "shortDescription": {"text": text},
        "help": {"text": "`driftmgr explain ADDRESS` shows everything about one object."},
        "properties": {"tags": ["drift", row::word(finding.category)]},
    })
}

fn result(finding: &Finding, rules: &BTreeMap<&String, usize>) -> Json {
    let id = rule_id(finding);
    let (file, line) = match &finding.declared {
        Some(at) => (at.file.display().to_string(), at.line),
        None => (finding.target.clone(), 1),
    };
    let level = match finding.severity {
        Severity::Critical => "error",
        Severity::Important => "warning",
        Severity::Informational => "note",
    };
    let address = row::address(finding);
    json!({
        "ruleIndex": rules.get(&id),
        "ruleId": id,
        "level": level,
        "message": {"text": message(finding)},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(&file), "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": line},
            },
            "logicalLocations": [{"fullyQualifiedName": address, "kind": "resource"}],
        }],
        "partialFingerprints": {"driftmgrFinding/v1": row::fingerprint(finding)},
        "properties": {
            "target": finding.target,
            "severity": finding.severity,
            "category": finding.category,
        },
    })
}

fn message(finding: &Finding) -> String {
    let side = |text: Option<String>| text.unwrap_or_else(|| "nothing".to_owned());
    let changes = row::visible(finding)
        .map(|c| format!("{}: {} -> {}", c.path, side(c.before), side(c.after)));
    let mut lines = vec![row::headline(finding)];
    lines.extend(changes);
    lines.extend(finding.reasons.iter().cloned());
    lines.join("\n")
}

/// A relative reference with slashes; a drive or a leading slash stays what it is.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    utf8_percent_encode(path, IN_PATH).to_string()
}

fn notifications(report: &DriftReport, findings: usize) -> Vec<Json> {
    let mut notifications: Vec<Json> = report
        .problems
        .iter()
        .map(|problem| json!({"level": "error", "message": {"text": problem.to_string()}}))
        .collect();
    let mut note = |level: &str, text: String| {
        notifications.push(json!({"level": level, "message": {"text": text}}));
    };
    if findings > RESULTS {
        note(
            "warning",
            format!(
                "{} of {findings} findings are left out here: hosts keep the {RESULTS} most severe",
                findings - RESULTS
            ),
        );
    }
    if report.summary.unverifiable > 0 {
        note(
            "warning",
            format!(
                "{} objects could not be looked at",
                report.summary.unverifiable
            ),
        );
    }
    if report.summary.hidden > 0 {
        note(
            "note",
            format!(
                "{} objects have nothing but hidden differences",
                report.summary.hidden
            ),
        );
    }
    notifications
}
