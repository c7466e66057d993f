//! Finds the files of a module and of the modules it calls, and reads them.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::build::{module_from_blocks, problem_at};
use super::merge::override_blocks;
use super::model::{Module, RootModule};
use super::syntax::{Block, SourceFile, parse_file};
use super::workspace::data_dir;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Partial, Result};

/// Larger files are not configurations; Terraform's own are a few kilobytes.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// How deep module calls are followed.
const MAX_MODULE_DEPTH: usize = 64;

impl RootModule {
    /// Reads the root module in a folder and every module it calls whose source is local or installed.
    ///
    /// A file that cannot be read is a problem that names file, line and column; the rest of the module is still there. A folder
    /// without configuration gives an empty module.
    ///
    /// # Errors
    /// When the folder itself cannot be listed, or the operation was cancelled.
    pub fn load(cx: &Context, dir: &Path) -> Result<Partial<Self>> {
        let current = cx.environment().current_dir();
        let absolute_dir = normalize(&absolute(&current.join(dir)));
        let mut problems = Vec::new();
        let installed = Installed::read(cx, dir, &mut problems);
        let mut loader = Loader {
            cx,
            root: dir,
            root_on_disk: &absolute_dir,
            installed,
            problems: &mut problems,
        };
        let module = loader.module(Path::new("."), &[], &mut Vec::new())?;
        Ok(Partial {
            value: Self {
                dir: dir.to_owned(),
                absolute_dir,
                module,
            },
            problems,
        })
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Without `.` and, as far as the text tells, `..`.
pub(super) fn normalize(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(out.components().next_back(), Some(Component::Normal(_))) =>
            {
                out.pop();
            }
            other => out.push(other),
        }
    }
    if out.as_os_str().is_empty() {
        out.push(".");
    }
    out
}

/// `modules.json`, which `init` writes: where the modules of the configuration are on this machine.
#[derive(Default)]
struct Installed(BTreeMap<String, PathBuf>);

impl Installed {
    fn read(cx: &Context, dir: &Path, problems: &mut Vec<Error>) -> Self {
        #[derive(Deserialize)]
        struct Manifest {
            #[serde(rename = "Modules", default)]
            modules: Vec<Record>,
        }
        #[derive(Deserialize)]
        struct Record {
            #[serde(rename = "Key", default)]
            key: String,
            #[serde(rename = "Dir", default)]
            dir: PathBuf,
        }

        let path = data_dir(cx, dir).join("modules").join("modules.json");
        let Ok(text) = std::fs::read(cx.environment().current_dir().join(&path)) else {
            return Self::default();
        };
        match serde_json::from_slice::<Manifest>(&text) {
            Ok(manifest) => Self(
                manifest
                    .modules
                    .into_iter()
                    .map(|record| (record.key, record.dir))
                    .collect(),
            ),
            Err(e) => {
                problems.push(
                    Error::new(
                        ErrorKind::InvalidConfig,
                        "the list of installed modules cannot be read",
                    )
                    .with("file", path.display())
                    .with("line", e.line())
                    .with_hint("run `terraform init` to write it again"),
                );
                Self::default()
            }
        }
    }
}

struct Loader<'a> {
    cx: &'a Context,
    /// As it was asked for, for messages.
    root: &'a Path,
    root_on_disk: &'a Path,
    installed: Installed,
    problems: &'a mut Vec<Error>,
}

