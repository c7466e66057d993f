//! Terraform's and OpenTofu's CLI configuration: which files there are, their syntax, and the credentials in them.
//!
//! What it says about the places of providers is read where providers are found.

mod credentials;
mod rc;

use std::path::{Path, PathBuf};

use crate::env::{Environment, TF_CLI_CONFIG_FILE};
use crate::error::{Error, ErrorKind, Result};

#[cfg(feature = "cloud")]
pub(crate) use credentials::comparable;
pub use credentials::{HostCredentials, HostToken};
pub(crate) use rc::{Entry, Node};

/// Which program's files are looked for first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `~/.terraformrc`, then OpenTofu's.
    Terraform,
    /// `~/.tofurc`, then Terraform's, as OpenTofu does.
    OpenTofu,
}

/// The files of a program's CLI configuration. No `Debug`: they hold credentials.
#[derive(Default)]
pub(crate) struct Files {
    /// Each file with its entries, in the program's order.
    pub(crate) found: Vec<(PathBuf, Vec<Entry>)>,
    /// The file that `TF_CLI_CONFIG_FILE` names, when it does not exist.
    pub(crate) missing: Option<PathBuf>,
}

impl Files {
    /// Reads the files that the program would read: `TF_CLI_CONFIG_FILE` alone when it is set, else the file in the home folder
    /// (`%APPDATA%` on Windows) and `*.tfrc` in the program's configuration folder.
    ///
    /// # Errors
    /// `InvalidConfig` with file and line for what cannot be read as such a configuration; the kinds of [`Error::io`].
    pub(crate) fn read(environment: &Environment, program: Program) -> Result<Self> {
        let mut files = Self::default();
        // The second name is the older one; both programs still know it.
        for variable in [TF_CLI_CONFIG_FILE, "TERRAFORM_CONFIG"] {
            if let Some(path) = environment.get(variable) {
                let path = environment.current_dir().join(path);
                if !files.add(&path)? {
                    // Terraform warns, and goes on without any configuration.
                    files.missing = Some(path);
                }
                return Ok(files);
            }
        }
        for path in candidates(environment, program) {
            if files.add(&path)? {
                break;
            }
        }
        if let Some(folder) = configuration_folder(environment) {
            for path in fragments(&folder) {
                files.add(&path)?;
            }
        }
        Ok(files)
    }

    /// Adds a file; false when it does not exist.
    fn add(&mut self, path: &Path) -> Result<bool> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(Error::io("read the CLI configuration", path, e)),
        };
        self.found.push((path.to_owned(), parse(path, &text)?));
        Ok(true)
    }
}

/// The entries of a file.
///
/// # Errors
/// `InvalidConfig` with file and line.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Vec<Entry>> {
    rc::parse(text).map_err(|e| invalid(path, e.line, e.reason))
}

/// The error of a line.
pub(crate) fn invalid(path: &Path, line: usize, reason: &str) -> Error {
    Error::new(
        ErrorKind::InvalidConfig,
        format!("the CLI configuration cannot be used: {reason}"),
    )
    .with("file", format!("{}:{line}", path.display()))
}

/// The entries in a block. JSON may spell a block as a list of objects.
pub(crate) fn children<'a>(path: &Path, entry: &'a Entry) -> Result<Vec<&'a Entry>> {
    fn collect<'a>(node: &'a Node, into: &mut Vec<&'a Entry>) -> bool {
        match node {
            Node::Object(entries) => {
                into.extend(entries);
                true
            }
            Node::List(items) => items.iter().all(|item| collect(item, into)),
            _ => false,
        }
    }
    let mut found = Vec::new();
    if entry.keys.len() > 1 || !collect(&entry.value, &mut found) {
        return Err(invalid(
            path,
            entry.line,
            "a block without labels must stand here",
        ));
    }
    Ok(found)
}

/// The text of an entry.
pub(crate) fn string<'a>(path: &Path, entry: &'a Entry) -> Result<&'a str> {
    match &entry.value {
        Node::String(text) => Ok(text),
        _ => Err(invalid(path, entry.line, "a string must stand here")),
    }
}

/// The main file; the first that exists counts.
fn candidates(environment: &Environment, program: Program) -> Vec<PathBuf> {
    let (folder, names) = if cfg!(windows) {
        (
            environment.get("APPDATA").map(PathBuf::from),
            ["terraform.rc", "tofu.rc"],
        )
    } else {
        (
            environment.home().map(Path::to_owned),
            [".terraformrc", ".tofurc"],
        )
    };
    let mut names = names.to_vec();
    if program == Program::OpenTofu {
        names.reverse();
    }
    let mut paths: Vec<PathBuf> = folder
        .iter()
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .collect();
    if let Some(xdg) = environment.get("XDG_CONFIG_HOME") {
        paths.push(Path::new(xdg).join("opentofu").join("tofurc"));
    }
    paths
}

/// `~/.terraform.d`, `%APPDATA%\terraform.d` on Windows.
pub(crate) fn configuration_folder(environment: &Environment) -> Option<PathBuf> {
    if cfg!(windows) {
        Some(Path::new(environment.get("APPDATA")?).join("terraform.d"))
    } else {
        Some(environment.home()?.join(".terraform.d"))
    }
}

/// `*.tfrc` and `*.tfrc.json` of a folder, in name order.
fn fragments(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.ends_with(".tfrc") || name.ends_with(".tfrc.json")
        })
        .collect();
    paths.sort();
    paths
}
