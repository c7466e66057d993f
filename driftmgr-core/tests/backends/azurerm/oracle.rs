//! Beside the real programs: on one store, with one lock.

use std::process::Child;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use driftmgr_core::backend::BackendRegistry;
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

/// The backend that `init` wrote down.
fn initialised(azure: &Azure, terraform: &Terraform) -> Arc<dyn Backend> {
    let cx = cx(azure);
    let spec = BackendSpec::from_directory(cx.environment(), terraform.path(), None).unwrap();
    assert_eq!(spec.kind, "azurerm");
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
            let (from, to) = (format!("{name}{serial},"), format!("{name}{},", serial + 1));
            text.replacen(&from, &to, 1)
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

fn each_reads_the_other(program: Program) {
    let azure = Azure::start();
    let (container, cx) = (azure.container(), cx(&azure));
    let terraform = module(program, &azure, &container, "snapshot = true");
    terraform.init().apply();
    let backend = initialised(&azure, &terraform);
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
    let backend = initialised(&azure, &terraform);
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
    terraform.write("go", "");
    assert!(apply.0.wait().unwrap().success());
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
