//! `moved` blocks.

use proptest::prelude::*;
use serde_json::json;

use super::fake::*;
use crate::address::InstanceAddress;
use crate::drift::{
    Class, DriftReport, EffectAction, Kind, Move, Renames, Selection, Severity, SurveyOptions,
    Verdict, survey,
};
use crate::report::json as machine;
use crate::report::text::{self, TextOptions};

/// What becomes of each address, as `old -> new`, for blocks `(module, from, to)`.
fn renamed(blocks: &[(&str, &str, &str)], addresses: &[&str]) -> Vec<String> {
    let moves: Vec<Move> = blocks
        .iter()
        .map(|(module, from, to)| {
            let calls: Vec<String> = module
                .split('.')
                .filter(|m| !m.is_empty())
                .map(str::to_owned)
                .collect();
            Move::new(&calls, from, to).unwrap()
        })
        .collect();
    let addresses: Vec<InstanceAddress> = addresses.iter().map(|a| a.parse().unwrap()).collect();
    let renames = Renames::new(&moves, &addresses);
    let renamed = addresses
        .iter()
        .filter_map(|a| Some(format!("{a} -> {}", renames.get(a)?)));
    renamed.collect()
}

#[test]
fn a_resource_moves_with_all_its_instances() {
    assert_eq!(
        renamed(&[("", "t.a", "t.b")], &["t.a", "t.c"]),
        ["t.a -> t.b"]
    );
    assert_eq!(
        renamed(&[("", "t.a", "t.b")], &["t.a[0]", "t.a[\"x\"]"]),
        ["t.a[0] -> t.b[0]", "t.a[\"x\"] -> t.b[\"x\"]"]
    );
}

#[test]
fn with_a_key_on_either_side_one_instance_moves() {
    assert_eq!(
        renamed(&[("", "t.a", "t.a[\"x\"]")], &["t.a"]),
        ["t.a -> t.a[\"x\"]"]
    );
    assert_eq!(
        renamed(&[("", "t.a", "t.b[2]")], &["t.a[0]", "t.a[1]"]),
        [""; 0]
    );
    assert_eq!(
        renamed(&[("", "t.a[0]", "t.b")], &["t.a[0]", "t.a[1]"]),
        ["t.a[0] -> t.b"]
    );
}

#[test]
fn a_module_moves_with_all_that_is_in_it() {
    let addresses = [
        "module.m.t.a",
        "module.m.module.n[0].t.a[1]",
        "module.mm.t.a",
        "t.a",
    ];
    assert_eq!(
        renamed(&[("", "module.m", "module.o")], &addresses),
        [
            "module.m.t.a -> module.o.t.a",
            "module.m.module.n[0].t.a[1] -> module.o.module.n[0].t.a[1]"
        ]
    );
    assert_eq!(
        renamed(
            &[("", "module.m", "module.o[\"x\"]")],
            &["module.m.t.a", "module.m[0].t.a"]
        ),
        ["module.m.t.a -> module.o[\"x\"].t.a"]
    );
    assert_eq!(
        renamed(
            &[("", "module.m", "module.o")],
            &["module.m[0].t.a", "module.m[1].t.a"]
        ),
        [
            "module.m[0].t.a -> module.o[0].t.a",
            "module.m[1].t.a -> module.o[1].t.a"
        ]
    );
}

#[test]
fn resources_move_into_and_out_of_modules() {
    assert_eq!(
        renamed(&[("", "t.a", "module.m.t.a")], &["t.a[0]"]),
        ["t.a[0] -> module.m.t.a[0]"]
    );
    assert_eq!(
        renamed(
            &[("", "module.m[1].t.a", "t.b")],
            &["module.m[0].t.a", "module.m[1].t.a"]
        ),
        ["module.m[1].t.a -> t.b"]
    );
}

#[test]
fn a_block_speaks_for_all_instances_of_its_module() {
    let addresses = [
        "module.m[0].t.a",
        "module.m[1].t.a",
        "t.a",
        "module.n.t.a",
        "module.m[0].module.k.t.a",
    ];
    assert_eq!(
        renamed(&[("m", "t.a", "t.b")], &addresses),
        [
            "module.m[0].t.a -> module.m[0].t.b",
            "module.m[1].t.a -> module.m[1].t.b"
        ]
    );
}

#[test]
fn blocks_follow_one_another_in_whatever_order_they_stand() {
    let blocks = [
        ("", "t.b", "t.c"),
        ("n", "t.x", "t.y"),
        ("", "t.a", "t.b"),
        ("", "module.m", "module.n"),
    ];
    assert_eq!(
        renamed(&blocks, &["t.a", "module.m.t.x"]),
        ["t.a -> t.c", "module.m.t.x -> module.n.t.y"]
    );
    let circle = [("", "t.a", "t.b"), ("", "t.b", "t.a")];
    assert_eq!(renamed(&circle, &["t.z"]), [""; 0]);
}

#[test]
fn what_is_at_the_new_address_stays() {
    assert_eq!(renamed(&[("", "t.a", "t.b")], &["t.a", "t.b"]), [""; 0]);
    assert_eq!(
        renamed(&[("", "t.a", "t.b")], &["t.a[0]", "t.b[7]"]),
        [""; 0]
    );
    assert_eq!(
        renamed(&[("", "t.a[0]", "t.b[0]")], &["t.a[0]", "t.b[1]"]),
        ["t.a[0] -> t.b[0]"]
    );
    assert_eq!(
        renamed(
            &[("", "module.m", "module.n")],
            &["module.m.t.a", "module.n.t.z"]
        ),
        [""; 0]
    );
}

