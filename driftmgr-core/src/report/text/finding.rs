//! One finding: what differs, how much it matters and why, what apply would do.

use anstyle::Style as Ansi;

use super::change::{self, Change};
use super::page::Page;
use super::style::{Style, paint};
use super::{safe, value};
use crate::drift::{Class, EffectAction, Finding, Kind, Severity};
use crate::value::Path;

/// The word for a kind, as in `2 deleted`.
pub(super) fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Missing => "deleted",
        Kind::Modified => "modified",
        Kind::Moved => "moved",
    }
}

/// The word for a severity.
pub(super) fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Important => "important",
        Severity::Informational => "informational",
    }
}

fn severity_style(style: &Style, severity: Severity) -> Ansi {
    match severity {
        Severity::Critical => style.critical,
        Severity::Important => style.important,
        Severity::Informational => style.quiet,
    }
}

/// An address with the key of a deposed object.
pub(super) fn address(address: impl std::fmt::Display, deposed: Option<&str>) -> String {
    match deposed {
        Some(key) => safe::one_line(&format!("{address} (deposed object {key})")),
        None => safe::one_line(&address.to_string()),
    }
}

/// True when a value had to be cut.
pub(super) fn write(page: &mut Page<'_>, indent: usize, finding: &Finding) -> bool {
    let style = *page.style();
    let (sign, colour) = match finding.kind {
        Kind::Missing => ("-", style.gone),
        Kind::Modified => ("~", style.changed),
        Kind::Moved => (">", style.changed),
    };
    let severity = paint(
        severity_style(&style, finding.severity),
        severity_word(finding.severity),
    );
    let kind = kind_word(finding.kind);
    page.line(
        indent,
        format!(
            "{} {}  {kind}, {severity}",
            paint(colour, sign),
            paint(
                style.heading,
                address(&finding.address, finding.deposed.as_deref())
            )
        ),
    );
    let indent = indent + 4;
    let mut was_cut = false;
    if let Some(previous) = &finding.previous_address {
        let previous = safe::one_line(&previous.to_string());
        page.line(indent, format!("in the state as {previous}"));
    }
    if finding.kind == Kind::Missing {
        identify(page, indent, finding);
    }
    for change in &finding.changes {
        let mut notes = Vec::new();
        if replaces(finding, &change.path) {
            notes.push((style.important, "(forces replacement)".to_owned()));
        }
        if change.severity > Severity::Informational {
            notes.push((
                severity_style(&style, change.severity),
                format!("[{}]", severity_word(change.severity)),
            ));
        }
        was_cut |= change::write(
            page,
            indent,
            &Change {
                path: &change.path,
                before: change.before.as_ref(),
                after: change.after.as_ref(),
                secret: &finding.sensitive,
                sensitive: change.sensitive,
                sides: ["state", "reality"],
                notes,
            },
        );
    }
    let mut reasons: Vec<&str> = Vec::new();
    let of_changes = finding
        .changes
        .iter()
        .filter(|c| c.severity > Severity::Informational)
        .map(|c| &c.reason);
    for reason in finding.reasons.iter().chain(of_changes) {
        if !reason.is_empty() && !reasons.contains(&reason.as_str()) {
            reasons.push(reason);
        }
    }
    for reason in reasons {
        page.prose(indent, 2, style.quiet, reason);
    }
    page.prose(indent, 2, Ansi::new(), &effect(finding));
    if let Some(hidden) = &finding.hidden {
        let text = format!("hidden by rule {}: {}", hidden.rule, hidden.reason);
        page.prose(indent, 2, style.quiet, &text);
    }
    was_cut
}

fn replaces(finding: &Finding, path: &Path) -> bool {
    finding
        .effect
        .as_ref()
        .is_some_and(|e| e.replace_because.iter().any(|p| p.contains(path)))
}

/// What a deleted object was, by the attribute that providers identify objects with.
fn identify(page: &mut Page<'_>, indent: usize, finding: &Finding) {
    let at = Path::attribute_of_root("id");
    if let Some(id) = finding.before.attribute("id").filter(|id| !id.is_null()) {
        let id = value::inline(id, &at, &finding.sensitive);
        page.line(indent, format!("in the state with id {id}, not in reality"));
    } else {
        page.line(indent, "in the state, not in reality");
    }
}

/// What apply would do, in one sentence.
pub(super) fn effect(finding: &Finding) -> String {
    let Some(effect) = &finding.effect else {
        return match finding.class {
            Class::Cosmetic => "apply would change nothing".to_owned(),
            Class::Material => "apply would change it".to_owned(),
            Class::Unclassified => "what apply would do is not known".to_owned(),
        };
    };
    match effect.action {
        EffectAction::None => "apply would change nothing".to_owned(),
        EffectAction::Update => "apply would update it in place".to_owned(),
        EffectAction::Create => "apply would create it again".to_owned(),
        EffectAction::Destroy => "apply would destroy it".to_owned(),
        EffectAction::Replace => {
            let because: Vec<String> = effect
                .replace_because
                .iter()
                .map(|p| value::path(p, &finding.sensitive))
                .collect();
            if because.is_empty() {
                "apply would replace it: destroy and create anew".to_owned()
            } else {
                format!(
                    "apply would replace it, destroy and create anew, because of {}",
                    because.join(", ")
                )
            }
        }
    }
}
