//! What is known is hidden until it changes.

use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::drift::ignore::{Baseline, RuleStatus, Standpoint};

fn at(current_dir: &str, file: &str) -> Standpoint {
    Standpoint {
        current_dir: PathBuf::from(current_dir),
        file: PathBuf::from(file),
    }
}

fn here() -> Standpoint {
    at("/work", "known.json")
}

fn made(report: &DriftReport) -> Baseline {
    Baseline::of(report, "the migration", now(), here(), None).unwrap()
}

fn read_back(baseline: &Baseline, standpoint: Standpoint) -> Baseline {
    let read = Baseline::parse(&baseline.to_json(), standpoint);
    assert!(read.is_complete(), "{:?}", read.problems);
    read.value
}

fn secret(path: &str) -> AttributeChange {
    AttributeChange {
        sensitive: true,
        before: Some(Value::from("hunter2")),
        ..change(path)
    }
}

fn findings() -> Vec<Finding> {
    vec![
        finding("a.a", vec![change("size"), critical("open"), noise("arn")]),
        finding("a.b", vec![change("size"), secret("password")]),
        gone("a.c"),
    ]
}

#[test]
fn the_same_difference_is_hidden_and_another_value_is_not() {
    let baseline = read_back(&made(&filtered(findings(), Vec::new())), here());
    let known: Arc<dyn Silencer> = Arc::new(baseline);
    let report = filtered(findings(), vec![known.clone()]);
    assert_eq!(shown(&report), ["a.a open", "a.b password", "a.c"]);
    let hidden = report.findings[0].changes[0].hidden.as_ref().unwrap();
    assert_eq!(
        (hidden.rule.as_str(), hidden.reason.as_str()),
        ("baseline", "known since 2026-07-01: the migration")
    );
    let alter: [fn(&mut Finding); 6] = [
        |f| f.changes[0].after = Some(Value::from("c")),
        |f| f.changes[0].before = None,
        |f| f.changes[0].before = Some(Value::Null),
        |f| f.address = "a.z".parse().unwrap(),
        |f| f.target = "elsewhere".to_owned(),
        |f| f.deposed = Some("1".to_owned()),
    ];
    for alter in alter {
        let mut other = findings();
        alter(&mut other[0]);
        let report = filtered(other, vec![known.clone()]);
        assert!(
            report.findings[0].changes[0].hidden.is_none(),
            "{:?}",
            report.findings[0]
        );
    }
}

#[test]
fn what_is_always_shown_is_called_known() {
    let baseline = read_back(&made(&filtered(findings(), Vec::new())), here());
    assert_eq!(
        baseline.len(),
        4,
        "two sizes, the critical change, the deletion"
    );
    let report = filtered(findings(), vec![Arc::new(baseline)]);
    let outcome = &report.rules[0];
    assert_eq!((outcome.hidden, outcome.status), (2, RuleStatus::Active));
    assert_eq!(outcome.refused, ["a.a open", "a.c"]);
    assert_eq!(outcome.unneeded, [""; 0]);
}

