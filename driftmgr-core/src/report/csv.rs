//! A table for spreadsheets and scripts (RFC 4180): one row for each change of an attribute, and one for a finding without changes. Hidden
//! ones have a row too, with the reason.

use super::rows::{self, COLUMNS, Row};
use crate::drift::DriftReport;
use crate::error::{Error, ErrorKind, Result};

pub(super) fn table(report: &DriftReport) -> Result<String> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let failed = |e: &dyn std::fmt::Display| {
        Error::new(
            ErrorKind::Unexpected,
            format!("the table cannot be written: {e}"),
        )
    };
    writer.write_record(COLUMNS).map_err(|e| failed(&e))?;
    for row in rows::of(report) {
        writer.write_record(cells(&row)).map_err(|e| failed(&e))?;
    }
    let bytes = writer.into_inner().map_err(|e| failed(&e))?;
    String::from_utf8(bytes).map_err(|e| failed(&e))
}

fn cells(row: &Row) -> Vec<String> {
    row.texts()
        .into_iter()
        .map(|cell| cell.map_or_else(String::new, |text| harmless(&text)))
        .collect()
}

/// A cell that a spreadsheet does not compute: it would run formulas that stand in tags (OWASP, "CSV Injection"). Numbers stay numbers.
fn harmless(text: &str) -> String {
    let computed = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let number = text
        .strip_prefix('-')
        .is_some_and(|digits| digits.chars().all(|c| c.is_ascii_digit() || c == '.'));
    if computed && !number {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{SECRET, full, hostile};

    fn read(report: &DriftReport) -> Vec<Vec<String>> {
        let text = table(report).unwrap();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_bytes());
        let rows: Vec<Vec<String>> = reader
            .records()
            .map(|r| r.unwrap().iter().map(str::to_owned).collect())
            .collect();
        rows
    }

    #[test]
    fn a_row_for_each_change_and_one_for_what_has_none() {
        let report = full();
        let rows = read(&report);
        let expected: usize = report.findings.iter().map(|f| f.changes.len().max(1)).sum();
        assert_eq!(rows.len(), expected + 1);
        assert!(rows.iter().all(|row| row.len() == COLUMNS.len()));
        let column = |name: &str| COLUMNS.iter().position(|c| *c == name).unwrap();
        let cidr = &rows[1];
        assert_eq!(cidr[column("path")], "ingress[0].cidr_blocks");
        assert_eq!(cidr[column("after")], "[\"0.0.0.0/0\"]");
        assert_eq!(cidr[column("line")], "12");
        let reasons: Vec<&str> = rows
            .iter()
            .map(|r| r[column("hidden_reason")].as_str())
            .collect();
        assert!(reasons.contains(&"it repeats what tags say"), "{reasons:?}");
        assert!(!table(&report).unwrap().contains(SECRET));
    }

    #[test]
    fn no_cell_is_a_formula() {
        for row in read(&hostile()) {
            for cell in row {
                assert!(!cell.starts_with(['=', '+', '@', '\t', '\r']), "{cell}");
            }
        }
        assert_eq!(harmless("-1+cmd"), "'-1+cmd");
        assert_eq!(harmless("-1.5"), "-1.5");
        assert_eq!(harmless("=1"), "'=1");
        assert_eq!(harmless("a=1"), "a=1");
    }
}
