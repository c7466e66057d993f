//! Every state of the fixtures, read by driftmgr and by Terraform: accepted or refused alike, with the same addresses and the same upgraded
//! state.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use driftmgr_core::state::{Secrets, State};
use serde_json::Value;

use super::differences::Differences;
use super::plan::{Steps, differing};
use crate::support::tools::{Program, Terraform};

/// The fixtures' states; `None`, and a message, where the fixtures are not.
pub(super) fn state_files() -> Option<Vec<PathBuf>> {
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
pub(super) fn oracle_of(bytes: &[u8]) -> Program {
    let names = |host: &[u8]| bytes.windows(host.len()).any(|w| w == host);
    if names(b"registry.opentofu.org") {
        Program::OpenTofu
    } else {
        Program::Terraform
    }
}

/// The last two parts of a path.
pub(super) fn name(file: &Path) -> String {
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
    let mut list = Differences::of("fixtures");
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
    list.all_used(&["list"]);
}

#[test]
fn every_state_is_upgraded_as_terraform_pulls_it() {
    let Some(files) = state_files() else { return };
    let mut list = Differences::of("fixtures");
    let mut wrong = Vec::new();
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        let Ok(state) = State::parse(&bytes) else {
            continue;
        };
        let terraform = Terraform::new(oracle_of(&bytes));
        std::fs::copy(file, terraform.state_file()).unwrap();
        let output = terraform.run(&["state", "pull"]);
        if !output.status.success() {
            wrong.push(format!("{}: terraform cannot pull it", name(file)));
            continue;
        }
        let ours = String::from_utf8(state.to_v4_bytes()).unwrap();
        let theirs = String::from_utf8(output.stdout).unwrap();
        if let Some(difference) = first_difference(&ours, &theirs)
            && !list.explains("pull", &name(file))
        {
            wrong.push(format!("{}: {difference}", name(file)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    list.all_used(&["pull"]);
}

/// Where what was pulled is not, byte for byte, what we write, but for the stamps of the program and line feeds at the end. OpenTofu prints
/// without white space, so there that is not compared.
pub(super) fn first_difference(ours: &str, pulled: &str) -> Option<String> {
    let opentofu = pulled.starts_with("{\"");
    let ours = without_stamps(&if opentofu {
        compact(ours)
    } else {
        ours.to_owned()
    });
    let theirs = without_stamps(pulled);
    if opentofu && pulled.contains("\"identity\":") {
        // It writes identities behind what is private, and we write them where Terraform does: fields, not bytes.
        let [ours, theirs] = [&ours, &theirs].map(|text| {
            let value: Value = serde_json::from_str(text).unwrap();
            value
        });
        let mut wrong = BTreeSet::new();
        differing(&ours, &theirs, &Steps::new(), &mut wrong);
        return (!wrong.is_empty()).then(|| format!("{wrong:?}"));
    }
    let (ours, theirs) = (ours.trim_end(), theirs.trim_end());
    if ours == theirs {
        return None;
    }
    let pairs = ours.char_indices().zip(theirs.chars());
    let at = pairs
        .take_while(|((_, a), b)| a == b)
        .last()
        .map_or(0, |((at, _), _)| at);
    let around = |text: &str| -> String {
        let from = text[..at].chars().rev().take(60).collect::<Vec<_>>();
        let to = text[at..].chars().take(120);
        from.into_iter().rev().chain(to).collect()
    };
    Some(format!("{:?}, not {:?}", around(ours), around(theirs)))
}

/// Without white space between the parts.
fn compact(json: &str) -> String {
    let (mut in_text, mut escaped) = (false, false);
    let kept = json.chars().filter(|&c| {
        let kept = in_text || !c.is_ascii_whitespace();
        if c == '"' && !escaped {
            in_text = !in_text;
        }
        escaped = in_text && c == '\\' && !escaped;
        kept
    });
    kept.collect()
}

/// Without what names the program: a pull stamps its own version and, since Terraform 1.12, a version of identities that nothing has.
fn without_stamps(text: &str) -> String {
    const VERSION: &str = "\"identity_schema_version\": 0";
    let text = match text.split_once("\"terraform_version\":") {
        Some((before, stamped)) => {
            let (_, after) = stamped.split_once(',').unwrap();
            format!("{before}{}", after.trim_start())
        }
        None => text.to_owned(),
    };
    let mut kept: Vec<&str> = Vec::new();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for (i, line) in lines.iter().enumerate() {
        // An identity stands before its version, at the same depth.
        let of_an_identity = lines[..i]
            .iter()
            .rev()
            .take_while(|l| depth(l) >= depth(line))
            .any(|l| depth(l) == depth(line) && l.trim_start().starts_with("\"identity\":"));
        if of_an_identity || line.trim().trim_end_matches(',') != VERSION {
            kept.push(line);
        } else if !line.trim().ends_with(',') {
            // It was the last entry, so the one before it is now.
            let before = kept.pop().unwrap_or_default();
            kept.extend([before.trim_end_matches(",\n"), "\n"]);
        }
    }
    kept.concat()
}

fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[test]
fn only_the_stamps_of_the_program_are_left_out() {
    let pulled = "{\n  \"version\": 4,\n  \"terraform_version\": \"1.15.5\",\n  \"a\": 1,\n  \"identity_schema_version\": 0\n}\n";
    assert_eq!(
        without_stamps(pulled),
        "{\n  \"version\": 4,\n  \"a\": 1\n}\n"
    );
    let kept = "{\n  \"identity\": {\n    \"a\": 1\n  },\n  \"identity_schema_version\": 0\n}\n";
    assert_eq!(without_stamps(kept), kept);
    let inside = "{\n  \"identity_schema_version\": 0,\n  \"private\": \"\"\n}\n";
    assert_eq!(without_stamps(inside), "{\n  \"private\": \"\"\n}\n");
    let compacted = compact("{\n  \"a b\": \"\\\" c\",\n  \"d\": [ 1 ]\n}\n");
    assert_eq!(compacted, "{\"a b\":\"\\\" c\",\"d\":[1]}");
    assert_eq!(first_difference("{\n  \"a\": 1\n}\n", "{\"a\":1}\n"), None);
    assert_eq!(
        first_difference("{\n  \"a\": 1\n}\n", "{\"a\":1.0}\n"),
        Some("\"{\\\"a\\\":1}\", not \"{\\\"a\\\":1.0}\"".to_owned())
    );
}

#[test]
fn the_outputs_of_every_state_are_those_that_terraform_prints() {
    let Some(files) = state_files() else { return };
    let mut list = Differences::of("fixtures");
    let (mut compared, mut wrong) = (0, Vec::new());
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        let Ok(state) = State::parse(&bytes) else {
            continue;
        };
        if state.outputs.is_empty() {
            continue;
        }
        let terraform = Terraform::new(oracle_of(&bytes));
        std::fs::copy(file, terraform.state_file()).unwrap();
        compared += 1;
        let theirs = exact(terraform.output());
        let ours = outputs(&state);
        if ours != theirs && !list.explains("output", &name(file)) {
            wrong.push(format!("{}: {ours}, not {theirs}", name(file)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared >= 25, "only {compared} states have outputs");
    list.all_used(&["output"]);
}

/// Name, mark, type and value of each output, as `output -json` has them.
fn outputs(state: &State) -> Value {
    let view = state.json_view(Secrets::Revealed).unwrap();
    let outputs = &view["values"]["outputs"];
    exact(if outputs.is_null() {
        Value::Object(serde_json::Map::new())
    } else {
        outputs.clone()
    })
}

/// The state of an applied configuration, as `state list`, `state pull`, `output -json` and `show -json` print it.
pub(super) fn printed_alike(terraform: &Terraform, list: &mut Differences) {
    let bytes = std::fs::read(terraform.state_file()).unwrap();
    let state = State::parse(&bytes).unwrap();
    let listed: Vec<String> = state.list().iter().map(ToString::to_string).collect();
    assert_eq!(listed, terraform.state_list());
    let pulled = String::from_utf8(state.to_v4_bytes()).unwrap();
    assert_eq!(first_difference(&pulled, &terraform.state_pull()), None);
    assert_eq!(outputs(&state), exact(terraform.output()));
    let ours = exact(state.json_view(Secrets::Revealed).unwrap());
    let mut theirs = exact(terraform.show());
    drop_schema_only(&mut theirs, &ours, false);
    let mut wrong = BTreeSet::new();
    differing(&ours, &theirs, &Steps::new(), &mut wrong);
    let wrong: BTreeSet<String> = wrong.iter().map(|at| shown_at(&ours, at)).collect();
    let wrong: Vec<_> = wrong
        .iter()
        .filter(|case| !list.explains("show", case))
        .collect();
    assert!(wrong.is_empty(), "shown otherwise: {wrong:?}");
    list.all_used(&["show"]);
}

/// `TYPE.NAME.ATTRIBUTE` where that is what the way leads to.
fn shown_at(view: &Value, at: &Steps) -> String {
    let text = |steps: &[String]| {
        let shown = view.pointer(&format!("/{}", steps.join("/")));
        shown.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let below = |step: &str| [&at[..4], &[step.to_owned()]].concat();
    match at.as_slice() {
        [values, root, resources, _, _, attribute, ..]
            if [values, root, resources] == ["values", "root_module", "resources"] =>
        {
            format!(
                "{}.{}.{attribute}",
                text(&below("type")),
                text(&below("name"))
            )
        }
        _ => at.join("/"),
    }
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
    // Without a provider nothing is left to schemas.
    assert_eq!(
        exact(state.json_view(Secrets::Revealed).unwrap()),
        exact(terraform.show())
    );
    printed_alike(&terraform, &mut Differences::of("data"));
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
    let mut list = Differences::of("fixtures");
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
    list.all_used(&["show"]);
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
