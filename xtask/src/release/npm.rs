//! The tarballs for npm: the package, and its native half for this platform.

use std::fs;
use std::process::Command;

use super::{Release, native, sees_the_drift};
use crate::failure::{At, Failure};
use crate::stamp;

pub fn make(release: &Release) -> Result<Vec<String>, Failure> {
    let folder = release.xtask(&["node", "pack", "--profile", release.profile()])?;
    let tarballs = stamp::sources(&folder, &["tgz"])?;
    if tarballs.len() < 2 {
        return Err(Failure::new(format!(
            "{} lacks a tarball",
            folder.display()
        )));
    }
    let tried = release.scratch("npm-tried")?;
    let manifest = tried.join("package.json");
    fs::write(&manifest, r#"{"name": "empty", "private": true}"#).at("writing", &manifest)?;
    let log = release.log("npm")?;
    let mut install = Command::new("npm");
    install
        .args([
            "install",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
            "--cache",
        ])
        .arg(release.layout.build("npm"))
        .args(&tarballs)
        .current_dir(&tried);
    log.run(&mut install)?;
    let quickstart = native::quickstart(release, &tried)?;
    sees_the_drift(
        Command::new("npx")
            .args(["--no-install", "driftmgr", "check"])
            .arg(&quickstart)
            .current_dir(&tried),
    )?;
    let script = "const { open } = require('driftmgr'); \
        open('quickstart').then((stack) => stack.check({ plugins: false })).then(({ exit }) => { process.exitCode = exit; })";
    super::ends_with(
        2,
        Command::new("node")
            .args(["-e", script])
            .current_dir(&tried),
    )?;
    tarballs.iter().map(|file| release.publish(file)).collect()
}