#[test]
fn another_type_is_not_followed() {
    assert_eq!(
        renamed(
            &[("", "null_resource.a", "terraform_data.a")],
            &["null_resource.a"]
        ),
        [""; 0]
    );
}

#[test]
fn what_is_no_move_is_refused() {
    for (from, to) in [
        ("t.a", "module.m"),
        ("module.m", "t.a"),
        ("data.t.a", "t.b"),
        ("t", "t.b"),
        ("", ""),
    ] {
        let error = Move::new(&[], from, to).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::InvalidConfig);
        assert!(error.message().contains("moved"), "{error}");
    }
}

proptest! {
    /// No two objects end at one address.
    #[test]
    fn renamed_addresses_stay_apart(pairs in proptest::collection::vec((0u8..5, 0u8..5), 0..5)) {
        let name = |n: &u8| format!("t.r{n}");
        let moves: Vec<Move> = pairs.iter().map(|(a, b)| Move::new(&[], &name(a), &name(b)).unwrap()).collect();
        // Terraform refuses two blocks with one source or one destination.
        let distinct = |side: fn(&(u8, u8)) -> u8| {
            let mut seen: Vec<u8> = pairs.iter().map(side).collect();
            seen.sort_unstable();
            seen.dedup();
            seen.len() == pairs.len()
        };
        prop_assume!(distinct(|p| p.0) && distinct(|p| p.1));
        let addresses: Vec<InstanceAddress> = (0..3).map(|n| name(&n).parse().unwrap()).collect();
        let renames = Renames::new(&moves, &addresses);
        let mut ends: Vec<_> = addresses.iter().map(|a| renames.get(a).unwrap_or(a)).collect();
        ends.sort();
        ends.dedup();
        prop_assert_eq!(ends.len(), addresses.len());
    }
}

async fn with_block(fake: Fake, options: &SurveyOptions) -> DriftReport {
    let state = things(["old", "other"]);
    let moves = [Move::new(&[], "demo_thing.old", "demo_thing.new").unwrap()];
    let renames = Renames::new(&moves, &state.list());
    let mut inputs = [input("t", state, fake.reality())];
    inputs[0].renames = renames;
    let report = survey(&context(), &inputs, options).await;
    adds_up(&report, &inputs);
    report
}

#[tokio::test]
async fn a_move_alone_is_shown_and_alarms_nobody() {
    let report = with_block(Fake::new([]), &SurveyOptions::default()).await;
    let finding = only(&report);
    assert_eq!(finding.state_address().to_string(), "demo_thing.old");
    assert_eq!(
        (finding.kind, finding.class),
        (Kind::Moved, Class::Cosmetic)
    );
    assert_eq!(finding.severity, Severity::Informational);
    assert_eq!(finding.address.to_string(), "demo_thing.new");
    assert_eq!(finding.effect.as_ref().unwrap().action, EffectAction::None);
    assert!(finding.changes.is_empty() && finding.hidden.is_none());
    assert_eq!((report.summary.drifted, report.summary.same), (1, 1));
    assert_eq!(report.verdict(), Verdict::Drift);
    assert_eq!(report.verdict_from(Severity::Important), Verdict::InSync);
    let entry = &machine::drift(&report)["resource_drift"][0];
    assert_eq!(entry["previous_address"], "demo_thing.old");
    assert_eq!(entry["change"]["actions"], json!(["no-op"]));
    assert_eq!(entry["change"]["before"], entry["change"]["after"]);
    let text = text::drift(&report, &TextOptions::default());
    let address = "demo_thing.old".parse().unwrap();
    let explained = text::explain(&address, &[], &report, &TextOptions::default());
    assert!(explained.contains("demo_thing.new  moved"), "{explained}");
    for want in [
        "demo_thing.new  moved",
        "in the state as demo_thing.old",
        "1 moved",
        "driftmgr explain demo_thing.old t",
    ] {
        assert!(text.contains(want), "no `{want}` in\n{text}");
    }
}

/// As the entries of `resource_drift` in the plans of Terraform and OpenTofu for a moved object that was changed.
#[tokio::test]
async fn a_move_of_what_also_changed_is_the_change_with_both_addresses() {
    let fake = Fake::new([("old", Answer::With(json!({"size": 2})))]);
    let report = with_block(fake, &SurveyOptions::default()).await;
    assert_eq!(only(&report).kind, Kind::Modified);
    let entry = &machine::drift(&report)["resource_drift"][0];
    assert_eq!(entry["address"], "demo_thing.new");
    assert_eq!(entry["name"], "new");
    assert_eq!(entry["previous_address"], "demo_thing.old");
    assert_eq!(entry["change"]["actions"], json!(["update"]));
    let report = with_block(
        Fake::new([("old", Answer::Gone)]),
        &SurveyOptions::default(),
    )
    .await;
    assert_eq!(only(&report).kind, Kind::Missing);
    assert_eq!(
        only(&report).previous_address.as_ref().unwrap().to_string(),
        "demo_thing.old"
    );
}

#[tokio::test]
async fn both_names_select_it() {
    for (only_these, without, found) in [
        (vec!["demo_thing.old"], vec![], 1),
        (vec!["demo_thing.new"], vec![], 1),
        (vec!["demo_thing.other"], vec![], 0),
        (vec![], vec!["demo_thing.new"], 0),
        (vec![], vec!["demo_thing.old"], 0),
    ] {
        let options = SurveyOptions {
            selection: Selection::new(&only_these, &without).unwrap(),
            ..SurveyOptions::default()
        };
        let report = with_block(Fake::new([]), &options).await;
        assert_eq!(report.findings.len(), found, "{only_these:?} {without:?}");
    }
}
