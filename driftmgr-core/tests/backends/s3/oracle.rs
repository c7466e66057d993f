//! Beside the real programs: on one server, with one lock.

use driftmgr_core::backend::{LockedBy, WorkspaceName};

use super::*;
use crate::support::beside::{Applying, RESOURCE, block_on, initialised, next, serial};
use crate::support::tools::{Program, Terraform};

/// The ways to lock; both together last.
const WAYS: [(&str, &str); 3] = [
    ("file", "use_lockfile = true"),
    ("table", "dynamodb_table = \"locks\""),
    (
        "both",
        "use_lockfile = true\n    dynamodb_table = \"locks\"",
    ),
];

/// A root module whose state is in a bucket of this server.
fn module(program: Program, moto: &Moto, bucket: &str, lock: &str) -> Terraform {
    let url = moto.url();
    let backend = format!(
        "terraform {{
  backend \"s3\" {{
    bucket         = \"{bucket}\"
    key            = \"{KEY}\"
    region         = \"us-east-1\"
    use_path_style = true
    access_key     = \"testing\"
    secret_key     = \"testing\"
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_requesting_account_id  = true
    endpoints      = {{
      s3       = \"{url}\"
      dynamodb = \"{url}\"
    }}
    {lock}
  }}
}}
"
    );
    Terraform::new(program)
        .with("backend.tf", &backend)
        .with("main.tf", RESOURCE)
}

fn on_each(
    program: Program,
    ways: &[(&str, &str)],
    check: impl Fn(&Moto, &Terraform, Arc<dyn Backend>, &str),
) {
    let moto = Moto::start();
    moto.lock_table(TABLE);
    for (name, lock) in ways {
        let bucket = format!("{program:?}-{name}").to_lowercase();
        moto.bucket(&bucket, true);
        let terraform = module(program, &moto, &bucket, lock);
        terraform.init().apply();
        check(
            &moto,
            &terraform,
            initialised(&cx(), &terraform, "s3"),
            &bucket,
        );
    }
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
        let moto = Moto::start();
        moto.bucket("changed", true);
        let terraform = module(program, &moto, "changed", WAYS[0].1);
        terraform.init();
        crate::managed::oracle::nothing_is_to_do_after_our_changes(&terraform, &environment());
    }
}

fn each_reads_the_other(program: Program) {
    on_each(program, &WAYS[..2], |moto, terraform, backend, bucket| {
        let theirs = block_on(get(&*backend)).unwrap();
        assert_eq!(
            theirs.as_bytes(),
            moto.object(bucket, KEY).unwrap(),
            "{bucket}"
        );
        assert!(theirs.contains("first"));
        let ours = next(&theirs);
        block_on(put(&*backend, &ours)).unwrap();
        assert_eq!(moto.object(bucket, KEY).unwrap(), ours.as_bytes());
        terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
        // And the other way: they go on from our serial.
        terraform.write("main.tf", &RESOURCE.replace("first", "second"));
        terraform.apply();
        let later = block_on(get(&*backend)).unwrap();
        assert_eq!(serial(&later), serial(&ours) + 1, "{bucket}");
        // What they overwrote can be had.
        let versions = block_on(backend.versions(&cx(), &at())).unwrap();
        let before = at().at_version(&versions[1].id);
        let before = block_on(backend.read(&cx(), &before)).unwrap().unwrap();
        assert_eq!(before.bytes, ours.as_bytes(), "{bucket}");
        // Their workspaces are ours.
        terraform.ok(&["workspace", "new", "-no-color", "blue"]);
        terraform.apply();
        let names = block_on(backend.workspaces(&cx())).unwrap();
        let names: Vec<&str> = names.iter().map(WorkspaceName::as_str).collect();
        assert_eq!(names, ["default", "blue"], "{bucket}");
        let blue = block_on(backend.read(&cx(), &workspace("blue"))).unwrap();
        assert_eq!(
            Some(blue.unwrap().bytes.to_vec()),
            moto.object(bucket, &format!("env%3A/blue/{KEY}"))
        );
    });
}

fn each_keeps_the_other_out(program: Program) {
    on_each(program, &WAYS, |moto, terraform, backend, bucket| {
        // They hold it.
        let applying = Applying::begin(terraform);
        let before = moto.object(bucket, KEY);
        block_on(async {
            let info = LockInfo::new(&cx(), "ours");
            for error in [
                backend.lock(&cx(), &at(), info).await.unwrap_err(),
                put(&*backend, "{}").await.unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::Locked, "{bucket}: {error:?}");
                let holder = LockedBy::of(&error).unwrap();
                assert_eq!(holder.operation, "OperationTypeApply", "{bucket}");
                assert_eq!(holder.path, format!("{bucket}/{KEY}"));
                assert_eq!(error.context_value("holder"), Some(holder.who.as_str()));
            }
        });
        assert_eq!(moto.object(bucket, KEY), before);
        applying.finish();
        // We hold it.
        let info = LockInfo::new(&cx(), "ours");
        let id = block_on(backend.lock(&cx(), &at(), info)).unwrap();
        let printed = terraform.fails(&["plan", "-no-color"]);
        assert!(printed.contains(&id.0), "{bucket}: {printed}");
        assert!(printed.contains("tester@bench"), "{bucket}: {printed}");
        block_on(backend.unlock(&cx(), &at(), &id)).unwrap();
        terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
        // They can break our lock, and then it admits nothing.
        let info = LockInfo::new(&cx(), "ours");
        let id = block_on(backend.lock(&cx(), &at(), info)).unwrap();
        terraform.ok(&["force-unlock", "-force", &id.0]);
        let late = WriteOptions {
            lock: Some(id),
            ..WriteOptions::default()
        };
        let late = block_on(backend.write(&cx(), &at(), text("{}"), late));
        assert_eq!(late.unwrap_err().kind(), ErrorKind::Conflict);
    });
}
