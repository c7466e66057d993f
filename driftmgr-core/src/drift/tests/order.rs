//! The same question has the same answer, byte for byte.

use std::time::Duration;

use super::fake::*;
use crate::drift::{DriftInput, SurveyOptions, survey};
use crate::error::{Error, ErrorKind};
use crate::report::json;

const IDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

async fn written(inputs: &[DriftInput], in_flight: usize) -> String {
    let options = SurveyOptions {
        in_flight,
        ..SurveyOptions::default()
    };
    let report = survey(&context(), inputs, &options).await;
    adds_up(&report, inputs);
    json::drift(&report).to_string()
}

/// Two objects differ, one is denied, the others answer after these times.
fn fake(times: [u64; 3]) -> Fake {
    let [x, y, z] = times.map(|ms| Answer::After(Duration::from_millis(ms)));
    let odd = || Answer::With(serde_json::json!({"name": "m", "tags": null}));
    let denied = Error::new(ErrorKind::PermissionDenied, "denied");
    Fake::new([
        ("a", x),
        ("b", odd()),
        ("c", y),
        ("d", Answer::Fails(denied)),
        ("e", odd()),
        ("f", z),
    ])
}

#[tokio::test]
async fn providers_may_answer_in_any_order() {
    let mut seen = Vec::new();
    for (times, in_flight) in [
        ([1, 2, 3], 6),
        ([9, 1, 5], 6),
        ([5, 9, 1], 2),
        ([3, 2, 1], 1),
    ] {
        let inputs = [input("t", things(IDS), fake(times).reality())];
        seen.push(written(&inputs, in_flight).await);
    }
    seen.dedup();
    assert_eq!(seen.len(), 1);
}

#[tokio::test]
async fn a_part_of_a_report_is_the_report_of_its_target() {
    let make = |target: &str| match target {
        "differs" => input(target, things(IDS), fake([1, 1, 1]).reality()),
        "gone" => input(
            target,
            things(["a", "b", "c"]),
            Fake::new(["a", "b", "c"].map(|id| (id, Answer::Gone))).reality(),
        ),
        _ => input(target, things(["a", "b", "c"]), Fake::new([]).reality()),
    };
    let targets = ["clean", "differs", "gone"];
    let whole = survey(&context(), &targets.map(make), &SurveyOptions::default()).await;
    let parts = whole.by_target();
    assert!(parts.keys().eq(&targets));
    for target in targets {
        let alone = written(&[make(target)], 6).await;
        assert_eq!(json::drift(&parts[target]).to_string(), alone);
    }
    assert_eq!(parts["clean"].summary.same, 3);
    assert_eq!(parts["gone"].problems.len(), 1);
}

#[tokio::test]
async fn targets_may_come_in_any_order() {
    let gone = || Fake::new(["a", "b", "c"].map(|id| (id, Answer::Gone))).reality();
    let make = |target: &str| match target {
        "one" => input("one", things(IDS), fake([1, 1, 1]).reality()),
        "two" => input("two", things(["a", "b", "c"]), gone()),
        other => input(other, things(["c", "b", "a"]), gone()),
    };
    let mut seen = Vec::new();
    for order in [
        ["one", "two", "three"],
        ["three", "two", "one"],
        ["two", "three", "one"],
    ] {
        seen.push(written(&order.map(make), 4).await);
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:#?}");
}

#[tokio::test]
async fn objects_of_one_address_keep_the_order_of_the_file() {
    let twice = || state(["b", "e"].map(|id| object("demo_thing.same", id)));
    let odd = || serde_json::json!({"size": 9});
    let mut seen = Vec::new();
    for in_flight in [1, 2] {
        let first_is_slow = Fake::new([
            ("b", Answer::Late(Duration::from_millis(20), odd())),
            ("e", Answer::With(odd())),
        ]);
        let inputs = [input("t", twice(), first_is_slow.reality())];
        seen.push(written(&inputs, in_flight).await);
    }
    assert_eq!(seen[0], seen[1]);
    let first = seen[0].find("\"id\":\"b\"").unwrap();
    assert!(first < seen[0].find("\"id\":\"e\"").unwrap());
}

#[tokio::test]
async fn the_order_of_resources_in_the_state_does_not_matter() {
    let forwards = things(["a", "b", "d", "e"]);
    let backwards = things(["e", "d", "b", "a"]);
    let one = written(&[input("t", forwards, fake([1, 1, 1]).reality())], 4).await;
    let other = written(&[input("t", backwards, fake([1, 1, 1]).reality())], 4).await;
    assert_eq!(one, other);
}
