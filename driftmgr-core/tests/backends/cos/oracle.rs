//! Beside the real programs: in one bucket, with one lock.

use super::*;
use crate::support::beside::{Applying, RESOURCE, block_on, initialised, next, serial};
use crate::support::tools::{Program, Terraform};

/// A root module whose state is in the bucket.
fn module(program: Program, server: &FakeCos) -> Terraform {
    server.buckets().make(BUCKET, true);
    let backend = format!(
        "terraform {{
  backend \"cos\" {{
    region     = \"{REGION}\"
    bucket     = \"{BUCKET}\"
    prefix     = \"infra/prod\"
    secret_id  = \"{ID}\"
    secret_key = \"{SECRET}\"
  }}
}}
"
    );
    let terraform = Terraform::new(program)
        .with("backend.tf", &backend)
        .with("main.tf", RESOURCE);
    let variables = server.gateway.variables().into_iter();
    variables.fold(terraform, |it, (name, value)| it.env(name, value))
}

/// The same after `apply`, and the backend of it.
fn applied(program: Program, server: &FakeCos) -> (Terraform, Arc<dyn Backend>) {
    let terraform = module(program, server);
    terraform.init().apply();
    let backend = initialised(&cx(server), &terraform, "cos");
    (terraform, backend)
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
        let server = FakeCos::start();
        let terraform = module(program, &server);
        terraform.init();
        let environment = environment(&server);
        crate::managed::oracle::nothing_is_to_do_after_our_changes(&terraform, &environment);
    }
}

fn each_reads_the_other(program: Program) {
    let server = FakeCos::start();
    let (terraform, backend) = applied(program, &server);
    let (cx, buckets) = (cx(&server), server.buckets());
    let theirs = block_on(get(&cx, &*backend)).unwrap().unwrap();
    assert_eq!(theirs.as_bytes(), buckets.object(BUCKET, STATE).unwrap());
    assert!(theirs.contains("first"));
    let written = |name| buckets.header(BUCKET, STATE, name);
    let names = ["x-cos-acl", "x-cos-server-side-encryption"];
    let by_them = names.map(written);
    let ours = next(&theirs);
    block_on(put(&cx, &*backend, &ours)).unwrap();
    assert_eq!(buckets.object(BUCKET, STATE).unwrap(), ours.as_bytes());
    assert_eq!(names.map(written), by_them);
    terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
    // And the other way: they go on from our serial.
    terraform.write("main.tf", &RESOURCE.replace("first", "second"));
    terraform.apply();
    let later = block_on(get(&cx, &*backend)).unwrap().unwrap();
    assert_eq!(serial(&later), serial(&ours) + 1);
    // What they overwrote can be had.
    let versions = block_on(backend.versions(&cx, &at())).unwrap();
    let before = at().at_version(&versions[1].id);
    let before = block_on(backend.read(&cx, &before)).unwrap().unwrap();
    assert_eq!(before.bytes, ours.as_bytes());
    // Their workspaces are ours.
    terraform.ok(&["workspace", "new", "-no-color", "blue"]);
    terraform.apply();
    let names = block_on(backend.workspaces(&cx)).unwrap();
    let names: Vec<&str> = names.iter().map(WorkspaceName::as_str).collect();
    assert_eq!(names, ["default", "blue"]);
    let blue = block_on(backend.read(&cx, &workspace("blue"))).unwrap();
    assert_eq!(
        Some(blue.unwrap().bytes.to_vec()),
        buckets.object(BUCKET, "infra/prod/blue/terraform.tfstate")
    );
    // And ours are theirs.
    let (green, new) = (workspace("green"), Bytes::from(ours));
    let green = backend.write(&cx, &green, new, WriteOptions::default());
    block_on(green).unwrap();
    terraform.ok(&["workspace", "select", "-no-color", "green"]);
}

fn each_keeps_the_other_out(program: Program) {
    let server = FakeCos::start();
    let (terraform, backend) = applied(program, &server);
    let (cx, buckets) = (cx(&server), server.buckets());
    // They hold it.
    let applying = Applying::begin(&terraform);
    let before = buckets.object(BUCKET, STATE);
    let id = buckets.header(BUCKET, LOCK, "x-cos-meta-md5").unwrap();
    block_on(async {
        let info = LockInfo::new(&cx, "ours");
        for error in [
            backend.lock(&cx, &at(), info).await.unwrap_err(),
            put(&cx, &*backend, "{}").await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Locked, "{error:?}");
            let holder = LockedBy::of(&error).unwrap();
            assert_eq!(holder.id, id, "the id that gives it back");
            assert_eq!(holder.operation, "OperationTypeApply");
            assert_eq!(holder.path, LOCK);
            assert_eq!(place(&error, "holder"), holder.who);
        }
    });
    assert_eq!(buckets.object(BUCKET, STATE), before);
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
    let late = write_with(&cx, &*backend, "{}", under(id));
    assert_eq!(block_on(late).unwrap_err().kind(), ErrorKind::Conflict);
    assert!(server.tags().is_empty());
}
