//! From a report to few rules.

use super::*;
use crate::drift::ignore::{Candidate, suggest};

fn suggestions(findings: Vec<Finding>) -> Vec<(usize, String, String, Vec<String>)> {
    let report = filtered(findings, Vec::new());
    suggest(&Candidate::of(&report))
        .into_iter()
        .map(|s| {
            let scope = match (s.address, s.resource_type) {
                (Some(address), None) => address,
                (None, Some(name)) => format!("type {name}"),
                other => panic!("{other:?}"),
            };
            (s.changes, scope, s.path, s.driftignore)
        })
        .collect()
}

#[test]
fn nothing_to_hide_is_nothing_to_suggest() {
    let findings = vec![
        gone("a.x"),
        finding("a.y", vec![critical("open"), noise("arn")]),
        finding("a.z", Vec::new()),
    ];
    assert_eq!(suggestions(findings), []);
}

#[test]
fn rules_are_few_and_the_narrowest_come_first() {
    let many = (0..3).map(|i| finding(&format!("aws_x.many[{i}]"), vec![change("size")]));
    let mut findings = vec![
        finding(
            "aws_y.one",
            vec![change("rule[0].port"), change("name"), critical("open")],
        ),
        finding("aws_z.a", vec![change("tags[\"env\"]")]),
        finding("aws_z.b", vec![change("tags[\"env\"]"), change("size")]),
    ];
    findings.extend(many);
    let strings = |lines: &[&str]| lines.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        suggestions(findings),
        [
            (
                1,
                "aws_z.b".to_owned(),
                "size".to_owned(),
                strings(&["aws_z.b.size"])
            ),
            (
                2,
                "aws_y.one".to_owned(),
                "name|rule.port".to_owned(),
                strings(&["aws_y.one.name", "aws_y.one.rule.*.port"])
            ),
            (
                2,
                "type aws_z".to_owned(),
                "tags[\"env\"]".to_owned(),
                strings(&["aws_z.*.tags.env"])
            ),
            (
                3,
                "aws_x.many".to_owned(),
                "size".to_owned(),
                strings(&[
                    "aws_x.many\\[0].size",
                    "aws_x.many\\[1].size",
                    "aws_x.many\\[2].size"
                ])
            ),
        ]
    );
}

#[test]
fn an_id_that_is_secret_missing_or_broken_over_lines_stands_in_no_line() {
    let mut secret = finding("a.a", vec![change("size")]);
    secret.sensitive.insert(literal("id").unwrap());
    let mut none = finding("a.a", vec![change("size")]);
    none.before = Value::Null;
    let mut broken = finding("a.a", vec![change("size")]);
    broken.before = [("id", "a\nb")].into_iter().collect();
    for finding in [secret, none, broken] {
        let all = suggestions(vec![finding]);
        assert_eq!(all, [(1, "a.a".to_owned(), "size".to_owned(), Vec::new())]);
    }
}

/// The report as it is printed and as it is in memory lead to the same rules, also where a path's text could mean two things.
#[test]
fn a_saved_report_leads_to_the_same_rules() {
    use crate::value::{Path, Step};
    let member = |set: &str, value: Value| AttributeChange {
        path: Path::attribute_of_root(set).join(Step::Element(Box::new(value))),
        ..change("x")
    };
    let object: Value = [("a]b", "c\"d")].into_iter().collect();
    let mut modified = finding(
        "module.m[\"k\"].demo_a.x[0]",
        vec![
            member("names", Value::from("env")),
            member("ports", Value::from(80)),
            member("blocks", object),
            change("tags[\"a \\\"]. b\"]"),
            change("rule[0].port"),
            critical("open"),
            noise("arn"),
        ],
    );
    let set = |items: Vec<Value>| Value::set(items);
    let tags: Value = [("a \"]. b", "x")].into_iter().collect();
    modified.before = [
        ("id", Value::from("i-1")),
        ("names", set(vec![Value::from("env")])),
        ("ports", set(Vec::new())),
        ("tags", tags),
    ]
    .into_iter()
    .collect();
    let report = filtered(vec![modified, gone("demo_a.z")], Vec::new());
    let text = crate::report::json::drift(&report).to_string();
    let saved = Candidate::of(&crate::report::json::read(&text).unwrap());
    assert_eq!(saved, Candidate::of(&report));
    assert_eq!(saved.len(), 5);
    let paths: Vec<&str> = saved.iter().map(|c| c.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "names",
            "ports",
            "blocks",
            "tags[\"a \\\"]. b\"]",
            "rule.port"
        ]
    );
}
