//! Every format of one report, as people and programs get it.

pub(crate) mod sample;

use sample::{SECRET, attribute, change, finding, full};

use super::*;
use crate::configuration::Location;
use crate::drift::{DriftReport, Finding, Kind, Severity};
use crate::value::Value;

fn rendered(report: &DriftReport, format: Format) -> String {
    String::from_utf8(render(report, format, &RenderOptions::default()).unwrap()).unwrap()
}

/// The sample with a place in the configuration.
fn declared() -> DriftReport {
    let mut report = full();
    report.findings[0].declared = Some(Location {
        file: "infra/net work.tf".into(),
        line: 12,
        column: 1,
    });
    report
}

#[test]
fn a_report_in_each_format() {
    for format in Format::ALL {
        if !matches!(format, Format::Text | Format::Json) {
            insta::assert_snapshot!(format.name(), rendered(&declared(), *format));
        }
    }
}

#[test]
fn no_format_shows_a_secret() {
    for format in Format::ALL {
        let text = rendered(&declared(), *format);
        assert!(!text.contains(SECRET), "{}: {text}", format.name());
    }
}

#[test]
fn formats_are_found_by_name() {
    for format in Format::ALL {
        assert_eq!(format.name().parse::<Format>().unwrap(), *format);
    }
    let error = "pdf".parse::<Format>().unwrap_err();
    assert!(error.hints()[0].contains("sarif"), "{error}");
}

/// A report of one finding with these texts where texts can be.
fn hostile(text: &str) -> DriftReport {
    let mut one = finding(text, "aws_vpc.main", Kind::Modified);
    one.changes = vec![change(attribute("name"), None, Some(text.into()))];
    one.reasons = vec![text.to_owned()];
    one.declared = Some(Location {
        file: text.into(),
        line: 1,
        column: 1,
    });
    DriftReport {
        findings: vec![one],
        ..DriftReport::default()
    }
}

#[test]
fn values_cannot_break_out_of_their_format() {
    let nasty = "a::b%0A\r\n::error::<script>alert(1)</script>]]>\"'`|*_@everyone\u{1b}[2J\u{0},;";
    let report = hostile(nasty);
    let github = rendered(&report, Format::Github);
    assert_eq!(github.lines().count(), 1, "{github}");
    assert!(github.starts_with("::warning file="), "{github}");

    let junit = rendered(&report, Format::Junit);
    assert!(!junit.contains("<script>"), "{junit}");
    assert!(
        !junit.contains('\u{0}') && !junit.contains('\u{1b}'),
        "{junit}"
    );

    // Backquotes get a longer fence, which would confuse the splitting here.
    let markdown = rendered(&hostile(&nasty.replace('`', "")), Format::Markdown);
    let outside_code: String = markdown.split('`').step_by(2).collect();
    assert!(!outside_code.contains("<script>"), "{markdown}");
    assert!(!outside_code.contains("@everyone"), "{markdown}");

    for format in [Format::Sarif, Format::Gitlab, Format::Json] {
        serde_json::from_str::<serde_json::Value>(&rendered(&report, format)).unwrap();
    }
    for line in rendered(&report, Format::Ndjson).lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn cells_that_a_spreadsheet_would_calculate_are_text() {
    for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"] {
        let mut report = hostile("t");
        report.findings[0].target = formula.to_owned();
        let table = rendered(&report, Format::Csv);
        let mut rows = ::csv::Reader::from_reader(table.as_bytes());
        let row = rows.records().next().unwrap().unwrap();
        assert_eq!(&row[0], format!("'{formula}"));
    }
}

fn many(n: usize) -> DriftReport {
    let finding = |i: usize| -> Finding {
        let mut one = finding("infra", &format!("aws_vpc.v[{i}]"), Kind::Modified);
        one.severity = if i % 100 == 7 {
            Severity::Critical
        } else {
            Severity::Important
        };
        one.changes = vec![change(
            attribute("name"),
            Some(Value::from("a")),
            Some(Value::from("b".repeat(50))),
        )];
        one
    };
    DriftReport {
        findings: (0..n).map(finding).collect(),
        ..DriftReport::default()
    }
}

#[test]
fn hosts_get_no_more_than_they_take_and_the_worst_first() {
    let report = many(6_000);
    let sarif: serde_json::Value = serde_json::from_str(&rendered(&report, Format::Sarif)).unwrap();
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 5_000);
    assert!(results[..60].iter().all(|r| r["level"] == "error"));
    assert!(
        run["invocations"][0]["toolExecutionNotifications"]
            .to_string()
            .contains("1000 of 6000")
    );

    let markdown = rendered(&report, Format::Markdown);
    assert!(markdown.len() <= 65_536, "{}", markdown.len());
    assert_eq!(markdown.matches("**critical**").count(), 60);
    assert!(markdown.contains("left out here"));
    assert!(markdown.ends_with('\n'));

    let github = rendered(&report, Format::Github);
    assert_eq!(github.matches("::error ").count(), 10);
    assert_eq!(github.matches("::warning ").count(), 10);
    assert!(github.contains("5980 more"), "{github}");
}

#[test]
fn fingerprints_do_not_know_values_or_order() {
    let report = full();
    let mut other = full();
    other.findings.reverse();
    for finding in &mut other.findings {
        for change in &mut finding.changes {
            change.after = Some("changed again".into());
        }
    }
    let mut ours: Vec<String> = report.findings.iter().map(row::fingerprint).collect();
    let mut theirs: Vec<String> = other.findings.iter().map(row::fingerprint).collect();
    ours.sort();
    theirs.sort();
    assert_eq!(ours, theirs);
    ours.dedup();
    assert_eq!(ours.len(), report.findings.len());
}
