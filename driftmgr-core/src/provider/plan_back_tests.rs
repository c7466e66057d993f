use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::provider::testing::{attribute, block, nested, nested_attribute};
use crate::value::generate::value_of;
use crate::value::json;

fn schema() -> ResourceSchema {
    let item = || {
        block([
            ("name", attribute("string").required()),
            ("id", attribute("string").computed()),
            ("zone", attribute("string").optional().computed()),
        ])
    };
    ResourceSchema {
        version: 0,
        block: block([
            ("arn", attribute("string").computed()),
            ("name", attribute("string").required()),
            ("size", attribute("string").optional().computed()),
            ("token", attribute("string").optional().write_only()),
            ("tags", attribute(r#"["map","string"]"#).optional()),
            (
                "options",
                nested_attribute(
                    Nesting::Map,
                    [
                        ("key", attribute("string").optional()),
                        ("etag", attribute("string").computed()),
                    ],
                ),
            ),
        ])
        .with("disk", nested(Nesting::List, item()))
        .with("rule", nested(Nesting::Set, item()))
        .with("volume", nested(Nesting::Map, item()))
        .with("meta", nested(Nesting::Single, item())),
        identity: None,
    }
}

fn object(json: &str) -> Value {
    let whole = schema().block.empty_object();
    let Value::Map(mut entries) = whole else {
        unreachable!()
    };
    let given = json::decode(json, &schema().block.implied_type()).unwrap();
    for (name, value) in given.as_map().unwrap() {
        if !value.is_null() {
            entries.insert(name.clone(), value.clone());
        }
    }
    Value::Map(entries)
}

fn refreshed(stored: &Value, real: Option<Value>) -> Refreshed {
    Refreshed {
        prior: stored.clone(),
        current: real,
        private: Bytes::from_static(b"private"),
        identity: Some("identity".into()),
        warnings: Vec::new(),
    }
}

fn request(stored: &str, real: &str) -> PlanRequest {
    let stored = object(stored);
    let refreshed = refreshed(&stored, Some(object(real)));
    plan_request(&schema(), "x_thing", &stored, &refreshed)
}

#[test]
fn the_configuration_is_what_the_stored_object_can_have_set() {
    let request = request(
        r#"{"arn":"a","name":"n","size":"s","tags":{"k":"v"},"options":{"o":{"key":"k","etag":"e"}},"disk":[{"name":"d","id":"1","zone":"z"}]}"#,
        r#"{"name":"other"}"#,
    );
    let want = object(
        r#"{"name":"n","size":"s","tags":{"k":"v"},"options":{"o":{"key":"k"}},"disk":[{"name":"d","zone":"z"}]}"#,
    );
    assert!(request.configuration == want);
    assert!(request.prior == object(r#"{"name":"other"}"#));
    assert_eq!(request.private.as_ref(), b"private");
    assert_eq!(request.identity, Some("identity".into()));
    assert_eq!(request.type_name, "x_thing");
}

#[test]
fn write_only_values_are_never_sent() {
    let request = request(r#"{"name":"n","token":"t"}"#, r#"{"name":"n"}"#);
    assert_eq!(request.configuration.attribute("token"), Some(&Value::Null));
    assert_eq!(request.proposed.attribute("token"), Some(&Value::Null));
}

#[test]
fn computed_values_come_from_the_real_object() {
    let request = request(
        r#"{"arn":"old","name":"n","tags":{"k":"old"},"options":{"o":{"key":"k","etag":"1"}}}"#,
        r#"{"arn":"new","name":"x","size":"real","tags":{"k":"new"},"options":{"o":{"key":"x","etag":"2"},"p":{"etag":"3"}}}"#,
    );
    let want = object(
        r#"{"arn":"new","name":"n","size":"real","tags":{"k":"old"},"options":{"o":{"key":"k","etag":"2"}}}"#,
    );
    assert!(request.proposed == want);
}

#[test]
fn lists_are_matched_by_position_and_maps_by_key() {
    let request = request(
        r#"{"name":"n","disk":[{"name":"a","id":"1"},{"name":"b","id":"2"}],"volume":{"v":{"name":"v","id":"1"}},"meta":{"name":"m"}}"#,
        r#"{"name":"n","disk":[{"name":"x","id":"9","zone":"z"}],"volume":{"v":{"name":"w","id":"8"},"w":{"name":"q"}},"meta":{"name":"o","id":"7"}}"#,
    );
    let want = object(
        r#"{"name":"n","disk":[{"name":"a","id":"9","zone":"z"},{"name":"b"}],"volume":{"v":{"name":"v","id":"8"}},"meta":{"name":"m","id":"7"}}"#,
    );
    assert!(request.proposed == want);
}

#[test]
fn sets_are_matched_by_what_is_not_computed() {
    let request = request(
        r#"{"name":"n","rule":[{"name":"a","id":"1"},{"name":"b","id":"2"}]}"#,
        r#"{"name":"n","rule":[{"name":"a","id":"9","zone":"z"},{"name":"c","id":"3"}]}"#,
    );
    let want = object(r#"{"name":"n","rule":[{"name":"a","id":"9","zone":"z"},{"name":"b"}]}"#);
    assert!(request.proposed == want);
}

#[test]
fn a_member_is_not_taken_by_one_that_says_less() {
    let rules = r#"{"name":"n","rule":[{"name":"a","id":"1"},{"name":"a","id":"2","zone":"z"}]}"#;
    let request = request(rules, rules);
    assert!(request.proposed == request.prior);
}

#[test]
fn a_missing_object_is_planned_from_nothing() {
    let stored = object(r#"{"arn":"a","name":"n"}"#);
    let request = plan_request(&schema(), "x", &stored, &refreshed(&stored, None));
    assert!(request.prior.is_null());
    assert!(request.proposed == object(r#"{"name":"n"}"#));
}

fn judged(real: &Value, planned: Value, replace: &[&str]) -> Verdict {
    let planned = Planned {
        planned,
        requires_replace: replace
            .iter()
            .map(|n| Path::attribute_of_root(*n))
            .collect(),
    };
    judge(&schema(), real, &planned)
}

fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut entries = object.as_map().unwrap().clone();
    entries.insert(name.to_owned(), value);
    Value::Map(entries)
}

fn changes(verdict: &Verdict) -> (Vec<String>, Vec<String>) {
    match verdict {
        Verdict::NoChange => (Vec::new(), Vec::new()),
        Verdict::Change {
            changes,
            requires_replace,
        } => (
            changes.iter().map(|c| c.path.to_string()).collect(),
            requires_replace.iter().map(ToString::to_string).collect(),
        ),
    }
}

#[test]
fn an_equal_plan_is_no_change() {
    let real = object(r#"{"name":"n","arn":"a","disk":[{"name":"d","id":"1"}]}"#);
    assert_eq!(judged(&real, real.clone(), &["name"]), Verdict::NoChange);
    // The oldest SDK cannot tell no block from an empty list of them.
    let legacy = with(&with(&real, "rule", Value::Null), "volume", Value::Null);
    assert_eq!(judged(&real, legacy.clone(), &[]), Verdict::NoChange);
    assert_eq!(judged(&legacy, real, &[]), Verdict::NoChange);
}

#[test]
fn a_different_plan_is_the_change_that_apply_would_make() {
    let real = object(r#"{"name":"n","tags":{"a":"1","b":"2"},"size":"s"}"#);
    let planned = object(r#"{"name":"m","tags":{"a":"1","b":"3"},"size":"s"}"#);
    let verdict = judged(&real, planned, &["name", "size"]);
    assert_eq!(
        changes(&verdict),
        (
            vec!["name".to_owned(), r#"tags["b"]"#.to_owned()],
            vec!["name".to_owned()]
        )
    );
    assert_eq!(changes(&judged(&real, Value::Null, &[])).0, [""]);
}

fn any_object() -> impl Strategy<Value = Value> {
    let object = value_of(&schema().block.implied_type());
    object.prop_map(|object| match object {
        Value::Null => schema().block.empty_object(),
        object => schema().block.strip_write_only(&object),
    })
}

proptest! {
    /// A provider that plans what it is proposed sees a change exactly where something differs that is not computed.
    #[test]
    fn an_obedient_provider_changes_what_is_configured(
        stored in any_object(),
        real in any_object(),
    ) {
        // Members that differ in computed values only cannot come from a configuration: it would hold one of them.
        prop_assume!([&stored, &real].into_iter().all(|object| {
            let count = |object: &Value| object.attribute("rule").and_then(Value::as_elements).map(<[_]>::len);
            let request = plan_request(&schema(), "x_thing", object, &refreshed(object, None));
            count(&request.configuration) == count(object)
        }));
        let obedient = |stored: &Value, real: &Value| {
            let refreshed = refreshed(stored, Some(real.clone()));
            let request = plan_request(&schema(), "x_thing", stored, &refreshed);
            judged(real, request.proposed, &[])
        };
        prop_assert_eq!(obedient(&real, &real), Verdict::NoChange);
        let computed = with(&real, "arn", "another".into());
        prop_assert_eq!(obedient(&real, &computed), Verdict::NoChange);
        let renamed = with(&real, "name", "another, for sure".into());
        prop_assert_eq!(changes(&obedient(&renamed, &real)).0, ["name"]);
        if let Verdict::Change { changes, .. } = obedient(&stored, &real) {
            prop_assert!(changes.iter().all(|c| c.path.to_string() != "arn"));
        }
    }
}

#[test]
fn what_is_known_after_apply_is_no_change() {
    let real = object(
        r#"{"name":"n","arn":"a","disk":[{"name":"d","id":"1"}],"rule":[{"name":"a","id":"1"},{"name":"b","id":"2"}]}"#,
    );
    let open = |name: &str| {
        Value::from_iter([
            ("name", name.into()),
            ("id", Value::Unknown),
            ("zone", Value::Null),
        ])
    };
    let planned = with(&real, "arn", Value::Unknown);
    let planned = with(&planned, "disk", Value::List(vec![open("d")]));
    let planned = with(&planned, "rule", Value::set([open("a"), open("b")]));
    assert_eq!(judged(&real, planned, &[]), Verdict::NoChange);

    let renamed = with(&real, "rule", Value::set([open("a"), open("c")]));
    assert_eq!(changes(&judged(&real, renamed, &[])).0.len(), 2);
}

#[test]
fn an_unknown_that_forces_a_replacement_is_a_change() {
    let real = object(r#"{"name":"n","arn":"a","size":"s"}"#);
    let planned = with(&with(&real, "arn", Value::Unknown), "size", Value::Unknown);
    assert_eq!(
        changes(&judged(&real, planned, &["size"])),
        (vec!["size".to_owned()], vec!["size".to_owned()])
    );
}
