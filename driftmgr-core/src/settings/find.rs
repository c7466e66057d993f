//! Where the files are.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::env::{Environment, XDG_CONFIG_HOME};

/// The name of the file, in a project and among the user's settings.
pub const FILE_NAME: &str = "driftmgr.yaml";

/// The project's file: in the working folder or the nearest one above it.
pub(super) fn project_file(environment: &Environment) -> Option<PathBuf> {
    project_candidates(environment).find(|file| is_there(file))
}

/// Where the project's file can be, nearest first.
pub(super) fn project_candidates(environment: &Environment) -> impl Iterator<Item = PathBuf> {
    let folders = environment.current_dir().ancestors();
    folders.map(|folder| folder.join(FILE_NAME))
}

/// The user's file, whether it is there or not: `driftmgr/driftmgr.yaml` in `XDG_CONFIG_HOME`, else in `~/.config`.
///
/// Source: XDG Base Directory Specification 0.8, which wants absolute paths and ignores others.
pub(super) fn user_candidate(environment: &Environment) -> Option<PathBuf> {
    let folder = environment
        .get(XDG_CONFIG_HOME)
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute())
        .or_else(|| environment.home().map(|home| home.join(".config")))?;
    Some(folder.join("driftmgr").join(FILE_NAME))
}

/// False when there is no file. One that cannot be looked at counts as there: reading it says why.
pub(super) fn is_there(file: &Path) -> bool {
    match std::fs::metadata(file) {
        Ok(metadata) => metadata.is_file(),
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}
