//! SARIF 2.1.0 (OASIS, March 2020), as code scanning takes it. A rule is a kind of drift and what it is about; a result is a finding, at the
//! block that declares the resource. What was not looked at, and what a limit leaves out, are notifications: they are never silent.
//! Limits: GitHub, "SARIF support for code scanning" (25,000 results of a run are accepted and 5,000 shown, 10 MB when compressed).

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::places::Place;
use super::render::RenderOptions;
use super::shown::{self, cut};
use super::text::{self, one_line};
use super::{RULES_HELP, places};
use crate::drift::{DriftReport, Finding, Kind, NotLookedAtKind};
use crate::error::Result;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Bytes of all results together. Compressed they are far below what GitHub takes, whatever stands in them.
const BYTES: usize = 9_000_000;
/// Characters of one value and of one message.
const VALUE: usize = 200;
const MESSAGE: usize = 2_000;
/// Notifications of one sort.
const NOTES: usize = 50;

pub(super) fn log(report: &DriftReport, options: &RenderOptions) -> Result<Json> {
    let findings = shown::worst_first(report, options.hidden);
    let mut rules: BTreeMap<String, &Finding> = BTreeMap::new();
    for finding in &findings {
        rules.entry(shown::rule_id(finding)).or_insert(finding);
    }
    let index: BTreeMap<&str, usize> = rules.keys().map(String::as_str).zip(0..).collect();
    let mut results = Vec::new();
    let mut bytes = 0;
    for finding in findings.iter().take(options.sarif_results) {
        let result = result(finding, &index, options);
        bytes += result.to_string().len();
        if bytes > BYTES {
            break;
        }
        results.push(result);
    }
    let left_out = findings.len() - results.len();
    let time = options.time()?;
    Ok(json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "driftmgr",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.iter().map(|(id, finding)| rule(id, finding)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": report.problems.is_empty(),
                "endTimeUtc": time,
                "toolExecutionNotifications": notifications(report, left_out, options),
            }],
            "results": results,
            "properties": {"summary": report.summary},
        }],
    }))
}

fn rule(id: &str, finding: &Finding) -> Json {
    let kind = match finding.kind {
        Kind::Missing => "A resource of the state does not exist",
        Kind::Modified => "A resource differs from its state",
        Kind::Moved => "A resource has another address in the state",
    };
    let category = shown::category_name(finding.category).replace('_', " ");
    json!({
        "id": id,
        "shortDescription": {"text": format!("{kind}: {category}")},
        "fullDescription": {"text": format!("{kind}; the most severe of what differs is about {category}.")},
        "help": {"text": RULES_HELP},
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": ["drift", category]},
    })
}

fn result(finding: &Finding, rules: &BTreeMap<&str, usize>, options: &RenderOptions) -> Json {
    let id = shown::rule_id(finding);
    let mut message = vec![shown::headline(finding, options.hidden, VALUE)];
    message.extend(text::hidden_note(finding).filter(|_| !options.hidden));
    message.push(text::effect(finding));
    message.extend(finding.reasons.iter().map(|reason| one_line(reason)));
    let print = &finding.fingerprint;
    json!({
        "ruleId": id,
        "ruleIndex": rules.get(id.as_str()),
        "level": shown::level(finding.severity),
        "message": {"text": cut(&one_line(&message.join("; ")), MESSAGE)},
        "locations": [{
            "physicalLocation": physical(&places::of_finding(finding, options)),
            "logicalLocations": [{
                "fullyQualifiedName": shown::address(finding),
                "kind": "resource",
            }],
        }],
        // GitHub matches alerts by the first one.
        "partialFingerprints": {"primaryLocationLineHash": print, "driftmgr/v1": print},
        "properties": {
            "target": finding.target,
            "severity": finding.severity,
            "category": finding.category,
            "class": finding.class,
        },
    })
}

fn physical(place: &Place) -> Json {
    json!({
        "artifactLocation": {"uri": place.uri()},
        // Code scanning needs a line.
        "region": {"startLine": place.line.unwrap_or(1)},
    })
}

fn notifications(report: &DriftReport, left_out: usize, options: &RenderOptions) -> Vec<Json> {
    let mut notes = Vec::new();
    let mut note = |level: &str, text: &str| {
        let text = cut(&one_line(text), MESSAGE);
        notes.push(json!({"level": level, "message": {"text": text}}));
    };
    if left_out > 0 {
        note(
            "warning",
            &format!(
                "{left_out} findings are not among the results, the least severe ones: a run holds {} results and {BYTES} bytes at most",
                options.sarif_results
            ),
        );
    }
    for problem in report.problems.iter().take(NOTES) {
        note("error", &problem.to_string());
    }
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    for item in &report.not_looked_at {
        if item.kind == NotLookedAtKind::Unverifiable {
            *open.entry(&item.reason).or_default() += 1;
        }
    }
    for (reason, n) in open.iter().take(NOTES) {
        note("warning", &format!("not looked at, {n} × {reason}"));
    }
    let more = report.problems.len().saturating_sub(NOTES) + open.len().saturating_sub(NOTES);
    if more > 0 {
        note(
            "warning",
            &format!("{more} more problems and reasons are in the whole report"),
        );
    }
    if report.summary.hidden > 0 && !options.hidden {
        let hidden = report.summary.hidden;
        note(
            "note",
            &format!(
                "{} only in ways that are not shown: not among the results",
                shown::differ(hidden)
            ),
        );
    }
    notes
}

#[cfg(test)]
mod tests;
