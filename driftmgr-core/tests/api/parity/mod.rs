//! One list of operations and one table of cases for all languages, in `parity/`. Here Rust answers every case; the command line answers
//! those that it has a verb for in its own tests.
//!
//! `DRIFTMGR_WRITE_PARITY=1` writes what Rust answers into the table, to be reviewed.

mod names;
mod run;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};

pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.to_owned()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("parity")
}

fn read(path: &Path) -> Json {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Files of cases, sorted by name.
fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder().join("cases")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}

/// An answer in the form in which it is compared: the repository's own folder is left out of every path, and what changes from run to run is
/// `${ANY}`. `parity/README.md` says the same for the other languages.
pub(crate) fn normal(answer: &Json, volatile: &[String]) -> Json {
    let mut answer = relative(answer, &format!("{}/", root().display()));
    for pointer in volatile {
        let part = answer.pointer_mut(pointer);
        *part.unwrap_or_else(|| panic!("nothing at {pointer}")) = json!("${ANY}");
    }
    answer
}

fn relative(value: &Json, root: &str) -> Json {
    match value {
        Json::String(text) => json!(text.replace(root, "")),
        Json::Array(items) => items.iter().map(|item| relative(item, root)).collect(),
        Json::Object(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, value)| (key.clone(), relative(value, root)));
            Json::Object(entries.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

fn texts(list: Option<&Json>) -> Vec<String> {
    let items = list.and_then(Json::as_array).into_iter().flatten();
    items
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

/// A long list with a line for each of its members.
fn lines(list: &Json) -> String {
    let items = list.as_array().into_iter().flatten();
    let items: Vec<String> = items.map(|item| format!("  {item}")).collect();
    format!("[\n{}\n]\n", items.join(",\n"))
}

fn is_writing() -> bool {
    std::env::var_os("DRIFTMGR_WRITE_PARITY").is_some()
}

#[tokio::test]
async fn rust_answers_every_case() {
    // What has no context starts relative paths at the folder of the process, and every test has a process of its own.
    std::env::set_current_dir(root()).unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in files() {
        let mut table = read(&file);
        for case in table["cases"].as_array_mut().unwrap() {
            count += 1;
            let name = format!("{}: {}", file.file_stem().unwrap().display(), case["name"]);
            let answer = run::answer(case["operation"].as_str().unwrap(), &case["input"]).await;
            if let Some(difference) = judge(case, answer) {
                wrong.push(format!("{name}\n{difference}"));
            }
        }
        if is_writing() {
            std::fs::write(&file, format!("{table:#}\n")).unwrap();
        }
    }
    assert!(count >= 40, "{count} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What is wrong with an answer. While writing, nothing is: the case is given the answer instead.
fn judge(case: &mut Json, answer: driftmgr_core::Result<Json>) -> Option<String> {
    let volatile = texts(case.get("volatile"));
    let (key, got) = match answer {
        Ok(answer) => ("expected", normal(&answer, &volatile)),
        Err(error) => {
            let told = json!({"kind": error.kind(), "message": error.message()});
            ("expected_error", normal(&told, &[]))
        }
    };
    if let (Some(file), "expected") = (case["expected_file"].as_str(), key) {
        let path = root().join(file);
        if is_writing() && path.starts_with(folder()) {
            std::fs::write(&path, lines(&got)).unwrap();
        }
        return (read(&path) != got).then(|| format!("is not what stands in {file}"));
    }
    let Some(expected) = case.get_mut(key) else {
        return Some(format!("answered with {key}: {got:#}"));
    };
    if is_writing() {
        *expected = got;
        return None;
    }
    (*expected != got).then(|| format!("expected {expected:#}\ngot {got:#}"))
}

#[test]
fn the_list_names_what_there_is() {
    let list = read(&folder().join("operations.json"));
    let operations = list["operations"].as_array().unwrap();
    let listed: Vec<&str> = operations
        .iter()
        .map(|o| o["rust"].as_str().unwrap())
        .collect();
    assert_eq!(listed, names::used(), "operations.json and names.rs differ");
    let twins: Vec<&str> = operations
        .iter()
        .filter(|o| o["async"] == true)
        .map(|o| o["rust"].as_str().unwrap())
        .collect();
    assert_eq!(
        twins,
        names::twins(),
        "operations with `async` have a blocking twin"
    );

    let errors: Vec<&str> = list["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e.as_str().unwrap())
        .collect();
    let kinds: Vec<&str> = driftmgr_core::ErrorKind::ALL
        .iter()
        .map(|k| k.as_str())
        .collect();
    assert_eq!(errors, kinds);
}

#[test]
fn every_operation_is_named_once_and_a_gap_says_why() {
    let list = read(&folder().join("operations.json"));
    let mut names = std::collections::BTreeSet::new();
    for operation in list["operations"].as_array().unwrap() {
        let name = operation["name"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} stands twice");
        assert!(operation["rust"].is_string(), "{name}");
        assert!(operation["async"].is_boolean(), "{name}");
        for language in ["python", "node", "kotlin", "cli"] {
            let told = &operation[language];
            let why = operation["why"][language].as_str().unwrap_or_default();
            assert!(
                told.is_string() || (told.is_null() && !why.is_empty()),
                "{name}: {language}"
            );
        }
    }
    // Every operation that can be told as data has a case.
    let mut without: Vec<String> = names.into_iter().collect();
    for file in files() {
        for case in read(&file)["cases"].as_array().unwrap() {
            without.retain(|name| case["operation"] != name.as_str());
        }
    }
    assert_eq!(without, names::WITHOUT_CASE);
}
