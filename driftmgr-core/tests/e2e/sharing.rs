//! How processes are shared, and how many calls they are given at a time. The provider's own log tells.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use driftmgr_core::client::{Client, DriftOptions, Stack};
use driftmgr_core::event::{Event, Observer};
use serde_json::json;

use super::lab::{BOTH, COUNT, FIVE, Lab, SIX};
use crate::support::options::showing_all;

/// Copies of the root module in folders of their own, over the same cloud.
async fn copies(lab: &Lab, names: &[&str]) -> Vec<Stack> {
    let mut stacks = Vec::new();
    for name in names {
        for file in [
            "main.tf",
            "terraform.tfvars",
            ".terraform.lock.hcl",
            "terraform.tfstate",
        ] {
            lab.write(&format!("{name}/{file}"), &lab.read(file));
        }
        stacks.push(lab.client().open(lab.file(name)).await.unwrap());
    }
    stacks
}

#[tokio::test(flavor = "multi_thread")]
async fn stacks_that_configure_a_provider_alike_share_its_process() {
    for kind in BOTH {
        let lab = Lab::new(kind);
        let stacks = copies(&lab, &["a", "b", "c"]).await;
        let look = lab.look_at(&lab.client(), &stacks, &showing_all()).await;
        look.assert_in_sync();
        let reads = lab.reads();
        assert_eq!(reads.len(), 3 * COUNT, "one read each");
        assert_eq!(reads.into_iter().collect::<BTreeSet<_>>().len(), 1);
        assert_eq!(lab.processes().len(), 1);
    }
}

/// Counts processes that are started.
#[derive(Default)]
struct Starts(AtomicUsize);

impl Observer for Starts {
    fn on_event(&self, event: &Event) {
        if matches!(event, Event::ProviderStarted { .. }) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_start_is_tried_once_for_all_stacks() {
    for (start, configured) in [
        ("crash", ""),
        ("", "configure/denied"),
        ("", "configure/kill"),
    ] {
        let lab = Lab::new(SIX).env("DRIFTMGR_TEST_FAULT", start);
        lab.fault_everywhere(configured);
        let stacks = copies(&lab, &["a", "b", "c"]).await;
        let starts = Arc::new(Starts::default());
        let cx = lab.cx().with_observer(starts.clone());
        let client = Client::builder().context(cx).build().unwrap();
        let look = lab.look_at(&client, &stacks, &showing_all()).await;
        assert_eq!(look.report.summary.unverifiable, 3 * COUNT as u64);
        let started = starts.0.load(Ordering::SeqCst);
        // A process may have been started for its schema alone.
        assert!((1..=2).contains(&started), "{start}{configured}: {started}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_configuration_is_another_process() {
    for kind in BOTH {
        let lab = Lab::new(kind);
        let west = kind.block("").replace("{\n", "{\n  alias = \"west\"\n");
        let west = west.replace("var.fault", "\"list/denied\"");
        lab.write("west.tf", &west);
        split(&lab);
        let look = lab.look().await;
        look.assert_in_sync();
        let reads = lab.reads();
        assert_eq!(reads.len(), COUNT);
        let pids: BTreeSet<u32> = reads.iter().copied().collect();
        assert_eq!(pids.len(), 2);
        for pid in pids {
            assert_eq!(reads.iter().filter(|p| **p == pid).count(), COUNT / 2);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_fails_leaves_the_other_alone() {
    for kind in BOTH {
        let lab = Lab::new(kind);
        let west = kind.block("").replace("{\n", "{\n  alias = \"west\"\n");
        let west = west.replace("var.fault", "\"configure/denied\"");
        lab.write("west.tf", &west);
        split(&lab);
        lab.mutate(1);
        let look = lab.look().await;
        let open = look.open();
        assert_eq!(open.len(), COUNT / 2);
        for (address, reason) in &open {
            assert!(address.contains(".west["), "{address}");
            assert!(reason.contains("AccessDenied"), "{reason}");
        }
        assert_eq!(look.findings(), [kind.address(1)]);
        assert_eq!(look.report.verdict().exit_code(), 2);
    }
}

/// Gives the upper half of the instances to the provider configuration `west`.
fn split(lab: &Lab) {
    lab.edit("terraform.tfstate", |state| {
        let resources = state["resources"].as_array_mut().unwrap();
        let mut west = resources[0].clone();
        let provider = resources[0]["provider"].as_str().unwrap();
        west["provider"] = json!(format!("{provider}.west"));
        west["name"] = json!("west");
        let keep = |resource: &mut serde_json::Value, upper: bool| {
            let instances = resource["instances"].as_array_mut().unwrap();
            let half = COUNT as u64 / 2;
            instances.retain(|i| (i["index_key"].as_u64().unwrap() >= half) == upper);
        };
        keep(&mut resources[0], false);
        keep(&mut west, true);
        resources.push(west);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_reads_at_a_time_than_allowed() {
    for (kind, limit) in [(FIVE, 3), (SIX, 1), (SIX, 10)] {
        let lab = Lab::new(kind);
        lab.fault_everywhere("sleep:0.05");
        let stacks = copies(&lab, &["a", "b"]).await;
        let options = DriftOptions {
            parallelism: Some(limit),
            ..showing_all()
        };
        lab.look_at(&lab.client(), &stacks, &options)
            .await
            .assert_in_sync();
        let log = lab.log();
        let reads = log.iter().filter(|l| l.operation == "read");
        let at_a_time = reads.scan(0_usize, |now, line| {
            *now = if line.begins { *now + 1 } else { *now - 1 };
            Some(*now)
        });
        assert_eq!(at_a_time.max(), Some(limit), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_broken_stack_does_not_harm_the_others() {
    let lab = Lab::new(SIX);
    let stacks = copies(&lab, &["a", "b"]).await;
    lab.write("b/terraform.tfvars", "");
    let broken = lab.client().open(lab.file("b")).await.unwrap();
    let stacks = [stacks[0].clone(), broken];
    let look = lab.look_at(&lab.client(), &stacks, &showing_all()).await;
    assert_eq!(look.report.summary.same, COUNT as u64);
    assert_eq!(look.report.summary.unverifiable, COUNT as u64);
    let targets = look.report.not_looked_at.iter().map(|n| &n.target);
    assert_eq!(
        targets.collect::<BTreeSet<_>>(),
        [&lab.file("b").display().to_string()].into()
    );
    assert_eq!(look.report.verdict().exit_code(), 3);
}
