//! What holds for all rules.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::drift::ignore::{
    Baseline, Candidate, DriftIgnore, IgnoreRule, IgnoreRules, IgnoreTags, Origin, Standpoint,
    suggest,
};

const ADDRESSES: [&str; 6] = [
    "demo_a.x",
    "demo_a.y[0]",
    "demo_a.y[1]",
    "demo_b.x[\"k\"]",
    "module.m.demo_b.x",
    "module.m[\"k\"].demo_c.z",
];
const PATHS: [&str; 7] = [
    "size",
    "name",
    "tags[\"env\"]",
    "tags[\"a b*\"]",
    "rule[0].port",
    "rule[1].port",
    "settings.size",
];

fn any_change() -> impl Strategy<Value = AttributeChange> {
    (prop::sample::select(&PATHS[..]), 0u8..5, any::<bool>()).prop_map(|(path, kind, sensitive)| {
        let change = match kind {
            0 => critical(path),
            1 => noise(path),
            _ => change(path),
        };
        AttributeChange {
            sensitive,
            ..change
        }
    })
}

fn any_finding() -> impl Strategy<Value = Finding> {
    let changes = proptest::collection::vec(any_change(), 0..4);
    (prop::sample::select(&ADDRESSES[..]), changes, 0u8..6).prop_map(|(address, changes, kind)| {
        if kind == 0 {
            gone(address)
        } else {
            finding(address, changes)
        }
    })
}

fn any_findings() -> impl Strategy<Value = Vec<Finding>> {
    proptest::collection::vec(any_finding(), 0..6)
}

fn any_rule() -> impl Strategy<Value = IgnoreRule> {
    let address = proptest::option::of(prop::sample::select(
        &["demo_*", "module.m", "demo_a.y", "*"][..],
    ));
    let kind = proptest::option::of(prop::sample::select(
        &["demo_a", "demo_*", "demo_b|demo_c"][..],
    ));
    let path = proptest::option::of(prop::sample::select(
        &["size", "tags", "*.port", "rule[0]"][..],
    ));
    let until = proptest::option::of(prop::sample::select(&["2020-01-01", "2030-01-01"][..]));
    (address, kind, path, until).prop_map(|(address, kind, path, until)| IgnoreRule {
        address: address
            .or(Some("*").filter(|_| kind.is_none() && path.is_none()))
            .map(str::to_owned),
        resource_type: kind.map(str::to_owned),
        path: path.map(str::to_owned),
        tags: Vec::new(),
        reason: "why".to_owned(),
        until: until.map(str::to_owned),
        origin: Origin::new("f", 1),
    })
}

fn silencer(rules: &[IgnoreRule]) -> Arc<dyn Silencer> {
    let read = IgnoreRules::new(rules, now());
    assert!(read.is_complete(), "{:?}", read.problems);
    Arc::new(read.value)
}

/// One of each kind, each with something to hide.
fn all_kinds(rules: &[IgnoreRule], findings: &[Finding]) -> Vec<Arc<dyn Silencer>> {
    let standpoint = Standpoint {
        current_dir: "/w".into(),
        file: "known.json".into(),
    };
    let half = filtered(findings.iter().step_by(2).cloned().collect(), Vec::new());
    let baseline = Baseline::of(&half, "why", now(), standpoint, None).unwrap();
    let lines = DriftIgnore::parse("demo_c\n*.*.tags\n!demo_a.*", "f").value;
    let tags = IgnoreTags::new(&[("env".to_owned(), Origin::new("f", 1))]).value;
    vec![
        silencer(rules),
        Arc::new(baseline),
        Arc::new(lines),
        Arc::new(tags),
    ]
}

fn without_hidden(findings: &[Finding]) -> String {
    let mut findings = findings.to_vec();
    for finding in &mut findings {
        finding.hidden = None;
        finding.changes.iter_mut().for_each(|c| c.hidden = None);
    }
    format!("{findings:?}")
}

