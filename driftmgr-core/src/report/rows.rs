//! A report as rows: one for each change of an attribute, and one for a finding without changes.

use super::json::is_nothing;
use super::shown::category_name;
use super::text;
use crate::drift::{AttributeChange, Class, DriftReport, EffectAction, Finding, Hidden};
use crate::redact::MASK;
use crate::value::{Value, json, mask_at};

/// The names of the columns. Columns are added at the end, never renamed.
pub(super) const COLUMNS: [&str; 30] = [
    "target",
    "address",
    "previous_address",
    "deposed",
    "module",
    "type",
    "provider",
    "kind",
    "class",
    "finding_severity",
    "finding_category",
    "effect",
    "file",
    "line",
    "finding_hidden_rule",
    "finding_hidden_reason",
    "path",
    "before",
    "after",
    "sensitive",
    "material",
    "configured",
    "severity",
    "category",
    "reason",
    "noise_rule",
    "hidden_rule",
    "hidden_reason",
    "finding_fingerprint",
    "fingerprint",
];

/// One row.
pub(super) struct Row<'a> {
    pub(super) finding: &'a Finding,
    /// `None` for a finding without changes.
    pub(super) change: Option<&'a AttributeChange>,
}

/// All rows, in the order of the report.
pub(super) fn of(report: &DriftReport) -> impl Iterator<Item = Row<'_>> {
    report.findings.iter().flat_map(|finding| {
        let alone = finding.changes.is_empty().then_some(Row {
            finding,
            change: None,
        });
        let changes = finding.changes.iter().map(move |change| Row {
            finding,
            change: Some(change),
        });
        alone.into_iter().chain(changes)
    })
}

impl Row<'_> {
    /// The cells as texts, in the order of [`COLUMNS`]; `None` where there is nothing to say.
    pub(super) fn texts(&self) -> Vec<Option<String>> {
        let finding = self.finding;
        let module = &finding.address.resource.module;
        let declared = finding.declared.as_ref();
        let mut cells = vec![
            Some(finding.target.clone()),
            Some(finding.address.to_string()),
            finding.previous_address.as_ref().map(ToString::to_string),
            finding.deposed.clone(),
            (!module.is_root()).then(|| module.to_string()),
            Some(finding.address.resource.resource_type.clone()),
            Some(finding.provider.source.to_string()),
            Some(finding.kind.as_str().to_owned()),
            Some(class_name(finding.class).to_owned()),
            Some(text::severity_word(finding.severity).to_owned()),
            Some(category_name(finding.category).to_owned()),
            finding
                .effect
                .as_ref()
                .map(|e| action_name(e.action).to_owned()),
            declared.map(|at| at.file.display().to_string()),
            declared.map(|at| at.line.to_string()),
        ];
        cells.extend(hidden(finding.hidden.as_ref()));
        match self.change {
            Some(change) => cells.extend(self.of_change(change)),
            // What there is to say of an attribute stays empty, but for the reason.
            None => cells.extend(
                COLUMNS
                    .iter()
                    .skip(cells.len())
                    .map(|column| match *column {
                        "reason" => finding.reasons.first().cloned(),
                        "finding_fingerprint" => Some(finding.fingerprint.clone()),
                        _ => None,
                    }),
            ),
        }
        cells
    }

    fn of_change(&self, change: &AttributeChange) -> Vec<Option<String>> {
        let mut cells = vec![
            Some(change.path.display_masked(&self.finding.sensitive)),
            self.side(change, change.before.as_ref()),
            self.side(change, change.after.as_ref()),
            Some(change.sensitive.to_string()),
            Some(change.material.to_string()),
            change.configured.map(|c| c.to_string()),
            Some(text::severity_word(change.severity).to_owned()),
            Some(category_name(change.category).to_owned()),
            Some(change.reason.clone()),
            change.noise.as_ref().map(|n| n.rule.clone()),
        ];
        cells.extend(hidden(change.hidden.as_ref()));
        cells.push(Some(self.finding.fingerprint.clone()));
        cells.push(Some(change.fingerprint.clone()));
        cells
    }

    /// A string as it is, anything else as JSON.
    fn side(&self, change: &AttributeChange, side: Option<&Value>) -> Option<String> {
        let value = side.filter(|v| !is_nothing(v))?;
        if change.sensitive {
            return Some(MASK.to_owned());
        }
        match mask_at(value, &change.path, &self.finding.sensitive) {
            Value::String(text) => Some(text),
            other => Some(json::encode_plain(&other).to_string()),
        }
    }
}

fn hidden(hidden: Option<&Hidden>) -> [Option<String>; 2] {
    match hidden {
        Some(hidden) => [Some(hidden.rule.clone()), Some(hidden.reason.clone())],
        None => [None, None],
    }
}

fn class_name(class: Class) -> &'static str {
    match class {
        Class::Cosmetic => "cosmetic",
        Class::Material => "material",
        Class::Unclassified => "unclassified",
    }
}

fn action_name(action: EffectAction) -> &'static str {
    match action {
        EffectAction::None => "none",
        EffectAction::Update => "update",
        EffectAction::Replace => "replace",
        EffectAction::Create => "create",
        EffectAction::Destroy => "destroy",
    }
}
