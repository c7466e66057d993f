//! Package hashes as dependency lock files have them.
//!
//! `h1:` is the base64 of a SHA-256 over one line `HEX-SHA256  PATH` for each file of the package, sorted by path (the scheme "Hash1" of
//! Go's module checksums); it is the same for a zip and for what it unpacks to. `zh:` is the hexadecimal SHA-256 of the zip itself.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// More files than any provider has; ends a walk that went astray.
const MAX_FILES: usize = 100_000;

/// `h1:` of an unpacked package. Links to files are followed, as Terraform does.
///
/// # Errors
/// The kinds of [`Error::io`]; `Cancelled` and `Timeout` from the context.
pub fn h1_of_folder(cx: &Context, folder: &Path) -> Result<String> {
    let mut lines = Vec::new();
    for (name, path) in package_files(folder)? {
        let file = File::open(&path).map_err(|e| Error::io("read a provider's file", &path, e))?;
        let sum = sha256(cx, file, &path)?;
        lines.push((name, sum));
    }
    Ok(h1(lines))
}

/// `h1:` of a zip: that of the folder it unpacks to.
///
/// # Errors
/// `InvalidConfig` when the file is not a zip; else as [`h1_of_folder`].
pub fn h1_of_zip(cx: &Context, path: &Path) -> Result<String> {
    let mut archive = open_zip(path)?;
    let mut lines = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|e| not_a_zip(path, e))?;
        let name = entry.name().map_err(|e| not_a_zip(path, e))?.into_owned();
        lines.push((name, sha256(cx, entry, path)?));
    }
    Ok(h1(lines))
}

/// `zh:` of a zip.
///
/// # Errors
/// As [`h1_of_folder`].
pub fn zh_of_zip(cx: &Context, path: &Path) -> Result<String> {
    let file = File::open(path).map_err(|e| Error::io("read a provider's package", path, e))?;
    Ok(format!("zh:{}", hex(&sha256(cx, file, path)?)))
}

/// Opens a provider's zip.
pub(super) fn open_zip(path: &Path) -> Result<zip::ZipArchive<impl Read + Seek>> {
    let file = File::open(path).map_err(|e| Error::io("read a provider's package", path, e))?;
    zip::ZipArchive::new(io::BufReader::new(file)).map_err(|e| not_a_zip(path, e))
}

pub(super) fn not_a_zip(path: &Path, cause: zip::result::ZipError) -> Error {
    Error::new(
        ErrorKind::InvalidConfig,
        "the provider's package cannot be read as a zip",
    )
    .with("file", path.display())
    .with_source(cause)
    .with_hint("remove it and run `terraform providers mirror DIR` again")
}

/// All files of a package as (slash-separated name, path), in no particular order.
pub(super) fn package_files(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    let mut folders = vec![(String::new(), folder.to_owned())];
    while let Some((prefix, folder)) = folders.pop() {
        let fail = |e| Error::io("list a provider's package", &folder, e);
        for entry in std::fs::read_dir(&folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name().into_string().map_err(|_| {
                Error::new(
                    ErrorKind::InvalidConfig,
                    "a provider's package has a file whose name is not Unicode",
                )
                .with("file", entry.path().display())
            })?;
            let name = format!("{prefix}{name}");
            // A link to a folder is not walked into, only a folder is: Terraform does the same.
            if entry.file_type().map_err(fail)?.is_dir() {
                folders.push((format!("{name}/"), entry.path()));
            } else {
                files.push((name, entry.path()));
            }
            if files.len() > MAX_FILES {
                return Err(Error::new(
                    ErrorKind::InvalidConfig,
                    "the folder has too many files to be a provider's package",
                )
                .with("file", folder.display()));
            }
        }
    }
    Ok(files)
}

fn h1(mut lines: Vec<(String, [u8; 32])>) -> String {
    lines.sort();
    let mut sum = Sha256::new();
    for (name, file) in lines {
        sum.update(format!("{}  {name}\n", hex(&file)));
    }
    format!("h1:{}", STANDARD.encode(sum.finalize()))
}

fn sha256(cx: &Context, mut reader: impl Read, path: &Path) -> Result<[u8; 32]> {
    let mut sum = Sha256::new();
    let mut chunk = vec![0; 1 << 20];
    loop {
        cx.check()?;
        match reader.read(&mut chunk) {
            Ok(0) => return Ok(sum.finalize().into()),
            Ok(n) => sum.update(chunk.get(..n).unwrap_or_default()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Error::io("read a provider's package", path, e)),
        }
    }
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a string does not fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::env::Environment;

    fn cx() -> Context {
        Context::new(Environment::default())
    }

    fn write_zip(path: &Path, files: &[(&str, &str)]) {
        let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
        for (name, content) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default())
                .unwrap();
            zip.write_all(content.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
    }

    #[test]
    fn folder_and_zip_hash_alike() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("p");
        std::fs::create_dir_all(folder.join("docs/a")).unwrap();
        let files = [
            ("terraform-provider-x", "binary"),
            ("LICENSE.txt", "MPL"),
            ("docs/a/b.md", "text"),
        ];
        for (name, content) in files {
            std::fs::write(folder.join(name), content).unwrap();
        }
        let zip = dir.path().join("p.zip");
        write_zip(&zip, &files);
        let hash = h1_of_folder(&cx(), &folder).unwrap();
        assert_eq!(h1_of_zip(&cx(), &zip).unwrap(), hash);
        std::fs::write(folder.join("LICENSE.txt"), "MPl").unwrap();
        assert_ne!(h1_of_folder(&cx(), &folder).unwrap(), hash);
    }

    #[test]
    fn the_lines_are_those_of_hash1() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("f"), "").unwrap();
        // printf 'e3b0…b855  f\n' | sha256sum, in base64.
        let line = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  f\n";
        let expected = STANDARD.encode(Sha256::digest(line));
        assert_eq!(
            h1_of_folder(&cx(), dir.path()).unwrap(),
            format!("h1:{expected}")
        );
        let empty = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(
            zh_of_zip(&cx(), empty.path()).unwrap(),
            "zh:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn errors_name_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.zip");
        std::fs::write(&path, "no zip").unwrap();
        let error = h1_of_zip(&cx(), &path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        assert_eq!(
            error.context_value("file"),
            Some(path.display().to_string().as_str())
        );
        assert_eq!(
            h1_of_folder(&cx(), &dir.path().join("none"))
                .unwrap_err()
                .kind(),
            ErrorKind::NotFound
        );
    }

    #[test]
    fn cancelling_ends_the_work() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("f"), "x").unwrap();
        let cx = cx();
        cx.cancellation().cancel();
        assert_eq!(
            h1_of_folder(&cx, dir.path()).unwrap_err().kind(),
            ErrorKind::Cancelled
        );
    }
}
