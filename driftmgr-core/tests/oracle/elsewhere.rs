//! Reality from a real plan and from a snapshot, beside the providers themselves.

use std::sync::Arc;

use driftmgr_core::Context;
use driftmgr_core::client::Client;
use driftmgr_core::drift::{Plan, Snapshot};
use driftmgr_core::report::json;
use serde_json::Value;

use super::drift::{FIVE, SIX, change_five, change_six};
use super::lab::Lab;
use super::plan::differences;
use super::schema::Shapes;
use crate::support::options::showing_all;
use crate::support::tools::Program;

fn labs(program: Program) -> [Lab; 2] {
    let five = Lab::apply(program, FIVE);
    five.edit(change_five);
    let six = Lab::apply(program, SIX);
    six.edit(change_six);
    [five, six]
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(work)
}

fn client() -> Client {
    Client::builder()
        .context(Context::from_process())
        .build()
        .unwrap()
}

/// The report of a plan alone, and that of the plan beside the state.
fn by_plan(lab: &Lab, plan: &Value) -> [Value; 2] {
    let plan = Arc::new(Plan::parse(plan.to_string().as_bytes()).unwrap());
    block_on(async {
        let client = client();
        let options = showing_all();
        let alone = client.drift_of_plan("x", &plan, &options).await.unwrap();
        let stack = client.open(lab.terraform.path()).await.unwrap();
        let beside = client.drift_by_plan(&stack, &plan, &options).await.unwrap();
        [json::drift(&alone), json::drift(&beside)]
    })
}

fn unverifiable(report: &Value) -> u64 {
    report["summary"]["unverifiable"].as_u64().unwrap()
}

#[test]
fn what_a_plan_found_is_what_is_reported() {
    for program in [Program::Terraform, Program::OpenTofu] {
        for lab in labs(program) {
            let shapes = Shapes::of(&lab.terraform);
            for plan in [lab.terraform.plan(), lab.terraform.plan_refresh_only()] {
                let mut theirs = differences(&plan, &shapes);
                theirs.retain(|_, d| d.action != "update" || d.before != d.after);
                assert!(theirs.len() > 3, "{program:?}: too little to compare");
                for report in by_plan(&lab, &plan) {
                    assert_eq!(unverifiable(&report), 0, "{}", report["not_looked_at"]);
                    assert_eq!(differences(&report, &shapes), theirs, "{program:?}");
                }
            }
        }
    }
}

#[test]
fn a_targeted_plan_leaves_the_rest_open() {
    let [five, _] = labs(Program::Terraform);
    let whole = by_plan(&five, &five.terraform.plan());
    for plan in [
        five.terraform.plan_with(&["-target=cloudfive_bucket.logs"]),
        five.terraform
            .plan_with(&["-refresh-only", "-target=cloudfive_bucket.logs"]),
    ] {
        for (report, whole) in by_plan(&five, &plan).iter().zip(&whole) {
            assert!(unverifiable(report) > 3, "{}", report["summary"]);
            assert!(report["summary"]["checked"].as_u64() < whole["summary"]["checked"].as_u64());
        }
    }
}

#[test]
fn a_snapshot_of_real_providers_gives_the_report_of_its_run() {
    for lab in labs(Program::Terraform) {
        let (live, later) = block_on(async {
            let client = client();
            let options = showing_all();
            let stack = [client.open(lab.terraform.path()).await.unwrap()];
            let (snapshot, live) = client.snapshot(&stack, &options).await.unwrap();
            let written = snapshot.to_bytes().unwrap();
            assert!(!String::from_utf8_lossy(&written).contains("planted"));
            let snapshot = Snapshot::parse(&written).unwrap();
            let later = client
                .drift_by_snapshot(&stack, &snapshot, &options)
                .await
                .unwrap();
            (json::drift(&live), json::drift(&later))
        });
        assert!(
            live["summary"]["drifted"].as_u64() > Some(2),
            "{}",
            live["summary"]
        );
        assert_eq!(later, live);
        assert_eq!(live, lab.ask());
    }
}
