//! Another state as reality.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::context::Context;
use crate::drift::{
    DriftInput, DriftReport, Renames, Selection, StateReality, SurveyOptions, survey,
};
use crate::env::Environment;
use crate::report;
use crate::state::State;

fn resource(mode: &str, name: &str, attributes: Json, sensitive: Json) -> Json {
    json!({
        "mode": mode, "type": "demo_thing", "name": name,
        "provider": "provider[\"registry.terraform.io/hashicorp/demo\"]",
        "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": sensitive}],
    })
}

fn thing(name: &str, size: i64) -> Json {
    resource(
        "managed",
        name,
        json!({"id": name, "size": size}),
        json!([]),
    )
}

fn state(resources: &[Json]) -> State {
    let state = json!({"version": 4, "serial": 1, "lineage": "l", "resources": resources});
    State::parse(state.to_string().as_bytes()).unwrap()
}

async fn against(a: &State, b: &State, renames: Renames) -> (DriftReport, u64) {
    let reality = StateReality::new(b, renames.clone());
    let unmanaged = reality.unmanaged(a, &Selection::default());
    let input = DriftInput {
        target: "a".to_owned(),
        state: Arc::new(reality.marked(a)),
        reality: Arc::new(reality),
        renames,
        configuration: None,
    };
    let cx = Context::new(Environment::default());
    (
        survey(&cx, &[input], &SurveyOptions::default()).await,
        unmanaged,
    )
}

#[tokio::test]
async fn objects_are_missing_modified_or_unmanaged() {
    let data = |size: i64| resource("data", "d", json!({"id": "d", "size": size}), json!([]));
    let a = state(&[
        thing("same", 1),
        thing("changed", 1),
        thing("gone", 1),
        data(1),
    ]);
    let b = state(&[
        thing("same", 1),
        thing("changed", 2),
        thing("new", 1),
        data(2),
    ]);
    let (report, unmanaged) = against(&a, &b, Renames::default()).await;
    let shown = report::json::drift(&report);
    let kinds: Vec<_> = shown["resource_drift"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| {
            (
                e["address"].as_str().unwrap(),
                e["drift"]["kind"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        kinds,
        [
            ("demo_thing.changed", "modified"),
            ("demo_thing.gone", "missing")
        ]
    );
    assert_eq!(shown["resource_drift"][0]["drift"]["class"], "unclassified");
    assert_eq!(
        (report.summary.same, report.summary.skipped, unmanaged),
        (1, 1, 1)
    );
    // The other way round.
    let (report, unmanaged) = against(&b, &a, Renames::default()).await;
    assert_eq!(
        (report.summary.deleted, report.summary.drifted, unmanaged),
        (1, 1, 1)
    );
}

#[tokio::test]
async fn a_state_is_as_itself() {
    let a = state(&[thing("a", 1), thing("b", 2)]);
    let (report, unmanaged) = against(&a, &a, Renames::default()).await;
    assert_eq!(
        (report.summary.same, report.findings.len(), unmanaged),
        (2, 0, 0)
    );
}

#[tokio::test]
async fn everything_gone_is_what_the_other_state_says() {
    let a = state(&[thing("a", 1), thing("b", 1), thing("c", 1)]);
    let (report, _) = against(&a, &state(&[]), Renames::default()).await;
    assert_eq!(
        (report.summary.deleted, report.summary.unverifiable),
        (3, 0)
    );
}

#[tokio::test]
async fn moved_objects_are_found_under_both_addresses() {
    let (a, b) = (state(&[thing("old", 1)]), state(&[thing("old", 2)]));
    let mut moved = b.clone();
    moved.resources[0].address.name = "new".to_owned();
    let renames = || {
        let pair = (
            "demo_thing.old".parse().unwrap(),
            "demo_thing.new".parse().unwrap(),
        );
        Renames::default().and([pair])
    };
    for other in [b, moved] {
        let (report, unmanaged) = against(&a, &other, renames()).await;
        assert_eq!((report.summary.drifted, unmanaged), (1, 0));
        assert_eq!(report.findings[0].address.to_string(), "demo_thing.new");
    }
}

#[tokio::test]
async fn a_secret_that_only_one_side_marks_is_masked() {
    let secret = |value: &str, marks: Json| {
        state(&[resource(
            "managed",
            "s",
            json!({"id": "s", "password": value}),
            marks,
        )])
    };
    let mark = json!([[{"type": "get_attr", "value": "password"}]]);
    for (a, b) in [(mark.clone(), json!([])), (json!([]), mark)] {
        let (a, b) = (secret("planted-one", a), secret("planted-two", b));
        let (report, _) = against(&a, &b, Renames::default()).await;
        assert_eq!(report.summary.drifted, 1);
        assert!(!report::json::drift(&report).to_string().contains("planted"));
    }
}

#[tokio::test]
async fn what_is_left_out_is_not_unmanaged() {
    let (a, b) = (state(&[]), state(&[thing("new", 1)]));
    let reality = StateReality::new(&b, Renames::default());
    let without = Selection::new(&[], &["demo_thing.new"]).unwrap();
    assert_eq!(reality.unmanaged(&a, &without), 0);
}
