//! Stored states that are changed while things go wrong: nothing is lost.

pub(crate) mod damaged;
mod faults;
pub(crate) mod oracle;
pub(crate) mod writers;

use std::path::Path;
use std::sync::Arc;

use driftmgr_core::backend::{Backend, BackendFactory};
use driftmgr_core::client::{ChangeOptions, Client};
use driftmgr_core::context::Context;
use driftmgr_core::env::Environment;
use driftmgr_core::state::State;

const PROVIDER: &str = r#"provider["registry.terraform.io/hashicorp/null"]"#;

/// The text of a state with instances of these names.
fn text(serial: u64, names: &[String]) -> String {
    let resource = |name: &String| {
        format!(
            r#"{{"mode": "managed", "type": "null_resource", "name": "{name}", "provider": {PROVIDER:?}, "instances": [{{"schema_version": 0, "attributes": {{"id": "{name}", "triggers": null}}}}]}}"#
        )
    };
    let resources: Vec<String> = names.iter().map(resource).collect();
    format!(
        r#"{{"version": 4, "terraform_version": "1.9.0", "serial": {serial}, "lineage": "l", "outputs": {{}}, "resources": [{}]}}"#,
        resources.join(", ")
    )
}

/// The names of the instances of a state, sorted.
fn names(state: &State) -> Vec<String> {
    let mut names: Vec<String> = state
        .resources
        .iter()
        .map(|resource| resource.address.name.to_string())
        .collect();
    names.sort();
    names
}

fn address(name: &str) -> String {
    format!("null_resource.{name}")
}

/// A client in a folder whose `main.tf` names a backend of the kind `test`, with backups in `backups`.
fn client(folder: &Path, backups: &Path, backend: Arc<dyn Backend>) -> Client {
    let environment = Environment::from_variables([("USER", "me"), ("HOSTNAME", "here")])
        .with_current_dir(folder)
        .with_variable("DRIFTMGR_BACKUPS", backups.display().to_string());
    std::fs::write(
        folder.join("main.tf"),
        "terraform {\n  backend \"test\" {}\n}\n",
    )
    .unwrap();
    let made: BackendFactory = Arc::new(move |_, _| Ok(backend.clone()));
    let builder = Client::builder().context(Context::new(environment));
    builder.backend("test", made).build().unwrap()
}

fn options() -> ChangeOptions {
    ChangeOptions::default()
}
