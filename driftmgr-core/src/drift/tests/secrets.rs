//! Planted secrets do not come out, whichever way a report or an event leaves.

use std::sync::Arc;

use serde_json::json;

use super::fake::*;
use crate::drift::{DriftReport, SurveyOptions};
use crate::report::json as machine;
use crate::report::text::{self, TextOptions};
use crate::value::{Path, PathSet, Step};

const MARKERS: [&str; 4] = [
    "planted-old",
    "planted-new",
    "planted-note",
    "planted-panic",
];

fn clean(what: &str, text: &str) {
    for marker in MARKERS {
        assert!(!text.contains(marker), "{what} shows {marker}:\n{text}");
    }
}

fn clean_everywhere(report: &DriftReport) {
    clean("json", &machine::drift(report).to_string());
    clean(
        "check",
        &machine::check(report, report.verdict()).to_string(),
    );
    clean("debug", &format!("{report:?} {report:#?}"));
    clean("text", &text::drift(report, &TextOptions::default()));
    for problem in &report.problems {
        clean(
            "problem",
            &format!("{problem} {problem:?} {}", machine::problem(problem)),
        );
    }
}

/// One object whose password the schema hides, whose note the state has marked, and whose ports are marked as a whole.
fn with_secrets(address: &str, id: &str) -> (crate::state::Resource, crate::state::Instance) {
    let attributes = json!({
        "id": id, "name": "n", "password": "planted-old", "rule": [{"cidr": "10.0.0.0/8", "note": "planted-note"}],
        "zones": ["planted-old", "b"], "ports": [80],
    });
    let (resource, mut instance) = stored(address, attributes);
    let note = Path::attribute_of_root("rule")
        .join(Step::Index(0))
        .join(Step::Attribute("note".to_owned()));
    let marked = [note, Path::attribute_of_root("zones")];
    instance.sensitive = marked.into_iter().collect::<PathSet>();
    (resource, instance)
}

#[tokio::test]
async fn planted_secrets_stay_inside() {
    let ear = Arc::new(Ear::default());
    let cx = context().with_observer(ear.clone());
    let changes = || {
        json!({
            "password": "planted-new", "size": 3, "zones": ["planted-new"],
            "rule": [{"cidr": "10.0.0.0/8", "note": "planted-new"}, {"cidr": "0.0.0.0/0", "note": "planted-new"}],
        })
    };
    for plan in [Plan::Nothing, Plan::Restore, Plan::Replace("password")] {
        let fake = Fake::new([
            ("odd", Answer::With(changes())),
            ("gone", Answer::Gone),
            ("bad", Answer::Panics),
        ])
        .planning(plan);
        let objects =
            ["odd", "gone", "bad"].map(|id| with_secrets(&format!("demo_thing.{id}"), id));
        let options = SurveyOptions::default();
        let inputs = state(objects);
        let report = look_with(&cx, &options, inputs, fake.reality()).await;
        assert_eq!(report.findings.len(), 2);
        clean_everywhere(&report);
        let odd = report.findings.iter().find(|f| f.after.is_some()).unwrap();
        let shown: Vec<String> = paths(odd);
        assert!(
            shown.contains(&"password".to_owned()),
            "a secret that changed is told: {shown:?}"
        );
        assert!(
            odd.changes
                .iter()
                .filter(|c| c.path.to_string() != "size")
                .all(|c| c.sensitive)
        );
    }
    for event in ear.0.lock().unwrap().iter() {
        clean("event", &format!("{event:?}"));
    }
}

#[tokio::test]
async fn everything_gone_tells_no_secret_either() {
    let objects = ["a", "b", "c"].map(|id| with_secrets(&format!("demo_thing.{id}"), id));
    let fake = Fake::new(["a", "b", "c"].map(|id| (id, Answer::Gone)));
    let report = look(state(objects), fake).await;
    assert_eq!(report.problems.len(), 1);
    clean_everywhere(&report);
}

#[tokio::test]
async fn marks_have_the_shape_of_plan_json() {
    let fake = Fake::new([("odd", Answer::With(json!({"password": "planted-new"})))]);
    let report = look(state([with_secrets("demo_thing.odd", "odd")]), fake).await;
    let change = &machine::drift(&report)["resource_drift"][0]["change"];
    let marks = json!({"password": true, "zones": true, "rule": [{"note": true}]});
    assert_eq!(change["before_sensitive"], marks);
    assert_eq!(change["after_sensitive"], marks);
    assert_eq!(change["before"]["password"], "(sensitive value)");
    assert_eq!(change["before"]["name"], "n");
}

/// A null where something below it is marked holds nothing, as in plan JSON; what came in its place is marked by its own.
#[tokio::test]
async fn a_null_above_a_mark_is_not_marked() {
    let (resource, mut instance) = object("demo_thing.a", "a");
    let zone = Path::attribute_of_root("zones").join(Step::Index(0));
    instance.sensitive = [zone].into_iter().collect::<PathSet>();
    let fake = Fake::new([("a", Answer::With(json!({"zones": null})))]);
    let report = look(state([(resource, instance)]), fake).await;
    let change = &machine::drift(&report)["resource_drift"][0]["change"];
    assert_eq!(change["before_sensitive"]["zones"], json!([true, true]));
    assert_eq!(change["after"]["zones"], json!(null));
    assert_eq!(change["after_sensitive"], json!({"password": true}));
}

/// Whatever is masked is marked: a mark inside a set hides the set, and a list's mark its members at all positions.
#[tokio::test]
async fn what_is_masked_is_marked() {
    let (resource, mut instance) = object("demo_thing.a", "a");
    let in_set = Path::attribute_of_root("ports").join(Step::Element(Box::new(80.into())));
    let in_list = Path::attribute_of_root("zones").join(Step::Index(0));
    instance.sensitive = [in_set, in_list].into_iter().collect::<PathSet>();
    let fake = Fake::new([("a", Answer::With(json!({"zones": ["x", "a", "b"]})))]);
    let report = look(state([(resource, instance)]), fake).await;
    let change = &machine::drift(&report)["resource_drift"][0]["change"];
    const MASK: &str = "(sensitive value)";
    assert_eq!(change["before"]["ports"], MASK);
    assert_eq!(change["after"]["zones"], json!([MASK, MASK, MASK]));
    // The schema calls the password sensitive, also where it is null.
    let before = json!({"password": true, "ports": true, "zones": [true, true]});
    assert_eq!(change["before_sensitive"], before);
    assert_eq!(change["after_sensitive"]["ports"], true);
    assert_eq!(
        change["after_sensitive"]["zones"],
        json!([true, true, true])
    );
}
