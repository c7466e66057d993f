//! Every state of the fixtures, read by driftmgr and by Terraform: accepted or refused alike, with the same addresses and the same upgraded
//! state.

use std::path::{Path, PathBuf};

use driftmgr_core::state::{Secrets, State};
use serde_json::Value;

use super::differences::Differences;
use crate::support::tools::{Program, Terraform};

/// The fixtures' states; `None`, and a message, where the fixtures are not.
fn state_files() -> Option<Vec<PathBuf>> {
    let fixtures = match std::env::var_os("DRIFTMGR_FIXTURES") {
        Some(dir) => PathBuf::from(dir),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures"),
    };
    if !fixtures.exists() {
        println!("skipped: there are no fixtures at {}", fixtures.display());
        return None;
    }
    let mut files = Vec::new();
    collect(&fixtures.join("states"), &mut files);
    files.sort();
    assert!(
        files.len() > 90,
        "only {} states under {}",
        files.len(),
        fixtures.display()
    );
    Some(files)
}

fn collect(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|e| e == "tfstate")
            || path.file_name().is_some_and(|n| n == "empty")
        {
            into.push(path);
        }
    }
}

/// Who is asked: Terraform drops the objects of providers of OpenTofu's registry that have no namespace, without a word.
fn oracle_of(bytes: &[u8]) -> Program {
    let names = |host: &[u8]| bytes.windows(host.len()).any(|w| w == host);
    if names(b"registry.opentofu.org") {
        Program::OpenTofu
    } else {
        Program::Terraform
    }
}

/// The last two parts of a path.
fn name(file: &Path) -> String {
    let parts: Vec<_> = file
        .components()
        .rev()
        .take(2)
        .map(|c| c.as_os_str().to_string_lossy().into_owned())
        .collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

#[test]
fn every_state_is_listed_as_terraform_lists_it() {
    let Some(files) = state_files() else { return };
    let mut list = Differences::load();
    let mut wrong = Vec::new();
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        let terraform = Terraform::new(oracle_of(&bytes));
        let output = terraform.run(&["state", "list", &format!("-state={}", file.display())]);
        let theirs = output.status.success().then(|| {
            let text = String::from_utf8(output.stdout).unwrap();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        });
        let ours = State::parse(&bytes).ok();
        let ours = ours.map(|state| {
            state
                .list()
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        });
        if theirs != ours && !list.explains("list", &name(file)) {
            wrong.push(format!(
                "{}: terraform {theirs:?}, driftmgr {ours:?}",
                name(file)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    list.all_used("list");
}

#[test]
fn every_state_is_upgraded_as_terraform_pulls_it() {
    let Some(files) = state_files() else { return };
    let mut list = Differences::load();
    let mut wrong = Vec::new();
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        let Ok(state) = State::parse(&bytes) else {
            continue;
        };
        let terraform = Terraform::new(oracle_of(&bytes));
        std::fs::copy(file, terraform.state_file()).unwrap();
        let output = terraform.run(&["state", "pull"]);
        let theirs = output.status.success().then(|| comparable(&output.stdout));
        let ours = Some(comparable(&state.to_v4_bytes()));
        if theirs != ours && !list.explains("pull", &name(file)) {
            wrong.push(name(file));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    list.all_used("pull");
}

/// What was printed, without what names the program: a pull stamps its own version and, since Terraform 1.12, a version of identities
/// that nothing has.
fn comparable(text: &[u8]) -> String {
    let mut state: Value = serde_json::from_slice(text).unwrap();
    let fields = state.as_object_mut().unwrap();
    fields.remove("terraform_version");
    for resource in fields["resources"].as_array_mut().unwrap() {
        for instance in resource["instances"].as_array_mut().unwrap() {
            let fields = instance.as_object_mut().unwrap();
            if !fields.contains_key("identity") {
                fields.shift_remove("identity_schema_version");
            }
        }
    }
    // In the order of the fields, which counts as well.
    state.to_string()
}

#[test]
fn outputs_and_representation_of_a_state_without_plugins() {
    let terraform = Terraform::new(Program::Terraform).with(
        "main.tf",
        r#"
resource "terraform_data" "each" {
  for_each = { one = 1, two = 1e30 }
  input    = { name = each.key, secret = sensitive("MARKER"), number = each.value }
}

output "numbers" {
  value = [for d in terraform_data.each : d.output.number]
}

output "secret" {
  value     = terraform_data.each["one"].input
  sensitive = true
}
"#,
    );
    terraform.init().apply();
    let state = State::parse(&std::fs::read(terraform.state_file()).unwrap()).unwrap();
    let ours = state.json_view(Secrets::Revealed).unwrap();
    assert_eq!(exact(ours), exact(terraform.show()));
    let outputs: serde_json::Map<String, Value> = terraform.output().as_object().unwrap().clone();
    for (name, theirs) in outputs {
        let ours = &state.outputs[&name];
        assert_eq!(ours.sensitive, theirs["sensitive"] == true, "{name}");
        let value: Value = serde_json::from_str(ours.value.get()).unwrap();
        assert_eq!(exact(value), exact(theirs["value"].clone()), "{name}");
    }
}

/// Numbers by value: the same number has many texts.
fn exact(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            let number: driftmgr_core::value::Number = number.to_string().parse().unwrap();
            // Not the text alone: a number is no string.
            Value::Array(vec!["number".into(), number.to_string().into()])
        }
        Value::Array(items) => items.into_iter().map(exact).collect(),
        Value::Object(entries) => {
            Value::Object(entries.into_iter().map(|(k, v)| (k, exact(v))).collect())
        }
        other => other,
    }
}

/// The AWS provider's schemas at hand, as `show -json` needs them; driftmgr shows a state without any.
#[test]
fn every_aws_state_is_shown_as_terraform_shows_it() {
    let Some(files) = state_files() else { return };
    let terraform = Terraform::new(Program::Terraform).with(
        "main.tf",
        "terraform {\n  required_providers {\n    aws = { source = \"hashicorp/aws\" }\n  }\n}\n",
    );
    terraform.init();
    let mut list = Differences::load();
    let (mut shown, mut wrong) = (0, Vec::new());
    for file in files.iter().filter(|f| name(f).starts_with("aws_")) {
        // Terraform shows no state of another age or provider than the schemas it has.
        let output = terraform.run(&["show", "-json", file.to_str().unwrap()]);
        if !output.status.success() {
            continue;
        }
        let state = State::parse(&std::fs::read(file).unwrap()).unwrap();
        let ours = exact(state.json_view(Secrets::Revealed).unwrap());
        let mut theirs = exact(serde_json::from_slice(&output.stdout).unwrap());
        drop_schema_only(&mut theirs, &ours, false);
        shown += 1;
        if ours != theirs && !list.explains("show", &name(file)) {
            wrong.push(name(file));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        shown >= 25,
        "terraform shows only {shown} of the AWS states"
    );
    list.all_used("show");
}

/// Takes out what only a schema tells: attributes that the state does not have, which are null, and secrets that it does not mark.
fn drop_schema_only(theirs: &mut Value, ours: &Value, in_marks: bool) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            theirs.retain(|key, value| ours.contains_key(key) || !(value.is_null() || in_marks));
            for (key, value) in theirs {
                if let Some(ours) = ours.get(key) {
                    drop_schema_only(value, ours, in_marks || key == "sensitive_values");
                }
            }
        }
        (Value::Array(theirs), Value::Array(ours)) => {
            let pairs = theirs.iter_mut().zip(ours);
            pairs.for_each(|(theirs, ours)| drop_schema_only(theirs, ours, in_marks));
        }
        _ => {}
    }
}
