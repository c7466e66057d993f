//! The native readers beside the plugins that they stand in for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use driftmgr_core::client::DriftOptions;
use serde_json::Value;

use super::lab::Lab;
use crate::support::options::showing_all;
use crate::support::tools::Program;

const MAIN: &str = r#"
terraform {
  required_providers {
    local = { source = "hashicorp/local" }
    null  = { source = "hashicorp/null" }
  }
}

resource "local_file" "each" {
  for_each = toset(["same", "edited", "removed", "folder", "link", "emptied"])
  filename = "files/${each.key}.txt"
  content  = "content of ${each.key}\n"
}

resource "local_file" "empty" {
  filename = "files/empty.txt"
  content  = ""
}

resource "null_resource" "one" {
  triggers = { a = "b" }
}

resource "terraform_data" "one" {
  input = { a = 1 }
}
"#;

/// What was said of each object that is not the same.
fn verdicts(report: &Value) -> BTreeMap<String, String> {
    let findings = report["resource_drift"].as_array().unwrap().iter();
    let findings = findings.map(|entry| (entry["address"].clone(), entry["drift"]["kind"].clone()));
    let open = report["not_looked_at"].as_array().unwrap().iter();
    let open = open.map(|entry| (entry["address"].clone(), entry["kind"].clone()));
    findings
        .chain(open)
        .map(|(a, b)| {
            (
                a.as_str().unwrap().to_owned(),
                b.as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

fn both(lab: &Lab) -> [(BTreeMap<String, String>, Value); 2] {
    [true, false].map(|plugins| {
        let options = DriftOptions {
            plugins,
            ..showing_all()
        };
        let report = lab.ask_with(&[], &options);
        (verdicts(&report), report["providers"].clone())
    })
}

fn origins(providers: &Value) -> Vec<&str> {
    providers
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["origin"].as_str().unwrap())
        .collect()
}

fn spoil(files: &Path) {
    fs::write(files.join("edited.txt"), "something else").unwrap();
    fs::remove_file(files.join("removed.txt")).unwrap();
    fs::write(files.join("emptied.txt"), "").unwrap();
    // The content is there, by another way.
    fs::rename(files.join("link.txt"), files.join("target.txt")).unwrap();
    std::os::unix::fs::symlink("target.txt", files.join("link.txt")).unwrap();
}

#[test]
fn the_same_verdict_with_and_without_plugins() {
    let lab = Lab::apply(Program::Terraform, &[("main.tf", MAIN)]);
    let [plugins, native] = both(&lab);
    assert_eq!(origins(&plugins.1), ["plugin", "plugin", "native"]);
    assert_eq!(origins(&native.1), ["native", "native", "native"]);
    assert_eq!(
        (&plugins.0, &native.0),
        (&BTreeMap::new(), &BTreeMap::new())
    );

    spoil(&lab.terraform.path().join("files"));
    let [plugins, native] = both(&lab);
    assert_eq!(plugins.0, native.0);
    let gone = ["edited", "emptied", "removed"]
        .map(|name| (format!("local_file.each[\"{name}\"]"), "missing".to_owned()));
    assert_eq!(native.0, BTreeMap::from(gone));

    // A folder cannot be read as a file: no one calls that clean.
    let folder = lab.terraform.path().join("files/folder.txt");
    fs::remove_file(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    let [plugins, native] = both(&lab);
    assert_eq!(plugins.0, native.0);
    assert_eq!(native.0["local_file.each[\"folder\"]"], "unverifiable");
}
