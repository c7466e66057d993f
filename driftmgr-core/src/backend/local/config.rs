//! Where the local backend keeps what.

use std::path::{Path, PathBuf};

use crate::backend::{BackendSpec, WorkspaceName};
use crate::error::{Error, ErrorKind, Result};

/// The arguments of a `local` backend, defaults put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalConfig {
    /// The state file of the workspace `default`.
    pub path: PathBuf,
    /// The folder with one folder for each other workspace.
    pub workspace_dir: PathBuf,
}

impl LocalConfig {
    /// Terraform's defaults in a root module's folder.
    pub fn of_directory(root: &Path) -> Self {
        Self {
            path: root.join("terraform.tfstate"),
            workspace_dir: root.join("terraform.tfstate.d"),
        }
    }

    /// One state file, its workspaces beside it.
    pub fn of_file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Self {
            path,
            ..Self::of_directory(&folder)
        }
    }

    /// Reads `path` and `workspace_dir`; relative ones start at the root module.
    ///
    /// # Errors
    /// `InvalidConfig` for another argument, an empty one, or one that is not a string.
    pub fn from_spec(spec: &BackendSpec) -> Result<Self> {
        let invalid = |reason: String| {
            Error::new(ErrorKind::InvalidConfig, reason).with("backend", &spec.origin)
        };
        for name in spec.config.keys() {
            if !["path", "workspace_dir"].contains(&name.as_str()) {
                return Err(invalid(format!(
                    "the local backend has no argument `{}`, it has: path, workspace_dir",
                    name.escape_debug()
                )));
            }
        }
        let mut config = Self::of_directory(&spec.root);
        for (name, field) in [
            ("path", &mut config.path),
            ("workspace_dir", &mut config.workspace_dir),
        ] {
            match spec.string(name)? {
                None => {}
                Some("") => {
                    return Err(invalid(format!("the backend's argument `{name}` is empty")));
                }
                Some(text) => *field = spec.root.join(text),
            }
        }
        Ok(config)
    }

    /// The place, for people: the state file, and where the other workspaces are unless that is their usual place.
    pub(super) fn location(&self) -> String {
        let path = self.path.display();
        match Self::of_file(&self.path).workspace_dir == self.workspace_dir {
            true => path.to_string(),
            false => format!("{path} (workspaces in {})", self.workspace_dir.display()),
        }
    }

    /// The state file of a workspace.
    pub fn state_path(&self, workspace: &WorkspaceName) -> PathBuf {
        if workspace.is_default() {
            return self.path.clone();
        }
        self.workspace_dir
            .join(workspace.as_str())
            .join("terraform.tfstate")
    }
}

/// Where the state before the last change is kept.
pub(super) fn backup_path(state: &Path) -> PathBuf {
    let mut name = state.as_os_str().to_owned();
    name.push(".backup");
    name.into()
}

/// Where the holder of the lock leaves its name: `.NAME.lock.info`, a leading dot of the name not doubled.
pub(super) fn lock_info_path(state: &Path) -> PathBuf {
    let name = state.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_prefix('.').unwrap_or(&name);
    state.with_file_name(format!(".{name}.lock.info"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn spec(config: serde_json::Value) -> BackendSpec {
        let config: BTreeMap<_, _> = serde_json::from_value(config).unwrap();
        BackendSpec {
            root: "/r".into(),
            ..BackendSpec::from_block("local", config, "main.tf:2")
        }
    }

    #[test]
    fn paths_are_terraforms() {
        let prod: WorkspaceName = "prod".parse().unwrap();
        let config = LocalConfig::from_spec(&spec(serde_json::json!({}))).unwrap();
        assert_eq!(
            config.state_path(&WorkspaceName::default()),
            Path::new("/r/terraform.tfstate")
        );
        assert_eq!(
            config.state_path(&prod),
            Path::new("/r/terraform.tfstate.d/prod/terraform.tfstate")
        );
        let config = LocalConfig::from_spec(&spec(
            serde_json::json!({"path": "a/b.json", "workspace_dir": "/ws"}),
        ))
        .unwrap();
        assert_eq!(
            config.state_path(&WorkspaceName::default()),
            Path::new("/r/a/b.json")
        );
        assert_eq!(
            config.state_path(&prod),
            Path::new("/ws/prod/terraform.tfstate")
        );
        assert_eq!(
            lock_info_path(Path::new("/r/a.tfstate")),
            Path::new("/r/.a.tfstate.lock.info")
        );
        assert_eq!(
            lock_info_path(Path::new("/r/.a")),
            Path::new("/r/.a.lock.info")
        );
        assert_eq!(
            backup_path(Path::new("/r/a.tfstate")),
            Path::new("/r/a.tfstate.backup")
        );
    }

    #[test]
    fn wrong_arguments_are_named_with_their_place() {
        for (config, part) in [
            (serde_json::json!({"bucket": "x"}), "no argument `bucket`"),
            (serde_json::json!({"path": ""}), "`path` is empty"),
            (serde_json::json!({"path": 1}), "`path` is not a string"),
        ] {
            let error = LocalConfig::from_spec(&spec(config)).unwrap_err();
            assert!(error.message().contains(part), "{error}");
            assert_eq!(error.context_value("backend"), Some("main.tf:2"));
        }
    }
}