proptest! {
    #[test]
    fn rules_change_nothing_but_what_is_hidden(
        findings in any_findings(),
        rules in proptest::collection::vec(any_rule(), 0..4),
    ) {
        let silencers = all_kinds(&rules, &findings);
        let report = filtered(findings.clone(), silencers);
        prop_assert_eq!(without_hidden(&report.findings), without_hidden(&findings));
        for finding in &report.findings {
            prop_assert!(finding.kind == Kind::Modified || finding.hidden.is_none());
            for change in &finding.changes {
                let exposed = change.severity == Severity::Critical && change.noise.is_none();
                prop_assert!(!exposed || change.hidden.is_none());
            }
        }
    }

    #[test]
    fn the_order_of_rules_does_not_matter(
        findings in any_findings(),
        rules in proptest::collection::vec(any_rule(), 0..5),
        turn in 0usize..4,
    ) {
        let mut turned = rules.clone();
        turned.reverse();
        let one = filtered(findings.clone(), all_kinds(&rules, &findings));
        let mut silencers = all_kinds(&turned, &findings);
        silencers.rotate_left(turn);
        let other = filtered(findings, silencers);
        prop_assert_eq!(shown(&one), shown(&other));
        // Every rule gets the same account.
        let sorted = |report: &DriftReport| {
            let mut rules: Vec<String> = report.rules.iter().map(|r| format!("{r:?}")).collect();
            rules.sort();
            rules
        };
        prop_assert_eq!(sorted(&one), sorted(&other));
    }

    #[test]
    fn more_rules_never_show_more(
        findings in any_findings(),
        rules in proptest::collection::vec(any_rule(), 1..5),
    ) {
        let few = shown(&filtered(findings.clone(), vec![silencer(&rules[1..])]));
        let many = shown(&filtered(findings, vec![silencer(&rules)]));
        prop_assert!(many.iter().all(|name| few.contains(name)));
    }

    #[test]
    fn a_baseline_hides_all_of_its_own_report_that_may_be_hidden(findings in any_findings()) {
        let report = filtered(findings.clone(), Vec::new());
        let standpoint = Standpoint { current_dir: "/w".into(), file: "x/known.json".into() };
        let baseline = Baseline::of(&report, "why", now(), standpoint.clone(), None).unwrap();
        let read = Baseline::parse(&baseline.to_json(), standpoint);
        prop_assert!(read.is_complete());
        let again = filtered(findings, vec![Arc::new(read.value)]);
        prop_assert_eq!(&again.rules[0].unneeded, &Vec::<String>::new());
        for finding in &again.findings {
            for change in &finding.changes {
                let shown = change.hidden.is_none();
                let always = change.noise.is_none() && change.severity == Severity::Critical;
                prop_assert_eq!(shown, always || (change.sensitive && change.noise.is_none()));
            }
        }
    }

    /// Filled in, suggested rules hide exactly what they were suggested for, and so do the lines of a `.driftignore`.
    #[test]
    fn suggestions_hide_what_they_are_for(findings in any_findings()) {
        let report = filtered(findings.clone(), Vec::new());
        let suggestions = suggest(&Candidate::of(&report));
        let rules: Vec<IgnoreRule> = suggestions
            .iter()
            .map(|s| IgnoreRule {
                address: s.address.clone(),
                resource_type: s.resource_type.clone(),
                path: Some(s.path.clone()),
                reason: "why".to_owned(),
                ..IgnoreRule::default()
            })
            .collect();
        let lines: Vec<String> = suggestions.iter().flat_map(|s| s.driftignore.clone()).collect();
        let lines = DriftIgnore::parse(&lines.join("\n"), "f");
        prop_assert!(lines.is_complete(), "{:?}", lines.problems);
        for silencers in [vec![silencer(&rules)], vec![Arc::new(lines.value) as Arc<dyn Silencer>]] {
            let after = filtered(findings.clone(), silencers);
            for (finding, change) in crate::drift::ignore::outcome::each(&after) {
                if let Some(change) = change {
                    let always = change.noise.is_none() && change.severity == Severity::Critical;
                    prop_assert_eq!(change.hidden.is_none(), always, "{} {}", finding.address, change.path);
                }
            }
            prop_assert!(after.rules.iter().all(|r| r.hidden > 0), "none is for nothing: {:?}", after.rules);
        }
    }

    #[test]
    fn no_text_is_too_strange_to_be_read(text in "\\PC{0,40}", lines in "[\\[\\]!\\\\*?.a-c\n^ -]{0,40}") {
        for text in [&text, &lines] {
            let read = DriftIgnore::parse(text, "f");
            for problem in &read.problems {
                prop_assert!(problem.context_value("line").is_some());
            }
            let _ = read.value.ignores("a", text);
            let rule = IgnoreRule {
                address: Some(text.clone()),
                path: Some(text.clone()),
                reason: "a".to_owned(),
                ..IgnoreRule::default()
            };
            let _ = IgnoreRules::new(&[rule], now());
        }
    }
}
