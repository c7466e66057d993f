//! What the folder of a release holds: `release.json` for programs, `SHA256SUMS` for `sha256sum --check`.

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{Release, VERSION};
use crate::failure::{At, Failure};

pub const SUMS: &str = "SHA256SUMS";
pub const MANIFEST: &str = "release.json";

/// One file of the release.
#[derive(Debug)]
pub struct Artifact {
    pub form: String,
    /// Its name in the folder.
    pub file: String,
    /// Bytes.
    pub size: u64,
    /// Hexadecimal.
    pub sha256: String,
}

pub fn describe(form: &str, file: &str, folder: &Path) -> Result<Artifact, Failure> {
    let path = folder.join(file);
    let mut stream = fs::File::open(&path).at("opening", &path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0;
    loop {
        let read = stream.read(&mut buffer).at("reading", &path)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        size += read as u64;
    }
    Ok(Artifact {
        form: form.to_owned(),
        file: file.to_owned(),
        size,
        sha256: format!("{:x}", hash.finalize()),
    })
}

pub fn write(release: &Release, artifacts: &[Artifact], missing: &[&str]) -> Result<(), Failure> {
    let path = release.out.join(MANIFEST);
    let source = Source {
        commit: &release.commit,
        is_modified: release.is_dirty,
        is_quick: release.is_quick,
    };
    fs::write(&path, json(&source, artifacts, missing)).at("writing", &path)?;
    let manifest = describe("manifest", MANIFEST, &release.out)?;
    let lines: String = artifacts.iter().chain([&manifest]).map(sum).collect();
    let path = release.out.join(SUMS);
    fs::write(&path, lines).at("writing", &path)
}

fn sum(artifact: &Artifact) -> String {
    format!("{}  {}\n", artifact.sha256, artifact.file)
}

/// What it was built from, and how.
struct Source<'s> {
    commit: &'s str,
    is_modified: bool,
    is_quick: bool,
}

fn json(source: &Source, artifacts: &[Artifact], missing: &[&str]) -> String {
    let mut text = format!(
        "{{\n  \"schema_version\": \"1\",\n  \"version\": {},\n  \"commit\": {},\n  \"modified\": {},\n  \"quick\": {},\n  \"artifacts\": [",
        quoted(VERSION),
        quoted(source.commit),
        source.is_modified,
        source.is_quick
    );
    for (index, artifact) in artifacts.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{comma}\n    {{\"file\": {}, \"form\": {}, \"size\": {}, \"sha256\": {}}}",
            quoted(&artifact.file),
            quoted(&artifact.form),
            artifact.size,
            quoted(&artifact.sha256)
        );
    }
    let missing: Vec<String> = missing.iter().map(|name| quoted(name)).collect();
    let _ = write!(
        text,
        "\n  ],\n  \"missing\": [{}]\n}}\n",
        missing.join(", ")
    );
    text
}

/// A JSON string of a name: names have no control characters, yet a quote must not break the file.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(file: &str) -> Artifact {
        Artifact {
            form: "cli".to_owned(),
            file: file.to_owned(),
            size: 3,
            sha256: "ab".to_owned(),
        }
    }

    #[test]
    fn a_file_is_described_by_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "abc").unwrap();
        let found = describe("cli", "a", folder.path()).unwrap();
        assert_eq!(found.size, 3);
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            found.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn the_manifest_is_json_that_names_what_is_there_and_what_is_missing() {
        let source = Source {
            commit: "c0ffee",
            is_modified: true,
            is_quick: false,
        };
        let text = json(&source, &[artifact("a\"b"), artifact("c")], &["jar"]);
        let script = "import json, sys; m = json.load(sys.stdin); \
            print([a['file'] for a in m['artifacts']], m['missing'], m['commit'], m['modified'])";
        let mut python = std::process::Command::new("python3");
        let mut child = python
            .args(["-c", script])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
        let said = child.wait_with_output().unwrap().stdout;
        assert_eq!(
            String::from_utf8_lossy(&said).trim(),
            "['a\"b', 'c'] ['jar'] c0ffee True"
        );
    }

    #[test]
    fn a_line_of_sums_is_as_sha256sum_writes_it() {
        assert_eq!(sum(&artifact("x.deb")), "ab  x.deb\n");
    }
}
