//! Every key: taken when right, refused with its place when wrong.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{good, told, wrong};
use crate::error::ErrorKind;
use crate::settings::key::{KEYS, Key, Kind};
use crate::settings::{Layer, Origin, Setting, Settings, Sourced};

/// A file that sets the key, in blocks, and the line of the key.
fn file(key: &Key, value: &str) -> (String, usize) {
    let parts: Vec<&str> = key.name.split('.').collect();
    let (leaf, blocks) = parts.split_last().unwrap();
    let mut text = String::new();
    for (depth, block) in blocks.iter().enumerate() {
        text.push_str(&format!("{}{block}:\n", "  ".repeat(depth)));
    }
    text.push_str(&format!("{}{leaf}: {value}\n", "  ".repeat(blocks.len())));
    (text, parts.len())
}

const RULE: &str = "[{address: a.b, type: t, path: p, reason: because, until: 2030-01-31}]";

fn right(key: &Key) -> Vec<(&'static str, Setting)> {
    let texts = |texts: &[&str]| {
        let each = texts
            .iter()
            .map(|t| Sourced::new((*t).to_owned(), Origin::Default));
        Setting::Texts(each.collect())
    };
    match key.kind {
        Kind::Text => vec![
            ("shop", Setting::Text("shop".into())),
            ("'12'", Setting::Text("12".into())),
        ],
        Kind::Flag => vec![
            ("true", Setting::Flag(true)),
            ("false", Setting::Flag(false)),
        ],
        Kind::Whole { .. } => vec![("7", Setting::Whole(7)), ("1", Setting::Whole(1))],
        Kind::Duration => vec![
            ("10m", Setting::Duration(Duration::from_secs(600))),
            ("90", Setting::Duration(Duration::from_secs(90))),
        ],
        Kind::Word(words) => words
            .iter()
            .map(|word| (*word, Setting::Text((*word).to_owned())))
            .collect(),
        Kind::Path => vec![("/x/y", Setting::Path("/x/y".into()))],
        Kind::Texts => vec![("[a, b]", texts(&["a", "b"])), ("[]", texts(&[]))],
        Kind::Entries { .. } => vec![],
    }
}

fn mistakes(key: &Key) -> &'static [&'static str] {
    match key.kind {
        Kind::Text | Kind::Path => &["12", "true", "''", "[a]", "{a: b}", "~"],
        Kind::Flag => &["yes", "on", "1", "'true'", "[]", "~"],
        Kind::Whole { .. } => &["0", "-1", "1.5", "many", "'7'", "9999999999", "[]", "~"],
        Kind::Duration => &[
            "soon", "5 m", "-1", "0", "0s", "1.5", "1d", "20000h", "[]", "~",
        ],
        Kind::Word(_) => &["nonsense", "1", "true", "[]", "~", "''"],
        Kind::Texts => &["a", "[1]", "['']", "[[a]]", "{a: b}", "~"],
        Kind::Entries { .. } => &["a", "[a]", "[[]]", "{a: b}", "[{}]", "~"],
    }
}

/// Without the places of texts.
fn bare(setting: &Setting) -> Setting {
    match setting {
        Setting::Texts(texts) => Setting::Texts(
            texts
                .iter()
                .map(|t| Sourced::new(t.value.clone(), Origin::Default))
                .collect(),
        ),
        other => other.clone(),
    }
}

#[test]
fn every_key_takes_what_is_right_and_knows_the_line() {
    for key in KEYS {
        for (text, want) in right(key) {
            let (text, line) = file(key, text);
            let settings = good(&text);
            let set = settings.values().get(key.name).unwrap();
            assert_eq!(bare(&set.value), want, "{text}");
            let place = format!("driftmgr.yaml:{line}");
            assert_eq!(settings.origin(key.name).to_string(), place, "{text}");
        }
    }
}

