//! Real states, and what Terraform 1.11 says of them.

mod compared;
mod fixtures;
mod refused;
mod show;
mod written;

use std::path::PathBuf;

use super::State;

/// The fixtures' folder; `None`, and said so, where it is absent.
fn fixtures() -> Option<PathBuf> {
    let root = match std::env::var_os("DRIFTMGR_FIXTURES") {
        Some(root) => PathBuf::from(root),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures"),
    };
    if root.is_dir() {
        return Some(root);
    }
    println!("skipped: there are no fixtures at {}", root.display());
    None
}

pub(super) fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let Some(root) = fixtures() else {
        return Vec::new();
    };
    let root = root.join(folder);
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                found.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn addresses(state: &State) -> Vec<String> {
    state.list().iter().map(ToString::to_string).collect()
}
