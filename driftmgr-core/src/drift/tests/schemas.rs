//! Real reports are as the schemas in `schemas/` describe them: what is there is described, and what is required is there.
//!
//! The schemas let readers meet unknown fields; this check does not, so that no field comes without a description.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::fake::*;
use crate::drift::ignore::DriftIgnore;
use crate::drift::{Filter, Move, Renames, SurveyOptions, survey};
use crate::error::{Error, ErrorKind};
use crate::report::json as machine;
use crate::state::{State, compare};

/// Every word that the schemas use and `Check` knows. Another one would go unchecked.
const KEYWORDS: [&str; 13] = [
    "$schema",
    "$defs",
    "$ref",
    "title",
    "description",
    "type",
    "enum",
    "pattern",
    "minimum",
    "required",
    "properties",
    "additionalProperties",
    "items",
];

struct Check {
    schema: Json,
    wrong: Vec<String>,
}

/// What is wrong with a value, by the schema of this name.
pub(crate) fn complaints(schema: &str, value: &Json) -> Vec<String> {
    Check::of(schema).run(value)
}

impl Check {
    fn of(name: &str) -> Self {
        let file = format!(
            "{}/../schemas/{name}.schema.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let schema = std::fs::read_to_string(file).unwrap();
        Self {
            schema: serde_json::from_str(&schema).unwrap(),
            wrong: Vec::new(),
        }
    }

    fn run(mut self, value: &Json) -> Vec<String> {
        let schema = self.schema.clone();
        self.value(&schema, value, "");
        self.wrong
    }

    fn value(&mut self, schema: &Json, value: &Json, at: &str) {
        if let Some(target) = schema["$ref"].as_str() {
            let target = self
                .schema
                .pointer(target.trim_start_matches('#'))
                .unwrap()
                .clone();
            return self.value(&target, value, at);
        }
        let mut require = |holds: bool, what: &str| {
            if !holds {
                self.wrong.push(format!("{at}: {what}: {value}"));
            }
        };
        let types: Vec<&str> = match &schema["type"] {
            Json::String(one) => vec![one],
            Json::Array(several) => several.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        };
        require(
            types.is_empty() || types.iter().any(|ty| is(ty, value)),
            "the type",
        );
        if let Some(words) = schema["enum"].as_array() {
            require(words.contains(value), "none of the values");
        }
        if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str()) {
            require(
                regex::Regex::new(pattern).unwrap().is_match(text),
                "the pattern",
            );
        }
        if let (Some(least), Some(number)) = (schema["minimum"].as_i64(), value.as_i64()) {
            require(number >= least, "too little");
        }
        if let Some(object) = value.as_object() {
            for name in schema["required"].as_array().into_iter().flatten() {
                require(
                    object.contains_key(name.as_str().unwrap()),
                    &format!("{name} is missing"),
                );
            }
            for (name, member) in object {
                match (&schema["properties"][name], &schema["additionalProperties"]) {
                    (Json::Null, Json::Bool(true)) => {}
                    (Json::Null, Json::Null) if types.is_empty() => {}
                    (Json::Null, Json::Null) => {
                        self.wrong.push(format!("{at}: {name} is not described"));
                    }
                    (Json::Null, rest) => {
                        self.value(&rest.clone(), member, &format!("{at}/{name}"))
                    }
                    (described, _) => {
                        self.value(&described.clone(), member, &format!("{at}/{name}"))
                    }
                }
            }
        }
        if let (Some(items), Json::Object(_)) = (value.as_array(), &schema["items"]) {
            for (i, item) in items.iter().enumerate() {
                self.value(&schema["items"].clone(), item, &format!("{at}/{i}"));
            }
        }
    }
}

fn is(ty: &str, value: &Json) -> bool {
    match ty {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        other => panic!("the schema has a type {other}"),
    }
}

/// A report with everything a report can hold.
async fn full() -> Json {
    let denied = Error::new(ErrorKind::PermissionDenied, "denied").with_hint("ask for it");
    let fake = Fake::new([
        (
            "odd",
            Answer::With(json!({"name": "m", "password": "p", "ports": [80], "tags": null})),
        ),
        ("hidden", Answer::With(json!({"id": "other"}))),
        ("gone", Answer::Gone),
        ("denied", Answer::Fails(denied)),
    ])
    .planning(Plan::Replace("name"));
    let (mut resource, current) = object("module.m[\"k\"].demo_thing.odd[0]", "odd");
    let (_, mut deposed) = object("demo_thing.x[0]", "gone");
    deposed.deposed = Some("00000001".to_owned());
    resource.instances.push(deposed);
    let (mut data, read) = object("demo_thing.d", "d");
    data.address.mode = crate::address::ResourceMode::Data;
    let mut objects = vec![(resource, current), (data, read)];
    objects.extend(
        ["hidden", "gone", "denied", "same"].map(|id| object(&format!("demo_thing.{id}"), id)),
    );
    let state = state(objects);
    let renames = Renames::new(
        &[Move::new(&[], "demo_thing.same", "demo_thing.moved").unwrap()],
        &state.list(),
    );
    let lost = Fake::new(["a", "b", "c"].map(|id| (id, Answer::Gone))).native();
    let mut inputs = [
        input("t", state, fake.reality()),
        input("u", things(["a", "b", "c"]), lost.reality()),
    ];
    inputs[0].renames = renames;
    let ignored = DriftIgnore::parse("demo_thing.odd.name\ndemo_thing.gone", ".driftignore");
    let options = SurveyOptions {
        filter: Filter {
            silencers: vec![Arc::new(ignored.value)],
            ..Filter::default()
        },
        ..SurveyOptions::default()
    };
    let report = survey(&context(), &inputs, &options).await;
    adds_up(&report, &inputs);
    assert_eq!(report.rules.len(), 2);
    let s = report.summary;
    assert!(
        [s.drifted, s.deleted, s.unverifiable, s.skipped, s.hidden]
            .iter()
            .all(|n| *n > 0),
        "{s:?}"
    );
    machine::drift(&report)
}