#[test]
fn every_key_refuses_what_is_wrong_with_file_and_line_and_what_was_expected() {
    for key in KEYS {
        for value in mistakes(key) {
            let (text, line) = file(key, value);
            let problems = super::load(&text).problems;
            assert!(!problems.is_empty(), "{text}");
            for problem in &problems {
                assert_eq!(problem.kind(), ErrorKind::InvalidConfig, "{text}");
                assert_eq!(
                    problem.context_value("file"),
                    Some("driftmgr.yaml"),
                    "{text}"
                );
                assert!(problem.context_value("column").is_some(), "{text}");
                let (at, message, _) = told(problem);
                assert_eq!(at, line, "{text}");
                assert!(message.contains(key.leaf()), "{message}");
            }
        }
    }
}

#[test]
fn every_key_that_is_misspelt_is_refused_with_the_name_that_was_meant() {
    for key in KEYS {
        let mut misspelt = *key;
        let name: &'static str = Box::leak(format!("{}x", key.name).into_boxed_str());
        misspelt.name = name;
        let (text, line) = file(&misspelt, "1");
        let told = wrong(&text);
        assert_eq!(told.len(), 1, "{text}");
        let hint = format!("did you mean `{}`?", key.name);
        assert_eq!(told[0], (line, format!("unknown key `{name}`"), hint));
    }
}

#[test]
fn every_default_can_be_read_and_is_what_typing_it_gives() {
    let defaults = Layer::defaults();
    for key in KEYS {
        let Some(text) = key.default else {
            assert_eq!(defaults.get(key.name), None, "{}", key.name);
            continue;
        };
        let settings = good(&file(key, text).0);
        let typed = settings.values().get(key.name).unwrap();
        assert_eq!(
            defaults.get(key.name).unwrap().value,
            typed.value,
            "{}",
            key.name
        );
    }
}

#[test]
fn the_keys_of_the_list_are_told_apart() {
    let unique = |names: Vec<&str>| names.iter().collect::<BTreeSet<_>>().len() == names.len();
    assert!(unique(KEYS.iter().map(|k| k.name).collect()));
    assert!(unique(KEYS.iter().filter_map(|k| k.variable).collect()));
    for key in KEYS {
        // A key is no block.
        let below = format!("{}.", key.name);
        assert!(!KEYS.iter().any(|k| k.name.starts_with(&below)), "{below}");
        assert!(!key.about.ends_with('.'), "{}", key.name);
    }
}

#[test]
fn keys_that_do_nothing_yet_are_checked_and_said_to_do_nothing() {
    for key in KEYS {
        let value = match key.kind {
            Kind::Entries { .. } if key.name == "drift.ignore" => RULE,
            Kind::Entries { .. } => "[]",
            _ => right(key)[0].0,
        };
        let settings = good(&file(key, value).0);
        let told = settings.warnings().iter().any(|w| w.contains(key.name));
        assert_eq!(
            told,
            !key.has_effect,
            "{}: {:?}",
            key.name,
            settings.warnings()
        );
    }
    assert_eq!(Settings::default().warnings(), [""; 0]);
}

#[test]
fn all_mistakes_are_said_at_once() {
    let text = "\
drift:
  sensitivity: hihg
  sensitivty: low
  timeout: soon
  timeout: 5m
workers: 3
1: x
drift.plugins: false
output:
  format: jsn
performance: 5
";
    let told = wrong(text);
    let lines: Vec<usize> = told.iter().map(|(line, ..)| *line).collect();
    assert_eq!(lines, [7, 5, 2, 3, 4, 6, 8, 10, 11], "{told:#?}");
    let say = |line: usize| {
        let (_, message, hint) = told.iter().find(|(at, ..)| *at == line).unwrap();
        format!("{message} / {hint}")
    };
    assert_eq!(
        say(2),
        "`drift.sensitivity`: expected low, medium or high, found the text \"hihg\" / did you mean `high`?"
    );
    assert_eq!(
        say(3),
        "unknown key `drift.sensitivty` / did you mean `drift.sensitivity`?"
    );
    assert_eq!(
        say(5),
        "`timeout` stands twice / it is set in line 4 already: keep one of the two"
    );
    assert_eq!(
        say(6),
        "unknown key `workers` / did you mean `performance.workers`?"
    );
    assert_eq!(say(7), "expected the name of a key, found the number 1 / ");
    assert_eq!(
        say(8),
        "unknown key `drift.plugins` / write each part on its own line: `drift:` and below it `plugins:`"
    );
    assert_eq!(
        say(11),
        "`performance`: expected a block of keys, found the number 5 / "
    );
}

