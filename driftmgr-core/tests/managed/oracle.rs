//! Beside the real programs: what we change in a stored state is for them as if they had changed it.

use std::time::Duration;

use driftmgr_core::ErrorKind;
use driftmgr_core::backend::LockedBy;
use driftmgr_core::client::{ManagedState, OpenOptions};
use driftmgr_core::context::Context;
use driftmgr_core::env::Environment;

use super::*;
use crate::support::beside::{RESOURCE, block_on};
use crate::support::tools::{Program, Terraform};

/// The configuration before and after the move.
const BEFORE: &str = RESOURCE;
const AFTER: &str = "resource \"terraform_data\" \"two\" { input = \"first\" }\n";

fn open(terraform: &Terraform, environment: &Environment, backups: &Path) -> ManagedState {
    let environment = environment
        .clone()
        .with_current_dir(terraform.path())
        .with_variable("DRIFTMGR_BACKUPS", backups.display().to_string());
    let client = Client::builder()
        .context(Context::new(environment))
        .build()
        .unwrap();
    let options = OpenOptions::default();
    block_on(client.manage_with(terraform.path(), &options)).unwrap()
}

fn no_change(terraform: &Terraform) {
    terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
}

/// In an initialised folder with a backend and no resources yet; its `main.tf` is written over.
pub(crate) fn nothing_is_to_do_after_our_changes(terraform: &Terraform, environment: &Environment) {
    let backups = tempfile::tempdir().unwrap();
    terraform.write("main.tf", BEFORE);
    terraform.apply();
    let state = open(terraform, environment, backups.path());
    let serial = || {
        let state: serde_json::Value = serde_json::from_str(&terraform.state_pull()).unwrap();
        state["serial"].as_u64().unwrap()
    };
    let first = serial();
    // A move, as the configuration moves.
    let moved = block_on(state.mv("terraform_data.one", "terraform_data.two", &options())).unwrap();
    assert_eq!((moved.serial, serial()), (first + 1, first + 1));
    terraform.write("main.tf", AFTER);
    no_change(terraform);
    // And back.
    let back = block_on(state.rollback(moved.backup.as_ref().unwrap(), &options())).unwrap();
    assert_eq!((back.serial, serial()), (first + 2, first + 2));
    terraform.write("main.tf", BEFORE);
    no_change(terraform);
    // They go on from there, and what they wrote is what we read.
    terraform.write("main.tf", &BEFORE.replace("first", "second"));
    terraform.apply();
    // With the local backend they write more than once.
    assert!(serial() > first + 2);
    let pulled = block_on(state.pull()).unwrap().unwrap();
    let theirs: serde_json::Value = serde_json::from_str(&terraform.state_pull()).unwrap();
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&pulled).unwrap(),
        theirs
    );
    // What was forgotten is to be created; what was pushed again is there.
    block_on(state.rm(&["terraform_data.one"], &options())).unwrap();
    let plan = terraform.ok(&["plan", "-no-color"]);
    assert!(plan.contains("1 to add"), "{plan}");
    let forced = ChangeOptions {
        force: true,
        ..options()
    };
    block_on(state.push(&pulled, &forced)).unwrap();
    no_change(terraform);
    // Who holds the lock is asked to finish first.
    if state.capability().lock && state.info().kind != "local" {
        let id = block_on(state.lock("a test", Duration::ZERO)).unwrap();
        let said = terraform.fails(&["plan", "-no-color"]);
        assert!(said.contains("lock"), "{said}");
        let other = open(terraform, environment, backups.path());
        let error = block_on(other.rm(&["terraform_data.one"], &options())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked);
        assert!(LockedBy::of(&error).is_some() || error.context_value("lock").is_some());
        block_on(state.unlock(&id)).unwrap();
        no_change(terraform);
    }
    if state.capability().workspaces {
        block_on(state.create_workspace("blue", &options())).unwrap();
        let listed = terraform.ok(&["workspace", "list"]);
        assert!(listed.contains("blue"), "{listed}");
        terraform.ok(&["workspace", "select", "-no-color", "blue"]);
        terraform.apply();
        terraform.ok(&["workspace", "select", "-no-color", "default"]);
        let error = block_on(state.delete_workspace("blue", &options())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        block_on(state.delete_workspace("blue", &forced)).unwrap();
        let listed = terraform.ok(&["workspace", "list"]);
        assert!(!listed.contains("blue"), "{listed}");
    }
}

#[test]
fn in_a_file() {
    for program in Program::ORACLES {
        let terraform = Terraform::new(program).with("main.tf", BEFORE);
        terraform.init();
        let environment = Environment::from_variables([("USER", "me"), ("HOSTNAME", "here")]);
        nothing_is_to_do_after_our_changes(&terraform, &environment);
    }
}
