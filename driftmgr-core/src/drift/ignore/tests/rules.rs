//! Typed rules and ignored tags.

use std::sync::Arc;

use super::*;
use crate::drift::ignore::{IgnoreRule, IgnoreRules, IgnoreTags, Origin, RuleStatus};

fn rule(json: serde_json::Value, line: usize) -> IgnoreRule {
    let mut rule: IgnoreRule = serde_json::from_value(json).unwrap();
    rule.origin = Origin::new("driftmgr.yaml", line);
    rule
}

fn rules(each: &[serde_json::Value]) -> Arc<dyn Silencer> {
    let rules: Vec<IgnoreRule> = each
        .iter()
        .enumerate()
        .map(|(i, json)| rule(json.clone(), i + 1))
        .collect();
    let read = IgnoreRules::new(&rules, now());
    assert!(read.is_complete(), "{:?}", read.problems);
    Arc::new(read.value)
}

fn two() -> Vec<Finding> {
    vec![
        finding(
            "module.m[\"k\"].aws_instance.web[0]",
            vec![change("size"), change("tags[\"env\"]"), critical("open")],
        ),
        finding("aws_vpc.main", vec![change("size"), noise("arn")]),
    ]
}

#[test]
fn a_rule_speaks_of_what_fits_all_that_it_names() {
    let why = "the autoscaler";
    for (json, left) in [
        (
            serde_json::json!({"path": "size", "reason": why}),
            "tags[\"env\"], open",
        ),
        (
            serde_json::json!({"type": "aws_*", "path": "size|tags", "reason": why}),
            "open",
        ),
        (
            serde_json::json!({"address": "module.m", "reason": why}),
            "open, size",
        ),
        (
            serde_json::json!({"address": "module.m[\"k\"].aws_instance.web", "reason": why}),
            "open, size",
        ),
        (
            serde_json::json!({"address": "module.m", "type": "aws_vpc", "reason": why}),
            "size, tags[\"env\"], open, size",
        ),
        (
            serde_json::json!({"tags": ["e*"], "reason": why}),
            "size, open, size",
        ),
        (
            serde_json::json!({"tags": ["owner"], "reason": why}),
            "size, tags[\"env\"], open, size",
        ),
        (
            serde_json::json!({"type": "aws_vpc", "tags": ["env"], "reason": why}),
            "size, tags[\"env\"], open, size",
        ),
    ] {
        let report = filtered(two(), vec![rules(std::slice::from_ref(&json))]);
        let paths: Vec<String> = shown(&report)
            .iter()
            .map(|name| name.split(' ').next_back().unwrap().to_owned())
            .collect();
        assert_eq!(paths.join(", "), left, "{json}");
    }
}

#[test]
fn what_is_hidden_says_why_and_where_that_is_written() {
    let json = serde_json::json!({"path": "size", "reason": " the autoscaler "});
    let report = filtered(two(), vec![rules(&[json])]);
    let hidden = report.findings[0].changes[0].hidden.as_ref().unwrap();
    assert_eq!(hidden.rule, "ignore");
    assert_eq!(hidden.reason, "the autoscaler (driftmgr.yaml:1)");
    // What is noise anyway keeps its own reason.
    let arn = report.findings[1].changes[1].hidden.as_ref().unwrap();
    assert_eq!(arn.rule, "equal");
}

#[test]
fn every_rule_is_accounted_for() {
    let why = "why";
    let each = [
        serde_json::json!({"path": "size", "reason": why}),
        serde_json::json!({"path": "nothing", "reason": why}),
        serde_json::json!({"path": "open", "reason": why}),
        serde_json::json!({"type": "aws_s3_bucket", "reason": why}),
        serde_json::json!({"type": "aws_db_instance", "reason": why}),
        serde_json::json!({"path": "size", "reason": why, "until": "2026-06-30"}),
        serde_json::json!({"path": "size", "reason": why, "until": "2026-07-01"}),
    ];
    let mut findings = two();
    findings.push(gone("aws_s3_bucket.b"));
    let mut report = filtered(findings, vec![rules(&each)]);
    report.not_looked_at.push(unseen("aws_db_instance.db"));
    let outcomes = rules(&each).outcomes(&report);
    let statuses: Vec<_> = outcomes.iter().map(|o| (o.hidden, o.status)).collect();
    assert_eq!(
        statuses,
        [
            (2, RuleStatus::Active),
            // It names no address, so what was not looked at may be for it.
            (0, RuleStatus::Unseen),
            (0, RuleStatus::Refused),
            (0, RuleStatus::Refused),
            (0, RuleStatus::Unseen),
            (0, RuleStatus::Expired),
            (2, RuleStatus::Active),
        ]
    );
    assert_eq!(
        outcomes[2].refused,
        ["module.m[\"k\"].aws_instance.web[0] open"]
    );
    assert_eq!(outcomes[3].refused, ["aws_s3_bucket.b"]);
    assert_eq!(outcomes[5].until.as_deref(), Some("2026-06-30"));
    assert_eq!(
        report.rules[1].status,
        RuleStatus::Dead,
        "before anything was left open"
    );
    assert_eq!(outcomes[1].origin.to_string(), "driftmgr.yaml:2");
}

