//! Whole comparisons of small states.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};

use crate::address::InstanceAddress;
use crate::client::Client;
use crate::context::Context;
use crate::drift::{DriftReport, Kind, Severity};
use crate::env::Environment;
use crate::report::json;

/// A client that knows nothing of this machine.
pub(super) fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        Client::builder()
            .context(Context::new(Environment::default()))
            .build()
            .expect("the default settings can be followed")
    })
}

/// Waits for an answer.
pub(super) fn wait<T>(answer: impl Future<Output = T>) -> T {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
    });
    runtime.block_on(answer)
}

/// What holds for every report: its counts are those of its findings, deletions and critical changes are shown, and it reads back.
pub(super) fn sound(report: &DriftReport) {
    shows_what_must_be_shown(report);
    let summary = report.summary;
    assert_eq!(
        summary.checked,
        summary.same + summary.drifted + summary.deleted + summary.hidden,
        "{summary:?}"
    );
    let deleted = report.findings.iter().filter(|f| f.kind == Kind::Missing);
    assert_eq!(summary.deleted, deleted.count() as u64, "{summary:?}");
    let open = summary.unverifiable + summary.skipped;
    assert_eq!(open, report.not_looked_at.len() as u64, "{summary:?}");

    // A state may hold what its own program would never write, such as names with spaces.
    let reads_back =
        |address: &InstanceAddress| address.to_string().parse().as_ref() == Ok(address);
    let named = report
        .findings
        .iter()
        .flat_map(|f| [Some(&f.address), f.previous_address.as_ref()]);
    let left_out = report.not_looked_at.iter().map(|n| Some(&n.address));
    if !named.chain(left_out).flatten().all(reads_back) {
        return;
    }
    let written = json::drift(report);
    match json::read(&written.to_string()) {
        Ok(again) => assert_eq!(json::drift(&again), written),
        Err(error) => panic!("its own report cannot be read: {error}"),
    }
}

/// Deletions and moves are never hidden, and critical changes only when both sides mean the same.
pub(super) fn shows_what_must_be_shown(report: &DriftReport) {
    for finding in &report.findings {
        if finding.kind != Kind::Modified {
            assert_eq!(finding.hidden, None, "{}", finding.address);
        }
        for change in &finding.changes {
            if change.severity == Severity::Critical && change.noise.is_none() {
                let at = format!("{} {}", finding.address, change.path);
                assert_eq!(change.hidden, None, "{at}");
                assert_eq!(finding.hidden, None, "{at}");
            }
        }
    }
}
