//! What holds for all formats.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::testing::{SECRET, any_report, full, hostile, many};
use super::{Format, RenderOptions, json, render};
use crate::drift::DriftReport;

fn options() -> RenderOptions {
    RenderOptions::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
}

fn bytes(report: &DriftReport, format: Format) -> Vec<u8> {
    render(report, format, &options()).unwrap()
}

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack
        .windows(needle.len())
        .any(|w| w == needle.as_bytes())
}

#[test]
fn no_format_shows_a_secret() {
    for format in Format::ALL {
        for report in [full(), hostile()] {
            for hidden in [false, true] {
                let options = RenderOptions {
                    hidden,
                    ..options()
                };
                let bytes = render(&report, *format, &options).unwrap();
                assert!(!contains(&bytes, SECRET), "{format}");
            }
        }
    }
}

#[test]
fn every_format_names_every_visible_finding() {
    for format in Format::ALL {
        let bytes = bytes(&full(), *format);
        for address in [
            "aws_security_group.web",
            "aws_db_instance.main",
            "aws_instance.web[0]",
        ] {
            assert!(contains(&bytes, address), "{format}: {address}");
        }
    }
}

/// Whoever compares outputs, or one run with the next, finds a finding by its id.
#[test]
fn a_finding_has_one_id_in_every_format_that_names_any() {
    let of_changes = [Format::Json, Format::Ndjson, Format::Csv];
    let of_findings = [Format::Sarif, Format::Gitlab];
    let again = json::read(&json::drift(&full()).to_string()).unwrap();
    for report in [full(), again] {
        for finding in &report.findings {
            let visible = finding.hidden.is_none();
            for format in of_changes
                .iter()
                .chain(of_findings.iter().filter(|_| visible))
            {
                let bytes = bytes(&report, *format);
                assert!(contains(&bytes, &finding.fingerprint), "{format}");
            }
            for (format, change) in of_changes.iter().zip(&finding.changes) {
                assert!(
                    contains(&bytes(&report, *format), &change.fingerprint),
                    "{format}"
                );
            }
        }
    }
}

#[test]
fn an_empty_report_is_still_a_document() {
    for format in Format::ALL {
        assert!(
            !bytes(&DriftReport::default(), *format).is_empty(),
            "{format}"
        );
    }
}

#[test]
fn five_thousand_findings_are_written_in_every_format() {
    let report = many(5000);
    for format in Format::ALL {
        let bytes = bytes(&report, *format);
        assert!(bytes.len() < 20_000_000, "{format}: {}", bytes.len());
    }
}

#[test]
fn a_time_out_of_range_is_an_error() {
    let late = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
    let error = render(&full(), Format::Ndjson, &RenderOptions::new(late)).unwrap_err();
    assert_eq!(error.kind(), crate::error::ErrorKind::InvalidInput);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Which is what makes it possible to write an old report in another format. Text, and JUnit's copy of it, tell nothing from null, and
    /// show what is not secret beside what is: the JSON does not.
    #[test]
    fn a_report_read_back_looks_the_same_in_every_format(report in any_report()) {
        let again = json::read(&json::drift(&report).to_string()).unwrap();
        for format in Format::ALL.iter().filter(|f| ![Format::Text, Format::Junit].contains(f)) {
            let (first, second) = (bytes(&report, *format), bytes(&again, *format));
            let at = first.iter().zip(&second).take_while(|(a, b)| a == b).count();
            let near = |bytes: &[u8]| {
                let part: Vec<u8> = bytes.iter().skip(at.saturating_sub(60)).take(120).copied().collect();
                String::from_utf8_lossy(&part).into_owned()
            };
            prop_assert!(first == second, "{}: {:?} {:?}", format, near(&first), near(&second));
        }
    }
}
