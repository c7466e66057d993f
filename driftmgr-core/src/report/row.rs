//! A report in plain words, masked: what the formats for tables and tools have in common.

use crate::drift::{AttributeChange, Finding, Hidden, Kind, Severity};
use crate::redact::MASK;
use crate::value::{Value, mask_at, one_line};

/// The word for a kind.
pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Missing => "missing",
        Kind::Modified => "modified",
        Kind::Moved => "moved",
    }
}

/// The word for a severity.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Important => "important",
        Severity::Informational => "informational",
    }
}

/// The value of an enumeration as JSON spells it.
pub(super) fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The address, with the key of a deposed object.
pub(super) fn address(finding: &Finding) -> String {
    match &finding.deposed {
        Some(key) => format!("{} (deposed object {key})", finding.address),
        None => finding.address.to_string(),
    }
}

/// One changed attribute, masked.
pub(super) struct Change<'a> {
    pub(super) path: String,
    /// `None` where there is nothing at the path.
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) of: &'a AttributeChange,
}

/// All changes of a finding.
pub(super) fn changes(finding: &Finding) -> impl Iterator<Item = Change<'_>> {
    finding.changes.iter().map(|change| {
        let side = |value: &Value| {
            if change.sensitive {
                MASK.to_owned()
            } else {
                let masked = mask_at(value, &change.path, &finding.sensitive);
                one_line(&masked, usize::MAX)
            }
        };
        Change {
            path: change.path.display_masked(&finding.sensitive),
            before: change.before.as_ref().map(side),
            after: change.after.as_ref().map(side),
            of: change,
        }
    })
}

/// The changes that are shown.
pub(super) fn visible(finding: &Finding) -> impl Iterator<Item = Change<'_>> {
    changes(finding).filter(|change| change.of.hidden.is_none())
}

/// Why something is not shown: the finding's reason, or the change's own.
pub(super) fn hidden<'a>(finding: &'a Finding, change: &'a AttributeChange) -> Option<&'a Hidden> {
    change.hidden.as_ref().or(finding.hidden.as_ref())
}

/// One sentence: what is the matter with the object.
pub(super) fn headline(finding: &Finding) -> String {
    let address = address(finding);
    match finding.kind {
        Kind::Missing => format!("{address} no longer exists"),
        Kind::Moved => format!("{address} has a new address in the configuration"),
        Kind::Modified => {
            let paths: Vec<String> = visible(finding).map(|change| change.path).collect();
            match paths.as_slice() {
                [] => format!("{address} differs from its state"),
                [one] => format!("{address} differs from its state in {one}"),
                [first, rest @ ..] => format!(
                    "{address} differs from its state in {first} and {} more",
                    rest.len()
                ),
            }
        }
    }
}

/// Findings that are shown, the most severe first, then by target and address.
pub(super) fn by_severity(findings: &[Finding]) -> Vec<&Finding> {
    let mut shown: Vec<&Finding> = findings.iter().filter(|f| f.hidden.is_none()).collect();
    shown.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    shown
}

/// What stays the same about a finding from run to run: where it is and what kind it is, not the values.
pub(super) fn fingerprint(finding: &Finding) -> String {
    use sha2::{Digest as _, Sha256};
    use std::fmt::Write as _;

    let mut hash = Sha256::new();
    for part in [
        finding.target.as_str(),
        &address(finding),
        kind(finding.kind),
    ] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let mut text = String::with_capacity(32);
    for byte in hash.finalize().iter().take(16) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
