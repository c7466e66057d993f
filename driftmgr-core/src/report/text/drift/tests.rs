use super::*;
use crate::drift::{Class, Effect, EffectAction, Kind, Summary};
use crate::report::testing::{SECRET, attribute, change, finding, full};
use crate::report::text::Style;
use crate::value::PathSet;

fn options() -> TextOptions {
    TextOptions {
        folders: vec!["infra".to_owned()],
        ..TextOptions::plain()
    }
}

#[test]
fn a_whole_report() {
    insta::assert_snapshot!(drift(&full(), &options()));
}

#[test]
fn a_whole_report_in_a_narrow_terminal() {
    let options = TextOptions {
        width: 48,
        ..options()
    };
    insta::assert_snapshot!(drift(&full(), &options));
}

#[test]
fn every_address_and_every_value() {
    let options = TextOptions {
        wide: true,
        every_address: true,
        ..options()
    };
    insta::assert_snapshot!(drift(&full(), &options));
}

#[test]
fn colour_adds_nothing_but_colour() {
    let coloured = TextOptions {
        style: Style::coloured(),
        ..options()
    };
    let text = drift(&full(), &coloured);
    assert!(text.contains('\u{1b}'));
    let mut bare = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        bare.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    bare.push_str(rest);
    assert_eq!(bare, drift(&full(), &options()));
}

#[test]
fn nothing_secret_and_nothing_active_gets_out() {
    for wide in [false, true] {
        let options = TextOptions {
            wide,
            every_address: wide,
            ..options()
        };
        let text = drift(&full(), &options);
        assert!(!text.contains(SECRET));
        assert!(!text.contains('\u{1b}'));
        assert!(text.contains("\\u001b[2J"));
    }
}

#[test]
fn a_clean_report_says_so_in_one_sentence() {
    let clean = DriftReport {
        summary: Summary {
            checked: 3,
            same: 3,
            ..Summary::default()
        },
        ..DriftReport::default()
    };
    insta::assert_snapshot!(drift(&clean, &options()), @r"In sync: all 3 objects are as their state says.");
}

#[test]
fn the_sentence_of_check() {
    let sentence = |summary: Summary| {
        check::check(&DriftReport {
            summary,
            ..DriftReport::default()
        })
    };
    let s = Summary::default();
    let cases = [
        s,
        Summary {
            checked: 1,
            same: 1,
            ..s
        },
        Summary {
            checked: 9,
            same: 8,
            hidden: 1,
            skipped: 2,
            ..s
        },
        Summary {
            checked: 9,
            same: 9,
            unverifiable: 1,
            ..s
        },
        Summary {
            unverifiable: 4,
            ..s
        },
    ]
    .map(sentence)
    .join("\n");
    insta::assert_snapshot!(format!("{cases}\n{}", check::check(&full())), @r"
Nothing to look at: the states hold no objects that a provider manages.
In sync: the one object is as its state says.
In sync: all 9 objects are as their state says (1 differs only in ways that are not shown, 2 skipped).
No drift in the 9 objects that could be looked at; 1 could not be looked at.
None of 4 objects could be looked at.
Drift: 3 of 16 objects differ from the state (2 modified, 1 deleted, 1 critical); 6 could not be looked at (1 differs only in ways that are not shown, 1 skipped).
");
    let broken = DriftReport {
        problems: full().problems,
        ..DriftReport::default()
    };
    assert_eq!(
        check::check(&broken),
        "Nothing could be looked at: 1 problem was met."
    );
}

#[test]
fn cosmetic_drift_needs_no_apply() {
    let mut only = finding(".", "aws_vpc.main", Kind::Modified);
    only.effect = Some(Effect {
        action: EffectAction::None,
        replace_because: vec![],
    });
    only.class = Class::Cosmetic;
    only.sensitive = PathSet::default();
    only.provider = "provider[\"registry.opentofu.org/hashicorp/aws\"]"
        .parse()
        .unwrap();
    only.changes = vec![change(attribute("x"), Some(1.into()), Some(2.into()))];
    let report = DriftReport {
        summary: Summary {
            checked: 1,
            drifted: 1,
            ..Summary::default()
        },
        findings: vec![only],
        ..DriftReport::default()
    };
    let options = TextOptions {
        folders: vec![".".into()],
        ..options()
    };
    insta::assert_snapshot!(drift(&report, &options), @r"
.
  ~ aws_vpc.main  modified, important
      x: 1 → 2
      apply would change nothing

Drift: 1 of 1 object differs from the state (1 modified).
Compliance score: 95 of 100
  -5 aws_vpc.main: it differs from the state

Next
  look closer       driftmgr explain aws_vpc.main .
  update the state  tofu apply -refresh-only
");
}