#[test]
fn an_unknown_key_like_no_other_gets_the_list() {
    let told = wrong("app: {frobnicate: 1}");
    assert_eq!(told[0].2, "known here: name, environment, log_level");
    let told = wrong("frobnicate: 1");
    assert!(
        told[0].2.starts_with("known here: app, drift, output"),
        "{told:?}"
    );
}

#[test]
fn rules_keep_their_fields_and_places() {
    let settings = good(
        "drift:\n  ignore:\n    - address: module.a\n      reason: \" moving \"\n      until: 2030-01-31\n    - {tags: [a, b], reason: x}\n  severity:\n    - type: t\n      path: p\n      when: {to: false, adds: [1.50, x], n: ~}\n      severity: critical\n      category: backup\n      reason: r\n  equal: [{type: t, path: p, as: json, reason: r}]\n",
    );
    let [first, second] = settings.drift.ignore.as_slice() else {
        panic!()
    };
    assert_eq!(first.text("address"), Some("module.a"));
    assert_eq!(first.text("reason"), Some("moving"));
    assert_eq!(first.text("until"), Some("2030-01-31"));
    assert_eq!(first.origin.to_string(), "driftmgr.yaml:3");
    assert_eq!(
        second.json(),
        serde_json::json!({"tags": ["a", "b"], "reason": "x"})
    );
    assert_eq!(second.origin.to_string(), "driftmgr.yaml:6");
    let when = &settings.drift.severity[0].fields["when"];
    assert_eq!(
        when.to_string(),
        r#"{"to":false,"adds":[1.50,"x"],"n":null}"#
    );
    assert_eq!(settings.drift.equal[0].text("as"), Some("json"));
}

#[test]
fn rules_that_are_wrong_are_refused_one_by_one() {
    for (rules, line, message) in [
        (
            "ignore: [{address: a.b}]",
            2,
            "a rule of `drift.ignore` has no `reason`: expected text",
        ),
        (
            "ignore: [{address: a.b, reason: ''}]",
            2,
            "`drift.ignore[].reason`: expected text, found the text \"\"",
        ),
        (
            "ignore: [{reason: all of it}]",
            2,
            "a rule of `drift.ignore` speaks of everything",
        ),
        (
            "ignore:\n    - reason: x\n      adress: a",
            4,
            "unknown key `adress` in a rule of `drift.ignore`",
        ),
        (
            "ignore: [{type: t, reason: x, until: tomorrow}]",
            2,
            "`drift.ignore[].until`: expected a day such as 2026-12-31, found the text \"tomorrow\"",
        ),
        (
            "ignore: [{type: t, reason: x, until: 2026-02-30}]",
            2,
            "`drift.ignore[].until`: expected a day such as 2026-12-31, found the text \"2026-02-30\"",
        ),
        (
            "severity: [{type: t, severity: high, category: other, reason: r}]",
            2,
            "`drift.severity[].severity`: expected informational, important or critical, found the text \"high\"",
        ),
        (
            "equal: [{type: t, path: p, as: xml, reason: r}]",
            2,
            "`drift.equal[].as`: expected json",
        ),
        (
            "equal: [{type: t, type: u, path: p, as: json, reason: r}]",
            2,
            "`type` stands twice",
        ),
    ] {
        let told = wrong(&format!("drift:\n  {rules}\n"));
        assert!(
            told.iter()
                .any(|(at, said, _)| *at == line && said.starts_with(message)),
            "{rules}: {told:?}"
        );
    }
}
