//! What the findings of a survey are called.

use std::sync::Arc;

use serde_json::json;

use super::fake::*;
use crate::drift::{DriftReport, Reality, fingerprint, survey};
use crate::state::State;

fn reality() -> Arc<dyn Reality> {
    Fake::new([
        ("a", Answer::With(json!({"size": 2, "name": "m"}))),
        ("b", Answer::Gone),
        ("other", Answer::With(json!({"size": 3}))),
    ])
    .reality()
}

async fn told(target: &str, state: Arc<State>) -> DriftReport {
    survey(
        &context(),
        &[input(target, state, reality())],
        &showing_all(),
    )
    .await
}

/// Of `demo_thing.a` and `demo_thing.b`.
fn ids(report: &DriftReport) -> Vec<String> {
    let findings = report.findings.iter().take(2);
    findings
        .flat_map(|f| {
            let changes = f.changes.iter().map(|c| c.fingerprint.clone());
            std::iter::once(f.fingerprint.clone()).chain(changes)
        })
        .collect()
}

fn without_lineage() -> Arc<State> {
    let mut state = State::clone(&things(["a", "b"]));
    state.lineage.clear();
    Arc::new(state)
}

#[tokio::test]
async fn a_finding_is_named_by_the_lineage_and_not_by_the_target() {
    let first = told("infra", things(["a", "b"])).await;
    assert_eq!(ids(&first).len(), 4, "two findings, one of two attributes");
    for finding in &first.findings {
        assert_eq!(finding.fingerprint, fingerprint("l", finding, None));
    }
    assert_eq!(
        ids(&first),
        ids(&told("/elsewhere/x", things(["a", "b"])).await)
    );
}

#[tokio::test]
async fn a_state_without_a_lineage_is_known_by_its_target() {
    let [first, again, other] = ["infra", "infra", "other"].map(|t| told(t, without_lineage()));
    let (first, again, other) = (first.await, again.await, other.await);
    assert_eq!(ids(&first), ids(&again));
    assert!(ids(&first).iter().zip(ids(&other)).all(|(a, b)| *a != b));
}

#[tokio::test]
async fn what_else_the_state_holds_changes_no_name() {
    let alone = told("t", things(["a", "b"])).await;
    let more = told("t", things(["a", "b", "other"])).await;
    let renamed = state([
        object("demo_thing.a", "a"),
        object("demo_thing.b", "b"),
        object("demo_thing.zzz", "other"),
    ]);
    assert_eq!(ids(&alone), ids(&more));
    assert_eq!(ids(&alone), ids(&told("t", renamed).await));
}
