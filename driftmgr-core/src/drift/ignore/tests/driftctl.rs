//! `.driftignore` as driftctl understands it: what its published tests expect, pattern by pattern.
//! <https://github.com/snyk/driftctl/tree/main/pkg/filter>, and for attributes the versions before 0.39, which compared them.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use super::*;
use crate::drift::ignore::{DriftIgnore, RuleStatus};
use crate::value::Path;

fn parsed(text: &str) -> DriftIgnore {
    let parsed = DriftIgnore::parse(text, ".driftignore");
    assert!(parsed.is_complete(), "{:?}", parsed.problems);
    parsed.value
}

/// One of the published files, as they are; `None` where there are none.
fn published(case: &str) -> Option<String> {
    let root = std::env::var_os("DRIFTMGR_FIXTURES").map_or_else(
        || FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures"),
        PathBuf::from,
    );
    let file = root
        .join("drift/driftignore")
        .join(case)
        .join(".driftignore");
    let text = std::fs::read_to_string(&file).ok();
    if text.is_none() {
        println!("skipped: no fixture at {}", file.display());
    }
    text
}

fn objects(rules: &DriftIgnore, cases: &[(&str, &str, bool)]) {
    for (resource_type, id, want) in cases {
        assert_eq!(
            rules.ignores(resource_type, id),
            *want,
            "{resource_type}.{id}"
        );
    }
}

fn attributes(rules: &DriftIgnore, cases: &[(&str, &str, &str, bool)]) {
    for (resource_type, id, path, want) in cases {
        let path = literal(path).unwrap();
        assert_eq!(
            rules.ignores_attribute(resource_type, id, &path),
            *want,
            "{resource_type}.{id}.{path}"
        );
    }
}

#[test]
fn an_empty_file_ignores_nothing() {
    objects(&parsed(""), &[("type1", "id1", false)]);
    if let Some(text) = published("drift_ignore_empty") {
        objects(&parsed(&text), &[("type1", "id1", false)]);
    }
}

#[test]
fn the_published_plain_lines() {
    let Some(text) = published("drift_ignore_valid") else {
        return;
    };
    objects(
        &parsed(&text),
        &[
            ("type1", "id1", false),
            ("wildcard_resource", "id1/with/slash", true),
            ("wildcard_resource", "id1", true),
            ("wildcard_resource", "id2", true),
            ("ignored_resource", "id2", true),
            ("ignored_resource", "id3", false),
            ("resource_type", "id.with.dots", true),
            ("resource_type", "idwith\\", true),
            ("resource_type", "idwith\\backslashes", true),
            ("resource_type", "idwith/slashes", true),
        ],
    );
}

#[test]
fn the_published_attributes() {
    let Some(text) = published("drift_ignore_fields") else {
        return;
    };
    attributes(
        &parsed(&text),
        &[
            ("res_type", "full_drift_ignored", "json", true),
            ("res_type", "full_drift_ignored", "foobar", true),
            ("res_type", "partial_drift_ignored", "json", false),
            ("res_type", "partial_drift_ignored", "foobar", true),
            ("resource_type", "id.with.dots", "json", true),
            ("resource_type", "idwith\\", "json", true),
            ("resource_type", "idwith\\backslashes", "json", false),
            ("resource_type", "idwith\\backslashes", "foobar", true),
            ("res_type", "wildcard_drift_ignored", "struct.baz", true),
            ("res_type", "wildcard_drift_ignored", "struct.bar", false),
            ("res_type", "endofpath_drift_ignored", "struct.baz", true),
            ("res_type", "endofpath_drift_ignored", "struct.bar", true),
        ],
    );
}

#[test]
fn the_published_wrong_lines_are_named_and_the_others_hold() {
    let Some(text) = published("drift_ignore_invalid_lines") else {
        return;
    };
    let read = DriftIgnore::parse(&text, "infra/.driftignore");
    objects(
        &read.value,
        &[("type1", "id1", false), ("ignored_resource", "id2", true)],
    );
    let wrong: Vec<_> = read
        .problems
        .iter()
        .map(|p| (p.context_value("file"), p.context_value("line")))
        .collect();
    // `.id` and `.` have no type, a lone `\` escapes nothing. `\\` is a backslash, and the rest are unusual names of types.
    let at = |line| (Some("infra/.driftignore"), Some(line));
    assert_eq!(wrong, [at("6"), at("7"), at("9")], "{:?}", read.problems);
}

