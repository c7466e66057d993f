use super::*;
use crate::provider::testing::{attribute, block, nested, nested_attribute};

fn shape() -> Block {
    block([
        ("name", attribute("string").required()),
        ("password", attribute("string").optional().sensitive()),
        ("token", attribute("string").optional().write_only()),
        ("tags", attribute(r#"["map","string"]"#).optional()),
        (
            "options",
            nested_attribute(
                Nesting::Map,
                [
                    ("key", attribute("string").optional().sensitive()),
                    ("size", attribute("number").optional()),
                ],
            ),
        ),
    ])
    .with(
        "rule",
        nested(
            Nesting::Set,
            block([("secret", attribute("string").optional().sensitive())]),
        ),
    )
    .with(
        "disk",
        nested(
            Nesting::List,
            block([
                ("secret", attribute("string").optional().sensitive()),
                ("once", attribute("string").optional().write_only()),
            ])
            .with(
                "label",
                nested(
                    Nesting::Map,
                    block([("pin", attribute("string").sensitive())]),
                ),
            ),
        ),
    )
    .with(
        "timeouts",
        nested(
            Nesting::Single,
            block([("create", attribute("string").optional())]),
        ),
    )
    .with(
        "meta",
        nested(Nesting::Group, block([("x", attribute("bool").optional())])),
    )
}

#[test]
fn the_type_follows_the_nesting() {
    assert_eq!(
        shape().implied_type().to_string(),
        "object({disk=list(object({label=map(object({pin=string})),once=string,secret=string})),meta=object({x=bool}),\
         name=string,options=map(object({key=string,size=number})),password=string,rule=set(object({secret=string})),\
         tags=map(string),timeouts=object({create=string}),token=string})"
    );
}

#[test]
fn an_empty_block_is_a_whole_object() {
    let empty = shape().empty_object();
    let json = crate::value::json::encode(&empty).to_string();
    assert_eq!(
        json,
        r#"{"disk":[],"meta":{"x":null},"name":null,"options":null,"password":null,"rule":[],"tags":null,"timeouts":null,"token":null}"#
    );
    crate::value::msgpack::encode(&empty, &shape().implied_type()).unwrap();
}

fn object(json: &str) -> Value {
    crate::value::json::decode(json, &shape().implied_type()).unwrap()
}

fn sensitive(json: &str) -> Vec<String> {
    let paths = shape().sensitive_paths(&object(json));
    paths.iter().map(ToString::to_string).collect()
}

#[test]
fn secrets_are_found_at_every_depth() {
    assert_eq!(sensitive(r#"{"name":"x"}"#), ["password"]);
    assert_eq!(
        sensitive(
            r#"{"options":{"a b":{"key":"k"}},"rule":[{"secret":"s"}],"disk":[{},{"label":{"l":{"pin":"1"}}}]}"#
        ),
        [
            r#"disk[0].secret"#,
            r#"disk[1].label["l"].pin"#,
            "disk[1].secret",
            r#"options["a b"].key"#,
            "password",
            "rule",
        ]
    );
    assert_eq!(
        shape().sensitive_paths(&Value::Null),
        PathSet::default(),
        "no object, no secret"
    );
}

#[test]
fn write_only_attributes_become_null_and_nothing_else() {
    let full =
        object(r#"{"name":"n","token":"t","password":"p","disk":[{"once":"o","secret":"s"}]}"#);
    let want = object(r#"{"name":"n","password":"p","disk":[{"secret":"s"}]}"#);
    assert!(shape().strip_write_only(&full) == want);
}