#[tokio::test]
async fn drift_reports_are_as_described() {
    assert_eq!(Check::of("drift-report").run(&full().await), [""; 0]);
}

#[tokio::test]
async fn checks_are_as_described() {
    for fake in [
        Fake::new([]),
        Fake::new([("a", Answer::Gone)]),
        Fake::new([("a", Answer::Panics)]),
    ] {
        let report = look(things(["a"]), fake).await;
        let check = machine::check(&report, report.verdict());
        assert_eq!(Check::of("check").run(&check), [""; 0]);
    }
}

#[test]
fn comparisons_are_as_described() {
    let read = |objects: Json, output: &str| {
        let state = json!({"version": 4, "serial": 1, "lineage": "l",
            "outputs": {"o": {"value": output, "type": "string"}, (output): {"value": 1, "type": "number"}},
            "resources": objects});
        State::parse(state.to_string().as_bytes()).unwrap()
    };
    let resource = |name: &str, instances: Json| json!({"mode": "managed", "type": "t", "name": name, "provider": PROVIDER, "instances": instances});
    let instance = |id: &str, size: u64| json!({"schema_version": size, "attributes": {"id": id, "size": size}});
    let mut deposed = instance("d", 1);
    deposed["deposed"] = "00000001".into();
    let mut deposed_later = instance("d", 2);
    deposed_later["deposed"] = "00000001".into();
    let before = json!([
        resource("a", json!([instance("1", 1), deposed])),
        resource("old", json!([instance("2", 1)])),
    ]);
    let after = json!([
        resource("a", json!([instance("1", 2), deposed_later])),
        resource("new", json!([instance("2", 1)])),
    ]);
    let compared = compare(&read(before, "x"), &read(after, "y"));
    let compared = serde_json::to_value(&compared.value).unwrap();
    for list in [
        "/added",
        "/removed",
        "/changed",
        "/moved",
        "/outputs/added",
        "/outputs/removed",
        "/outputs/changed",
    ] {
        let filled = compared.pointer(list).and_then(Json::as_array);
        assert!(
            filled.is_some_and(|l| !l.is_empty()),
            "{list} in {compared:#}"
        );
    }
    assert_eq!(Check::of("state-compare").run(&compared), [""; 0]);
}

#[tokio::test]
async fn the_check_finds_what_is_wrong() {
    let good = full().await;
    for (pointer, value) in [
        ("/format_version", json!("2.0")),
        ("/summary/checked", json!("3")),
        ("/summary/extra", json!(1)),
        ("/resource_drift/0/drift/kind", json!("lost")),
        ("/resource_drift/0/drift/changes", json!([{}])),
        ("/not_looked_at/0/reason", Json::Null),
        ("/rules/0/status", json!("asleep")),
        ("/rules/0/origin", json!("driftmgr.yaml:1")),
        ("/problems/0/place/provider", json!(1)),
    ] {
        let mut bad = good.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        bad.pointer_mut(parent).unwrap()[name] = value;
        assert_ne!(Check::of("drift-report").run(&bad), [""; 0], "{pointer}");
    }
}

#[test]
fn every_field_is_described_in_words_the_check_knows() {
    fn visit(schema: &Json, at: &str) {
        for (word, below) in schema.as_object().unwrap() {
            assert!(KEYWORDS.contains(&word.as_str()), "{at} has {word}");
            match word.as_str() {
                "properties" | "$defs" => {
                    for (name, field) in below.as_object().unwrap() {
                        let text = field["description"].as_str().unwrap_or_default();
                        assert!(
                            text.ends_with('.'),
                            "{at}/{name} is not described: `{text}`"
                        );
                        visit(field, &format!("{at}/{name}"));
                    }
                }
                "items" => visit(below, &format!("{at}/items")),
                "additionalProperties" if below.is_object() => visit(below, &format!("{at}/*")),
                "additionalProperties" => {
                    assert_eq!(*below, json!(true), "{at} refuses what is new")
                }
                _ => {}
            }
        }
    }
    for name in ["drift-report", "check", "state-compare", "drift-history"] {
        visit(&Check::of(name).schema, name);
    }
}
