//! Each name of the list beside a use of it, so that a function which is renamed or dropped does not compile.

use driftmgr_core::{blocking, client, drift, settings};

/// Operations that no case of the table asks: they need a value of the language itself, or write files.
pub(super) const WITHOUT_CASE: &[&str] = &[
    "baseline.read",
    "baseline.write",
    "client.detect_drift_against",
    "client.drift_by_snapshot",
    "client.end_providers",
    "client.with_context",
    "snapshot.write",
    "stack.with_context",
    "stack.with_reality",
    "state.parse",
    "state.read",
    "state.upgrade_in_place",
];

/// Uses each function, and gives its path without type parameters.
macro_rules! functions {
    ($($function:expr),* $(,)?) => {
        vec![$({ let _ = $function; path(stringify!($function)) }),*]
    };
}

/// `client :: Client :: open :: < & str >` as `client::Client::open`.
fn path(text: &'static str) -> String {
    let name = text.split('<').next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_whitespace()).collect();
    name.trim_end_matches("::").to_owned()
}

/// The paths of all operations, in the order of the list.
pub(super) fn used() -> Vec<String> {
    functions![
        client::version,
        client::Client::open::<&str>,
        client::Client::open_with::<&str>,
        client::Client::with_context,
        client::Client::detect_drift,
        client::Client::detect_drift_at::<&str>,
        client::Client::detect_drift_against::<&str>,
        client::Client::drift_stream,
        client::Client::drift_of_plan,
        client::Client::drift_by_snapshot,
        client::Client::snapshot,
        client::Client::upgrade_state::<&str>,
        client::Client::end_providers,
        client::Client::doctor::<&str>,
        client::Client::rules,
        client::Client::backends,
        client::Client::backend::<&str>,
        client::Stack::detect_drift,
        client::Stack::drift_stream,
        client::Stack::check,
        client::Stack::explain,
        client::Stack::against_plan,
        client::Stack::against_snapshot,
        client::Stack::against_state,
        client::Stack::snapshot,
        client::Stack::stored_state,
        client::Stack::workspace_info,
        client::Stack::configuration,
        client::Stack::with_context,
        client::Stack::with_reality,
        client::StoredState::read::<&str>,
        client::StoredState::parse,
        client::StoredState::list_only::<&str>,
        client::StoredState::inspect,
        client::StoredState::outputs,
        client::StoredState::view,
        client::StoredState::health,
        client::StoredState::analyze,
        client::StoredState::compare,
        client::StoredState::upgrade,
        drift::DriftReport::from_json,
        drift::DriftReport::to_json,
        drift::DriftReport::render,
        drift::DriftReport::check,
        drift::DriftReport::score,
        drift::DriftReport::baseline::<&str>,
        drift::DriftReport::by_target,
        drift::DriftReport::suggest_ignores,
        drift::ignore::Baseline::read::<&str>,
        drift::ignore::Baseline::write,
        drift::Plan::read::<&str>,
        drift::Snapshot::read::<&str>,
        drift::Snapshot::write::<&str>,
        drift::Snapshot::info,
        client::RunHistory::open,
        client::RunHistory::record,
        client::RunHistory::ask,
        client::RunHistory::prune,
        client::BackendHandle::info,
        client::BackendHandle::workspaces,
        client::BackendHandle::read,
        client::BackendHandle::versions,
        client::BackendHandle::write::<Vec<u8>>,
        client::BackendHandle::delete,
        client::BackendHandle::lock,
        client::BackendHandle::unlock,
        settings::Settings::load_at::<&str>,
        settings::Settings::entries,
        settings::Settings::validate::<&str>,
        settings::Settings::schema,
    ]
}

/// The blocking twins, by the paths of the functions that they are twins of.
pub(super) fn twins() -> Vec<String> {
    let twins = functions![
        blocking::Client::open::<&str>,
        blocking::Client::open_with::<&str>,
        blocking::Client::detect_drift,
        blocking::Client::detect_drift_at::<&str>,
        blocking::Client::detect_drift_against::<&str>,
        blocking::Client::drift_stream,
        blocking::Client::drift_of_plan,
        blocking::Client::drift_by_snapshot,
        blocking::Client::snapshot,
        blocking::Client::upgrade_state::<&str>,
        blocking::Client::end_providers,
        blocking::Client::doctor::<&str>,
        blocking::Stack::detect_drift,
        blocking::Stack::drift_stream,
        blocking::Stack::check,
        blocking::Stack::explain,
        blocking::Stack::against_plan,
        blocking::Stack::against_snapshot,
        blocking::Stack::against_state,
        blocking::Stack::snapshot,
        blocking::RunHistory::open,
        blocking::RunHistory::record,
        blocking::RunHistory::ask,
        blocking::RunHistory::prune,
        blocking::BackendHandle::workspaces,
        blocking::BackendHandle::read,
        blocking::BackendHandle::versions,
        blocking::BackendHandle::write::<Vec<u8>>,
        blocking::BackendHandle::delete,
        blocking::BackendHandle::lock,
        blocking::BackendHandle::unlock,
    ];
    let twin = |name: String| name.replacen("blocking::", "client::", 1);
    twins.into_iter().map(twin).collect()
}
