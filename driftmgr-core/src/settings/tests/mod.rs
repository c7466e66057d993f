//! What settings take, refuse and mean.

mod files;
mod keys;
mod laws;
mod layers;
mod schema;
mod watched;

use std::path::Path;

use tempfile::TempDir;

use super::{Settings, Sources};
use crate::context::Context;
use crate::env::Environment;
use crate::error::{Error, Partial};

/// A project folder with its own home folder beside it.
struct Project {
    root: TempDir,
}

impl Project {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("project/deep")).unwrap();
        std::fs::create_dir_all(root.path().join("home")).unwrap();
        Self { root }
    }

    fn with(text: &str) -> Self {
        let project = Self::new();
        project.write("project/driftmgr.yaml", text);
        project
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.root.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let file = self.path(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    fn environment(&self, variables: &[(&str, &str)]) -> Environment {
        Environment::from_variables(variables.iter().copied())
            .with_home(self.path("home"))
            .with_current_dir(self.path("project"))
    }

    fn load(&self, variables: &[(&str, &str)], sources: &Sources) -> Partial<Settings> {
        Settings::load(&Context::new(self.environment(variables)), sources)
    }
}

fn load(text: &str) -> Partial<Settings> {
    Project::with(text).load(&[], &Sources::default())
}

fn good(text: &str) -> Settings {
    let read = load(text);
    assert!(read.problems.is_empty(), "{text}\n{:?}", read.problems);
    read.value
}

/// Line, message and first hint of each problem.
fn wrong(text: &str) -> Vec<(usize, String, String)> {
    load(text).problems.iter().map(told).collect()
}

fn told(error: &Error) -> (usize, String, String) {
    let line = error
        .context_value("line")
        .map_or(0, |l| l.parse().unwrap());
    let hint = error.hints().first().cloned().unwrap_or_default();
    (line, error.message().to_owned(), hint)
}

fn is_inside(path: &Path, folder: &Path) -> bool {
    path.starts_with(folder)
}
