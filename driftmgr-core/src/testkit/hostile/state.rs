//! States.

use super::refused::refused;
use crate::state::{HealthInputs, Secrets, State, compare};

/// A state: written again, it is the same state.
pub fn state(bytes: &[u8]) {
    let state = match State::parse(bytes) {
        Ok(state) => state,
        Err(error) => return refused(&error),
    };
    let written = state.to_bytes();
    let again = State::parse(&written).expect("what was written can be read");
    assert!(state.same_content(&again), "reading and writing changed it");
    let upgraded = State::parse(&state.to_v4_bytes()).expect("an upgraded state can be read");
    assert_eq!(
        state.list(),
        upgraded.list(),
        "the upgrade lost or made an instance"
    );
    assert!(compare(&state, &again).value.is_empty());
    let _ = state.json_view(Secrets::Masked);
    let _ = state.analyze();
    let _ = state.health(&HealthInputs::default());
}
