//! One state, a real program and a backend of ours: what all comparisons of that kind need.

use std::process::{Child, Stdio};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use driftmgr_core::backend::{Backend, BackendRegistry, BackendSpec};
use driftmgr_core::context::Context;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::tools::Terraform;

/// A resource that is changed by writing `second` for `first`.
pub const RESOURCE: &str = "resource \"terraform_data\" \"one\" { input = \"first\" }\n";

/// Waits for a file `go` while it is created, after it has made a file `here`.
const SLOW: &str = r#"
resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = "touch here; while [ ! -e go ]; do sleep 0.05; done"
  }
}
"#;

/// One runtime for all calls: connections belong to it.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.enable_all().build().unwrap()
    });
    RUNTIME.block_on(work)
}

/// The backend that `init` wrote down, which is of this kind.
pub fn initialised(cx: &Context, terraform: &Terraform, kind: &str) -> Arc<dyn Backend> {
    let spec = BackendSpec::from_directory(cx.environment(), terraform.path(), None).unwrap();
    assert_eq!(spec.kind, kind);
    BackendRegistry::builtin().open(cx, &spec).unwrap()
}

/// The serial of a state.
pub fn serial(state: &str) -> u64 {
    let state: Value = serde_json::from_str(state).unwrap();
    state["serial"].to_string().parse().unwrap()
}

/// The same state with the next serial.
pub fn next(state: &str) -> String {
    let at = state.find("\"serial\":").unwrap() + "\"serial\":".len();
    let (head, tail) = state.split_at(at);
    let (old, new) = (serial(state).to_string(), (serial(state) + 1).to_string());
    let next = format!("{head}{}", tail.replacen(&old, &new, 1));
    assert_eq!(serial(&next), serial(state) + 1);
    next
}

/// A program in the middle of an `apply`, which holds the lock. It ends with the test, also with one that fails.
pub struct Applying<'a> {
    terraform: &'a Terraform,
    child: Child,
}

impl<'a> Applying<'a> {
    /// Begins, and waits until it is in the middle.
    pub fn begin(terraform: &'a Terraform) -> Self {
        terraform.write("slow.tf", SLOW);
        let mut apply = terraform.command(&["apply", "-auto-approve", "-no-color"]);
        let child = apply.stdout(Stdio::null()).spawn().unwrap();
        let applying = Self { terraform, child };
        let start = Instant::now();
        while !terraform.file("here").exists() {
            let waited = start.elapsed();
            assert!(waited < Duration::from_secs(120), "apply does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        applying
    }

    /// Lets it come to its end, which is a good one.
    pub fn finish(mut self) {
        self.terraform.write("go", "");
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Applying<'_> {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