#[test]
fn stars_and_escapes_among_other_characters() {
    let rules =
        parsed("*2**.**d1*\ntype3.id1***0\n*.id\\\\WithBa*slas*\\\\**\\\\\n\n# a *** comment\n");
    objects(
        &rules,
        &[
            ("type1", "id1", false),
            ("type2", "id1", true),
            ("type2", "id11", true),
            ("type2", "id2", false),
            ("type3", "id100", true),
            ("type3", "id101", false),
            ("type4", "id\\WithBac*slash***\\*\\", true),
        ],
    );
}

#[test]
fn a_line_takes_back_what_lines_above_ignore() {
    objects(
        &parsed("*\n!iam_user.*\n!some_type.idwith/slash"),
        &[
            ("type1", "id1", true),
            ("type2", "id11", true),
            ("iam_user", "id\\WithBac*slash***\\*\\", false),
            ("some_type", "idwith/slash", false),
            ("some_type", "idwith/slash/", true),
        ],
    );
    objects(&parsed("!*"), &[("aws_s3_access_point", "", false)]);
    // The last one decides.
    objects(&parsed("!a.b\n*"), &[("a", "b", true)]);
}

/// driftctl judged attributes apart from their objects, and dropped ignored objects before; together the object's line wins.
#[test]
fn an_ignored_object_is_ignored_with_all_its_attributes() {
    let rules = parsed("*\n!*.bar");
    attributes(
        &rules,
        &[
            ("res_type", "id", "json", true),
            ("res_type", "id", "struct.bar", true),
        ],
    );
    // The attribute alone is taken back, as published, where the object is not ignored as a whole.
    attributes(
        &parsed("*.*.*\n!*.bar"),
        &[
            ("res_type", "id", "json", true),
            ("res_type", "id", "bar", false),
        ],
    );
}

#[test]
fn a_type_is_ignored_unless_something_of_it_or_below_it_is_kept() {
    let none = |_: &str| Vec::new();
    let children = |resource_type: &str| -> Vec<String> {
        let below: &[&str] = match resource_type {
            "aws_route_table" => &["aws_route"],
            "azurerm_route_table" => &["azurerm_route"],
            "aws_iam_user" => &["aws_iam_user_policy", "aws_access_key"],
            "aws_iam_user_policy" => &["aws_iam_user_policy_attachment"],
            // Nobody promises that relations have an end.
            "aws_iam_user_policy_attachment" => &["aws_iam_user"],
            _ => &[],
        };
        below.iter().map(|t| (*t).to_owned()).collect()
    };
    for (text, cases) in [
        (
            "*\n!aws_route\n!non_ignored_type.*",
            &[
                ("aws_route", false),
                ("aws_route_table", false),
                ("non_ignored_type", false),
                ("ignored_type", true),
            ][..],
        ),
        (
            "*\n!aws_iam_user_policy_attachment\n!non_ignored_type.*",
            &[
                ("aws_iam_user", false),
                ("aws_iam_user_policy", false),
                ("aws_iam_user_policy_attachment", false),
                ("ignored_type", true),
            ],
        ),
        (
            "type\ntype_2\ntype_3.*",
            &[
                ("type", true),
                ("type_1", false),
                ("type_2", true),
                ("type_3", true),
            ],
        ),
        (
            "*\n!aws_s3*\n!aws_route53*",
            &[
                ("aws_s3_access_point", false),
                ("aws_s3_bucket", false),
                ("aws_route53_delegation_set", false),
                ("aws_vpc", true),
            ],
        ),
        (
            "*\n!aws_iam_policy_attachment.foobar\n!azurerm_route.barfoo",
            &[
                ("aws_iam_policy_attachment", false),
                ("azurerm_route_table", false),
                ("azurerm_route", false),
            ],
        ),
        (
            "type_*\n!type_not_ignored",
            &[("type_ignored", true), ("type_not_ignored", false)],
        ),
    ] {
        let rules = parsed(text);
        for (resource_type, want) in cases {
            assert_eq!(
                rules.ignores_type(resource_type, &children),
                *want,
                "{resource_type}"
            );
        }
    }
    let users = parsed("aws_iam_user*");
    assert!(
        !users.ignores_type("aws_iam_user_policy_attachment", &children),
        "its descendant aws_access_key is kept"
    );
    assert!(
        parsed("*").ignores_type("aws_iam_user", &children),
        "relations in a circle end"
    );
    assert!(!parsed("").ignores_type("a", &none));
}

