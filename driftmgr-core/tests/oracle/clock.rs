//! The native readers of `hashicorp/time` beside its plugin: the same verdict, also once a rotation is due.

use std::collections::BTreeMap;

use driftmgr_core::client::DriftOptions;
use serde_json::{Value, json};

use super::lab::Lab;
use crate::support::options::showing_all;
use crate::support::tools::Program;

const MAIN: &str = r#"
terraform {
  required_providers {
    time = { source = "hashicorp/time" }
  }
}

resource "time_static" "given" { rfc3339 = "2020-02-12T06:36:13Z" }
resource "time_static" "now" {}
resource "time_offset" "ahead" {
  base_rfc3339 = "2020-02-12T06:36:13Z"
  offset_days  = 7
}
resource "time_sleep" "short" {
  create_duration = "1ms"
  triggers        = { a = "b" }
}
resource "time_rotating" "later" {
  rotation_years = 50
  triggers       = { a = "b" }
}
resource "time_rotating" "due" { rotation_years = 50 }
resource "time_rotating" "also_due" { rotation_days = 10000 }
"#;

fn said(report: &Value) -> BTreeMap<String, Value> {
    let findings = report["resource_drift"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let drift = &entry["drift"];
            (
                entry["address"].as_str().unwrap().to_owned(),
                json!([
                    drift["kind"],
                    drift["class"],
                    drift["effect"],
                    entry["change"]["before"]
                ]),
            )
        });
    let open = report["not_looked_at"].as_array().unwrap().iter();
    let open = open.map(|n| (n["address"].as_str().unwrap().to_owned(), n["kind"].clone()));
    findings.chain(open).collect()
}

fn both(lab: &Lab) -> BTreeMap<String, Value> {
    let [plugin, native] = [true, false].map(|plugins| {
        let options = DriftOptions {
            plugins,
            ..showing_all()
        };
        let report = lab.ask_with(&[], &options);
        let origin = if plugins { "plugin" } else { "native" };
        assert_eq!(report["providers"][0]["origin"], origin);
        (said(&report), report["summary"].clone())
    });
    assert_eq!(native, plugin);
    native.0
}

/// What stands in the state is moved into the past: nobody waits for a rotation.
fn make_due(lab: &Lab, name: &str) {
    lab.terraform.edit("terraform.tfstate", |state| {
        let resources = state["resources"].as_array_mut().unwrap();
        let rotating = resources
            .iter_mut()
            .find(|r| r["type"] == "time_rotating" && r["name"] == name)
            .unwrap();
        rotating["instances"][0]["attributes"]["rotation_rfc3339"] = "2021-01-01T00:00:00Z".into();
    });
}

#[test]
fn the_same_verdict_with_and_without_the_plugin() {
    for program in [Program::Terraform, Program::OpenTofu] {
        let lab = Lab::apply(program, &[("main.tf", MAIN)]);
        assert_eq!(both(&lab), BTreeMap::new());
        make_due(&lab, "due");
        let one = both(&lab);
        assert_eq!(one.keys().collect::<Vec<_>>(), ["time_rotating.due"]);
        assert_eq!(one["time_rotating.due"][0], "missing");
        make_due(&lab, "also_due");
        make_due(&lab, "later");
        assert_eq!(both(&lab).len(), 3);
    }
}
