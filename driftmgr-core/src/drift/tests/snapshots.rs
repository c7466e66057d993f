//! What a snapshot holds, and what comes of comparing with it.

use std::sync::Arc;

use serde_json::json;

use super::fake::*;
use crate::drift::snapshot::{Found, SnapshotReality};
use crate::drift::{DriftReport, Reality, Recording, Snapshot, survey};
use crate::error::{Error, ErrorKind};
use crate::report::json as machine;
use crate::state::{Instance, Resource, State};
use crate::value::{Path, PathSet};

/// A run, and the snapshot that a file gave back.
async fn taken(state: &Arc<State>, fake: Fake) -> (DriftReport, Snapshot) {
    let cx = context();
    let mut recording = Recording::begin(&cx);
    let reality = recording.add("t", state, fake.reality());
    let report = look_with(&cx, &showing_all(), state.clone(), reality).await;
    let snapshot = recording.finish(&cx, &report).unwrap();
    let read = Snapshot::parse(&snapshot.to_bytes().unwrap()).unwrap();
    (report, read)
}

async fn replayed(state: &Arc<State>, snapshot: &Snapshot) -> DriftReport {
    let reality = SnapshotReality::new(snapshot, "t", state).unwrap();
    look_with(&context(), &showing_all(), state.clone(), Arc::new(reality)).await
}

fn text(snapshot: &Snapshot) -> String {
    String::from_utf8(snapshot.to_bytes().unwrap()).unwrap()
}

/// Every kind of answer that a provider can give.
fn script(plan: Plan) -> Fake {
    let mut fake = Fake::new([
        (
            "changed",
            Answer::With(json!({"size": 2, "ports": [80, 8443], "zones": ["b"]})),
        ),
        (
            "tags",
            Answer::With(json!({"tags": {"env": "test", "new": "x"}})),
        ),
        (
            "nested",
            Answer::With(json!({"rule": [{"cidr": "0.0.0.0/0", "note": "n"}]})),
        ),
        ("secret", Answer::With(json!({"password": "planted-new"}))),
        ("gone", Answer::Gone),
        (
            "denied",
            Answer::Fails(
                Error::new(ErrorKind::PermissionDenied, "not allowed").with("region", "eu"),
            ),
        ),
    ])
    .planning(plan);
    fake.warning = Some("the provider has something to say");
    fake
}

const IDS: [&str; 7] = [
    "changed", "denied", "gone", "nested", "same", "secret", "tags",
];

#[tokio::test]
async fn the_report_of_an_unchanged_state_is_that_of_the_run() {
    for plan in [
        Plan::Restore,
        Plan::Nothing,
        Plan::Replace("size"),
        Plan::Fails(ErrorKind::ToolFailed),
    ] {
        let state = things(IDS);
        let (live, snapshot) = taken(&state, script(plan)).await;
        assert_eq!(live.summary.checked, 6);
        let later = replayed(&state, &snapshot).await;
        assert_eq!(machine::drift(&later), machine::drift(&live));
    }
}

#[tokio::test]
async fn suspicion_is_part_of_it() {
    let state = things(["a", "b", "c"]);
    let fake = Fake::new(["a", "b", "c"].map(|id| (id, Answer::Gone)));
    let (live, snapshot) = taken(&state, fake).await;
    assert_eq!((live.summary.unverifiable, live.problems.len()), (3, 1));
    let later = replayed(&state, &snapshot).await;
    assert_eq!(machine::drift(&later), machine::drift(&live));
}

/// A password, and a set that the state marks as a whole.
fn secretive(id: &str) -> (Resource, Instance) {
    let attributes = json!({"id": id, "name": "n", "password": "planted-old", "ports": [80, 443], "zones": ["planted-zone"]});
    let (resource, mut instance) = stored(&format!("demo_thing.{id}"), attributes);
    let marked = ["ports", "zones"].map(Path::attribute_of_root);
    instance.sensitive = marked.into_iter().collect::<PathSet>();
    (resource, instance)
}

