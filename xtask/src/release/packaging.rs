//! Faults of the files of packaging that show without building anything.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::native::LICENCES;
use super::{answer, crates, outcome};
use crate::failure::{At, Failure};
use crate::stamp;

/// Every fault, as a line for people.
pub fn faults(workspace: &Path) -> Result<Vec<String>, Failure> {
    let mut found = licences(workspace)?;
    found.extend(scripts(workspace)?);
    for file in ["action.yml", "examples/github-action/drift.yml"] {
        let path = workspace.join(file);
        let text = fs::read_to_string(&path).at("reading", &path)?;
        found.extend(
            unpinned(&text).map(|action| format!("{file}: {action} is not pinned to a commit")),
        );
    }
    Ok(found)
}

/// What is published has the texts of its licences.
fn licences(workspace: &Path) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let manifests = ["driftmgr-core/plugin", "driftmgr-core", "driftmgr-cli"];
    debug_assert_eq!(manifests.len(), crates::CRATES.len());
    for folder in manifests.iter().chain(&["bindings-python"]) {
        for licence in LICENCES {
            let path = workspace.join(licence);
            let wanted = fs::read(&path).at("reading", &path)?;
            if fs::read(workspace.join(folder).join(licence)).ok() != Some(wanted) {
                found.push(format!("{folder}/{licence} is not the project's"));
            }
        }
    }
    Ok(found)
}

/// Every script is one that its shell can read.
fn scripts(workspace: &Path) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for script in stamp::sources(&workspace.join("packaging"), &["sh"])? {
        let output = outcome(Command::new("bash").arg("-n").arg(&script))?;
        if !output.status.success() {
            found.push(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
    }
    answer(Command::new("bash").arg("--version"))?;
    Ok(found)
}

/// Actions of others that are named by what their owner can move.
fn unpinned(workflow: &str) -> impl Iterator<Item = &str> {
    workflow
        .lines()
        .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: "))
        .map(|action| action.split(" #").next().unwrap_or(action).trim())
        .filter(|action| !action.starts_with("./") && !action.starts_with("driftmgr/driftmgr@"))
        .filter(|action| {
            let commit = action.rsplit('@').next().unwrap_or_default();
            commit.len() != 40 || !commit.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_pinned_to_commits() {
        let workflow = "steps:\n\
            - uses: actions/checkout@v4\n\
            - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5\n\
            - name: x\n  uses: other/action@main\n\
            - uses: ./here\n";
        let found: Vec<&str> = unpinned(workflow).collect();
        assert_eq!(found, ["actions/checkout@v4", "other/action@main"]);
    }

    #[test]
    fn the_files_of_this_checkout_have_no_fault() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        assert_eq!(faults(&workspace).unwrap(), Vec::<String>::new());
    }
}
