//! From a report to a run.

use crate::address::ResourceMode;
use crate::drift::{
    AttributeChange, DriftReport, Finding, Hidden, Kind, NotLookedAt, NotLookedAtKind, Sensitivity,
    Severity, testing,
};
use crate::history::{Circumstances, HistoryStore as _, Looked, Outcome, Run, SqliteHistory};
use crate::state::{Instance, RawAttributes, Resource, State};
use crate::value::{Path, Step, Value};

use super::support::{context, time};

const SECRET: &str = "planted-secret-41c";
const PLAIN: &str = "plain-value-77a";

fn state(lineage: &str, serial: u64, addresses: &[&str]) -> State {
    let mut state = State::new(lineage);
    state.serial = serial;
    for address in addresses {
        let address: crate::address::InstanceAddress = address.parse().unwrap();
        let raw = serde_json::value::to_raw_value(&serde_json::json!({"id": SECRET})).unwrap();
        let provider = "provider[\"registry.terraform.io/hashicorp/demo\"]".parse();
        let mut resource = Resource::new(address.resource, Some(provider.unwrap()));
        resource.instances.push(Instance::new(
            address.key,
            0,
            RawAttributes::Json(raw.into()),
        ));
        state.resources.push(resource);
    }
    state
}

fn change(path: Path, severity: Severity, hidden: bool) -> AttributeChange {
    AttributeChange {
        before: Some(SECRET.into()),
        after: Some(PLAIN.into()),
        sensitive: true,
        severity,
        reason: PLAIN.to_owned(),
        hidden: hidden.then(|| Hidden {
            rule: "r".to_owned(),
            reason: "r".to_owned(),
        }),
        ..testing::change(path)
    }
}

fn finding(target: &str, address: &str, kind: Kind, changes: Vec<AttributeChange>) -> Finding {
    let hidden = (!changes.is_empty() && changes.iter().all(|c| c.hidden.is_some()))
        .then(|| changes[0].hidden.clone())
        .flatten();
    Finding {
        reasons: vec![PLAIN.to_owned()],
        changes,
        before: SECRET.into(),
        after: Some(SECRET.into()),
        hidden,
        ..testing::finding(target, address, kind)
    }
}

fn left_out(target: &str, address: &str, kind: NotLookedAtKind) -> NotLookedAt {
    NotLookedAt {
        target: target.to_owned(),
        address: address.parse().unwrap(),
        deposed: None,
        kind,
        reason: String::new(),
    }
}

fn made() -> Circumstances {
    Circumstances {
        started: time(1),
        ended: time(2),
        sensitivity: Sensitivity::High,
    }
}

fn attribute(name: &str) -> Path {
    Path::attribute_of_root(name)
}

fn looked<'a>(target: &'a str, state: &'a State) -> Looked<'a> {
    Looked {
        target,
        location: format!("/work/{target}"),
        state,
    }
}

#[test]
fn every_managed_object_has_its_outcome() {
    let addresses = [
        "d.same", "d.odd", "d.gone", "d.hid", "d.open", "d.out", "d.old", "data.d.x",
    ];
    let state = state("l", 3, &addresses);
    let mut moved = finding("t", "d.new", Kind::Moved, vec![]);
    moved.previous_address = Some("d.old".parse().unwrap());
    let odd = vec![
        change(attribute("size"), Severity::Critical, false),
        change(attribute("tags"), Severity::Informational, true),
    ];
    let report = DriftReport {
        findings: vec![
            finding("t", "d.odd", Kind::Modified, odd),
            finding("t", "d.gone", Kind::Missing, vec![]),
            finding(
                "t",
                "d.hid",
                Kind::Modified,
                vec![change(attribute("tags"), Severity::Informational, true)],
            ),
            moved,
            finding("other", "d.same", Kind::Missing, vec![]),
        ],
        not_looked_at: vec![
            left_out("t", "d.open", NotLookedAtKind::Unverifiable),
            left_out("t", "d.out", NotLookedAtKind::Skipped),
            left_out("t", "data.d.x", NotLookedAtKind::Skipped),
        ],
        ..DriftReport::default()
    };
    let run = Run::of(&report, &[looked("t", &state)], &made());
    assert!(run.is_complete());
    let [look] = run.value.looks.as_slice() else {
        panic!("{:?}", run.value);
    };
    assert_eq!(
        (look.serial, look.origin(), look.location.as_str()),
        (3, "l", "/work/t")
    );
    let outcomes: Vec<(String, Outcome, usize)> = look
        .objects
        .iter()
        .map(|o| (o.address.to_string(), o.outcome, o.findings.len()))
        .collect();
    let want = [
        ("d.gone", Outcome::Missing, 1),
        ("d.hid", Outcome::Hidden, 1),
        ("d.odd", Outcome::Modified, 2),
        ("d.old", Outcome::Moved, 1),
        ("d.open", Outcome::Unverifiable, 0),
        ("d.out", Outcome::Skipped, 0),
        ("d.same", Outcome::Same, 0),
    ]
    .map(|(address, outcome, findings)| (address.to_owned(), outcome, findings));
    assert_eq!(outcomes, want);
    let counts = look.counts();
    let sum = counts.same + counts.modified + counts.missing + counts.moved + counts.hidden;
    assert_eq!(sum + counts.unverifiable + counts.skipped, 7);
    assert!(
        look.objects
            .iter()
            .all(|o| o.address.resource.mode == ResourceMode::Managed)
    );
}

