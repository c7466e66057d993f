//! Keeps the encoded schema answers of providers on disk: a large provider takes a second and 60 MB to give one.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::disk;
use super::hash::hex;
use super::version::Version;
use crate::address::ProviderSource;
use crate::context::Context;

/// Begins every entry; a change of the layout changes the number.
const MAGIC: &[u8] = b"driftmgr schema 1\n";

/// Whose schema an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaKey {
    /// The provider.
    pub source: ProviderSource,
    /// Its version.
    pub version: Version,
    /// `h1:` of its package.
    pub hash: String,
}

/// A folder of schema answers, limited in size.
///
/// An entry that is damaged, foreign or of another key counts as absent. Nothing here fails: a cache that does not work is only slow.
#[derive(Debug, Clone)]
pub struct DiskSchemaCache {
    folder: Option<PathBuf>,
    max_bytes: u64,
}

impl DiskSchemaCache {
    /// So much is kept unless it is told otherwise, in bytes.
    pub const DEFAULT_MAX_BYTES: u64 = 512 << 20;

    /// The cache in our cache folder; without one, nothing is kept.
    pub fn new(cx: &Context) -> Self {
        Self {
            folder: disk::cache_folder(cx.environment()).map(|f| f.join("schemas")),
            max_bytes: Self::DEFAULT_MAX_BYTES,
        }
    }

    /// The same with another limit, in bytes.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// The answer stored for the key.
    pub fn load(&self, key: &SchemaKey) -> Option<Bytes> {
        let path = self.path(key)?;
        let content = Bytes::from(std::fs::read(&path).ok()?);
        let header = header(key);
        let Some(body) = content.get(header.len() + 32..) else {
            discard(&path);
            return None;
        };
        let sum = Sha256::digest(body);
        if !content.starts_with(&header)
            || content.get(header.len()..header.len() + 32) != Some(&sum[..])
        {
            discard(&path);
            return None;
        }
        // The order of use is the order of leaving.
        if let Ok(file) = std::fs::File::options().append(true).open(&path) {
            let _ = file.set_modified(SystemTime::now());
        }
        Some(content.slice(header.len() + 32..))
    }

    /// Stores the answer for the key, and drops the entries that were not used for longest until all fit.
    pub fn store(&self, key: &SchemaKey, answer: &[u8]) {
        let Some(path) = self.path(key) else { return };
        let header = header(key);
        let size = (header.len() + 32 + answer.len()) as u64;
        if size > self.max_bytes {
            return;
        }
        self.make_room(size);
        let sum = Sha256::digest(answer);
        if let Err(error) = disk::write_atomically(&path, &[&header, &sum, answer]) {
            tracing::debug!(%error, "a provider's schema could not be kept");
        }
    }

    fn path(&self, key: &SchemaKey) -> Option<PathBuf> {
        let name = hex(&Sha256::digest(header(key)));
        Some(self.folder.as_ref()?.join(name).with_extension("schema"))
    }

    fn make_room(&self, size: u64) {
        let Some(folder) = &self.folder else { return };
        let mut entries: Vec<(SystemTime, u64, PathBuf)> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let meta = std::fs::symlink_metadata(&path).ok()?;
                let ours = meta.is_file() && path.extension().is_some_and(|e| e == "schema");
                Some((meta.modified().ok().filter(|_| ours)?, meta.len(), path))
            })
            .collect();
        entries.sort();
        let mut total: u64 = size + entries.iter().map(|(_, bytes, _)| bytes).sum::<u64>();
        for (_, bytes, path) in entries {
            if total <= self.max_bytes {
                break;
            }
            discard(&path);
            total -= bytes;
        }
    }
}

fn header(key: &SchemaKey) -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    header.extend(
        format!(
            "{} {} {}
",
            key.source, key.version, key.hash
        )
        .bytes(),
    );
    header
}

fn discard(path: &Path) {
    let _ = std::fs::remove_file(path);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::{DRIFTMGR_CACHE_DIR, Environment};

    fn setting() -> (tempfile::TempDir, DiskSchemaCache) {
        let dir = tempfile::tempdir().unwrap();
        let env = Environment::default()
            .with_variable(DRIFTMGR_CACHE_DIR, dir.path().display().to_string());
        let cache = DiskSchemaCache::new(&Context::new(env));
        (dir, cache)
    }

    fn key(name: &str) -> SchemaKey {
        SchemaKey {
            source: ProviderSource::implied(name),
            version: Version::new(1, 2, 3),
            hash: "h1:abc=".into(),
        }
    }

    #[test]
    fn what_is_stored_is_loaded() {
        let (_dir, cache) = setting();
        assert_eq!(cache.load(&key("a")), None);
        cache.store(&key("a"), b"answer");
        assert_eq!(cache.load(&key("a")).as_deref(), Some(&b"answer"[..]));
        for other in [
            key("b"),
            SchemaKey {
                hash: "h1:abd=".into(),
                ..key("a")
            },
            SchemaKey {
                version: Version::new(1, 2, 4),
                ..key("a")
            },
        ] {
            assert_eq!(cache.load(&other), None, "{other:?}");
        }
    }

    #[test]
    fn a_damaged_entry_is_absent_and_removed() {
        let (_dir, cache) = setting();
        let path = cache.path(&key("a")).unwrap();
        cache.store(&key("a"), b"answer");
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(cache.load(&key("a")), None, "cut at {cut}");
            assert!(!path.exists());
        }
        for at in 0..whole.len() {
            let mut bad = whole.clone();
            bad[at] ^= 1;
            std::fs::write(&path, bad).unwrap();
            assert_eq!(cache.load(&key("a")), None, "flipped at {at}");
        }
    }

    #[test]
    fn the_least_recently_used_entries_leave() {
        let (_dir, cache) = setting();
        let cache = cache.with_max_bytes(3500);
        for (age, name) in [(30, "a"), (20, "b"), (10, "c")] {
            cache.store(&key(name), &[0; 1000]);
            let file = std::fs::File::options()
                .append(true)
                .open(cache.path(&key(name)).unwrap())
                .unwrap();
            file.set_modified(SystemTime::now() - std::time::Duration::from_secs(age))
                .unwrap();
        }
        assert!(
            cache.load(&key("a")).is_some(),
            "used now, so b is the oldest"
        );
        cache.store(&key("d"), &[0; 1000]);
        let kept: Vec<bool> = ["a", "b", "c", "d"]
            .iter()
            .map(|n| cache.load(&key(n)).is_some())
            .collect();
        assert_eq!(kept, [true, false, true, true]);
        cache.store(&key("e"), &[0; 5000]);
        assert!(cache.load(&key("e")).is_none() && cache.load(&key("d")).is_some());
    }

    #[test]
    fn without_a_folder_nothing_is_kept() {
        let cache = DiskSchemaCache::new(&Context::new(Environment::default()));
        cache.store(&key("a"), b"x");
        assert_eq!(cache.load(&key("a")), None);
    }
}
