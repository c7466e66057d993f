use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::report::json::drift;
use crate::report::testing::{SECRET, any_report, full, hostile};

fn again(report: &DriftReport) -> DriftReport {
    read(&drift(report).to_string()).unwrap()
}

#[test]
fn a_report_read_back_is_the_same_report() {
    for report in [full(), hostile(), DriftReport::default()] {
        assert_eq!(drift(&again(&report)), drift(&report));
        assert_eq!(again(&report).verdict(), report.verdict());
    }
}

#[test]
fn a_report_read_back_has_the_same_ids() {
    let ids = |report: &DriftReport| -> Vec<String> {
        let of = |f: &Finding| {
            let changes = f.changes.iter().map(|c| c.fingerprint.clone());
            std::iter::once(f.fingerprint.clone())
                .chain(changes)
                .collect()
        };
        report
            .findings
            .iter()
            .flat_map(|f| -> Vec<String> { of(f) })
            .collect()
    };
    let report = full();
    assert_eq!(ids(&again(&report)), ids(&report));
    // A report of an earlier version has none: its findings are named by their targets.
    let mut old = drift(&report);
    for entry in old["resource_drift"].as_array_mut().unwrap() {
        entry["drift"]
            .as_object_mut()
            .unwrap()
            .remove("fingerprint");
    }
    let old = read(&old.to_string()).unwrap();
    let first = &old.findings[0];
    assert_eq!(
        first.fingerprint,
        crate::drift::fingerprint("infra", first, None)
    );
    assert!(ids(&old).iter().all(|id| id.starts_with("v1-")));
}

#[test]
fn what_is_masked_stays_masked() {
    let report = again(&full());
    assert!(!drift(&report).to_string().contains(SECRET));
    let secret = report.findings.iter().flat_map(|f| &f.changes);
    let secret: Vec<_> = secret.filter(|c| c.sensitive).collect();
    assert!(!secret.is_empty());
    for change in secret {
        assert!(change.after == Some(crate::redact::MASK.into()));
    }
}

#[test]
fn what_is_no_report_is_refused_with_its_place() {
    for (text, kind, word) in [
        ("", ErrorKind::InvalidInput, "line 1"),
        ("{\n  \"a\": x", ErrorKind::InvalidInput, "line 2"),
        (
            r#"{"format_version": "1.0"}"#,
            ErrorKind::InvalidInput,
            "resource_drift",
        ),
        (
            r#"{"version": 4}"#,
            ErrorKind::InvalidInput,
            "format_version",
        ),
        (
            r#"{"format_version": "2.0", "resource_drift": []}"#,
            ErrorKind::Unsupported,
            "2.0",
        ),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!(error.kind(), kind, "{text}");
        assert!(error.to_string().contains(word), "{text}: {error}");
        assert!(!error.hints().is_empty(), "{text}");
    }
}

#[test]
fn what_a_later_version_adds_does_not_matter() {
    let mut json = drift(&full());
    json["format_version"] = json!("1.7");
    json["resource_drift"][0]["drift"]["new"] = json!({"x": 1});
    json["problems"][0]["kind"] = json!("a_new_kind");
    json["problems"][0]["place"] = json!({"a new place": "x"});
    let report = read(&json.to_string()).unwrap();
    assert_eq!(report.problems[0].kind(), ErrorKind::Unexpected);
    assert_eq!(report.problems[0].context_value("a new place"), Some("x"));
}

#[test]
fn words_from_outside_do_not_fill_the_memory() {
    let mut words = Words::default();
    for i in 0..2000 {
        words.of(&format!("word {i}"));
    }
    assert_eq!(words.of("word 1"), "word 1");
    assert_eq!(words.of("word 1999"), "place");
    assert_eq!(Words::default().of(&"x".repeat(65)), "place");
}

proptest! {
    #[test]
    fn reading_loses_nothing_that_is_written(report in any_report()) {
        prop_assert_eq!(drift(&again(&report)), drift(&report));
    }

    #[test]
    fn arbitrary_text_never_panics(text in "[\\[\\]{}\",:0-9a-z_]{0,60}") {
        let _ = read(&text);
    }
}
