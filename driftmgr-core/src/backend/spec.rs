//! Which backend a root module uses, as data.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::WorkspaceName;
use crate::env::{Environment, TF_DATA_DIR, TF_WORKSPACE};
use crate::error::{Error, ErrorKind, Result};
use crate::redact::Sensitive;

/// Which backend, how configured, which workspace. `Debug` shows no value of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendSpec {
    /// The kind, such as `s3`.
    pub kind: String,
    /// Its arguments. Any of them may be a secret.
    pub config: BTreeMap<String, Sensitive<Json>>,
    /// The folder that relative paths in the arguments start from: the root module's.
    pub root: PathBuf,
    /// The selected workspace, and what selected it.
    pub workspace: SelectedWorkspace,
    /// What says so: `main.tf:3`, a pointer file, or that nothing does.
    pub origin: String,
    /// What gave the arguments that something else gave: a file and line, or `-backend-config`.
    pub origins: BTreeMap<String, String>,
}

/// A workspace and what selected it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectedWorkspace {
    /// Its name.
    pub name: WorkspaceName,
    /// `TF_WORKSPACE`, a file, or `default`.
    pub origin: String,
}

impl Default for SelectedWorkspace {
    fn default() -> Self {
        Self {
            name: WorkspaceName::default_name(),
            origin: "default".to_owned(),
        }
    }
}

impl SelectedWorkspace {
    /// The workspace of a root module: `TF_WORKSPACE`, else the `environment` file of its working data, else `default`.
    ///
    /// # Errors
    /// `InvalidInput` for a name that is none; the kinds of [`Error::io`].
    pub fn of_directory(environment: &Environment, root: &Path) -> Result<Self> {
        let (name, origin) = match environment.get(TF_WORKSPACE) {
            Some(name) => (name.to_owned(), TF_WORKSPACE.to_owned()),
            None => {
                let path = data_folder(environment, root).join("environment");
                match std::fs::read_to_string(&path) {
                    Ok(name) if name.trim().is_empty() => return Ok(Self::default()),
                    Ok(name) => (name.trim().to_owned(), path.display().to_string()),
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                        return Ok(Self::default());
                    }
                    Err(e) => return Err(Error::io("read the selected workspace", &path, e)),
                }
            }
        };
        let parsed = name
            .parse()
            .map_err(|e: Error| e.with("selected by", &origin))?;
        Ok(Self {
            name: parsed,
            origin,
        })
    }
}

impl BackendSpec {
    /// The backend that a `backend` or `cloud` block names, in the folder `.` and the workspace `default`.
    pub fn from_block(
        kind: impl Into<String>,
        config: BTreeMap<String, Json>,
        origin: impl Into<String>,
    ) -> Self {
        Self {
            kind: kind.into(),
            config: config
                .into_iter()
                .map(|(k, v)| (k, Sensitive::new(v)))
                .collect(),
            root: PathBuf::from("."),
            workspace: SelectedWorkspace::default(),
            origin: origin.into(),
            origins: BTreeMap::new(),
        }
    }

    /// The same with one more argument, which wins over what is there, and what gave it.
    #[must_use]
    pub fn with_argument(
        mut self,
        name: impl Into<String>,
        value: Json,
        origin: impl Into<String>,
    ) -> Self {
        let name = name.into();
        self.origins.insert(name.clone(), origin.into());
        self.config.insert(name, Sensitive::new(value));
        self
    }

    /// What gave an argument.
    pub fn origin_of(&self, name: &str) -> &str {
        self.origins.get(name).unwrap_or(&self.origin)
    }

    /// What both programs use without a block: `terraform.tfstate` in the folder.
    pub fn default_local() -> Self {
        Self::from_block("local", BTreeMap::new(), "no backend block")
    }

    /// The backend of a root module's folder: the one that was initialised, else the one of its block, else [`Self::default_local`].
    ///
    /// # Errors
    /// Those of [`Self::from_pointer`] and [`SelectedWorkspace::of_directory`].
    pub fn from_directory(
        environment: &Environment,
        root: &Path,
        block: Option<Self>,
    ) -> Result<Self> {
        let root = environment.current_dir().join(root);
        let spec = match Self::from_pointer(environment, &root)? {
            Some(spec) => spec,
            None => block.unwrap_or_else(Self::default_local),
        };
        Ok(Self {
            workspace: SelectedWorkspace::of_directory(environment, &root)?,
            root,
            ..spec
        })
    }

