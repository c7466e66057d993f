//! Remembers what an unpacked package hashed to, so that large providers are not read again by each run.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::disk;
use super::hash::{h1_of_folder, hex, package_files};
use crate::context::Context;
use crate::error::{Error, Result};

/// A file changed later than this before it was hashed might change again within the file system's clock tick, unseen.
const SETTLED: Duration = Duration::from_secs(2);

/// A folder of remembered hashes, one small file per package.
///
/// A hash counts as long as every file of the package has the same name, size, inode, modification and change time.
#[derive(Debug, Clone)]
pub struct HashCache {
    folder: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct Remembered {
    package: PathBuf,
    files: String,
    h1: String,
}

impl HashCache {
    /// The cache in our cache folder; without one, nothing is remembered.
    pub fn new(cx: &Context) -> Self {
        Self {
            folder: disk::cache_folder(cx.environment()).map(|f| f.join("provider-hashes")),
        }
    }

    /// `h1:` of an unpacked package, from memory when nothing about its files has changed. `force` reads them anyhow.
    ///
    /// # Errors
    /// Those of [`h1_of_folder`]. That the hash cannot be remembered is no error.
    pub fn h1(&self, cx: &Context, package: &Path, force: bool) -> Result<String> {
        let package = package
            .canonicalize()
            .map_err(|e| Error::io("open a provider's package", package, e))?;
        let before = fingerprint(&package, cx.now())?;
        let entry = self.entry(&package);
        if let (false, Some(entry), Some(files)) = (force, &entry, &before)
            && let Some(known) = recall(entry)
            && known.package == package
            && known.files == *files
        {
            return Ok(known.h1);
        }
        let h1 = h1_of_folder(cx, &package)?;
        // What changed while it was read is not remembered.
        if let (Some(entry), Some(files)) = (entry, before)
            && fingerprint(&package, cx.now())?.as_ref() == Some(&files)
        {
            let remembered = Remembered {
                package,
                files,
                h1: h1.clone(),
            };
            if let Ok(json) = serde_json::to_vec(&remembered)
                && let Err(error) = disk::write_atomically(&entry, &[&json])
            {
                tracing::debug!(%error, "a provider's hash could not be remembered");
            }
        }
        Ok(h1)
    }

    fn entry(&self, package: &Path) -> Option<PathBuf> {
        let name = hex(&Sha256::digest(package.as_os_str().as_encoded_bytes()));
        Some(self.folder.as_ref()?.join(name).with_extension("json"))
    }
}

fn recall(entry: &Path) -> Option<Remembered> {
    serde_json::from_slice(&std::fs::read(entry).ok()?).ok()
}

/// Stands for all that the file system tells about the files; `None` while one of them is too fresh to trust that.
fn fingerprint(package: &Path, now: SystemTime) -> Result<Option<String>> {
    let mut files = package_files(package)?;
    files.sort();
    let mut sum = Sha256::new();
    for (name, path) in files {
        let meta =
            std::fs::metadata(&path).map_err(|e| Error::io("read a provider's file", &path, e))?;
        let modified = meta
            .modified()
            .map_err(|e| Error::io("read a provider's file", &path, e))?;
        let since = |t: SystemTime| t.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        if since(modified) + SETTLED > since(now) {
            return Ok(None);
        }
        sum.update(format!(
            "{name:?} {} {:?} {:?}\n",
            meta.len(),
            since(modified),
            identity(&meta)
        ));
    }
    Ok(Some(hex(&sum.finalize())))
}

/// Device, inode and change time: the last cannot be set back by a program.
#[cfg(unix)]
fn identity(meta: &std::fs::Metadata) -> (u64, u64, i64, i64) {
    use std::os::unix::fs::MetadataExt;
    (meta.dev(), meta.ino(), meta.ctime(), meta.ctime_nsec())
}

#[cfg(not(unix))]
fn identity(meta: &std::fs::Metadata) -> Option<SystemTime> {
    meta.created().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::{DRIFTMGR_CACHE_DIR, Environment};
    use std::sync::Arc;

    struct Later;
    impl crate::context::Clock for Later {
        fn now(&self) -> SystemTime {
            SystemTime::now() + Duration::from_secs(60)
        }
    }

    fn setting() -> (tempfile::TempDir, Context, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let package = dir.path().join("p");
        std::fs::create_dir(&package).unwrap();
        std::fs::write(package.join("terraform-provider-x"), "one").unwrap();
        let cx = Context::new(Environment::default().with_variable(
            DRIFTMGR_CACHE_DIR,
            dir.path().join("c").display().to_string(),
        ))
        .with_clock(Arc::new(Later));
        (dir, cx, package)
    }

    /// Makes the remembered answer distinguishable from a computed one.
    fn plant(cache: &HashCache, package: &Path) {
        let entry = cache.entry(&package.canonicalize().unwrap()).unwrap();
        let mut known = recall(&entry).unwrap();
        known.h1 = "h1:remembered".into();
        std::fs::write(entry, serde_json::to_vec(&known).unwrap()).unwrap();
    }

    #[test]
    fn an_unchanged_package_is_not_read_again() {
        let (_dir, cx, package) = setting();
        let cache = HashCache::new(&cx);
        let real = cache.h1(&cx, &package, false).unwrap();
        plant(&cache, &package);
        assert_eq!(cache.h1(&cx, &package, false).unwrap(), "h1:remembered");
        assert_eq!(
            cache.h1(&cx, &package, true).unwrap(),
            real,
            "force reads it"
        );
        assert_eq!(
            cache.h1(&cx, &package, false).unwrap(),
            real,
            "and remembers"
        );
    }

    #[test]
    fn same_size_and_time_do_not_hide_a_change() {
        let (_dir, cx, package) = setting();
        let cache = HashCache::new(&cx);
        let file = package.join("terraform-provider-x");
        let old = cache.h1(&cx, &package, false).unwrap();
        let time = std::fs::metadata(&file).unwrap().modified().unwrap();
        std::fs::write(&file, "two").unwrap();
        std::fs::File::options()
            .write(true)
            .open(&file)
            .unwrap()
            .set_modified(time)
            .unwrap();
        if cfg!(unix) {
            assert_ne!(cache.h1(&cx, &package, false).unwrap(), old);
        }
        std::fs::write(package.join("more"), "").unwrap();
        assert_ne!(cache.h1(&cx, &package, false).unwrap(), old);
    }

    #[test]
    fn a_fresh_file_and_a_broken_memory_are_no_trouble() {
        let (_dir, cx, package) = setting();
        let cache = HashCache::new(&cx);
        let fresh = Context::new(cx.environment().clone());
        let real = cache.h1(&fresh, &package, false).unwrap();
        let entry = cache.entry(&package.canonicalize().unwrap()).unwrap();
        assert!(
            !entry.exists(),
            "a file of this very second is not remembered"
        );
        cache.h1(&cx, &package, false).unwrap();
        std::fs::write(&entry, "{broken").unwrap();
        assert_eq!(cache.h1(&cx, &package, false).unwrap(), real);
        let nowhere = Context::new(Environment::default());
        assert_eq!(
            HashCache::new(&nowhere)
                .h1(&nowhere, &package, false)
                .unwrap(),
            real
        );
    }
}
