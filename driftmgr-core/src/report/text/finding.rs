//! One finding: what differs, how much it matters and why, what apply would do.

use anstyle::Style as Ansi;

use super::change::{self, Change};
use super::page::Page;
use super::style::{Style, paint};
use super::{TextOptions, safe, value};
use crate::drift::{Class, EffectAction, Finding, Hidden, Kind, Severity};
use crate::value::Path;

/// The word for a kind, as in `2 deleted`.
pub(in crate::report) fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Missing => "deleted",
        Kind::Modified => "modified",
        Kind::Moved => "moved",
    }
}

/// The word for a severity.
pub(in crate::report) fn severity_word(severity: Severity) -> &'static str {
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
pub(in crate::report) fn address(address: impl std::fmt::Display, deposed: Option<&str>) -> String {
    match deposed {
        Some(key) => safe::one_line(&format!("{address} (deposed object {key})")),
        None => safe::one_line(&address.to_string()),
    }
}

/// A finding alone.
pub(in crate::report) fn finding(finding: &Finding, options: &TextOptions) -> String {
    let mut page = Page::new(options);
    write(&mut page, 0, finding);
    page.finish()
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
        page.line(indent, identity(finding));
    }
    let all = finding.hidden.is_some() || page.options.every_address;
    for change in finding.changes.iter().filter(|c| all || c.hidden.is_none()) {
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
        if let Some(hidden) = change.hidden.as_ref().filter(|_| finding.hidden.is_none()) {
            let (rule, reason) = (&hidden.rule, &hidden.reason);
            let note = safe::one_line(&format!("(hidden by rule {rule}: {reason})"));
            notes.push((style.quiet, note));
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
    if let Some(note) = hidden_note(finding).filter(|_| !all) {
        page.prose(indent, 2, style.quiet, &note);
    }
    let mut reasons: Vec<&str> = Vec::new();
    let of_changes = finding
        .changes
        .iter()
        .filter(|c| c.hidden.is_none() && c.severity > Severity::Informational)
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

/// Whether apply would replace the object because of what differs at the path.
pub(in crate::report) fn replaces(finding: &Finding, path: &Path) -> bool {
    finding
        .effect
        .as_ref()
        .is_some_and(|e| e.replace_because.iter().any(|p| p.contains(path)))
}

/// How many changes of a visible finding are not shown, and why: `and 2 more that are not shown: …`.
pub(in crate::report) fn hidden_note(finding: &Finding) -> Option<String> {
    if finding.hidden.is_some() {
        return None;
    }
    let hidden: Vec<&Hidden> = finding
        .changes
        .iter()
        .filter_map(|c| c.hidden.as_ref())
        .collect();
    let mut reasons: Vec<&str> = Vec::new();
    for hidden in &hidden {
        if !reasons.contains(&hidden.reason.as_str()) {
            reasons.push(&hidden.reason);
        }
    }
    let verb = if hidden.len() == 1 { "is" } else { "are" };
    (!hidden.is_empty()).then(|| {
        format!(
            "and {} more that {verb} not shown: {}",
            hidden.len(),
            reasons.join("; ")
        )
    })
}

/// What a deleted object was, by the attribute that providers identify objects with.
pub(in crate::report) fn identity(finding: &Finding) -> String {
    let at = Path::attribute_of_root("id");
    match finding.before.attribute("id").filter(|id| !id.is_null()) {
        Some(id) => {
            let id = value::inline(id, &at, &finding.sensitive);
            format!("in the state with id {id}, not in reality")
        }
        None => "in the state, not in reality".to_owned(),
    }
}

/// What apply would do, in one sentence.
pub(in crate::report) fn effect(finding: &Finding) -> String {
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