#[tokio::test]
async fn it_holds_no_secret_and_still_tells_them_apart() {
    let state = state(["same", "other"].map(secretive));
    let change = json!({"password": "planted-new", "ports": [80, 8443], "zones": ["planted-zone", "planted-too"]});
    let fake = Fake::new([("other", Answer::With(change))]);
    let (live, snapshot) = taken(&state, fake).await;
    let written = text(&snapshot);
    assert!(!written.contains("planted"), "{written}");
    assert!(!written.contains("8443"), "{written}");
    assert!(!format!("{snapshot:?} {snapshot:#?}").contains("planted"));
    let later = replayed(&state, &snapshot).await;
    assert_eq!((later.summary.same, later.summary.drifted), (1, 1));
    assert_eq!(machine::drift(&later), machine::drift(&live));
}

#[tokio::test]
async fn a_state_that_changed_since_is_compared_with_what_was_found() {
    let (_, snapshot) = taken(
        &things(["a", "b", "c"]),
        Fake::new([("b", Answer::With(json!({"size": 2})))]),
    )
    .await;
    let attributes = |size: i64| {
        json!({
            "id": "x", "name": "n", "size": size, "password": null, "storage_encrypted": true, "publicly_accessible": false,
            "tags": {"env": "prod"}, "ports": [443, 80], "zones": ["a", "b"], "rule": [{"cidr": "10.0.0.0/8", "note": null}],
        })
    };
    let with_id = |name: &str, size: i64| {
        let mut attributes = attributes(size);
        attributes["id"] = name.into();
        stored(&format!("demo_thing.{name}"), attributes)
    };
    // `a` was applied to another size, `b` was brought in line with what is there, `c` is as it was, `d` is new.
    let now = state([
        with_id("a", 5),
        with_id("b", 2),
        object("demo_thing.c", "c"),
        with_id("d", 1),
    ]);
    let report = replayed(&now, &snapshot).await;
    let found = only(&report);
    assert_eq!(found.address.to_string(), "demo_thing.a");
    assert_eq!(paths(found), ["size"]);
    assert!(
        found.reasons[0].contains("has changed since the snapshot"),
        "{:?}",
        found.reasons
    );
    assert_eq!((report.summary.same, report.summary.unverifiable), (2, 1));
    assert!(
        report.not_looked_at[0]
            .reason
            .contains("did not look at it")
    );
}

#[tokio::test]
async fn secrets_of_a_changed_state_are_compared_too() {
    let (_, snapshot) = taken(&state([secretive("a"), secretive("b")]), Fake::new([])).await;
    let changed = |id: &str, name: &str, password: &str| {
        let (resource, mut instance) = secretive(id);
        let mut attributes: serde_json::Value = match &instance.attributes {
            crate::state::RawAttributes::Json(raw) => raw.get().parse().unwrap(),
            crate::state::RawAttributes::Flatmap(_) => unreachable!(),
        };
        attributes["name"] = name.into();
        attributes["password"] = password.into();
        let raw = serde_json::value::to_raw_value(&attributes).unwrap();
        instance.attributes = crate::state::RawAttributes::Json(raw.into());
        (resource, instance)
    };
    let now = state([
        changed("a", "other", "planted-old"),
        changed("b", "n", "planted-other"),
    ]);
    let report = replayed(&now, &snapshot).await;
    let all: Vec<_> = report
        .findings
        .iter()
        .map(|f| (f.address.to_string(), paths(f)))
        .collect();
    assert_eq!(
        all,
        [
            ("demo_thing.a".to_owned(), vec!["name".to_owned()]),
            ("demo_thing.b".to_owned(), vec!["password".to_owned()]),
        ]
    );
    assert!(!machine::drift(&report).to_string().contains("planted"));
}

