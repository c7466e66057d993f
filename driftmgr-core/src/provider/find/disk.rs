//! Our folder of caches, and writing into it so that a reader sees whole files only.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::env::{DRIFTMGR_CACHE_DIR, Environment};

/// `DRIFTMGR_CACHE_DIR`, else `driftmgr` in the user's cache folder. `None` where there is no home.
pub fn cache_folder(environment: &Environment) -> Option<PathBuf> {
    if let Some(folder) = environment.get(DRIFTMGR_CACHE_DIR) {
        return Some(environment.current_dir().join(folder));
    }
    let base = if cfg!(windows) {
        PathBuf::from(environment.get("LOCALAPPDATA")?)
    } else if cfg!(target_os = "macos") {
        environment.home()?.join("Library").join("Caches")
    } else {
        match environment.get("XDG_CACHE_HOME") {
            Some(folder) if Path::new(folder).is_absolute() => folder.into(),
            _ => environment.home()?.join(".cache"),
        }
    };
    Some(base.join("driftmgr"))
}

/// Writes a file whole or not at all, its folders included. Readable by the user alone.
pub(super) fn write_atomically(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_wins_over_the_home() {
        let env = Environment::default()
            .with_home("/home/u")
            .with_current_dir("/work");
        if cfg!(target_os = "linux") {
            assert_eq!(cache_folder(&env), Some("/home/u/.cache/driftmgr".into()));
            let xdg = env.clone().with_variable("XDG_CACHE_HOME", "/x");
            assert_eq!(cache_folder(&xdg), Some("/x/driftmgr".into()));
        }
        let own = env.with_variable(DRIFTMGR_CACHE_DIR, "own");
        assert_eq!(cache_folder(&own), Some("/work/own".into()));
        assert_eq!(cache_folder(&Environment::default()), None);
    }
}
