//! Which workspace is selected, and who says so.

use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::env::{TF_DATA_DIR, TF_WORKSPACE};
use crate::error::{Error, Result};

/// Who selected a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkspaceOrigin {
    /// The caller.
    Explicit,
    /// The variable `TF_WORKSPACE`.
    Environment,
    /// The file that `terraform workspace select` writes.
    File(PathBuf),
    /// Nobody: it is `default`.
    Default,
}

/// The selected workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its name.
    pub name: String,
    /// Who selected it.
    pub origin: WorkspaceOrigin,
}

impl Default for Workspace {
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            origin: WorkspaceOrigin::Default,
        }
    }
}

impl Workspace {
    /// The workspace of a root module: the caller's, else `TF_WORKSPACE`, else the selected one, else `default`.
    ///
    /// # Errors
    /// When the file that names the selection exists and cannot be read.
    pub fn selected(cx: &Context, dir: &Path, explicit: Option<&str>) -> Result<Self> {
        if let Some(name) = explicit {
            return Ok(Self {
                name: name.to_owned(),
                origin: WorkspaceOrigin::Explicit,
            });
        }
        if let Some(name) = cx.environment().get(TF_WORKSPACE) {
            return Ok(Self {
                name: name.to_owned(),
                origin: WorkspaceOrigin::Environment,
            });
        }
        let path = data_dir(cx, dir).join("environment");
        let text = match std::fs::read_to_string(cx.environment().current_dir().join(&path)) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            // `.terraform` can be a file; then nothing is selected.
            Err(e) if e.kind() == std::io::ErrorKind::NotADirectory => return Ok(Self::default()),
            Err(e) => return Err(Error::io("read the selected workspace", &path, e)),
        };
        match text.trim() {
            "" => Ok(Self::default()),
            name => Ok(Self {
                name: name.to_owned(),
                origin: WorkspaceOrigin::File(path),
            }),
        }
    }
}

/// Where a root module keeps its working data: `TF_DATA_DIR`, relative to the module's folder, else `.terraform`.
pub fn data_dir(cx: &Context, dir: &Path) -> PathBuf {
    dir.join(cx.environment().get(TF_DATA_DIR).unwrap_or(".terraform"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Environment;

    #[test]
    fn the_nearest_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let select = |environment: Environment, explicit| {
            Workspace::selected(&Context::new(environment), root, explicit).unwrap()
        };
        let empty = Environment::default;
        assert_eq!(select(empty(), None), Workspace::default());

        std::fs::create_dir(root.join(".terraform")).unwrap();
        let file = root.join(".terraform/environment");
        std::fs::write(&file, "blue\n").unwrap();
        let chosen = select(empty(), None);
        assert_eq!(chosen.name, "blue");
        assert_eq!(chosen.origin, WorkspaceOrigin::File(file));

        let green = empty().with_variable(TF_WORKSPACE, "green");
        assert_eq!(select(green.clone(), None).name, "green");
        assert_eq!(
            select(green.clone(), None).origin,
            WorkspaceOrigin::Environment
        );
        assert_eq!(select(green, Some("red")).name, "red");

        std::fs::create_dir(root.join("data")).unwrap();
        std::fs::write(root.join("data/environment"), "other").unwrap();
        let moved = empty().with_variable(TF_DATA_DIR, "data");
        assert_eq!(select(moved, None).name, "other");
    }

    #[test]
    fn an_empty_selection_is_none() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(".terraform")).unwrap();
        std::fs::write(dir.path().join(".terraform/environment"), "\n").unwrap();
        let cx = Context::new(Environment::default());
        let chosen = Workspace::selected(&cx, dir.path(), None).unwrap();
        assert_eq!(chosen, Workspace::default());
    }
}