#[tokio::test]
async fn another_schema_version_is_not_guessed_at() {
    let (_, snapshot) = taken(&things(["a"]), Fake::new([])).await;
    let (resource, mut instance) = object("demo_thing.a", "a");
    instance.schema_version = 2;
    let report = replayed(&state([(resource, instance)]), &snapshot).await;
    assert_eq!(report.summary.unverifiable, 1);
    assert!(
        report.not_looked_at[0]
            .reason
            .contains("another version of its schema")
    );
}

#[tokio::test]
async fn what_was_not_reached_is_in_it() {
    let cx = context();
    let cancel = tokio_util::sync::CancellationToken::new();
    cancel.cancel();
    let cancelled = context().with_cancellation(cancel);
    let state = things(["a", "b"]);
    let mut recording = Recording::begin(&cx);
    let reality: Arc<dyn Reality> = recording.add("t", &state, Fake::new([]).reality());
    let report = survey(
        &cancelled,
        &[input("t", state.clone(), reality)],
        &showing_all(),
    )
    .await;
    let snapshot = recording.finish(&cx, &report).unwrap();
    let words: Vec<_> = snapshot.targets[0]
        .objects
        .iter()
        .map(|o| o.found.word())
        .collect();
    assert_eq!(words, ["unreadable", "unreadable"]);
    let later = replayed(&state, &snapshot).await;
    assert_eq!(machine::drift(&later), machine::drift(&report));
}

#[tokio::test]
async fn a_state_is_found_by_name_or_lineage() {
    let state = things(["a"]);
    let (_, snapshot) = taken(&state, Fake::new([])).await;
    assert!(SnapshotReality::new(&snapshot, "elsewhere/t", &state).is_ok());
    let mut stranger = State::clone(&state);
    stranger.lineage = "another".to_owned();
    assert!(SnapshotReality::new(&snapshot, "t", &stranger).is_ok());
    let error = SnapshotReality::new(&snapshot, "x", &stranger).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(!error.hints().is_empty());
}

#[tokio::test]
async fn what_is_no_snapshot_is_refused() {
    let (_, snapshot) = taken(&things(["a"]), Fake::new([])).await;
    let whole: serde_json::Value = text(&snapshot).parse().unwrap();
    let parse = |json: &serde_json::Value| Snapshot::parse(json.to_string().as_bytes());
    let mut newer = whole.clone();
    newer["driftmgr_snapshot"] = "1.7".into();
    newer["more"] = json!([1]);
    assert!(parse(&newer).is_ok());
    newer["driftmgr_snapshot"] = "2.0".into();
    assert_eq!(parse(&newer).unwrap_err().kind(), ErrorKind::Unsupported);
    for (part, value) in [
        ("targets", json!("planted")),
        ("schemas", json!([{"block": "planted"}])),
    ] {
        let mut broken = whole.clone();
        broken[part] = value;
        let error = parse(&broken).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("planted"));
    }
    for (text, want) in [
        ("", "not JSON"),
        ("{}", "JSON, and not a snapshot"),
        (r#"{"version":4,"resources":[]}"#, "a state"),
        (r#"{"resource_changes":[]}"#, "a plan"),
    ] {
        let error = Snapshot::parse(text.as_bytes()).unwrap_err();
        assert!(error.message().contains(want), "{error}");
    }
    // An object whose schema is not there is unreadable, and not as it was.
    let mut lost = whole;
    lost["schemas"] = json!([]);
    let report = replayed(&things(["a"]), &parse(&lost).unwrap()).await;
    assert_eq!(report.summary.unverifiable, 1);
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_alone_and_whole_or_not_there() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let (_, snapshot) = taken(&things(["a"]), Fake::new([])).await;
    let path = dir.path().join("x.json");
    for _ in 0..2 {
        snapshot.write(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    }
    let read = Snapshot::parse(&std::fs::read(&path).unwrap()).unwrap();
    assert!(matches!(
        read.targets[0].objects[0].found,
        Found::Present { .. }
    ));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    let error = snapshot
        .write(dir.path().join("no/where.json"))
        .unwrap_err();
    assert!(error.context_value("file").is_some());
}
