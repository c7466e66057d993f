use serde_json::{Value as Json, json};

use super::*;
use crate::value::{Step, Type};

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::Number(number.to_string().parse().unwrap()),
        Json::String(text) if text == "(unknown)" => Value::Unknown,
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(entries) => {
            Value::Map(entries.iter().map(|(k, v)| (k.clone(), value(v))).collect())
        }
    }
}

fn holds(when: &Json, before: &Json, after: &Json, current: &Json) -> Option<bool> {
    let when: When = serde_json::from_value(when.clone()).unwrap();
    let (before, after) = (value(before), value(after));
    when.holds(&Case {
        sides: Sides::new(Some(&before), Some(&after)),
        path: &Path(vec![Step::Attribute("a".to_owned())]),
        current: &value(current),
        required_tags: &RequiredTags::default(),
    })
}

const YES: Option<bool> = Some(true);
const NO: Option<bool> = Some(false);
const OPEN: Option<bool> = None;

#[test]
fn each_condition() {
    let unknown = json!("(unknown)");
    for (when, before, after, want) in [
        (json!({"to": false}), json!(true), json!(false), YES),
        (json!({"to": false}), json!(false), json!(true), NO),
        (json!({"to": false}), json!(true), json!("false"), YES),
        (json!({"to": false}), json!(true), json!(null), OPEN),
        (json!({"to": false}), json!(true), unknown.clone(), OPEN),
        (json!({"to": ["a", 1]}), json!("b"), json!("A"), YES),
        (json!({"to": ["a", 1]}), json!("b"), json!("1"), YES),
        (json!({"to": ["a", 1]}), json!("b"), json!("c"), NO),
        (json!({"to": [null, "x"]}), json!("b"), json!([]), YES),
        (json!({"to": null}), json!("b"), json!(""), YES),
        (json!({"to": null}), json!("b"), json!("c"), NO),
        (json!({"to": "*"}), json!("b"), json!("c"), NO),
        (json!({"to": "*"}), json!("b"), json!("*"), YES),
        (json!({"from": "on"}), json!("on"), json!("off"), YES),
        (json!({"from": "on"}), json!("off"), json!("on"), NO),
        (json!({"from": "on"}), json!(null), json!("on"), OPEN),
        (
            json!({"adds": ["x", "y"]}),
            json!(["z"]),
            json!(["z", "y"]),
            YES,
        ),
        (
            json!({"adds": ["x", "y"]}),
            json!(["y"]),
            json!(["z", "y"]),
            NO,
        ),
        (
            json!({"adds": "x"}),
            json!(null),
            json!({"a": [{"b": "x"}]}),
            YES,
        ),
        (json!({"adds": "x"}), json!("x"), json!(null), NO),
        (
            json!({"adds": "x"}),
            json!(null),
            json!(["(unknown)"]),
            OPEN,
        ),
        (json!({"adds": true}), json!(null), json!("z"), YES),
        (json!({"adds": true}), json!(["a", "b"]), json!(["a"]), NO),
        (
            json!({"removes": true}),
            json!(["a", "b"]),
            json!(["a"]),
            YES,
        ),
        (json!({"removes": true}), json!(null), json!(["a"]), NO),
        (
            json!({"removes": ["b"]}),
            json!(["a", "b"]),
            json!(["a"]),
            YES,
        ),
        (
            json!({"removes": ["b"]}),
            json!(["a", "b"]),
            json!(["b"]),
            NO,
        ),
        (json!({"lowers": true}), json!(2), json!(1), YES),
        (json!({"lowers": true}), json!(1), json!(2), NO),
        (json!({"lowers": true}), json!("1.10"), json!("1.9"), YES),
        (json!({"lowers": true}), json!("10"), json!(9), YES),
        (
            json!({"lowers": true}),
            json!("TLSv1.2_2021"),
            json!("TLSv1"),
            YES,
        ),
        (
            json!({"lowers": true}),
            json!("TLS1_2"),
            json!("tls1_3"),
            NO,
        ),
        (
            json!({"lowers": true}),
            json!("MODERN"),
            json!("COMPATIBLE"),
            OPEN,
        ),
        (json!({"lowers": true}), json!(7), json!(null), OPEN),
        (json!({"raises": true}), json!(1), json!(2), YES),
        (json!({"raises": true}), json!(2), json!(1), NO),
        (
            json!({"from": "on", "to": "off"}),
            json!("on"),
            json!("off"),
            YES,
        ),
        (
            json!({"from": "on", "to": "off"}),
            json!("on"),
            json!("x"),
            NO,
        ),
        (
            json!({"from": "on", "to": "off"}),
            json!(null),
            json!("x"),
            NO,
        ),
        (
            json!({"from": "on", "to": "off"}),
            json!(null),
            json!("off"),
            OPEN,
        ),
    ] {
        let got = holds(&when, &before, &after, &json!({}));
        assert_eq!(got, want, "{when}: {before} to {after}");
    }
}

#[test]
fn other_attributes_are_found_through_lists() {
    let current = json!({"pool": [{"scale": {"on": false}}, {"scale": {"on": true}}], "none": [], "open": "(unknown)"});
    for (when, want) in [
        (json!({"beside": {"pool.scale.on": true}}), YES),
        (json!({"beside": {"pool.scale.on": "x"}}), NO),
        (json!({"beside": {"pool.scale.off": true}}), NO),
        (json!({"beside": {"pool.scale.off": [null, true]}}), YES),
        (json!({"beside": {"none": null}}), YES),
        (json!({"beside": {"none": "*"}}), NO),
        (json!({"beside": {"pool": "*"}}), YES),
        (json!({"beside": {"open": true}}), OPEN),
        (json!({"beside": {"pool.scale.on": true, "none": "*"}}), NO),
    ] {
        assert_eq!(holds(&when, &json!(1), &json!(2), &current), want, "{when}");
    }
}

#[test]
fn a_dynamic_value_is_judged_by_what_it_holds() {
    let dynamic = Value::Dynamic(Box::new((Type::Bool, Value::Bool(false))));
    let when: When = serde_json::from_value(json!({"to": false})).unwrap();
    let case = Case {
        sides: Sides::new(None, Some(&dynamic)),
        path: &Path::root(),
        current: &Value::Null,
        required_tags: &RequiredTags::default(),
    };
    assert_eq!(when.holds(&case), YES);
}
