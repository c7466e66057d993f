use proptest::prelude::*;

use super::*;
use crate::value::generate::{typed_value, value_of, value_type};
use crate::value::json;

fn shown(found: &[Difference]) -> Vec<String> {
    let side = |value: &Option<Value>| match value {
        Some(value) => json::encode_plain(value).to_string(),
        None => "-".to_owned(),
    };
    found
        .iter()
        .map(|d| format!("{} {} {}", d.path, side(&d.before), side(&d.after)))
        .collect()
}

fn untyped(before: &str, after: &str) -> Vec<String> {
    let read = |text| json::decode_untyped(text).unwrap();
    shown(&diff(&read(before), &read(after), None))
}

fn typed(ty: &str, before: &str, after: &str) -> Vec<String> {
    let ty: Type = ty.parse().unwrap();
    let read = |text| json::decode(text, &ty).unwrap();
    shown(&diff_typed(&read(before), &read(after), &ty))
}

#[test]
fn the_path_is_the_furthest_down() {
    assert_eq!(
        untyped(
            r#"{"a":{"b":[{"c":1,"d":2}]},"e":1}"#,
            r#"{"a":{"b":[{"c":3,"d":2}]},"e":1}"#
        ),
        ["a.b[0].c 1 3"]
    );
    assert_eq!(
        untyped(r#"{"a":null}"#, r#"{"a":{"b":1}}"#),
        [r#"a null {"b":1}"#]
    );
    assert_eq!(untyped(r#"{"a":"1"}"#, r#"{"a":1}"#), [r#"a "1" 1"#]);
}

#[test]
fn a_missing_attribute_is_null_and_a_missing_key_is_not() {
    assert!(untyped(r#"{"a":null}"#, "{}").is_empty());
    assert_eq!(untyped(r#"{"a":1}"#, "{}"), ["a 1 -"]);
    let ty = r#"["map","string"]"#;
    assert_eq!(typed(ty, r#"{"a b":null}"#, "{}"), [r#"["a b"] null -"#]);
    assert_eq!(
        typed(ty, r#"{"k":"x"}"#, r#"{"k":"y"}"#),
        [r#"["k"] "x" "y""#]
    );
}

#[test]
fn maps_and_objects_are_told_apart_without_a_schema() {
    for (before, after, want) in [
        (
            r#"{"tags":{"env":1}}"#,
            r#"{"tags":{"env":2}}"#,
            r#"tags["env"]"#,
        ),
        (
            r#"{"user_labels":{"a":1}}"#,
            r#"{"user_labels":{}}"#,
            r#"user_labels["a"]"#,
        ),
        (r#"{"m":{"Env":1}}"#, r#"{"m":{"Env":2}}"#, r#"m["Env"]"#),
        (
            r#"{"m":{"a":"x","b":"y"}}"#,
            r#"{"m":{"a":"z","b":"y"}}"#,
            r#"m["a"]"#,
        ),
        (
            r#"{"m":{"a":"x","b":1}}"#,
            r#"{"m":{"a":"z","b":1}}"#,
            "m.a",
        ),
        (r#"{"m":[{"a":"x"}]}"#, r#"{"m":[{"a":"z"}]}"#, "m[0].a"),
        (r#"{"Env":1}"#, r#"{"Env":2}"#, "Env"),
    ] {
        let found = untyped(before, after);
        assert_eq!(found.len(), 1, "{before}");
        assert_eq!(found[0].split(' ').next(), Some(want));
    }
}

#[test]
fn an_insertion_is_one_difference() {
    assert_eq!(untyped("[1,2,3]", "[0,1,2,3]"), ["[0] - 0"]);
    assert_eq!(untyped("[1,2,3]", "[1,3]"), ["[1] 2 -"]);
    assert_eq!(untyped("[1,2,3]", "[1,9,3]"), ["[1] 2 9"]);
    assert_eq!(
        untyped("[1,2,3,4]", "[0,1,2,9,3,4]"),
        ["[0] - 0", "[3] - 9"]
    );
    assert_eq!(untyped("[]", "[1]"), ["[0] - 1"]);
    assert_eq!(
        untyped(
            r#"[{"a":1,"b":1},{"a":2}]"#,
            r#"[{"a":1,"b":2},{"a":2},{"a":3}]"#
        ),
        ["[0].b 1 2", r#"[2] - {"a":3}"#]
    );
}

#[test]
fn long_lists_end_in_time() {
    let numbers = |from: i64| Value::List((from..from + 3000).map(Value::from).collect());
    assert_eq!(diff(&numbers(0), &numbers(5000), None).len(), 3000);
    assert_eq!(diff(&numbers(0), &numbers(1), None).len(), 3000);
}

#[test]
fn the_deepest_value_fits_a_small_stack() {
    let nest = |open: &str, leaf: &str, close: &str| {
        format!("{}{leaf}{}", open.repeat(126), close.repeat(126))
    };
    let work = move || {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let [before, after] =
                ["1", "2"].map(|leaf| json::decode_untyped(&nest(open, leaf, close)).unwrap());
            let found = diff(&before, &after, None);
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].path.steps().len(), 126);
            let sensitive = [found[0].path.clone()].into_iter().collect();
            let masked = crate::value::mask(&after, &sensitive);
            assert!(crate::value::one_line(&masked, usize::MAX).contains("(sensitive value)"));
            assert!(json::encode(&masked).is_array() == before.as_elements().is_some());
        }
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(work);
    thread.unwrap().join().unwrap();
}

#[test]
fn sets_have_members_and_no_order() {
    let ty = r#"["set","string"]"#;
    assert!(typed(ty, r#"["a","b"]"#, r#"["b","a","a"]"#).is_empty());
    let found = typed(ty, r#"["a","b"]"#, r#"["b","c"]"#);
    assert_eq!(found, [r#"[…] "a" -"#, r#"[…] - "c""#]);
}

#[test]
fn numbers_are_exact() {
    assert_eq!(
        untyped(r#"{"n":9007199254740993}"#, r#"{"n":9007199254740992}"#).len(),
        1
    );
    assert!(untyped(r#"{"n":1.0}"#, r#"{"n":1}"#).is_empty());
}

#[test]
fn dynamic_values_are_entered() {
    let before = r#"{"type":["object",{"a":"string","b":"bool"}],"value":{"a":"x","b":true}}"#;
    let after = r#"{"type":["object",{"a":"string"}],"value":{"a":"y"}}"#;
    assert_eq!(
        typed(r#""dynamic""#, before, after),
        [r#"a "x" "y""#, "b true -"]
    );
    let list = r#"{"type":["list","string"],"value":["x"]}"#;
    let tuple = r#"{"type":["tuple",["string"]],"value":["x"]}"#;
    assert_eq!(typed(r#""dynamic""#, list, tuple), [r#" ["x"] ["x"]"#]);
    let null = r#"{"type":"string","value":null}"#;
    assert!(typed(r#""dynamic""#, null, "null").is_empty());
}

fn shape() -> Shape {
    let inner = Shape {
        attributes: BTreeMap::from([("list".to_owned(), Type::list(Type::String))]),
        blocks: BTreeMap::from([("deep".to_owned(), NestedShape::default())]),
    };
    let nested = |keyed| NestedShape {
        keyed,
        shape: inner.clone(),
    };
    Shape {
        attributes: BTreeMap::from([
            ("attribute".to_owned(), Type::list(Type::String)),
            ("tags".to_owned(), Type::map(Type::String)),
        ]),
        blocks: BTreeMap::from([
            ("rule".to_owned(), nested(false)),
            ("by_key".to_owned(), nested(true)),
        ]),
    }
}

fn shaped(before: Value, after: Value) -> Vec<String> {
    shown(&diff(&before, &after, Some(&shape())))
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::from_iter(entries)
}

#[test]
fn no_block_is_an_empty_one_and_no_attribute_is_not() {
    let nothing = || Value::List(Vec::new());
    assert!(
        shaped(
            object([("rule", Value::Null)]),
            object([("rule", nothing())])
        )
        .is_empty()
    );
    assert!(shaped(object([("rule", Value::set([]))]), object([])).is_empty());
    assert!(
        shaped(
            object([("by_key", object([]))]),
            object([("by_key", Value::Null)])
        )
        .is_empty()
    );
    assert_eq!(
        shaped(
            object([("attribute", Value::Null)]),
            object([("attribute", nothing())])
        ),
        ["attribute null []"]
    );
    // Also inside the members of a set, and not for their attributes.
    let set = |deep: Value, list: Value| {
        object([(
            "rule",
            Value::set([object([("deep", deep), ("list", list)])]),
        )])
    };
    assert!(shaped(set(Value::Null, nothing()), set(nothing(), nothing())).is_empty());
    assert_eq!(
        shaped(set(nothing(), Value::Null), set(nothing(), nothing())).len(),
        2
    );
}

#[test]
fn a_schema_knows_keys_from_attributes() {
    let by_key = |item: &str| {
        let list = Value::List(vec![item.into()]);
        object([("by_key", object([("k", object([("list", list)]))]))])
    };
    assert_eq!(
        shaped(by_key("x"), by_key("y")),
        [r#"by_key["k"].list[0] "x" "y""#]
    );
    let single = |item: &str| {
        let list = Value::List(vec![item.into()]);
        object([("rule", object([("list", list)]))])
    };
    assert_eq!(
        shaped(single("x"), single("y")),
        [r#"rule.list[0] "x" "y""#]
    );
}

proptest! {
    #[test]
    fn a_value_equals_itself((ty, value) in value_type().prop_flat_map(typed_value)) {
        prop_assert!(diff_typed(&value, &value, &ty).is_empty());
        prop_assert!(diff(&value, &value, None).is_empty());
    }

    #[test]
    fn no_difference_means_equal(
        (ty, a, b) in value_type().prop_flat_map(|ty| (Just(ty.clone()), value_of(&ty), value_of(&ty)))
    ) {
        let guide = Guide::Type(Cow::Borrowed(&ty));
        let equal = canonical(&a, &guide) == canonical(&b, &guide);
        prop_assert_eq!(diff_typed(&a, &b, &ty).is_empty(), equal);
        if a == b {
            prop_assert!(equal);
        }
        // A value of a type is whole, so equal means identical but for the typed null of a dynamic value.
        let text = |v: &Value| json::encode_plain(v).to_string();
        if equal {
            prop_assert_eq!(text(&a), text(&b));
        }
    }

    #[test]
    fn paths_are_unique_and_turn_around(
        (ty, a, b) in value_type().prop_flat_map(|ty| (Just(ty.clone()), value_of(&ty), value_of(&ty)))
    ) {
        let forth = diff_typed(&a, &b, &ty);
        let mut paths: Vec<&Path> = forth.iter().map(|d| &d.path).collect();
        paths.sort();
        paths.dedup();
        prop_assert_eq!(paths.len(), forth.len());
        prop_assert_eq!(diff_typed(&b, &a, &ty).is_empty(), forth.is_empty());
    }

    #[test]
    fn the_order_of_members_is_irrelevant(mut members in proptest::collection::vec("[a-d]{1,2}", 0..6)) {
        let ty: Type = r#"["set","string"]"#.parse().unwrap();
        let read = |members: &[String]| {
            json::decode(&serde_json::to_string(members).unwrap(), &ty).unwrap()
        };
        let before = read(&members);
        members.reverse();
        prop_assert!(diff_typed(&before, &read(&members), &ty).is_empty());
    }
}
