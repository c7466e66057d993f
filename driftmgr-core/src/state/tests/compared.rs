use serde_json::{Value as Json, json};

use crate::state::{State, compare};

fn base() -> Json {
    let instance = |id: &str| {
        json!({"schema_version": 0, "attributes": {
            "id": id, "name": "n", "size": 1.50, "password": "hunter2",
            "tags": {"env": "prod"}, "ingress": [{"cidr_blocks": ["a", "b"], "port": 1}],
            "settings": {"level": 3}},
            "sensitive_attributes": [[{"type": "get_attr", "value": "password"}]]})
    };
    let mut keyed = instance("k");
    keyed["index_key"] = "x".into();
    let mut deposed = instance("d");
    deposed["deposed"] = "00000001".into();
    let provider = "provider[\"registry.terraform.io/hashicorp/aws\"]";
    json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l",
        "outputs": {"o": {"value": "v", "type": "string"}, "s": {"value": "hunter2", "type": "string", "sensitive": true}},
        "resources": [
            {"mode": "managed", "type": "aws_a", "name": "one", "provider": provider, "instances": [instance("1"), deposed]},
            {"mode": "data", "type": "aws_d", "name": "two", "provider": provider, "instances": [instance("2")]},
            {"module": "module.m[0]", "mode": "managed", "type": "aws_a", "name": "three", "provider": provider, "instances": [keyed]},
        ], "check_results": null})
}

fn compared(a: &Json, b: &Json) -> Json {
    let read = |json: &Json| State::parse(json.to_string().as_bytes()).unwrap();
    let result = compare(&read(a), &read(b));
    assert!(result.is_complete());
    serde_json::to_value(&result.value).unwrap()
}

fn empty() -> Json {
    json!({"added": [], "removed": [], "changed": [], "moved": [], "outputs": {"added": [], "removed": [], "changed": []}})
}

#[test]
fn one_changed_fact_is_that_change_and_changed_back_it_is_none() {
    let attributes = "/resources/0/instances/0/attributes";
    for (pointer, value, path, before, sensitive) in [
        ("/name", json!("m"), "name", json!("n"), false),
        ("/size", json!(2), "size", json!(1.5), false),
        (
            "/tags/env",
            json!("dev"),
            "tags[\"env\"]",
            json!("prod"),
            false,
        ),
        (
            "/ingress/0/port",
            json!(2),
            "ingress[0].port",
            json!(1),
            false,
        ),
        (
            "/ingress/0/cidr_blocks/1",
            json!("c"),
            "ingress[0].cidr_blocks[1]",
            json!("b"),
            false,
        ),
        (
            "/settings/level",
            json!(4),
            "settings.level",
            json!(3),
            false,
        ),
        (
            "/password",
            json!("hunter3"),
            "password",
            json!(crate::redact::MASK),
            true,
        ),
    ] {
        let old = base();
        let mut new = base();
        *new.pointer_mut(&format!("{attributes}{pointer}")).unwrap() = value.clone();
        let after = if sensitive {
            json!(crate::redact::MASK)
        } else {
            value
        };
        let mut want = empty();
        want["changed"] = json!([{"address": "aws_a.one", "changes": [
            {"path": path, "before": before, "after": after, "sensitive": sensitive}]}]);
        assert_eq!(compared(&old, &new), want);
        assert!(!compared(&old, &new).to_string().contains("hunter"));
    }
    assert_eq!(compared(&base(), &base()), empty());
}