#[test]
fn one_character_and_classes_of_characters() {
    objects(
        &parsed(
            "a.i?\nb.[a-c]x\nc.[!a-c]\nd.[^-]\ne.[]x]\nf.[a\\]]\ng.[--0]\nh.\\[x\ni.{a,b}\nj.a b\nk.a  \nl.a\\ ",
        ),
        &[
            ("a", "i1", true),
            ("a", "i/", true),
            ("a", "i12", false),
            ("b", "bx", true),
            ("b", "dx", false),
            ("c", "d", true),
            ("c", "b", false),
            ("d", "-", false),
            ("d", "a", true),
            ("e", "]", true),
            ("f", "]", true),
            ("g", "-", true),
            ("g", ".", true),
            ("g", "1", false),
            ("h", "[x", true),
            ("i", "{a,b}", true),
            ("i", "a", false),
            ("j", "a b", true),
            ("k", "a", true),
            ("l", "a ", true),
            ("l", "a", false),
        ],
    );
}

#[test]
fn what_is_no_pattern_is_a_problem_with_its_line() {
    for line in [
        "a.[", "a.[x", "a.[]", "a.[z-a]", "a.\\", "!", ".x", "!.x", "a.[\\",
    ] {
        let read = DriftIgnore::parse(&format!("\u{feff}ok.a\r\n{line}\r\n"), "f");
        assert_eq!(read.problems.len(), 1, "{line}");
        assert_eq!(read.problems[0].context_value("line"), Some("2"), "{line}");
        assert!(!read.problems[0].hints().is_empty(), "{line}");
        assert!(read.value.ignores("ok", "a"), "{line}");
    }
}

#[test]
fn a_change_is_hidden_with_its_line_and_the_comment_above_it() {
    let text = "# the autoscaler sets it\n# at night\ndemo_thing.a.size\n\ndemo_thing.b\ndemo_thing.c.*\n!demo_thing.c.name";
    let rules: Arc<dyn Silencer> = Arc::new(parsed(text));
    let findings = vec![
        finding("demo_thing.a", vec![change("size"), change("name")]),
        finding("demo_thing.b", vec![change("rule[0].port")]),
        finding("demo_thing.c", vec![change("name"), change("size")]),
        gone("demo_thing.b"),
    ];
    let report = filtered(findings, vec![rules]);
    assert_eq!(
        shown(&report),
        ["demo_thing.a name", "demo_thing.c name", "demo_thing.b"]
    );
    let hidden = report.findings[0].changes[0].hidden.as_ref().unwrap();
    assert_eq!(hidden.rule, "driftignore");
    assert_eq!(
        hidden.reason,
        "the autoscaler sets it at night (.driftignore:3)"
    );
    let hidden = report.findings[1].hidden.as_ref().unwrap();
    assert_eq!(hidden.reason, "`demo_thing.b` (.driftignore:5)");
    let outcomes: Vec<_> = report
        .rules
        .iter()
        .map(|r| (r.origin.line, r.hidden, r.status, r.refused.len()))
        .collect();
    assert_eq!(
        outcomes,
        [
            (Some(3), 1, RuleStatus::Active, 0),
            (Some(5), 1, RuleStatus::Active, 1),
            (Some(6), 1, RuleStatus::Active, 0),
        ]
    );
}

#[test]
fn a_line_for_nothing_is_dead_unless_something_was_not_looked_at() {
    let rules = parsed("demo_thing.x");
    let mut report = filtered(
        vec![finding("demo_thing.a", vec![change("size")])],
        Vec::new(),
    );
    assert_eq!(rules.outcomes(&report)[0].status, RuleStatus::Dead);
    report.not_looked_at.push(unseen("data.demo_thing.x"));
    report.not_looked_at[0].address.resource.mode = crate::address::ResourceMode::Data;
    assert_eq!(rules.outcomes(&report)[0].status, RuleStatus::Dead);
    report.not_looked_at.push(unseen("demo_thing.y"));
    assert_eq!(rules.outcomes(&report)[0].status, RuleStatus::Unseen);
}

#[test]
fn a_member_of_a_set_is_below_its_attribute() {
    let mut member = change("ports");
    member.path = Path::attribute_of_root("ports")
        .join(crate::value::Step::Element(Box::new(Value::from(80))));
    let rules: Arc<dyn Silencer> = Arc::new(parsed("demo_thing.a.ports"));
    let report = filtered(vec![finding("demo_thing.a", vec![member])], vec![rules]);
    assert_eq!(shown(&report), [""; 0]);
}
