//! Starting the binary, and small states made by hand.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A value that must never be seen outside a state representation.
pub(crate) const SECRET: &str = "planted-secret-7f3a";

/// What a run left.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The binary in a folder, without any of the surrounding environment that it reads.
pub(crate) fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftmgr"));
    command.args(args).current_dir(dir).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let prefixes = ["TF_", "DRIFTMGR_", "XDG_"];
        if prefixes.iter().any(|p| name.starts_with(p)) || name.contains("COLOR") {
            command.env_remove(&name);
        }
    }
    command
        .env("HOME", dir)
        .env("COLUMNS", "100")
        .env("DRIFTMGR_CACHE_DIR", dir.join(".cache"));
    command
}

pub(crate) fn run(dir: &Path, args: &[&str]) -> Run {
    command(dir, args).output().unwrap().into()
}

/// A folder for one test.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn write(dir: &Path, name: &str, content: &str) {
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// An instance of a resource of the given state.
pub(crate) fn resource(address: [&str; 2], attributes: Value) -> Value {
    let [resource_type, name] = address;
    let provider = resource_type.split('_').next().unwrap();
    json!({
        "mode": "managed", "type": resource_type, "name": name,
        "provider": format!("provider[\"registry.terraform.io/hashicorp/{provider}\"]"),
        "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}],
    })
}

/// A state of format 4.
pub(crate) fn state(serial: u64, resources: &[Value]) -> String {
    let state = json!({
        "version": 4, "terraform_version": "1.5.7", "serial": serial,
        "lineage": "11111111-2222-3333-4444-555555555555",
        "outputs": {"password": {"value": SECRET, "type": "string", "sensitive": true}},
        "resources": resources, "check_results": null,
    });
    serde_json::to_string_pretty(&state).unwrap() + "\n"
}

/// A resource with a secret that the state marks.
pub(crate) fn secretive(name: &str, password: &str) -> Value {
    let mut resource = resource(
        ["demo_login", name],
        json!({"id": "1", "password": password}),
    );
    let marks = json!([[{"type": "get_attr", "value": "password"}]]);
    *resource
        .pointer_mut("/instances/0/sensitive_attributes")
        .unwrap() = marks;
    resource
}
