//! The real providers of files, times and of nothing at all; and the native readers beside the plugins that they stand in for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use driftmgr_core::client::DriftOptions;
use serde_json::Value;

use super::differences::Differences;
use super::drift::agree;
use super::lab::Lab;
use super::schema::Shapes;
use super::states::printed_alike;
use crate::support::options::showing_all;
use crate::support::tools::Program;

const MAIN: &str = include_str!("labs/files.tf");

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

/// Changes of files, each another one.
fn spoil(files: &Path) {
    let write = |name: &str, text: &str| fs::write(files.join(name), text).unwrap();
    let remove = |name: &str| fs::remove_file(files.join(name)).unwrap();
    write("edited.txt", "something else");
    remove("removed.txt");
    write("emptied.txt", "");
    write("longer.txt", "content of longer\n\n");
    write("empty-written.txt", "x");
    remove("empty-removed.txt");
    write("secret-edited.txt", "MARKER-of-others");
    remove("secret-removed.txt");
    write("binary-edited.bin", "\u{0}\u{1} edited.");
    remove("binary-removed.bin");
    // The content is there, by another way or for others to read.
    fs::rename(files.join("link.txt"), files.join("target.txt")).unwrap();
    std::os::unix::fs::symlink("target.txt", files.join("link.txt")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(files.join("protected.txt"), mode).unwrap();
}

/// Objects that `spoil` makes look gone: local files are what was written, or nothing.
const SPOILED: &[&str] = &[
    r#"local_file.binary["edited"]"#,
    r#"local_file.binary["removed"]"#,
    r#"local_file.each["edited"]"#,
    r#"local_file.each["emptied"]"#,
    r#"local_file.each["longer"]"#,
    r#"local_file.each["removed"]"#,
    r#"local_file.empty["removed"]"#,
    r#"local_file.empty["written"]"#,
    r#"local_file.secret["edited"]"#,
    r#"local_file.secret["removed"]"#,
];

/// Lets a month pass for one object: its time to rotate is in the past. What has no reality but the state is edited there.
fn let_time_pass(lab: &Lab) {
    lab.terraform.edit("terraform.tfstate", |state| {
        for resource in state["resources"].as_array_mut().unwrap() {
            let kind = resource["type"].as_str().unwrap().to_owned();
            for instance in resource["instances"].as_array_mut().unwrap() {
                let key = instance["index_key"].as_str().map(str::to_owned);
                let attributes = &mut instance["attributes"];
                match (kind.as_str(), key.as_deref()) {
                    ("time_rotating", Some("due")) => {
                        for (name, year) in
                            [("rfc3339", 2020), ("id", 2020), ("rotation_rfc3339", 2021)]
                        {
                            attributes[name] = format!("{year}-01-01T00:00:00Z").into();
                        }
                    }
                    ("null_resource", Some("edited")) => attributes["id"] = "1".into(),
                    ("terraform_data", Some("edited")) => attributes["id"] = "another".into(),
                    _ => {}
                }
            }
        }
    });
}

fn missing(addresses: &[&str]) -> BTreeMap<String, String> {
    let missing = |address: &&str| ((*address).to_owned(), "missing".to_owned());
    addresses.iter().map(missing).collect()
}

fn agree_on_files(program: Program) {
    let lab = Lab::apply(program, &[("main.tf", MAIN)]);
    let shapes = Shapes::of(&lab.terraform);
    let mut list = Differences::of("files");
    printed_alike(&lab.terraform, &mut list);
    agree(&lab, &shapes, "untouched", &mut list);

    let [plugins, native] = both(&lab);
    assert_eq!(
        origins(&plugins.1),
        ["plugin", "plugin", "plugin", "native"]
    );
    assert_eq!(origins(&native.1), ["native", "native", "native", "native"]);
    assert_eq!(plugins.0, BTreeMap::new());
    assert_eq!(native.0, BTreeMap::new());

    spoil(&lab.terraform.path().join("files"));
    let_time_pass(&lab);
    agree(&lab, &shapes, "changed", &mut list);
    list.all_used(&["marks", "not-configured"]);

    let [plugins, native] = both(&lab);
    let rotated = r#"time_rotating.each["due"]"#;
    let gone = missing(&[SPOILED, &[rotated]].concat());
    assert_eq!(plugins.0, gone);
    assert_eq!(native.0, gone);
}

#[test]
fn files_and_times_as_terraform_says_with_and_without_plugins() {
    agree_on_files(Program::Terraform);
}

#[test]
fn files_and_times_as_opentofu_says_with_and_without_plugins() {
    agree_on_files(Program::OpenTofu);
}

#[test]
fn a_folder_in_the_place_of_a_file_is_no_clean_file() {
    let lab = Lab::apply(Program::Terraform, &[("main.tf", MAIN)]);
    let folder = lab.terraform.path().join("files/folder.txt");
    fs::remove_file(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    lab.terraform.fails(&["plan", "-refresh-only"]);
    for (verdicts, _) in both(&lab) {
        assert_eq!(verdicts.len(), 1, "{verdicts:?}");
        assert_eq!(verdicts["local_file.each[\"folder\"]"], "unverifiable");
    }
}
