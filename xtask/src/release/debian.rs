//! The Debian package: the static binary, its manual pages and completions. `driftmgr-cli/Cargo.toml` says what goes where.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::native::{self, TARGET};
use super::{Release, VERSION, answer, sees_the_drift, tools};
use crate::failure::{At, Failure};

pub fn make(release: &Release) -> Result<Vec<String>, Failure> {
    crate::tools::bring(release.layout, &[&tools::DEB])?;
    let binary = native::binary(release)?;
    // Beside the binary: that is where `target/release` of the assets leads.
    let folder = release.layout.target.join(TARGET).join("release/documents");
    super::empty(&folder)?;
    native::documents(release, &binary, &folder)?;
    let name = format!("driftmgr_{VERSION}_amd64.deb");
    let package = release.out.join(&name);
    let mut deb = release.command(release.layout.bin().join("cargo-deb"));
    deb.args(["deb", "--package", "driftmgr-cli", "--target", TARGET])
        .args(["--no-build", "--no-strip", "--deb-revision", "", "--locked"])
        .arg("--output")
        .arg(&package);
    release.log("deb")?.run(&mut deb)?;
    try_package(release, &package)?;
    Ok(vec![name])
}

/// Installed by dpkg into an empty root, as far as dpkg does that without one; then run.
fn try_package(release: &Release, package: &Path) -> Result<(), Failure> {
    let field = |name: &str| {
        answer(
            Command::new("dpkg-deb")
                .arg("--field")
                .arg(package)
                .arg(name),
        )
    };
    for (name, wanted) in [
        ("Package", "driftmgr"),
        ("Version", VERSION),
        ("Architecture", "amd64"),
        ("Depends", ""),
    ] {
        let said = field(name)?;
        if said != wanted {
            return Err(Failure::new(format!(
                "the package's {name} is {said:?} instead of {wanted:?}"
            )));
        }
    }
    let root = release.scratch("deb-tried")?;
    answer(
        Command::new("dpkg-deb")
            .arg("--extract")
            .arg(package)
            .arg(&root),
    )?;
    for file in [
        "usr/share/man/man1/driftmgr.1.gz",
        "usr/share/man/man1/driftmgr-drift.1.gz",
        "usr/share/bash-completion/completions/driftmgr",
        "usr/share/zsh/vendor-completions/_driftmgr",
        "usr/share/fish/vendor_completions.d/driftmgr.fish",
        "usr/share/doc/driftmgr/copyright",
        "usr/share/doc/driftmgr/LICENSE-MIT",
        "usr/share/doc/driftmgr/LICENSE-APACHE",
    ] {
        fs::metadata(root.join(file)).at("the package lacks", Path::new(file))?;
    }
    let quickstart = native::quickstart(release, &root)?;
    sees_the_drift(
        Command::new(root.join("usr/bin/driftmgr"))
            .arg("check")
            .arg(quickstart)
            .env_clear(),
    )
}