    /// The backend that `init` wrote into the working data (`TF_DATA_DIR`, else `.terraform`); `None` when it wrote none.
    ///
    /// # Errors
    /// `InvalidConfig` for a file that is no such pointer, `Unsupported` for the `remote` section of versions before 0.9;
    /// the kinds of [`Error::io`].
    pub fn from_pointer(environment: &Environment, root: &Path) -> Result<Option<Self>> {
        let path = data_folder(environment, root).join("terraform.tfstate");
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io("read the initialised backend", &path, e)),
        };
        let broken = |reason: String| {
            Error::new(
                ErrorKind::InvalidConfig,
                format!("the initialised backend cannot be read: {reason}"),
            )
            .with("file", path.display())
            .with_hint("run `terraform init -reconfigure`")
        };
        // The message of the JSON reader shows places, never values.
        let pointer: Json = serde_json::from_slice(&text).map_err(|e| {
            broken(format!(
                "it is not JSON, at line {} column {}",
                e.line(),
                e.column()
            ))
        })?;
        let backend = match pointer.get("backend") {
            None | Some(Json::Null) => {
                let legacy = pointer.get("remote").and_then(|r| r.get("type"));
                return match legacy.and_then(Json::as_str) {
                    Some(kind) => Err(Error::new(
                        ErrorKind::Unsupported,
                        format!(
                            "the folder has a legacy remote state of kind `{}`",
                            kind.escape_debug()
                        ),
                    )
                    .with("file", path.display())
                    .with_hint("migrate it with Terraform 0.9 or newer: `terraform init`")),
                    None => Ok(None),
                };
            }
            Some(backend) => backend,
        };
        let kind = backend
            .get("type")
            .and_then(Json::as_str)
            .ok_or_else(|| broken("`backend.type` is not a string".to_owned()))?;
        let config = match backend.get("config") {
            None | Some(Json::Null) => BTreeMap::new(),
            // Arguments that were not set are stored as null.
            Some(Json::Object(map)) => map
                .iter()
                .filter(|(_, v)| !v.is_null())
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect(),
            Some(_) => return Err(broken("`backend.config` is not an object".to_owned())),
        };
        Ok(Some(Self {
            root: root.to_owned(),
            ..Self::from_block(kind, config, path.display().to_string())
        }))
    }

    /// A string argument; `None` when it is not set.
    ///
    /// # Errors
    /// `InvalidConfig` when it is not a string.
    pub fn string(&self, name: &str) -> Result<Option<&str>> {
        match self.config.get(name).map(Sensitive::expose) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(_) => Err(Error::new(
                ErrorKind::InvalidConfig,
                format!("the backend's argument `{name}` is not a string"),
            )
            .with("backend", &self.origin)),
        }
    }
}

