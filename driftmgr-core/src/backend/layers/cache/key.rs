//! The key that is kept for the user.

use std::io::ErrorKind as Io;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::backend::layers::options::CacheKey;
use crate::env::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::file::{Permissions, stage};

/// Its file, in the folder of what driftmgr keeps between runs.
const FILE: &str = "cache.key";

/// Reads the key, or makes it.
///
/// # Errors
/// `InvalidConfig` for a file that others can read, or that holds no key; those of the file system.
pub(super) fn of_user(environment: &Environment) -> Result<CacheKey> {
    let folder = environment.state_folder().ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidConfig,
            "there is no home folder to keep the key of the cache in",
        )
        .with_hint("give the cache a key with its option `key`")
    })?;
    let path = folder.join(FILE);
    if let Some(key) = read(&path)? {
        return Ok(key);
    }
    super::disk::make_folder(&folder)?;
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|e| Error::new(ErrorKind::Unexpected, "there is no randomness").with_source(e))?;
    let text = BASE64_STANDARD.encode(bytes) + "\n";
    let failed = |e| Error::io("write the key of the cache", &path, e);
    let file = stage(&path, text.as_bytes(), Permissions::Owner).map_err(failed)?;
    match file.persist_noclobber(&path) {
        Ok(_) => Ok(CacheKey::new(bytes)),
        // Another process was first: its key counts.
        Err(e) if e.error.kind() == Io::AlreadyExists => {
            read(&path)?.ok_or_else(|| failed(Io::NotFound.into()))
        }
        Err(e) => Err(failed(e.error)),
    }
}

fn read(path: &Path) -> Result<Option<CacheKey>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == Io::NotFound => return Ok(None),
        Err(e) => return Err(Error::io("read the key of the cache", path, e)),
    };
    if !is_private(path)? {
        return Err(Error::new(
            ErrorKind::InvalidConfig,
            "others than its owner can read the key of the cache",
        )
        .with("file", path.display())
        .with_hint(
            "delete the file, so that another key is made; what was kept with it is fetched again",
        ));
    }
    let key = CacheKey::from_base64(&text).map_err(|_| {
        Error::new(
            ErrorKind::InvalidConfig,
            "the file of the cache's key holds no key",
        )
        .with("file", path.display())
        .with_hint("delete the file, so that another key is made; what was kept is fetched again")
    })?;
    Ok(Some(key))
}

#[cfg(unix)]
fn is_private(path: &Path) -> Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = std::fs::metadata(path);
    let metadata = metadata.map_err(|e| Error::io("look at the key of the cache", path, e))?;
    Ok(metadata.permissions().mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(_: &Path) -> Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::XDG_STATE_HOME;

    #[cfg(unix)]
    #[test]
    fn the_key_is_made_once_and_is_the_users_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let environment =
            Environment::from_variables([(XDG_STATE_HOME, home.path().to_str().unwrap())]);
        let path = home.path().join("driftmgr").join(FILE);
        let keys: Vec<CacheKey> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| of_user(&environment).unwrap()))
                .collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = of_user(&environment).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        assert_eq!(error.context_value("file"), Some(path.to_str().unwrap()));

        std::fs::remove_file(&path).unwrap();
        let other = of_user(&environment).unwrap();
        assert_ne!(other, keys[0]);
        std::fs::write(&path, "hunter2").unwrap();
        let error = of_user(&environment).unwrap_err();
        assert!(error.message().contains("holds no key"), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }

    #[test]
    fn without_a_home_the_caller_gives_the_key() {
        let error = of_user(&Environment::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        assert!(error.hints()[0].contains("`key`"));
    }
}
