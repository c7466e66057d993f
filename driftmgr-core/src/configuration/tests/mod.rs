//! Tests of the whole room: published modules of others, and small ones written here.

mod fixtures;
mod loading;

use std::path::{Path, PathBuf};

use super::RootModule;
use crate::context::Context;
use crate::env::Environment;
use crate::error::Partial;

/// The folder of published fixtures, or `None` where there is none; the test then says so and returns.
fn fixtures(under: &str) -> Option<PathBuf> {
    let root = std::env::var_os("DRIFTMGR_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures"),
        PathBuf::from,
    );
    let dir = root.join(under);
    if dir.is_dir() {
        return Some(dir);
    }
    println!("skipped: no fixtures at {}", dir.display());
    None
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

fn context() -> Context {
    Context::new(Environment::default())
}

fn load(dir: &Path) -> Partial<RootModule> {
    RootModule::load(&context(), dir).unwrap()
}

/// Loads a folder with these files, in which nothing is wrong.
pub(super) fn load_files(files: &[(&str, &str)]) -> RootModule {
    let dir = folder(files);
    load(dir.path()).into_result().unwrap()
}

/// Entries of a data file: `NAME: REASON` lines.
fn listed(text: &'static str) -> Vec<(&'static str, &'static str)> {
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split_once(": ").unwrap())
        .collect()
}
