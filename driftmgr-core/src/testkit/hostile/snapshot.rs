//! Snapshots.

use std::sync::Arc;

use super::refused::{line, refused};
use super::survey::{client, sound, wait};
use crate::drift::snapshot::{Found, Snapshot};
use crate::drift::{DriftInput, Renames, SnapshotReality, SurveyOptions, survey};
use crate::state::State;

/// Two parts, divided by the first zero byte: a snapshot and a state.
///
/// Written again, it is the same snapshot. Compared with the state, nothing is deleted that the snapshot does not call absent, and nothing is
/// the same that it does not hold.
pub fn snapshot(bytes: &[u8]) {
    let end = bytes.iter().position(|b| *b == 0);
    let (first, second) = bytes.split_at(end.unwrap_or(bytes.len()));
    let snapshot = match Snapshot::parse(first) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            refused(&error);
            assert!(!error.hints().is_empty(), "{error}");
            line(&error, &String::from_utf8_lossy(first));
            return;
        }
    };
    let written = snapshot.to_bytes().expect("it can be written");
    let again = Snapshot::parse(&written).expect("what was written can be read");
    assert_eq!(again.to_bytes().expect("it can be written"), written);

    let Ok(state) = State::parse(second.get(1..).unwrap_or_default()) else {
        return;
    };
    let state = Arc::new(state);
    for target in &snapshot.targets {
        match SnapshotReality::new(&snapshot, &target.target, &state) {
            Ok(reality) => compared(&snapshot, &target.target, &state, reality),
            Err(error) => refused(&error),
        }
    }
}

fn compared(snapshot: &Snapshot, label: &str, state: &Arc<State>, reality: SnapshotReality) {
    let input = DriftInput {
        target: label.to_owned(),
        state: state.clone(),
        reality: Arc::new(reality),
        renames: Renames::default(),
        configuration: None,
    };
    let context = client().context();
    let report = wait(survey(context, &[input], &SurveyOptions::default()));
    sound(&report);
    // One name can stand twice in a file; the first counts.
    let target = snapshot.targets.iter().find(|t| t.target == label);
    let objects = target.map(|t| t.objects.as_slice()).unwrap_or_default();
    let absent = objects
        .iter()
        .filter(|object| matches!(object.found, Found::Absent { .. }));
    let present = objects
        .iter()
        .filter(|object| matches!(object.found, Found::Present { .. }));
    let twice = duplicates(state);
    let (absent, present) = (absent.count() as u64, present.count() as u64);
    let summary = report.summary;
    assert!(summary.deleted <= absent + twice, "{summary:?}");
    assert!(
        summary.checked <= absent + present + twice,
        "{summary:?}: more than the snapshot holds"
    );
}

/// Objects that share their address with another one.
fn duplicates(state: &State) -> u64 {
    let mut seen = std::collections::BTreeSet::new();
    let each = state.instances().filter(|(resource, instance)| {
        let address = resource.instance_address(instance);
        !seen.insert((address, instance.deposed.clone()))
    });
    each.count() as u64
}
