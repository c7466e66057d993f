//! What all formats show of a finding, in the same words: masked, and harmless on a terminal.

use super::json::is_nothing;
use super::text::{self, one_line};
use crate::drift::{AttributeChange, Category, DriftReport, Finding, Kind, Severity};
use crate::redact::MASK;
use crate::value::{Value, one_line as value_line};

/// What stands for a side that has nothing at the path.
const NOTHING: &str = "(none)";

/// The findings that are shown.
pub(super) fn findings(report: &DriftReport, hidden: bool) -> impl Iterator<Item = &Finding> {
    report
        .findings
        .iter()
        .filter(move |f| hidden || f.hidden.is_none())
}

/// The same, the most severe first, else in their order.
pub(super) fn worst_first(report: &DriftReport, hidden: bool) -> Vec<&Finding> {
    let mut found: Vec<&Finding> = findings(report, hidden).collect();
    found.sort_by_key(|f| std::cmp::Reverse(f.severity));
    found
}

/// The changes that are shown: all of a finding that is hidden as a whole, since somebody asked for that.
pub(super) fn changes(finding: &Finding, hidden: bool) -> impl Iterator<Item = &AttributeChange> {
    let all = hidden || finding.hidden.is_some();
    finding
        .changes
        .iter()
        .filter(move |c| all || c.hidden.is_none())
}

/// The address, with the key of a deposed object.
pub(super) fn address(finding: &Finding) -> String {
    text::address(&finding.address, finding.deposed.as_deref())
}

/// The name of a category, as the JSON spells it.
pub(super) fn category_name(category: Category) -> &'static str {
    match category {
        Category::Exposure => "exposure",
        Category::Encryption => "encryption",
        Category::PublicAccess => "public_access",
        Category::Authentication => "authentication",
        Category::Logging => "logging",
        Category::Backup => "backup",
        Category::Capacity => "capacity",
        Category::Network => "network",
        Category::Version => "version",
        Category::Metadata => "metadata",
        Category::Other => "other",
    }
}

/// What kind of drift it is: `driftmgr/modified/encryption`. Stable.
pub(super) fn rule_id(finding: &Finding) -> String {
    format!(
        "driftmgr/{}/{}",
        finding.kind.as_str(),
        category_name(finding.category)
    )
}

/// One change, as texts.
pub(super) struct Change {
    pub(super) path: String,
    /// `None` where there is nothing.
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    /// Both sides as documents that are better compared by lines.
    pub(super) documents: Option<(String, String)>,
    /// Apply would destroy the object and create it anew because of it.
    pub(super) replaces: bool,
}

impl Change {
    pub(super) fn of(finding: &Finding, change: &AttributeChange) -> Self {
        let side = |value: Option<&Value>| {
            let value = value.filter(|v| !is_nothing(v))?;
            Some(if change.sensitive {
                MASK.to_owned()
            } else {
                let masked = crate::value::mask_at(value, &change.path, &finding.sensitive);
                value_line(&plain(masked), usize::MAX)
            })
        };
        let readable = !change.sensitive && !finding.sensitive.hides(&change.path);
        Self {
            path: one_line(&change.path.display_masked(&finding.sensitive)),
            before: side(change.before.as_ref()),
            after: side(change.after.as_ref()),
            documents: readable
                .then(|| text::documents(change.before.as_ref(), change.after.as_ref()))
                .flatten(),
            replaces: text::replaces(finding, &change.path),
        }
    }

    /// `PATH: BEFORE → AFTER`, each value cut to so many characters.
    pub(super) fn line(&self, longest: usize) -> String {
        let [before, after] = self.sides();
        if before == after {
            return format!("{}: {before} differs", self.path);
        }
        format!(
            "{}: {} → {}",
            self.path,
            cut(before, longest),
            cut(after, longest)
        )
    }

    /// Both sides, with a word where there is nothing.
    pub(super) fn sides(&self) -> [&str; 2] {
        [&self.before, &self.after].map(|side| side.as_deref().unwrap_or(NOTHING))
    }
}

/// The value as it is when it is read back from JSON, so that both look the same: without the types of dynamic values.
fn plain(value: Value) -> Value {
    match value {
        Value::Unknown => Value::Null,
        Value::Dynamic(inner) => plain(inner.1),
        Value::List(items) => Value::List(items.into_iter().map(plain).collect()),
        Value::Set(items) => Value::List(items.into_iter().map(plain).collect()),
        Value::Map(entries) => {
            Value::Map(entries.into_iter().map(|(k, v)| (k, plain(v))).collect())
        }
        value => value,
    }
}

/// What is the matter, in a few words after the address: `is deleted`, `differs from the state: …`.
pub(super) fn headline(finding: &Finding, hidden: bool, longest: usize) -> String {
    let address = address(finding);
    match finding.kind {
        Kind::Missing => format!("{address} is in the state and does not exist"),
        Kind::Moved => format!(
            "{address} stands in the state as {}",
            one_line(&finding.state_address().to_string())
        ),
        Kind::Modified => {
            const NAMED: usize = 3;
            let mut lines: Vec<String> = changes(finding, hidden)
                .take(NAMED)
                .map(|change| Change::of(finding, change).line(longest))
                .collect();
            let more = changes(finding, hidden).count().saturating_sub(NAMED);
            if more > 0 {
                lines.push(format!("and {more} more"));
            }
            format!("{address} differs from the state: {}", lines.join("; "))
        }
    }
}

/// The text cut to so many characters; `…` stands for the rest.
pub(super) fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(longest.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// `1 object differs`, `2 objects differ`.
pub(super) fn differ(n: u64) -> String {
    match n {
        1 => "1 object differs".to_owned(),
        n => format!("{n} objects differ"),
    }
}

/// The level that most code hosts know, for a severity.
pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "error",
        Severity::Important => "warning",
        Severity::Informational => "note",
    }
}
