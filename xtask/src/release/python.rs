//! The wheel and the source distribution.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Release, answer, native, sees_the_drift};
use crate::failure::{At, Failure};

pub fn make(release: &Release) -> Result<Vec<String>, Failure> {
    let folder = release.xtask(&["python", "pack", "--profile", release.profile()])?;
    let wheel = only(&folder, "whl")?;
    let source = only(&folder, "gz")?;
    try_wheel(release, &wheel)?;
    try_source(release, &source)?;
    Ok(vec![release.publish(&wheel)?, release.publish(&source)?])
}

fn only(folder: &Path, extension: &str) -> Result<PathBuf, Failure> {
    let found = crate::stamp::sources(folder, &[extension])?;
    match found.as_slice() {
        [one] => Ok(one.clone()),
        _ => Err(Failure::new(format!(
            "{} has {} files of kind {extension}",
            folder.display(),
            found.len()
        ))),
    }
}

/// Installed by pip into an environment that has nothing else.
fn try_wheel(release: &Release, wheel: &Path) -> Result<(), Failure> {
    let folder = release.scratch("wheel-tried")?;
    let environment = folder.join("venv");
    answer(
        Command::new("python3")
            .args(["-m", "venv"])
            .arg(&environment),
    )?;
    let program = |name: &str| Command::new(environment.join("bin").join(name));
    answer(
        program("pip")
            .args([
                "install",
                "--quiet",
                "--no-index",
                "--disable-pip-version-check",
            ])
            .arg(wheel),
    )?;
    let quickstart = native::quickstart(release, &folder)?;
    sees_the_drift(program("driftmgr").arg("check").arg(&quickstart))?;
    let script =
        "import sys, driftmgr; sys.exit(driftmgr.open(sys.argv[1]).check(plugins=False).exit)";
    super::ends_with(2, program("python").args(["-c", script]).arg(&quickstart)).map(drop)
}

/// It holds all that a build needs: cargo finds every member and every dependency, with the versions of the lock file.
fn try_source(release: &Release, source: &Path) -> Result<(), Failure> {
    let folder = release.scratch("sdist-tried")?;
    answer(
        Command::new("tar")
            .arg("-xzf")
            .arg(source)
            .arg("-C")
            .arg(&folder),
    )?;
    let name = source
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .replace(".tar.gz", "");
    let manifest = folder.join(name).join("bindings-python/Cargo.toml");
    std::fs::metadata(&manifest).at("the source distribution lacks", &manifest)?;
    let mut metadata = release.command("cargo");
    metadata
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(&manifest);
    answer(&mut metadata).map(drop)
}
