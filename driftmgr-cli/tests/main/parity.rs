//! The command line answers the cases of `driftmgr-core/parity` as the library does.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::Run;

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.to_owned()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn run(arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_driftmgr"))
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::null())
        .env_clear()
        .env("HOME", "/nonexistent")
        .output();
    output.unwrap().into()
}

fn relative(value: &mut Value, root: &str) {
    match value {
        Value::String(text) => *text = text.replace(root, ""),
        Value::Array(items) => items.iter_mut().for_each(|item| relative(item, root)),
        Value::Object(entries) => entries.values_mut().for_each(|item| relative(item, root)),
        _ => {}
    }
}

/// Texts as people read them: a terminal breaks lines where it has to.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn judge(case: &Value, run: &Run) -> Option<String> {
    if let Some(message) = case["expected_error"]["message"].as_str() {
        let told = run.code == Some(1) && words(&run.err).contains(&words(message));
        return (!told).then(|| format!("no `{message}` in {run:?}"));
    }
    let expected = match case["expected_file"].as_str() {
        Some(file) => read(&root().join(file)),
        None => case["expected"].clone(),
    };
    let Ok(mut got) = serde_json::from_str::<Value>(&run.out) else {
        return Some(format!("no JSON: {run:?}"));
    };
    relative(&mut got, &format!("{}/", root().display()));
    for pointer in case["volatile"].as_array().into_iter().flatten() {
        let part = got.pointer_mut(pointer.as_str().unwrap());
        *part.unwrap() = json!("${ANY}");
    }
    (got != expected).then(|| format!("expected {expected:#}\ngot {got:#}"))
}

#[test]
fn every_case_with_a_verb_has_the_answer_of_the_library() {
    let cases = root().join("driftmgr-core/parity/cases");
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in std::fs::read_dir(cases).unwrap() {
        for case in read(&file.unwrap().path())["cases"].as_array().unwrap() {
            let Some(arguments) = case["cli"].as_array() else {
                continue;
            };
            count += 1;
            let arguments: Vec<&str> = arguments.iter().map(|a| a.as_str().unwrap()).collect();
            if let Some(difference) = judge(case, &run(&arguments)) {
                wrong.push(format!(
                    "{}: {}\n{difference}",
                    case["name"],
                    arguments.join(" ")
                ));
            }
        }
    }
    assert!(count >= 40, "{count} cases");
    assert!(
        wrong.is_empty(),
        "{} wrong\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}