#[test]
fn an_expired_rule_hides_nothing() {
    let json = serde_json::json!({"path": "size", "reason": "a", "until": "2026-06-30"});
    let report = filtered(two(), vec![rules(&[json])]);
    assert!(shown(&report).contains(&"aws_vpc.main size".to_owned()));
    let json = serde_json::json!({"path": "size", "reason": "a", "until": "2026-07-01"});
    let report = filtered(two(), vec![rules(&[json])]);
    assert!(
        !shown(&report).contains(&"aws_vpc.main size".to_owned()),
        "the last day counts"
    );
}

#[test]
fn a_moved_object_is_known_by_both_addresses() {
    let mut moved = finding("aws_vpc.new", vec![change("size")]);
    moved.previous_address = Some("aws_vpc.old".parse().unwrap());
    for address in ["aws_vpc.new", "aws_vpc.old"] {
        let json = serde_json::json!({"address": address, "reason": "a"});
        let report = filtered(vec![moved.clone()], vec![rules(&[json])]);
        assert_eq!(shown(&report), [""; 0], "{address}");
    }
}

#[test]
fn a_wrong_rule_hides_nothing_and_is_named() {
    for (json, word) in [
        (serde_json::json!({"path": "size"}), "no reason"),
        (
            serde_json::json!({"path": "size", "reason": "  "}),
            "no reason",
        ),
        (serde_json::json!({"reason": "a"}), "everything"),
        (serde_json::json!({"address": "", "reason": "a"}), "address"),
        (serde_json::json!({"type": "a||b", "reason": "a"}), "type"),
        (serde_json::json!({"path": "a[", "reason": "a"}), "bracket"),
        (serde_json::json!({"tags": [""], "reason": "a"}), "tags"),
        (
            serde_json::json!({"path": "a", "reason": "a", "until": "soon"}),
            "2026-12-31",
        ),
    ] {
        let good = rule(serde_json::json!({"path": "size", "reason": "a"}), 1);
        let read = IgnoreRules::new(&[rule(json.clone(), 9), good], now());
        assert_eq!(read.problems.len(), 1, "{json}");
        let error = read.problems[0].to_string();
        assert!(error.contains(word), "{json}: {error}");
        assert!(error.ends_with("(file driftmgr.yaml, line 9)"), "{error}");
        let report = filtered(two(), vec![Arc::new(read.value)]);
        assert_eq!(report.rules.len(), 1, "the other one holds");
        assert_eq!(report.rules[0].hidden, 2);
    }
    let unknown = serde_json::from_value::<IgnoreRule>(serde_json::json!({"adress": "a"}));
    assert!(unknown.is_err());
}

fn tags(keys: &[&str]) -> Arc<dyn Silencer> {
    let keys: Vec<_> = keys
        .iter()
        .enumerate()
        .map(|(i, key)| ((*key).to_owned(), Origin::new("driftmgr.yaml", i + 1)))
        .collect();
    let read = IgnoreTags::new(&keys);
    assert!(read.is_complete());
    Arc::new(read.value)
}

/// The whole map differs, because one side has none.
fn whole(before: &[(&str, &str)], after: &[(&str, &str)]) -> AttributeChange {
    let map = |entries: &[(&str, &str)]| entries.iter().copied().collect::<Value>();
    AttributeChange {
        before: Some(map(before)).filter(|_| !before.is_empty()),
        after: Some(map(after)),
        ..change("tags")
    }
}

#[test]
fn ignored_tags_are_not_shown_wherever_tags_are() {
    let keys = tags(&["LastScanned", "kubernetes.io/*"]);
    for (one, hidden) in [
        (change("tags[\"LastScanned\"]"), true),
        (change("tags_all.LastScanned"), true),
        (change("labels[\"kubernetes.io/x\"]"), true),
        (change("metadata[0].labels[\"kubernetes.io/x\"]"), true),
        (change("tags[\"env\"]"), false),
        (change("LastScanned"), false),
        (change("settings[\"LastScanned\"]"), false),
        (
            whole(&[], &[("LastScanned", "a"), ("kubernetes.io/x", "b")]),
            true,
        ),
        (whole(&[], &[("LastScanned", "a"), ("env", "b")]), false),
        (
            whole(&[("env", "b")], &[("LastScanned", "a"), ("env", "b")]),
            true,
        ),
        (critical("tags[\"LastScanned\"]"), false),
    ] {
        let path = one.path.clone();
        let report = filtered(vec![finding("a.b", vec![one])], vec![keys.clone()]);
        assert_eq!(shown(&report).is_empty(), hidden, "{path}");
    }
}

#[test]
fn ignored_tags_are_accounted_for_by_key() {
    let keys = tags(&["a", "b", "c", "d"]);
    let changes = vec![
        change("tags[\"a\"]"),
        whole(&[], &[("a", "1"), ("b", "1")]),
        critical("tags[\"d\"]"),
    ];
    let report = filtered(vec![finding("a.b", changes)], vec![keys]);
    let outcomes: Vec<_> = report.rules.iter().map(|r| (r.hidden, r.status)).collect();
    assert_eq!(
        outcomes,
        [
            (2, RuleStatus::Active),
            (1, RuleStatus::Active),
            (0, RuleStatus::Dead),
            (0, RuleStatus::Refused),
        ]
    );
    assert!(!IgnoreTags::new(&[(String::new(), Origin::new("f", 1))]).is_complete());
}