fn data_folder(environment: &Environment, root: &Path) -> PathBuf {
    root.join(environment.get(TF_DATA_DIR).unwrap_or(".terraform"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn root_with(pointer: &str) -> (tempfile::TempDir, Environment) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".terraform")).unwrap();
        if !pointer.is_empty() {
            fs::write(dir.path().join(".terraform/terraform.tfstate"), pointer).unwrap();
        }
        (dir, Environment::default())
    }

    const S3: &str = r#"{"version":3,"backend":{"type":"s3","config":{"bucket":"b","secret_key":"hunter2","acl":null},"hash":1}}"#;

    #[test]
    fn the_initialised_backend_wins_over_the_block() {
        let (dir, env) = root_with(S3);
        let block = BackendSpec::from_block("gcs", BTreeMap::new(), "main.tf:1");
        let spec = BackendSpec::from_directory(&env, dir.path(), Some(block.clone())).unwrap();
        assert_eq!(spec.kind, "s3");
        assert_eq!(spec.string("bucket").unwrap(), Some("b"));
        assert!(!spec.config.contains_key("acl"));
        assert!(spec.origin.ends_with("terraform.tfstate"));
        assert!(!format!("{spec:?}").contains("hunter2"));
        let (dir, env) = root_with("");
        let spec = BackendSpec::from_directory(&env, dir.path(), Some(block)).unwrap();
        assert_eq!(
            (spec.kind.as_str(), spec.origin.as_str()),
            ("gcs", "main.tf:1")
        );
        let spec = BackendSpec::from_directory(&env, dir.path(), None).unwrap();
        assert_eq!(spec.kind, "local");
    }

    #[test]
    fn the_workspace_says_what_selected_it() {
        let (dir, env) = root_with("");
        let select = |env: &Environment| SelectedWorkspace::of_directory(env, dir.path());
        assert_eq!(select(&env).unwrap(), SelectedWorkspace::default());
        fs::write(dir.path().join(".terraform/environment"), "prod\n").unwrap();
        let chosen = select(&env).unwrap();
        assert_eq!(chosen.name.as_str(), "prod");
        assert!(chosen.origin.ends_with("environment"));
        let forced = select(&env.clone().with_variable(TF_WORKSPACE, "eu")).unwrap();
        assert_eq!(
            (forced.name.as_str(), forced.origin.as_str()),
            ("eu", TF_WORKSPACE)
        );
        let error = select(&env.with_variable(TF_WORKSPACE, "../x")).unwrap_err();
        assert_eq!(error.context_value("selected by"), Some(TF_WORKSPACE));
    }

    #[test]
    fn another_data_folder_is_respected() {
        let (dir, env) = root_with("");
        fs::create_dir(dir.path().join("data")).unwrap();
        fs::write(dir.path().join("data/terraform.tfstate"), S3).unwrap();
        let env = env.with_variable(TF_DATA_DIR, "data");
        assert_eq!(
            BackendSpec::from_directory(&env, dir.path(), None)
                .unwrap()
                .kind,
            "s3"
        );
    }

    #[test]
    fn what_is_no_pointer_is_named() {
        for (pointer, kind, part) in [
            (
                "{\"secret\": hunter2}",
                ErrorKind::InvalidConfig,
                "not JSON, at line 1",
            ),
            ("{\"backend\":{}}", ErrorKind::InvalidConfig, "backend.type"),
            (
                "{\"backend\":{\"type\":\"s3\",\"config\":\"hunter2\"}}",
                ErrorKind::InvalidConfig,
                "backend.config",
            ),
            (
                "{\"version\":3,\"remote\":{\"type\":\"s3\"}}",
                ErrorKind::Unsupported,
                "legacy",
            ),
        ] {
            let (dir, env) = root_with(pointer);
            let error = BackendSpec::from_directory(&env, dir.path(), None).unwrap_err();
            assert_eq!(error.kind(), kind);
            assert!(error.message().contains(part), "{error}");
            assert!(error.context_value("file").is_some());
            assert!(!format!("{error:?}").contains("hunter2"));
        }
        let (dir, env) = root_with("{\"version\":3,\"modules\":[]}");
        assert_eq!(
            BackendSpec::from_directory(&env, dir.path(), None)
                .unwrap()
                .kind,
            "local"
        );
    }

    #[test]
    fn pointers_that_opentofu_wrote_are_read() {
        let fixtures =
            std::env::var("DRIFTMGR_FIXTURES").unwrap_or_else(|_| "../../shared/fixtures".into());
        let base = Path::new(&fixtures).join("backends/opentofu-command");
        let Ok(folders) = fs::read_dir(&base) else {
            println!("skipped: no fixtures at {}", base.display());
            return;
        };
        let mut read = 0;
        for folder in folders {
            let root = folder.unwrap().path();
            let data = if root.join("DOT-terraform").is_dir() {
                "DOT-terraform"
            } else {
                ".terraform"
            };
            let env = Environment::default().with_variable(TF_DATA_DIR, data);
            match BackendSpec::from_pointer(&env, &root) {
                Ok(Some(spec)) => {
                    assert!(!spec.kind.is_empty());
                    read += 1;
                }
                Ok(None) => {}
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                    assert!(root.display().to_string().contains("legacy"), "{error}");
                }
            }
        }
        assert!(read > 0, "the fixtures have pointers");
    }
}
