//! Real reports are as the schemas in `schemas/` describe them: what is there is described, and what is required is there.
//!
//! The schemas let readers meet unknown fields; the check does not, so that no field comes without a description.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::fake::*;
use crate::drift::ignore::DriftIgnore;
use crate::drift::{DriftReport, Filter, Move, Renames, SurveyOptions, survey};
use crate::error::{Error, ErrorKind};
use crate::report::json as machine;
use crate::report::{Format, RenderOptions, render};
use crate::state::{State, compare};
use crate::testkit::schema::{Check, KEYWORDS};

/// What is wrong with a value, by the schema of this name.
pub(crate) fn complaints(schema: &str, value: &Json) -> Vec<String> {
    Check::of(schema).run(value)
}

/// A report with everything a report can hold.
async fn full() -> DriftReport {
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
    report
}

#[tokio::test]
async fn drift_reports_are_as_described() {
    let report = machine::drift(&full().await);
    assert_eq!(Check::of("drift-report").run(&report), [""; 0]);
}

#[tokio::test]
async fn streams_are_as_described() {
    let options = RenderOptions::new(std::time::SystemTime::UNIX_EPOCH);
    let stream = render(&full().await, Format::Ndjson, &options).unwrap();
    let mut types = std::collections::BTreeSet::new();
    for line in String::from_utf8(stream).unwrap().lines() {
        let line: Json = serde_json::from_str(line).unwrap();
        assert_eq!(Check::of("drift-stream").run(&line), [""; 0]);
        types.insert(line["type"].as_str().unwrap().to_owned());
    }
    let all = [
        "diagnostic",
        "not_looked_at",
        "provider",
        "resource_drift",
        "summary",
        "version",
    ];
    assert!(types.iter().eq(all), "{types:?}");
}

#[tokio::test]
async fn a_real_report_reads_back_as_itself() {
    let report = machine::drift(&full().await);
    let again = machine::read(&report.to_string()).unwrap();
    assert_eq!(machine::drift(&again), report);
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
    let good = machine::drift(&full().await);
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
                "oneOf" => {
                    for (i, one) in below.as_array().unwrap().iter().enumerate() {
                        visit(one, &format!("{at}/{i}"));
                    }
                }
                "additionalProperties" if below.is_object() => visit(below, &format!("{at}/*")),
                "additionalProperties" => {
                    assert_eq!(*below, json!(true), "{at} refuses what is new")
                }
                _ => {}
            }
        }
    }
    // Schemas of what people write refuse what is unknown, and one of snapshots says more than this check knows: they are held otherwise.
    let read_by_programs =
        |name: &String| !matches!(name.as_str(), "config" | "driftmgr-settings" | "snapshot");
    for name in Check::names().into_iter().filter(read_by_programs) {
        visit(Check::of(&name).schema(), &name);
    }
}
