//! Bills of materials (CycloneDX 1.5): one for each artifact whose dependencies differ. The wheel carries its own as well (PEP 770).

use std::fs;
use std::path::Path;

use super::native::{FEATURES, TARGET};
use super::{Release, VERSION, tools};
use crate::failure::{At, Failure};

struct Bill {
    /// What it is of, as the name of the file says it.
    of: &'static str,
    folder: &'static str,
    target: &'static str,
    features: &'static str,
}

const HOST: &str = "x86_64-unknown-linux-gnu";
const BILLS: &[Bill] = &[
    bill("cli", "driftmgr-cli", TARGET, FEATURES),
    bill("wheel", "bindings-python", HOST, "columnar"),
    bill("npm", "bindings-node", HOST, ""),
    bill("jar", "bindings-uniffi", HOST, ""),
];

const fn bill(
    of: &'static str,
    folder: &'static str,
    target: &'static str,
    features: &'static str,
) -> Bill {
    Bill {
        of,
        folder,
        target,
        features,
    }
}

pub fn make(release: &Release) -> Result<Vec<String>, Failure> {
    crate::tools::bring(release.layout, &[&tools::CYCLONEDX])?;
    BILLS.iter().map(|bill| write(release, bill)).collect()
}

fn write(release: &Release, bill: &Bill) -> Result<String, Failure> {
    // The tool adds what kind of file it is.
    let name = format!("driftmgr-{VERSION}-{}.cdx", bill.of);
    let file = format!("{name}.json");
    let mut cyclonedx = release.command(release.layout.bin().join("cargo-cyclonedx"));
    cyclonedx
        .args(["cyclonedx", "--format", "json", "--spec-version", "1.5"])
        .arg("--no-build-deps")
        .args(["--target", bill.target, "--override-filename", &name])
        .arg("--manifest-path")
        .arg(
            release
                .layout
                .workspace
                .join(bill.folder)
                .join("Cargo.toml"),
        );
    if !bill.features.is_empty() {
        cyclonedx.args(["--features", bill.features]);
    }
    let result = release.log("sbom")?.run(&mut cyclonedx);
    let text = collect(&release.layout.workspace, bill.folder, &file);
    result?;
    let text = text?.replace(&release.layout.workspace.display().to_string(), "/driftmgr");
    let path = release.out.join(&file);
    fs::write(&path, text).at("writing", &path)?;
    Ok(file)
}

/// The tool writes beside every manifest of the workspace: one of these files is wanted, none stays.
fn collect(workspace: &Path, wanted: &str, file: &str) -> Result<String, Failure> {
    let manifest = workspace.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).at("reading", &manifest)?;
    let path = workspace.join(wanted).join(file);
    let found = fs::read_to_string(&path).at("reading", &path);
    for member in members(&text) {
        let path = workspace.join(member).join(file);
        if path.exists() {
            fs::remove_file(&path).at("removing", &path)?;
        }
    }
    found
}

fn members(manifest: &str) -> impl Iterator<Item = &str> {
    let list = manifest.split("members = [").nth(1).unwrap_or_default();
    let list = list.split(']').next().unwrap_or_default();
    list.split('"').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_are_those_of_the_manifest() {
        let manifest = "[workspace]\nmembers = [\"a\", \"b/c\"]\nexclude = [\"d\"]\n";
        assert_eq!(members(manifest).collect::<Vec<_>>(), ["a", "b/c"]);
    }

    #[test]
    fn one_file_is_read_and_none_stays() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Cargo.toml"), "members = [\"a\", \"b\"]").unwrap();
        for member in ["a", "b"] {
            fs::create_dir(folder.path().join(member)).unwrap();
            fs::write(folder.path().join(member).join("x.json"), member).unwrap();
        }
        assert_eq!(collect(folder.path(), "b", "x.json").unwrap(), "b");
        assert!(!folder.path().join("a/x.json").exists());
        assert!(!folder.path().join("b/x.json").exists());
        assert!(collect(folder.path(), "b", "x.json").is_err());
    }
}
