use super::*;

fn plain(ty: &str) -> Attribute {
    Attribute {
        attribute_type: AttributeType::Plain(ty.parse().unwrap()),
        required: false,
        optional: true,
        computed: false,
        sensitive: false,
        write_only: false,
    }
}

fn block(attributes: &[(&str, Attribute)]) -> Block {
    let attributes = attributes.iter().cloned();
    Block {
        attributes: attributes.map(|(n, a)| (n.to_owned(), a)).collect(),
        blocks: BTreeMap::new(),
    }
}

/// An attribute of every sort and a block of every nesting.
fn schema() -> Block {
    let inner = block(&[("on", plain("\"bool\"")), ("port", plain("\"number\""))]);
    let mut schema = block(&[
        ("region", plain("\"string\"")),
        ("retries", plain("\"number\"")),
        ("names", plain(r#"["set","string"]"#)),
        ("any", plain("\"dynamic\"")),
        ("shape", plain(r#"["object",{"x":"number","y":"string"}]"#)),
    ]);
    let nested = Attribute {
        attribute_type: AttributeType::Nested {
            nesting: Nesting::List,
            attributes: inner.attributes.clone(),
        },
        ..plain("\"string\"")
    };
    schema.attributes.insert("logins".to_owned(), nested);
    for (name, nesting) in [
        ("list", Nesting::List),
        ("set", Nesting::Set),
        ("map", Nesting::Map),
        ("single", Nesting::Single),
        ("group", Nesting::Group),
    ] {
        let block = inner.clone();
        schema
            .blocks
            .insert(name.to_owned(), NestedBlock { nesting, block });
    }
    schema
}

fn value(json: serde_json::Value) -> Value {
    crate::provider::plugin::scrub::untyped(json)
}

fn completed(json: serde_json::Value) -> Completed {
    let object = complete(&value(json), &schema())?;
    // Whatever is completed can be encoded.
    crate::value::msgpack::encode(&object, &schema().implied_type()).unwrap();
    Ok(object)
}

#[test]
fn nothing_set_is_the_empty_object() {
    assert_eq!(
        completed(serde_json::json!({})).unwrap(),
        schema().empty_object()
    );
    assert_eq!(
        complete(&Value::Null, &schema()).unwrap(),
        schema().empty_object()
    );
    assert_eq!(
        completed(serde_json::json!({"region": null, "list": null, "group": null})).unwrap(),
        schema().empty_object()
    );
}

#[test]
fn converts_to_the_schemas_types() {
    let object = completed(serde_json::json!({
        "region": 5, "retries": "12", "names": ["b", "a", "b"], "any": {"k": [1]},
        "shape": {"x": "1.50", "extra": true}, "logins": [{"on": "1"}],
        "list": {"on": "true"}, "set": [{"port": "80"}], "map": {"k": {"port": 1}},
        "single": [{"on": false}], "group": {"port": 7},
    }))
    .unwrap();
    let expect = |name: &str, json: serde_json::Value| {
        assert_eq!(object.attribute(name), Some(&value(json)), "{name}");
    };
    expect("region", serde_json::json!("5"));
    expect("retries", serde_json::json!(12));
    expect("shape", serde_json::json!({"x": 1.5, "y": null}));
    expect("logins", serde_json::json!([{"on": true, "port": null}]));
    expect("list", serde_json::json!([{"on": true, "port": null}]));
    expect("map", serde_json::json!({"k": {"on": null, "port": 1}}));
    expect("single", serde_json::json!({"on": false, "port": null}));
    expect("group", serde_json::json!({"on": null, "port": 7}));
    assert_eq!(
        object.attribute("names"),
        Some(&Value::set(["a".into(), "b".into()]))
    );
    let set = object.attribute("set").unwrap();
    assert_eq!(
        set,
        &Value::set([value(serde_json::json!({"on": null, "port": 80}))])
    );
    assert!(matches!(object.attribute("any"), Some(Value::Dynamic(_))));
}

#[test]
fn what_does_not_fit_is_named_by_its_place_and_not_by_its_value() {
    for (given, place) in [
        (serde_json::json!({"regoin": "x"}), "regoin"),
        (serde_json::json!({"retries": "many"}), "retries"),
        (serde_json::json!({"region": ["x"]}), "region"),
        (serde_json::json!({"names": "x"}), "names"),
        (serde_json::json!({"names": [["x"]]}), "names[0]"),
        (serde_json::json!({"shape": {"x": true}}), "shape.x"),
        (serde_json::json!({"logins": [{"off": 1}]}), "logins[0].off"),
        (
            serde_json::json!({"list": [{}, {"on": "maybe"}]}),
            "list[1].on",
        ),
        (
            serde_json::json!({"map": {"k": {"no": 1}}}),
            "map[\"k\"].no",
        ),
        (serde_json::json!({"single": [{}, {}]}), "single"),
    ] {
        let error = completed(given).unwrap_err().into_error();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        assert_eq!(error.context_value("attribute"), Some(place));
        assert!(!error.to_string().contains("many") && !error.to_string().contains("maybe"));
    }
    let unknown = [("region", Value::Unknown)].into_iter().collect();
    let error = complete(&unknown, &schema()).unwrap_err();
    assert_eq!(error.path.to_string(), "region");
    assert!(complete(&"text".into(), &schema()).is_err());
}
