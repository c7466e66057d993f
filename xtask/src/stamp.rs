//! Tells whether an installed tool is still what its recipe would install.
//!
//! A stamp holds the digest of everything that went into the tool: its recipe, and its sources if they are ours.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::failure::{At, Failure};

/// Digest of a recipe and of the files it reads, known by their paths below `root`.
pub fn digest(recipe: &str, root: &Path, sources: &[PathBuf]) -> Result<String, Failure> {
    let mut hash = Sha256::new();
    add(&mut hash, recipe.as_bytes());
    for path in sources {
        let name = path.strip_prefix(root).unwrap_or(path);
        add(&mut hash, name.to_string_lossy().as_bytes());
        add(&mut hash, &fs::read(path).at("reading", path)?);
    }
    Ok(format!("{:x}", hash.finalize()))
}

// The length keeps ("ab", "c") apart from ("a", "bc").
fn add(hash: &mut Sha256, part: &[u8]) {
    hash.update(part.len().to_le_bytes());
    hash.update(part);
}

/// Whether the stamp agrees and every product is there.
pub fn is_fresh(stamp: &Path, digest: &str, products: &[PathBuf]) -> bool {
    fs::read_to_string(stamp).is_ok_and(|found| found == digest)
        && products.iter().all(|product| product.exists())
}

pub fn write(stamp: &Path, digest: &str) -> Result<(), Failure> {
    if let Some(parent) = stamp.parent() {
        fs::create_dir_all(parent).at("creating", parent)?;
    }
    fs::write(stamp, digest).at("writing", stamp)
}

/// Forgets a tool, so that an interrupted installation starts anew.
pub fn remove(stamp: &Path) -> Result<(), Failure> {
    match fs::remove_file(stamp) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).at("removing", stamp)
        }
        _ => Ok(()),
    }
}

/// The files below a folder with one of these extensions, in a stable order.
pub fn sources(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).at("reading", &folder)? {
            let path = entry.at("reading", &folder)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if extensions
                .iter()
                .any(|wanted| path.extension().is_some_and(|it| it == *wanted))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_fresh_until_the_recipe_a_source_or_a_product_changes() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("main.go");
        let product = folder.path().join("provider");
        let stamp = folder.path().join("stamps/provider");
        fs::write(&source, "package main").unwrap();
        fs::write(&product, "").unwrap();
        let products = [product.clone()];
        let first = digest("go build 1", folder.path(), std::slice::from_ref(&source)).unwrap();
        assert!(
            !is_fresh(&stamp, &first, &products),
            "nothing was stamped yet"
        );

        write(&stamp, &first).unwrap();
        assert!(is_fresh(&stamp, &first, &products));

        let recipe = digest("go build 2", folder.path(), std::slice::from_ref(&source)).unwrap();
        assert!(!is_fresh(&stamp, &recipe, &products));

        fs::write(&source, "package main // changed").unwrap();
        let changed = digest("go build 1", folder.path(), &[source]).unwrap();
        assert!(!is_fresh(&stamp, &changed, &products));

        fs::remove_file(&product).unwrap();
        assert!(!is_fresh(&stamp, &first, &products));

        remove(&stamp).unwrap();
        remove(&stamp).unwrap();
        assert!(!stamp.exists());
    }

    #[test]
    fn sources_are_those_of_the_named_kinds_at_any_depth() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("deep");
        fs::create_dir(&deep).unwrap();
        for path in ["b.go", "a.go", "README.md", "deep/go.sum"] {
            fs::write(folder.path().join(path), "").unwrap();
        }
        let found = sources(folder.path(), &["go", "sum"]).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap())
            .collect();
        assert_eq!(names, ["a.go", "b.go", "go.sum"]);
    }
}
