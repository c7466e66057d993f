//! Imports inside the core only go down the list of rooms. This test reads the `use crate::` lines and fails on an upward edge.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// From the front door down to the vocabulary. Rooms of one line do not import each other unless [`SIBLINGS`] says so.
const ROOMS: &[&[&str]] = &[
    &["blocking"],
    &["client"],
    &["report", "history"],
    &["remediation", "policy", "safety"],
    &["perspective"],
    &["drift"],
    &["provider", "inventory", "discovery", "terragrunt"],
    &["graph", "configuration"],
    &["state", "backend"],
    &[
        "address",
        "value",
        "settings",
        "event",
        "context",
        "redact",
        "env",
        "error",
        "file",
        "cli_config",
    ],
];

/// Not rooms: helpers for tests of this crate and of others.
const OUTSIDE: &[&str] = &["lib", "testkit"];

/// Rooms that do no I/O, so that they can be fuzzed and run anywhere.
const PURE: &[&str] = &["state", "graph", "value", "report"];

/// The lowest row is one vocabulary; its words may use each other.
const SIBLINGS: usize = 9;

fn source_files(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source_files(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// Every `crate::ROOM` that stands in the file outside comments, in `use` lines and in paths.
fn imported_rooms(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .flat_map(|line| {
            line.split("crate::")
                .skip(1)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(list) => list
                .split([',', '}'])
                .map(|item| item.trim().to_owned())
                .collect(),
            None => vec![rest],
        })
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect::<String>()
        })
        .collect()
}

fn rooms() -> BTreeMap<&'static str, usize> {
    ROOMS
        .iter()
        .enumerate()
        .flat_map(|(row, names)| names.iter().map(move |name| (*name, row)))
        .collect()
}

fn each_file(mut visit: impl FnMut(&str, &Path, &str)) {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&src, &mut files);
    files.sort();
    assert!(
        files.len() > 10,
        "the sources are not where this test looks: {}",
        src.display()
    );
    for file in files {
        let relative = file.strip_prefix(&src).unwrap().to_path_buf();
        let first = relative
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_string_lossy()
            .into_owned();
        let room = first.trim_end_matches(".rs");
        visit(room, &relative, &fs::read_to_string(&file).unwrap());
    }
}

#[test]
fn imports_only_go_down() {
    let rooms = rooms();
    let mut upward = Vec::new();
    each_file(|room, file, text| {
        // A room's unit tests may look at it from above.
        let is_test = file.to_string_lossy().contains("tests");
        if OUTSIDE.contains(&room) || is_test {
            return;
        }
        let row = *rooms
            .get(room)
            .unwrap_or_else(|| panic!("`{room}` has no place in the list of rooms"));
        for used in imported_rooms(text) {
            let Some(&used_row) = rooms.get(used.as_str()) else {
                continue;
            };
            let sideways = used_row == row && row != SIBLINGS;
            if used != room && (used_row < row || sideways) {
                upward.push(format!("{}: {room} -> {used}", file.display()));
            }
        }
    });
    assert!(
        upward.is_empty(),
        "imports go up or sideways:\n{}",
        upward.join("\n")
    );
}

#[test]
fn pure_rooms_do_no_io() {
    let mut found = Vec::new();
    each_file(|room, file, text| {
        let is_test = file.to_string_lossy().contains("tests");
        if !PURE.contains(&room) || is_test {
            return;
        }
        // Unit tests at the end of a file may read fixtures.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for word in [
            "std::fs",
            "tokio::",
            "std::net",
            "std::process",
            "std::env",
            "crate::context",
        ] {
            if code.contains(word) {
                found.push(format!("{}: {word}", file.display()));
            }
        }
    });
    assert!(
        found.is_empty(),
        "rooms without I/O use:\n{}",
        found.join("\n")
    );
}

#[test]
fn the_reader_of_imports_sees_every_form() {
    let text = "use crate::value::{Path, Value};\nuse crate::{address, state::State};\nlet x: crate::drift::Kind; // crate::report\n";
    assert_eq!(
        imported_rooms(text),
        ["value", "address", "state", "", "drift"].map(String::from)
    );
}
