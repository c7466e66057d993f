//! One page that needs nothing else: no server, no network, no other file. Its policy forbids it to load anything, and to run any script
//! but its own. The report stands in it as data that the script shows as text; nothing of it is ever read as markup.

use base64::Engine as _;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use similar::{ChangeTag, TextDiff};

use super::render::RenderOptions;
use super::shown::{self, Change};
use super::text::{self, one_line};
use super::{json as machine, places};
use crate::drift::{DriftReport, Finding, Kind, NotLookedAt, NotLookedAtKind, Verdict};
use crate::error::{Error, Result};

const TEMPLATE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");
/// Lines of one document.
const LINES: usize = 400;

pub(super) fn page(report: &DriftReport, options: &RenderOptions) -> Result<String> {
    let verdict = match report.verdict() {
        Verdict::InSync => "in-sync",
        Verdict::Drift => "drift",
        Verdict::Incomplete => "incomplete",
    };
    let sentence = text::check(report);
    let values = [
        ("style-hash", hash(STYLE)),
        ("script-hash", hash(SCRIPT)),
        ("style", STYLE.to_owned()),
        ("verdict", verdict.to_owned()),
        ("sentence", escaped(&sentence)),
        ("time", escaped(&options.second()?)),
        ("version", escaped(env!("CARGO_PKG_VERSION"))),
        ("data", inside_script(&data(report, options))),
        ("script", SCRIPT.to_owned()),
    ];
    Ok(filled(TEMPLATE, &values))
}

/// The template with each `{{name}}` replaced, once: what is put in is not looked at again.
fn filled(template: &str, values: &[(&str, String)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            rest = after;
            break;
        };
        if let Some((_, value)) = values.iter().find(|(n, _)| *n == name) {
            out.push_str(value);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// What a Content-Security-Policy names an inline script or style by.
fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let digest = base64::engine::general_purpose::STANDARD.encode(digest);
    format!("sha256-{digest}")
}

fn escaped(text: &str) -> String {
    one_line(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// JSON that can stand inside a script element: `</script>` and `<!--` end or change it, wherever they stand.
fn inside_script(json: &Json) -> String {
    json.to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

fn data(report: &DriftReport, options: &RenderOptions) -> Json {
    json!({
        "summary": report.summary,
        "findings": report.findings.iter().map(|f| finding(f, options)).collect::<Vec<_>>(),
        "not_looked_at": report.not_looked_at.iter().map(not_looked_at).collect::<Vec<_>>(),
        "providers": report.providers.iter().map(machine::provider).collect::<Vec<_>>(),
        "problems": report.problems.iter().map(problem).collect::<Vec<_>>(),
    })
}

fn finding(finding: &Finding, options: &RenderOptions) -> Json {
    let declared = finding.declared.as_ref().map(|_| {
        let place = places::of_finding(finding, options);
        format!("{}:{}", place.file, place.line.unwrap_or(1))
    });
    let hidden = finding
        .hidden
        .as_ref()
        .map(|h| one_line(&format!("{}: {}", h.rule, h.reason)));
    json!({
        "target": one_line(&finding.target),
        "address": shown::address(finding),
        "previous": finding.previous_address.as_ref().map(|a| one_line(&a.to_string())),
        "kind": text::kind_word(finding.kind),
        "severity": text::severity_word(finding.severity),
        "category": shown::category_name(finding.category),
        "provider": one_line(&finding.provider.source.to_string()),
        "effect": text::effect(finding),
        "reasons": finding.reasons.iter().map(|r| one_line(r)).collect::<Vec<_>>(),
        "declared": declared.map(|d| one_line(&d)),
        "identity": (finding.kind == Kind::Missing).then(|| text::identity(finding)),
        "hidden": hidden,
        "changes": finding.changes.iter().map(|c| change(finding, c)).collect::<Vec<_>>(),
    })
}

fn change(finding: &Finding, change: &crate::drift::AttributeChange) -> Json {
    let shown = Change::of(finding, change);
    let [before, after] = shown.sides();
    let lines = shown.documents.as_ref().map(|(b, a)| lines(b, a));
    // Both forms would say the same twice.
    let side = |text: &str| lines.is_none().then(|| text.to_owned());
    json!({
        "path": shown.path,
        "before": side(before),
        "after": side(after),
        "lines": lines,
        "severity": text::severity_word(change.severity),
        "replaces": shown.replaces,
        "unset": change.configured == Some(false),
        "hidden": change.hidden.as_ref().map(|h| one_line(&format!("{}: {}", h.rule, h.reason))),
    })
}

/// The lines that differ with three around them: a sign, and the line.
fn lines(before: &str, after: &str) -> Vec<[String; 2]> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (i, group) in diff.grouped_ops(3).iter().enumerate() {
        if i > 0 {
            lines.push([" ".to_owned(), "…".to_owned()]);
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => "-",
                ChangeTag::Insert => "+",
                ChangeTag::Equal => " ",
            };
            let line = one_line(change.value().trim_end_matches(['\n', '\r']));
            lines.push([sign.to_owned(), line]);
        }
    }
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    if more > 0 {
        lines.push([" ".to_owned(), format!("… {more} more lines")]);
    }
    lines
}

fn not_looked_at(item: &NotLookedAt) -> Json {
    json!({
        "target": one_line(&item.target),
        "address": text::address(&item.address, item.deposed.as_deref()),
        "open": item.kind == NotLookedAtKind::Unverifiable,
        "reason": one_line(&item.reason),
    })
}

fn problem(problem: &Error) -> Json {
    json!({
        "message": one_line(&problem.to_string()),
        "hints": problem.hints().iter().map(|h| one_line(h)).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests;