#[test]
fn an_id_follows_the_difference_and_not_the_values_or_the_target() {
    let id = |lineage: &str, target: &str, address: &str, path: Path, value: &str| {
        let state = state(lineage, 1, &[address]);
        let mut change = change(path, Severity::Important, false);
        change.after = Some(value.into());
        let report = DriftReport {
            findings: vec![finding(target, address, Kind::Modified, vec![change])],
            ..DriftReport::default()
        };
        let run = Run::of(&report, &[looked(target, &state)], &made()).value;
        run.looks[0].objects[0].findings[0].id.clone()
    };
    let base = id("l", "t", "d.a", attribute("size"), "x");
    assert_eq!(base, id("l", "t", "d.a", attribute("size"), "y"));
    assert_eq!(base, id("l", "elsewhere", "d.a", attribute("size"), "x"));
    assert_ne!(base, id("m", "t", "d.a", attribute("size"), "x"));
    assert_ne!(base, id("l", "t", "d.b", attribute("size"), "x"));
    assert_ne!(base, id("l", "t", "d.a", attribute("name"), "x"));
    // A state without lineage is known by its place.
    assert_ne!(
        id("", "t", "d.a", attribute("size"), "x"),
        id("", "u", "d.a", attribute("size"), "x")
    );
}

#[test]
fn members_of_a_set_are_one_finding_without_their_values() {
    let member = |value: &str| attribute("keys").join(Step::Element(Box::new(Value::from(value))));
    let changes = vec![
        change(member(SECRET), Severity::Important, true),
        change(member(PLAIN), Severity::Critical, false),
    ];
    let report = DriftReport {
        findings: vec![finding("t", "d.a", Kind::Modified, changes)],
        ..DriftReport::default()
    };
    let run = Run::of(&report, &[looked("t", &state("l", 1, &["d.a"]))], &made()).value;
    let [one] = run.looks[0].objects[0].findings.as_slice() else {
        panic!("{run:?}");
    };
    assert_eq!(one.path, "keys[…]");
    assert_eq!(
        (one.state.severity, one.state.hidden),
        (Severity::Critical, false)
    );
}

#[test]
fn a_copy_of_a_state_is_named_and_left_out() {
    let (old, new) = (state("l", 1, &["d.a"]), state("l", 2, &["d.a", "d.b"]));
    let report = DriftReport::default();
    for states in [
        [looked("a", &old), looked("b", &new)],
        [looked("b", &new), looked("a", &old)],
    ] {
        let run = Run::of(&report, &states, &made());
        assert_eq!(run.value.looks.len(), 1);
        assert_eq!(run.value.looks[0].location, "/work/b");
        assert_eq!(run.problems[0].context_value("target"), Some("a"));
    }
}

#[test]
fn the_id_of_a_run_is_that_of_its_content() {
    let (a, b) = (state("l", 1, &["d.a"]), state("m", 1, &["d.a"]));
    let report = DriftReport::default();
    let id =
        |states: &[Looked<'_>], made: &Circumstances| Run::of(&report, states, made).value.id();
    let both = [looked("a", &a), looked("b", &b)];
    let turned = [looked("b", &b), looked("a", &a)];
    assert_eq!(id(&both, &made()), id(&turned, &made()));
    assert_ne!(id(&both, &made()), id(&both[..1], &made()));
    let later = Circumstances {
        ended: time(3),
        ..made()
    };
    assert_ne!(id(&both, &made()), id(&both, &later));
}

#[tokio::test]
async fn no_value_comes_into_the_file() {
    let cx = context();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.sqlite");
    let store = SqliteHistory::open(&cx, &path).await.unwrap();
    let member = attribute("keys").join(Step::Element(Box::new(SECRET.into())));
    let changes = vec![
        change(attribute("password"), Severity::Critical, false),
        change(member, Severity::Critical, false),
    ];
    let report = DriftReport {
        findings: vec![finding("t", "d.a", Kind::Modified, changes)],
        ..DriftReport::default()
    };
    let state = state("l", 1, &["d.a", "d.b"]);
    let run = Run::of(&report, &[looked("t", &state)], &made()).value;
    let told = format!("{run:?}");
    store.record(&cx, run).await.unwrap();
    let told = told + &format!("{:?}", store.load(&cx, Vec::new()).await.unwrap());
    assert!(!told.contains(SECRET) && !told.contains(PLAIN), "{told}");
    let mut seen = false;
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let has = |text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
        seen |= has("password");
        assert!(!has(SECRET) && !has(PLAIN));
    }
    assert!(seen, "the attribute's name is there");
}

/// Who reads an id in a report finds the same one in the history.
#[test]
fn ids_are_those_of_the_report() {
    let state = state("l", 1, &["d.a", "d.b"]);
    let mut odd = finding(
        "t",
        "d.a",
        Kind::Modified,
        vec![change(attribute("size"), Severity::Important, false)],
    );
    let mut gone = finding("t", "d.b", Kind::Missing, vec![]);
    odd.assign_fingerprints("l");
    gone.assign_fingerprints("l");
    let (odd_id, gone_id) = (odd.changes[0].fingerprint.clone(), gone.fingerprint.clone());
    let report = DriftReport {
        findings: vec![odd, gone],
        ..DriftReport::default()
    };
    let run = Run::of(&report, &[looked("t", &state)], &made()).value;
    let ids = run.looks[0].objects.iter().flat_map(|o| &o.findings);
    let ids: Vec<&String> = ids.map(|f| &f.id).collect();
    assert_eq!(ids, [&odd_id, &gone_id]);
}
