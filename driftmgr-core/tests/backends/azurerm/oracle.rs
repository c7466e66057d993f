//! Beside the real programs: on one store, with one lock.

use super::*;
use crate::support::beside::{Applying, RESOURCE, block_on, initialised, next, serial};
use crate::support::tools::{Program, Terraform};

/// A root module whose state is in a container of this cloud.
fn module(program: Program, azure: &Azure, container: &str, more: &str) -> Terraform {
    let key = azurite::KEY;
    let backend = format!(
        "terraform {{
  backend \"azurerm\" {{
    storage_account_name = \"{ACCOUNT}\"
    container_name       = \"{container}\"
    key                  = \"{KEY}\"
    metadata_host        = \"{FRONT}\"
    access_key           = \"{key}\"
    {more}
  }}
}}
"
    );
    let terraform = Terraform::new(program)
        .with("backend.tf", &backend)
        .with("main.tf", RESOURCE);
    let variables = azure.variables().into_iter();
    variables.fold(terraform, |it, (name, value)| it.env(name, value))
}

#[test]
fn what_terraform_wrote_is_read_and_what_we_wrote_is_no_change() {
    each_reads_the_other(Program::Terraform);
}

#[test]
fn what_opentofu_wrote_is_read_and_what_we_wrote_is_no_change() {
    each_reads_the_other(Program::OpenTofu);
}

#[test]
fn terraform_and_we_keep_each_other_out() {
    each_keeps_the_other_out(Program::Terraform);
}

#[test]
fn opentofu_and_we_keep_each_other_out() {
    each_keeps_the_other_out(Program::OpenTofu);
}

#[test]
fn nothing_is_to_do_after_our_changes() {
    for program in Program::ORACLES {
        let azure = Azure::start();
        let terraform = module(program, &azure, &azure.container(), "");
        terraform.init();
        let cx = cx(&azure);
        crate::managed::oracle::nothing_is_to_do_after_our_changes(&terraform, cx.environment());
    }
}

fn each_reads_the_other(program: Program) {
    let azure = Azure::start();
    let (container, cx) = (azure.container(), cx(&azure));
    let terraform = module(program, &azure, &container, "snapshot = true");
    terraform.init().apply();
    let backend = initialised(&cx, &terraform, "azurerm");
    let theirs = block_on(read(&cx, &backend, &at())).unwrap().unwrap();
    assert_eq!(theirs.as_bytes(), azure.blob(&container, KEY).unwrap());
    assert!(theirs.contains("first"));
    let ours = next(&theirs);
    block_on(write(&cx, &backend, &at(), &ours)).unwrap();
    assert_eq!(azure.blob(&container, KEY).unwrap(), ours.as_bytes());
    terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
    // And the other way: they go on from our serial.
    terraform.write("main.tf", &RESOURCE.replace("first", "second"));
    terraform.apply();
    let later = block_on(read(&cx, &backend, &at())).unwrap().unwrap();
    assert_eq!(serial(&later), serial(&ours) + 1);
    // What they overwrote can be had, from their snapshot.
    let versions = block_on(backend.versions(&cx, &at())).unwrap();
    let before = at().at_version(&versions[1].id);
    let before = block_on(read(&cx, &backend, &before)).unwrap();
    assert_eq!(before, Some(ours));
    // Their workspaces are ours, and ours theirs.
    terraform.ok(&["workspace", "new", "-no-color", "blue"]);
    terraform.apply();
    let names = block_on(backend.workspaces(&cx)).unwrap();
    let names: Vec<&str> = names.iter().map(WorkspaceName::as_str).collect();
    assert_eq!(names, ["default", "blue"]);
    let blue = block_on(read(&cx, &backend, &workspace("blue"))).unwrap();
    let stored = azure.blob(&container, &format!("{KEY}env:blue")).unwrap();
    assert_eq!(blue.unwrap().into_bytes(), stored);
    block_on(write(&cx, &backend, &workspace("green"), &later)).unwrap();
    let listed = terraform.ok(&["workspace", "list", "-no-color"]);
    assert!(listed.contains("green"), "{listed}");
}

fn each_keeps_the_other_out(program: Program) {
    let azure = Azure::start();
    let (container, cx) = (azure.container(), cx(&azure));
    let terraform = module(program, &azure, &container, "");
    terraform.init().apply();
    let backend = initialised(&cx, &terraform, "azurerm");
    // They hold it.
    let applying = Applying::begin(&terraform);
    let before = azure.blob(&container, KEY);
    block_on(async {
        let info = LockInfo::new(&cx, "ours");
        for error in [
            backend.lock(&cx, &at(), info).await.unwrap_err(),
            write(&cx, &backend, &at(), "{}").await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Locked, "{error:?}");
            let holder = LockedBy::of(&error).unwrap();
            assert_eq!(holder.operation, "OperationTypeApply");
            // A name in Terraform, an address in OpenTofu.
            assert!(holder.path.contains(&format!("{container}/")), "{holder:?}");
            assert_eq!(error.context_value("holder"), Some(holder.who.as_str()));
        }
        let read = read(&cx, &backend, &at()).await.unwrap();
        assert!(read.is_some(), "reading takes no lock");
    });
    assert_eq!(azure.blob(&container, KEY), before);
    applying.finish();
    // We hold it.
    let info = LockInfo::new(&cx, "ours");
    let id = block_on(backend.lock(&cx, &at(), info)).unwrap();
    let printed = terraform.fails(&["plan", "-no-color"]);
    assert!(printed.contains(&id.0), "{printed}");
    assert!(printed.contains("tester@bench"), "{printed}");
    block_on(backend.unlock(&cx, &at(), &id)).unwrap();
    terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
    // They can break our lock, and then it admits nothing.
    let info = LockInfo::new(&cx, "ours");
    let id = block_on(backend.lock(&cx, &at(), info)).unwrap();
    terraform.ok(&["force-unlock", "-force", &id.0]);
    let late = block_on(write_under(&cx, &backend, &id, "{}"));
    assert_eq!(late.unwrap_err().kind(), ErrorKind::Conflict);
    terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
}
