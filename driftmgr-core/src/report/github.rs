//! Annotations by GitHub's workflow commands: `::error file=…,line=…,title=…::message`.

use std::fmt::Write as _;

use super::row;
use crate::drift::{DriftReport, Severity};

/// GitHub shows ten annotations of each level for a step, and drops the others without a word.
const SHOWN: usize = 10;

/// The visible findings, the most severe first, and what could not be looked at.
pub(super) fn drift(report: &DriftReport) -> String {
    let mut text = String::new();
    let mut left = [SHOWN; 3];
    let mut dropped = 0_usize;
    for finding in row::by_severity(&report.findings) {
        let (level, place) = match finding.severity {
            Severity::Critical => ("error", 0),
            Severity::Important => ("warning", 1),
            Severity::Informational => ("notice", 2),
        };
        let Some(left) = left.get_mut(place).filter(|left| **left > 0) else {
            dropped += 1;
            continue;
        };
        *left -= 1;
        let mut properties = Vec::new();
        if let Some(at) = &finding.declared {
            properties.push(format!("file={}", property(&at.file.display().to_string())));
            properties.push(format!("line={}", at.line));
        }
        let title = format!(
            "{} drift: {}",
            row::severity(finding.severity),
            row::address(finding)
        );
        properties.push(format!("title={}", property(&title)));
        let mut message = row::headline(finding);
        for change in row::visible(finding) {
            let side = |text: Option<String>| text.unwrap_or_else(|| "nothing".to_owned());
            let _ = write!(
                message,
                "\n{}: {} -> {}",
                change.path,
                side(change.before),
                side(change.after)
            );
        }
        let _ = writeln!(
            text,
            "::{level} {}::{}",
            properties.join(","),
            data(&message)
        );
    }
    if dropped > 0 {
        let _ = writeln!(
            text,
            "::notice title=driftmgr::{dropped} more findings are not shown here: GitHub shows {SHOWN} of each level"
        );
    }
    if report.summary.unverifiable > 0 {
        let _ = writeln!(
            text,
            "::warning title=driftmgr::{} objects could not be looked at",
            report.summary.unverifiable
        );
    }
    text
}

/// The message, escaped as `@actions/core` does it.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
