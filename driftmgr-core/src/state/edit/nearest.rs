//! What was probably meant by an address that matches nothing.

use std::collections::BTreeSet;

use super::target::Target;
use crate::error::{Error, ErrorKind};
use crate::state::model::State;

/// More are not compared: an error should not take longer than the edit would have.
const COMPARED: usize = 10_000;
/// So many are named.
const NAMED: usize = 3;

/// The error for an address that matches nothing: names the addresses of the state that differ from it by few characters, one for each
/// three.
pub(super) fn nothing_at(state: &State, target: &Target) -> Error {
    let error = Error::new(
        ErrorKind::NotFound,
        format!("the state has nothing at {target}"),
    )
    .with_operation("state.edit")
    .with("address", target);
    let near = nearest(state, target);
    if near.is_empty() {
        return error.with_hint("`driftmgr state list` prints what is there");
    }
    let named: Vec<String> = near.iter().map(|near| format!("`{near}`")).collect();
    error.with_hint(format!("did you mean {}?", named.join(", ")))
}

fn nearest(state: &State, target: &Target) -> Vec<String> {
    let wanted: String = target.to_string().chars().take(256).collect();
    let allowed = (wanted.chars().count() / 3).max(1);
    let candidates: BTreeSet<String> = if matches!(target, Target::Module(_)) {
        let modules = state.resources.iter().map(|r| &r.address.module);
        let modules = modules.filter(|module| !module.is_root());
        modules.take(COMPARED).map(ToString::to_string).collect()
    } else {
        let instances = state.instances().map(|(r, i)| r.instance_address(i));
        instances.take(COMPARED).map(|a| a.to_string()).collect()
    };
    let mut near: Vec<(usize, String)> = candidates
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(wanted.len()) <= allowed * 4)
        .map(|candidate| (strsim::levenshtein(&wanted, &candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .collect();
    near.sort();
    near.into_iter().take(NAMED).map(|(_, near)| near).collect()
}