#[test]
fn equal_numbers_and_key_orders_are_no_change() {
    let old = base().to_string();
    let new = old
        .replace("1.5", "1.50")
        .replace(r#""serial":1"#, r#""serial":9"#);
    let read = |text: &str| State::parse(text.as_bytes()).unwrap();
    assert_ne!(old, new);
    assert!(compare(&read(&old), &read(&new)).value.is_empty());
}

#[test]
fn instances_come_go_and_move() {
    let old = base();
    let mut new = base();
    new["resources"].as_array_mut().unwrap().remove(1);
    let mut want = empty();
    want["removed"] = json!(["data.aws_d.two"]);
    assert_eq!(compared(&old, &new), want);
    let mut want = empty();
    want["added"] = json!(["data.aws_d.two"]);
    assert_eq!(compared(&new, &old), want);

    let mut moved = base();
    moved["resources"][2]["name"] = "four".into();
    let mut want = empty();
    let (from, to) = (
        "module.m[0].aws_a.three[\"x\"]",
        "module.m[0].aws_a.four[\"x\"]",
    );
    want["added"] = json!([to]);
    want["removed"] = json!([from]);
    want["moved"] = json!([{"from": from, "to": to}]);
    assert_eq!(compared(&old, &moved), want);
    moved["resources"][2]["instances"][0]["attributes"]["id"] = "another".into();
    want["moved"] = json!([]);
    assert_eq!(compared(&old, &moved), want);
}

#[test]
fn deposed_objects_status_and_outputs() {
    let old = base();
    let mut new = base();
    new["resources"][0]["instances"][1]["attributes"]["name"] = "m".into();
    let found = compared(&old, &new);
    assert_eq!(found["changed"][0]["deposed"], "00000001");
    assert_eq!(found["changed"][0]["changes"][0]["path"], "name");

    let mut new = base();
    new["resources"][0]["instances"]
        .as_array_mut()
        .unwrap()
        .pop();
    let found = compared(&old, &new);
    assert_eq!(found["changed"].as_array().unwrap().len(), 1);
    assert_eq!(found["changed"][0]["changes"][0]["after"], Json::Null);
    assert_eq!(
        found["changed"][0]["changes"][0]["before"]["password"],
        crate::redact::MASK
    );
    assert!(!found.to_string().contains("hunter"));

    let mut new = base();
    new["resources"][0]["instances"][0]["status"] = "tainted".into();
    let found = compared(&old, &new);
    let want = json!([{"field": "status", "before": "ready", "after": "tainted"}]);
    assert_eq!(found["changed"][0]["metadata"], want);

    let mut new = base();
    new["outputs"]["s"]["value"] = "hunter3".into();
    let found = compared(&old, &new);
    assert_eq!(found["outputs"]["changed"][0]["name"], "s");
    assert!(!found.to_string().contains("hunter"));
}

#[test]
fn analysis_counts_what_is_there() {
    let mut json = base();
    json["resources"][0]["instances"][0]["dependencies"] =
        json!(["module.m.aws_a.three", "aws_gone.x"]);
    json["resources"][0]["instances"][0]["status"] = "tainted".into();
    let found = State::parse(json.to_string().as_bytes()).unwrap().analyze();
    assert_eq!(
        (found.resources, found.data_sources, found.instances),
        (2, 1, 3)
    );
    assert_eq!(found.by_module.get("module.m[0]"), Some(&1));
    assert_eq!((found.tainted.len(), found.deposed.len()), (1, 1));
    assert_eq!((found.outputs, found.sensitive_outputs), (2, 1));
    let orphaned: Vec<&str> = found
        .orphaned_dependencies
        .iter()
        .map(|o| o.dependency.as_str())
        .collect();
    assert_eq!(orphaned, ["aws_gone.x"]);
}

#[test]
fn secrets_in_dynamic_values_are_found_by_their_paths() {
    let state = |secret: &str| {
        json!({"version": 4, "serial": 1, "lineage": "l", "resources": [{
            "mode": "managed", "type": "terraform_data", "name": "a",
            "provider": "provider[\"terraform.io/builtin/terraform\"]",
            "instances": [{"schema_version": 0, "attributes": {"id": "1",
                "input": {"value": {"p": secret}, "type": ["object", {"p": "string"}]},
                "output": {"value": secret, "type": "string"}},
                "sensitive_attributes": [
                    [{"type": "get_attr", "value": "input"}, {"type": "get_attr", "value": "p"}],
                    [{"type": "get_attr", "value": "output"}]]}]}]})
    };
    let found = compared(&state("hunter2"), &state("hunter3"));
    let paths: Vec<&Json> = found["changed"][0]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["path"])
        .collect();
    assert_eq!(paths, ["input[\"p\"]", "output"]);
    assert!(!found.to_string().contains("hunter"));
}
