//! A table: one row for each changed attribute, one for each object that is gone or has moved (RFC 4180).

use super::row;
use crate::drift::{DriftReport, Finding};
use crate::error::{Error, ErrorKind, Result};

const COLUMNS: [&str; 16] = [
    "target",
    "address",
    "type",
    "provider",
    "kind",
    "class",
    "severity",
    "category",
    "path",
    "before",
    "after",
    "sensitive",
    "reason",
    "hidden_by",
    "file",
    "line",
];

/// The report's findings, hidden ones included.
///
/// # Errors
/// `Unexpected` when the rows cannot be written.
pub(super) fn drift(report: &DriftReport) -> Result<String> {
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let failed = |e: String| {
        Error::new(
            ErrorKind::Unexpected,
            format!("the table cannot be written: {e}"),
        )
    };
    writer
        .write_record(COLUMNS)
        .map_err(|e| failed(e.to_string()))?;
    for finding in &report.findings {
        for cells in rows(finding) {
            let cells = cells.into_iter().map(|cell| harmless(&cell));
            writer
                .write_record(cells)
                .map_err(|e| failed(e.to_string()))?;
        }
    }
    let bytes = writer.into_inner().map_err(|e| failed(e.to_string()))?;
    String::from_utf8(bytes).map_err(|e| failed(e.to_string()))
}

fn rows(finding: &Finding) -> Vec<[String; 16]> {
    let declared = finding.declared.as_ref();
    let row = |change: Option<&row::Change<'_>>| {
        let of = change.map(|c| c.of);
        let hidden = of.map_or(finding.hidden.as_ref(), |of| row::hidden(finding, of));
        let side = |text: Option<&String>| text.cloned().unwrap_or_default();
        [
            finding.target.clone(),
            row::address(finding),
            finding.address.resource.resource_type.clone(),
            finding.provider.to_string(),
            row::kind(finding.kind).to_owned(),
            row::word(finding.class),
            row::severity(of.map_or(finding.severity, |of| of.severity)).to_owned(),
            row::word(of.map_or(finding.category, |of| of.category)),
            change.map_or_else(String::new, |c| c.path.clone()),
            side(change.and_then(|c| c.before.as_ref())),
            side(change.and_then(|c| c.after.as_ref())),
            of.is_some_and(|of| of.sensitive).to_string(),
            of.map_or_else(|| finding.reasons.join("; "), |of| of.reason.clone()),
            hidden.map_or_else(String::new, |hidden| hidden.rule.clone()),
            declared.map_or_else(String::new, |at| at.file.display().to_string()),
            declared.map_or_else(String::new, |at| at.line.to_string()),
        ]
    };
    let changes: Vec<row::Change<'_>> = row::changes(finding).collect();
    if changes.is_empty() {
        return vec![row(None)];
    }
    changes.iter().map(|change| row(Some(change))).collect()
}

/// A cell that a spreadsheet would take for a formula becomes text.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}
