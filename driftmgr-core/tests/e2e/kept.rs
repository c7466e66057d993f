//! A client that keeps its providers: processes outlive a run, and nothing else does.

use std::process::Command;

use driftmgr_core::client::Client;
use driftmgr_core::drift::DriftReport;

use super::lab::{BOTH, COUNT, Lab, SIX};
use crate::support::options::showing_all;

fn keeping(lab: &Lab) -> Client {
    let client = Client::builder().context(lab.cx()).keep_providers(true);
    client.build().unwrap()
}

async fn look(client: &Client, lab: &Lab) -> DriftReport {
    let stack = client.open(lab.dir()).await.unwrap();
    client.detect_drift(&[stack], &showing_all()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_share_a_process_and_not_what_it_said() {
    for kind in BOTH {
        let lab = Lab::new(kind);
        let client = keeping(&lab);
        assert_eq!(look(&client, &lab).await.summary.same, COUNT as u64);
        lab.mutate(3);
        let second = look(&client, &lab).await;
        assert_eq!(second.findings.len(), 1);
        assert_eq!(second.findings[0].address.to_string(), kind.address(3));
        assert_eq!(lab.reads().len(), 2 * COUNT, "each run reads anew");
        assert_eq!(lab.processes().len(), 1);
        assert_eq!(lab.running().len(), 1);

        client.end_providers().await;
        lab.assert_nothing_left();
        assert_eq!(look(&client, &lab).await.findings.len(), 1);
        assert_eq!(lab.processes().len(), 2);
        drop(client);
        lab.assert_nothing_left();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_tried_again_by_the_next_run() {
    let lab = Lab::new(SIX);
    let client = keeping(&lab);
    lab.fault_everywhere("configure/denied");
    let denied = look(&client, &lab).await;
    assert_eq!(denied.summary.unverifiable, COUNT as u64);
    // The same configuration, so that only the memory of the failure could stand in the way.
    assert_eq!(look(&client, &lab).await.summary.checked, 0);
    assert_eq!(lab.processes().len(), 2, "asked again");
    lab.variables("");
    assert_eq!(look(&client, &lab).await.summary.same, COUNT as u64);
    client.end_providers().await;
    lab.assert_nothing_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_died_between_runs_is_replaced() {
    let lab = Lab::new(SIX);
    let client = keeping(&lab);
    look(&client, &lab).await;
    for pid in lab.running() {
        let killed = Command::new("kill").args(["-9", &pid.to_string()]).status();
        assert!(killed.unwrap().success());
    }
    assert_eq!(look(&client, &lab).await.summary.same, COUNT as u64);
    assert_eq!(lab.processes().len(), 2);
    client.end_providers().await;
    lab.assert_nothing_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_environment_is_another_process() {
    let lab = Lab::new(SIX);
    let client = keeping(&lab);
    look(&client, &lab).await;
    let first = lab.processes();
    // Other credentials, for all that anybody knows.
    let other = Lab::new(SIX);
    let there = client.with_context(other.cx());
    assert_eq!(look(&there, &other).await.summary.same, COUNT as u64);
    assert!(first.is_disjoint(&other.processes()));
    lab.assert_nothing_left();
    client.end_providers().await;
    other.assert_nothing_left();
}
