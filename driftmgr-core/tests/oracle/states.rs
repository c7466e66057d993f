//! Every state of the fixtures, read by driftmgr, Terraform and OpenTofu: accepted or refused alike, with the same addresses and the same
//! upgraded state.

use std::path::{Path, PathBuf};

use driftmgr_core::state::State;

use super::differences::Differences;
use crate::support::fixtures;
use crate::support::tools::{Program, Terraform};

fn state_files() -> Option<Vec<PathBuf>> {
    let root = fixtures::dir()?.join("states");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    assert!(files.len() > 90, "only {} states under {}", files.len(), root.display());
    Some(files)
}

fn collect(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|e| e == "tfstate") {
            into.push(path);
        }
    }
}

fn name(file: &Path) -> String {
    let parts: Vec<_> = file.components().rev().take(2).map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

#[test]
fn every_state_is_listed_as_terraform_lists_it() {
    let Some(files) = state_files() else { return };
    let mut differences = Differences::load();
    let terraform = Terraform::new(Program::Terraform);
    let mut wrong = Vec::new();
    for file in files {
        let theirs = terraform.try_run(&["state", "list", &format!("-state={}", file.display())]);
        let ours = State::parse(&std::fs::read(&file).unwrap()).map(|state| state.list().iter().map(ToString::to_string).collect::<Vec<_>>());
        match (theirs, ours) {
            (Ok(theirs), Ok(ours)) => {
                let theirs: Vec<&str> = theirs.lines().collect();
                if theirs != ours {
                    wrong.push(format!("{}: terraform lists {theirs:?}, driftmgr {ours:?}", name(&file)));
                }
            }
            (Err(_), Err(_)) => {}
            (theirs, ours) => {
                if !differences.explains("accepted", &name(&file)) {
                    wrong.push(format!("{}: terraform {:?}, driftmgr {:?}", name(&file), theirs.map(|_| "accepts"), ours.map(|_| "accepts")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    differences.all_used("accepted");
}

#[test]
fn every_state_is_upgraded_as_terraform_pulls_it() {
    let Some(files) = state_files() else { return };
    let mut wrong = Vec::new();
    for file in files {
        let Ok(state) = State::parse(&std::fs::read(&file).unwrap()) else { continue };
        let terraform = Terraform::new(Program::Terraform);
        std::fs::copy(&file, terraform.dir().join("terraform.tfstate")).unwrap();
        let Ok(pulled) = terraform.try_run(&["state", "pull"]) else { continue };
        let mut theirs: serde_json::Value = serde_json::from_str(&pulled).unwrap();
        let mut ours: serde_json::Value = serde_json::from_slice(&state.to_v4_bytes()).unwrap();
        // A pull stamps the version of the program that pulls.
        theirs["terraform_version"] = ours["terraform_version"].take();
        ours["terraform_version"] = theirs["terraform_version"].clone();
        if theirs != ours {
            wrong.push(format!("{}:\n  terraform {theirs}\n  driftmgr  {ours}", name(&file)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