#[test]
fn no_value_and_no_secret_stands_in_the_file() {
    let baseline = made(&filtered(findings(), Vec::new()));
    assert_eq!(baseline.secret(), 1);
    let mut plain = findings();
    plain[0].changes[0].before = Some(Value::from("planted-value"));
    let text = made(&filtered(plain, Vec::new())).to_json();
    for word in ["planted-value", "hunter2", "password", "arn"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    // Not even where somebody writes an entry for it by hand.
    let mut open = findings();
    open[1].changes[1].sensitive = false;
    let by_hand = made(&filtered(open, Vec::new()));
    let report = filtered(findings(), vec![Arc::new(by_hand)]);
    assert!(shown(&report).contains(&"a.b password".to_owned()));
}

#[test]
fn entries_that_nothing_needs_are_named_unless_their_object_was_not_looked_at() {
    let baseline = made(&filtered(findings(), Vec::new()));
    let mut report = filtered(Vec::new(), Vec::new());
    let outcome = &baseline.outcomes(&report)[0];
    assert_eq!(outcome.status, RuleStatus::Dead);
    assert_eq!(
        outcome.unneeded,
        ["a.a open", "a.a size", "a.b size", "a.c"]
    );
    report.not_looked_at.push(unseen("a.a"));
    let outcome = &baseline.outcomes(&report)[0];
    assert_eq!(outcome.status, RuleStatus::Unseen);
    assert_eq!(outcome.unneeded, ["a.b size", "a.c"]);
    // Nor are those of a state that was not asked for.
    report.targets = vec![surveyed("other")];
    let outcome = &baseline.outcomes(&report)[0];
    assert_eq!(outcome.status, RuleStatus::Unseen);
    assert_eq!(outcome.unneeded, [""; 0]);
}

#[test]
fn writing_it_anew_keeps_what_was_not_looked_at() {
    let old = made(&filtered(findings(), Vec::new()));
    let mut report = filtered(Vec::new(), vec![Arc::new(old.clone())]);
    report.not_looked_at.push(unseen("a.b"));
    let anew = |report: &DriftReport| {
        let new = Baseline::of(report, "another", now(), here(), Some(&old)).unwrap();
        new.to_json()
    };
    assert_eq!(anew(&report).matches("\"address\": \"a.b\"").count(), 1);
    assert_eq!(anew(&report).matches("address").count(), 1);
    report.targets = vec![surveyed("other")];
    assert_eq!(anew(&report), old.to_json());
}

#[test]
fn writing_it_anew_keeps_what_is_known_and_drops_what_is_over() {
    let old = made(&filtered(findings(), Vec::new()));
    let mut later = findings();
    later.remove(1);
    later[0].changes.push(change("name"));
    let report = filtered(later, vec![Arc::new(old.clone())]);
    let next_day = now() + Duration::from_secs(86_400);
    let new = Baseline::of(&report, "another", next_day, here(), Some(&old)).unwrap();
    let text = new.to_json();
    assert_eq!(new.len(), 4, "{text}");
    assert_eq!(text.matches("the migration").count(), 3);
    assert_eq!(text.matches("2026-07-02").count(), 1);
    assert!(!text.contains("a.b"));
    assert!(Baseline::of(&report, " ", now(), here(), None).is_err());
}

#[test]
fn what_other_rules_hide_is_no_part_of_it() {
    let everything = crate::drift::ignore::DriftIgnore::parse("a.a", "f").value;
    let report = filtered(findings(), vec![Arc::new(everything)]);
    let text = made(&report).to_json();
    assert_eq!(text.matches("\"path\": \"size\"").count(), 1, "{text}");
}

#[test]
fn targets_are_found_from_wherever_one_stands() {
    let named = |target: &str| {
        let mut all = findings();
        all.iter_mut().for_each(|f| f.target = target.to_owned());
        all
    };
    let written = Baseline::of(
        &filtered(named("infra/"), Vec::new()),
        "r",
        now(),
        at("/home/a/repo", "infra/known.json"),
        None,
    )
    .unwrap();
    for (current_dir, file, target, hidden) in [
        ("/home/a/repo", "infra/known.json", "./infra", true),
        ("/ci/checkout/infra", "known.json", ".", true),
        (
            "/ci/checkout/other",
            "../infra/known.json",
            "../infra",
            true,
        ),
        (
            "/ci",
            "/ci/checkout/infra/known.json",
            "checkout/infra",
            true,
        ),
        ("/home/a/repo", "infra/known.json", "other", false),
        ("/home/a/repo", "infra/known.json", "infra/sub", false),
    ] {
        let known = read_back(&written, at(current_dir, file));
        let report = filtered(named(target), vec![Arc::new(known)]);
        let is = report.findings[0].changes[0].hidden.is_some();
        assert_eq!(is, hidden, "{current_dir} {file} {target}");
    }
}

#[test]
fn the_file_is_the_same_for_the_same_differences() {
    let mut turned = findings();
    turned.reverse();
    turned.iter_mut().for_each(|f| f.changes.reverse());
    let one = made(&filtered(findings(), Vec::new())).to_json();
    assert_eq!(made(&filtered(turned, Vec::new())).to_json(), one);
    insta::assert_snapshot!(one);
}

#[test]
fn a_broken_file_hides_nothing_and_a_broken_entry_only_itself() {
    for (text, line) in [
        ("", "1"),
        ("{\n  \"entries\": [", "2"),
        ("[]", "1"),
        ("{}", "1"),
    ] {
        let read = Baseline::parse(text, here());
        assert_eq!(read.problems.len(), 1, "{text}");
        assert!(read.value.is_empty());
        assert_eq!(read.problems[0].context_value("file"), Some("known.json"));
        assert_eq!(read.problems[0].context_value("line"), Some(line), "{text}");
    }
    let newer = Baseline::parse("{\"format_version\": \"2.0\", \"entries\": []}", here());
    assert_eq!(newer.problems[0].kind(), crate::ErrorKind::Unsupported);
    let good = made(&filtered(findings(), Vec::new())).to_json();
    for (from, to) in [
        ("\"reason\": \"the migration\"", "\"reason\": \"\""),
        ("2026-07-01", "once"),
        ("\"kind\"", "\"sort\""),
    ] {
        let text = good.replacen(from, to, 1);
        let line = good[..good.find(from).unwrap()].matches('\n').count();
        let read = Baseline::parse(&text, here());
        assert_eq!(read.problems.len(), 1, "{text}");
        assert_eq!(read.value.len(), 3);
        let at: usize = read.problems[0]
            .context_value("line")
            .unwrap()
            .parse()
            .unwrap();
        assert!(at <= line + 1 && line <= at + 8, "{at} for {line}");
    }
}
