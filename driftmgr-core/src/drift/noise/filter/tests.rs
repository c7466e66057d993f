use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::drift::testing;
use crate::value::{Path, Value};

fn change(severity: Severity, noise: Option<Certainty>) -> AttributeChange {
    AttributeChange {
        before: Some(Value::from("a")),
        after: Some(Value::from("b")),
        material: noise.is_none(),
        severity,
        reason: "reason".to_owned(),
        noise: noise.map(|certainty| Noise {
            rule: "equal".to_owned(),
            reason: "the same".to_owned(),
            certainty,
        }),
        ..testing::change(Path::attribute_of_root("size"))
    }
}

fn finding(kind: Kind, changes: Vec<AttributeChange>) -> Finding {
    Finding {
        changes,
        ..testing::finding("t", "demo_thing.a", kind)
    }
}

/// Silences everything that it is asked about.
#[derive(Debug)]
struct Everything;

impl Silencer for Everything {
    fn silences(&self, _: &Finding, _: &AttributeChange) -> Option<Hidden> {
        Some(Hidden {
            rule: "everything".to_owned(),
            reason: "asked for".to_owned(),
        })
    }
}

fn filter(sensitivity: Sensitivity, silent: bool) -> Filter {
    let silencers: Vec<Arc<dyn Silencer>> = if silent {
        vec![Arc::new(Everything)]
    } else {
        Vec::new()
    };
    Filter {
        sensitivity,
        silencers,
    }
}

const SENSITIVITIES: [Sensitivity; 3] = [Sensitivity::Low, Sensitivity::Medium, Sensitivity::High];

#[test]
fn a_deletion_is_shown_whoever_says_otherwise() {
    for sensitivity in SENSITIVITIES {
        let mut gone = finding(Kind::Missing, Vec::new());
        filter(sensitivity, true).apply(&mut gone);
        assert_eq!(gone.hidden, None);
    }
}

#[test]
fn what_each_sensitivity_hides() {
    let cases = [
        (Severity::Important, None, [false, false, false]),
        (Severity::Informational, None, [true, true, false]),
        (
            Severity::Important,
            Some(Certainty::Presumed),
            [true, false, false],
        ),
        (
            Severity::Important,
            Some(Certainty::Known),
            [true, true, false],
        ),
        (
            Severity::Critical,
            Some(Certainty::Proven),
            [true, true, true],
        ),
    ];
    for (severity, noise, hidden) in cases {
        for (sensitivity, hidden) in SENSITIVITIES.into_iter().zip(hidden) {
            let mut one = finding(Kind::Modified, vec![change(severity, noise)]);
            filter(sensitivity, false).apply(&mut one);
            assert_eq!(
                one.hidden.is_some(),
                hidden,
                "{severity:?} {noise:?} {sensitivity:?}"
            );
        }
    }
}

#[test]
fn a_finding_with_one_visible_change_is_visible() {
    let changes = vec![
        change(Severity::Important, None),
        change(Severity::Important, Some(Certainty::Proven)),
    ];
    let mut one = finding(Kind::Modified, changes);
    filter(Sensitivity::Medium, false).apply(&mut one);
    let hidden: Vec<bool> = one.changes.iter().map(|c| c.hidden.is_some()).collect();
    assert_eq!(hidden, [false, true]);
    assert_eq!(one.hidden, None);
}

#[test]
fn a_hidden_finding_names_every_rule_once() {
    let changes = vec![
        change(Severity::Informational, None),
        change(Severity::Important, Some(Certainty::Proven)),
        change(Severity::Critical, Some(Certainty::Proven)),
    ];
    let mut one = finding(Kind::Modified, changes);
    filter(Sensitivity::Medium, false).apply(&mut one);
    let hidden = one.hidden.unwrap();
    assert_eq!(hidden.rule, "informational, equal");
    assert_eq!(hidden.reason, "reason; the same");
}

fn any_change() -> impl Strategy<Value = AttributeChange> {
    let severity = prop_oneof![
        Just(Severity::Informational),
        Just(Severity::Important),
        Just(Severity::Critical)
    ];
    let noise = proptest::option::of(prop_oneof![
        Just(Certainty::Presumed),
        Just(Certainty::Known),
        Just(Certainty::Proven)
    ]);
    (severity, noise).prop_map(|(severity, noise)| change(severity, noise))
}

proptest! {
    #[test]
    fn hiding_is_monotone_and_touches_nothing_else(
        changes in proptest::collection::vec(any_change(), 0..5),
        silent in any::<bool>(),
        missing in any::<bool>(),
    ) {
        let kind = if missing { Kind::Missing } else { Kind::Modified };
        let original = finding(kind, changes);
        let mut shown_before = None;
        for sensitivity in SENSITIVITIES {
            let mut filtered = original.clone();
            filter(sensitivity, silent).apply(&mut filtered);
            let shown: Vec<bool> = filtered.changes.iter().map(|c| c.hidden.is_none()).collect();
            if let Some(before) = shown_before.replace(shown.clone()) {
                let before: Vec<bool> = before;
                prop_assert!(before.iter().zip(&shown).all(|(low, high)| !low || *high));
            }
            for change in &filtered.changes {
                let real = change.severity == Severity::Critical && change.noise.is_none();
                prop_assert!(!real || change.hidden.is_none());
            }
            filtered.hidden = None;
            filtered.changes.iter_mut().for_each(|c| c.hidden = None);
            prop_assert_eq!(format!("{filtered:?}"), format!("{original:?}"));
        }
    }
}
