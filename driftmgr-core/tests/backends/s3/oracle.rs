//! Beside the real programs: on one server, with one lock.

use std::process::Child;
use std::sync::LazyLock;

use driftmgr_core::backend::{BackendRegistry, LockedBy, WorkspaceName};
use tokio::runtime::Runtime;

use super::*;
use crate::support::tools::{Program, Terraform};

const RESOURCE: &str = "resource \"terraform_data\" \"one\" { input = \"first\" }\n";

/// Waits for a file `go` while it is created, after it has made a file `here`.
const SLOW: &str = r#"
resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = "touch here; while [ ! -e go ]; do sleep 0.05; done"
  }
}
"#;

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

/// The backend that `init` wrote down.
fn initialised(terraform: &Terraform) -> Arc<dyn Backend> {
    let cx = cx();
    let spec = BackendSpec::from_directory(cx.environment(), terraform.path(), None).unwrap();
    assert_eq!(spec.kind, "s3");
    BackendRegistry::builtin().open(&cx, &spec).unwrap()
}

/// One runtime for all calls: connections belong to it.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.enable_all().build().unwrap()
    });
    RUNTIME.block_on(work)
}

fn serial(state: &str) -> u64 {
    let state: Value = serde_json::from_str(state).unwrap();
    state["serial"].to_string().parse().unwrap()
}

/// The same state with the next serial.
fn next(state: &str) -> String {
    let serial = serial(state);
    // OpenTofu writes without spaces.
    let next = ["\"serial\": ", "\"serial\":"]
        .iter()
        .fold(state.to_owned(), |text, name| {
            text.replacen(
                &format!("{name}{serial},"),
                &format!("{name}{},", serial + 1),
                1,
            )
        });
    assert_ne!(next, state);
    next
}

/// Ends with the test, also with one that fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
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
        check(&moto, &terraform, initialised(&terraform), &bucket);
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
        terraform.write("slow.tf", SLOW);
        let apply = terraform
            .command(&["apply", "-auto-approve", "-no-color"])
            .spawn();
        let mut apply = Running(apply.unwrap());
        let start = Instant::now();
        while !terraform.file("here").exists() {
            assert!(
                start.elapsed() < Duration::from_secs(120),
                "apply does not start"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
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
        terraform.write("go", "");
        assert!(apply.0.wait().unwrap().success(), "{bucket}");
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
