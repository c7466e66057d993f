use std::collections::BTreeSet;
use std::time::SystemTime;

use super::*;
use crate::report::testing::{SECRET, full, hostile, many};

fn options() -> RenderOptions {
    RenderOptions::new(SystemTime::UNIX_EPOCH)
}

fn written(report: &DriftReport) -> Json {
    log(report, &options()).unwrap()
}

#[test]
fn a_whole_report() {
    let mut log = written(&full());
    assert!(!log.to_string().contains(SECRET));
    for version in ["version", "semanticVersion"] {
        log["runs"][0]["tool"]["driver"][version] = "VERSION".into();
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&log).unwrap());
}

/// What the schema and the specification require of the parts that are used, for every report.
fn holds(log: &Json) {
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: BTreeSet<&str> = rules.iter().map(|r| r["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rules.len(), "rules are unique");
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        let legal = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c);
        assert!(uri.chars().all(legal), "{uri}");
        for print in result["partialFingerprints"].as_object().unwrap().values() {
            assert!(print.is_string());
        }
    }
    for note in run["invocations"][0]["toolExecutionNotifications"]
        .as_array()
        .unwrap()
    {
        assert!(note["message"]["text"].is_string());
    }
}

#[test]
fn the_specification_is_kept_whatever_stands_in_the_report() {
    for report in [full(), hostile(), many(50), DriftReport::default()] {
        let mut options = options();
        for hidden in [false, true] {
            options.hidden = hidden;
            holds(&log(&report, &options).unwrap());
        }
    }
}

#[test]
fn hidden_findings_are_counted_and_shown_on_request() {
    let results = |hidden| {
        let options = RenderOptions {
            hidden,
            ..options()
        };
        let log = log(&full(), &options).unwrap();
        log["runs"][0]["results"].as_array().unwrap().len()
    };
    assert_eq!((results(false), results(true)), (3, 4));
    let notes = written(&full())["runs"][0]["invocations"][0].to_string();
    assert!(
        notes.contains("1 object differs only in ways that are not shown"),
        "{notes}"
    );
}

#[test]
fn the_least_severe_are_left_out_and_it_says_so() {
    let options = RenderOptions {
        sarif_results: 40,
        ..options()
    };
    let log = log(&many(100), &options).unwrap();
    let run = &log["runs"][0];
    let levels: Vec<&str> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["level"].as_str().unwrap())
        .collect();
    assert_eq!(levels.iter().filter(|l| **l == "error").count(), 33);
    assert_eq!(levels.iter().filter(|l| **l == "warning").count(), 7);
    let note = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert!(note.as_str().unwrap().starts_with("60 findings"), "{note}");
}

#[test]
fn a_run_never_grows_beyond_what_is_accepted() {
    let mut report = many(7000);
    for finding in &mut report.findings {
        finding.reasons = vec!["x".repeat(5000)];
    }
    let text = written(&report).to_string();
    assert!(text.len() < 10_000_000, "{}", text.len());
    assert!(text.contains("findings are not among the results"));
}