impl Loader<'_> {
    /// Reads the module in `path`, relative to the root module.
    fn module(
        &mut self,
        path: &Path,
        call_path: &[&str],
        ancestors: &mut Vec<PathBuf>,
    ) -> Result<Module> {
        self.cx.check()?;
        let names = self.file_names(path)?;
        let problems_before = self.problems.len();
        let mut blocks: Vec<Block> = Vec::new();
        for name in &names {
            match self.file(&path.join(name)) {
                Ok(body) if is_override(name) => override_blocks(&mut blocks, body),
                Ok(body) => blocks.extend(body),
                Err(e) => self.problems.push(e),
            }
        }
        let mut module = module_from_blocks(blocks, self.problems);
        module.path = path.to_string_lossy().into_owned();
        module.files = names;
        module.has_problems = self.problems.len() > problems_before;

        ancestors.push(path.to_owned());
        let calls: Vec<_> = module
            .module_calls
            .iter()
            .map(|(name, call)| (name.clone(), call.source.clone(), call.location.clone()))
            .collect();
        for (name, source, location) in calls {
            let mut call_path = call_path.to_vec();
            call_path.push(&name);
            let Some(child) = self.child_path(path, source.as_deref(), &call_path.join(".")) else {
                continue;
            };
            if ancestors.contains(&child) || ancestors.len() >= MAX_MODULE_DEPTH {
                self.problems.push(problem_at(
                    &location,
                    format!("module `{name}` contains itself"),
                ));
                continue;
            }
            match self.module(&child, &call_path, ancestors) {
                Ok(found) => {
                    module.children.insert(name, found);
                }
                Err(e) if e.kind() == ErrorKind::Cancelled || e.kind() == ErrorKind::Timeout => {
                    return Err(e);
                }
                Err(e) => self.problems.push(
                    problem_at(&location, format!("module `{name}` cannot be read"))
                        .with_hint("run `terraform init` if its source is not local")
                        .with_source(e),
                ),
            }
        }
        ancestors.pop();
        Ok(module)
    }

    /// Where the called module is; `None` when it is neither local nor installed.
    fn child_path(&self, caller: &Path, source: Option<&str>, key: &str) -> Option<PathBuf> {
        match source {
            Some(local) if local.starts_with("./") || local.starts_with("../") => {
                Some(normalize(&caller.join(local)))
            }
            _ => self.installed.0.get(key).map(|dir| normalize(dir)),
        }
    }

    /// Configuration files in the order in which they apply: sorted, override files last.
    fn file_names(&self, path: &Path) -> Result<Vec<String>> {
        let dir = self.root_on_disk.join(path);
        let shown = normalize(&self.root.join(path));
        let list = || -> std::io::Result<Vec<String>> {
            let mut names = Vec::new();
            for entry in std::fs::read_dir(&dir)? {
                let entry = entry?;
                // Follows links, as Terraform does; what is gone by now is not a file.
                let is_file = std::fs::metadata(entry.path()).is_ok_and(|m| m.is_file());
                if let Ok(name) = entry.file_name().into_string()
                    && is_file
                    && is_configuration(&name)
                {
                    names.push(name);
                }
            }
            Ok(names)
        };
        let mut names =
            list().map_err(|e| Error::io("list the configuration's folder", &shown, e))?;
        // OpenTofu: `main.tofu` stands in the place of `main.tf`, and the same for their JSON forms.
        let hidden: Vec<String> = names
            .iter()
            .filter_map(|name| {
                let stem = name.strip_suffix(".tofu").map(|s| format!("{s}.tf"));
                stem.or_else(|| {
                    name.strip_suffix(".tofu.json")
                        .map(|s| format!("{s}.tf.json"))
                })
            })
            .collect();
        names.retain(|name| !hidden.contains(name));
        names.sort_by(|a, b| is_override(a).cmp(&is_override(b)).then_with(|| a.cmp(b)));
        Ok(names)
    }

    fn file(&self, path: &Path) -> Result<Vec<Block>> {
        let shown = normalize(&self.root.join(path));
        let file = read_source(&self.root_on_disk.join(path), &shown)?;
        let body = parse_file(&file)?;
        match body.attributes.first() {
            Some(attribute) => Err(problem_at(
                &attribute.value.location(),
                format!("`{}` stands outside of any block", attribute.name),
            )),
            None => Ok(body.blocks),
        }
    }
}

/// Reads a file of the configuration; errors and locations name it as `shown`.
pub(super) fn read_source(path: &Path, shown: &Path) -> Result<std::sync::Arc<SourceFile>> {
    let io = |e| Error::io("read the configuration", shown, e);
    let size = std::fs::metadata(path).map_err(io)?.len();
    if size > MAX_FILE_BYTES {
        return Err(Error::new(
            ErrorKind::InvalidConfig,
            format!(
                "a configuration file of {size} bytes is not read; the limit is {MAX_FILE_BYTES}"
            ),
        )
        .with("file", shown.display()));
    }
    let bytes = std::fs::read(path).map_err(io)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(SourceFile::new(shown, text)),
        Err(e) => Err(Error::new(
            ErrorKind::InvalidConfig,
            "the configuration is not UTF-8 text",
        )
        .with("file", shown.display())
        .with("byte", e.valid_up_to())),
    }
}

fn is_configuration(name: &str) -> bool {
    let editors = name.starts_with('.')
        || name.ends_with('~')
        || (name.starts_with('#') && name.ends_with('#'));
    !editors
        && [".tf", ".tf.json", ".tofu", ".tofu.json"]
            .iter()
            .any(|suffix| name.ends_with(suffix))
}

fn is_override(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    stem == "override" || stem.ends_with("_override")
}
