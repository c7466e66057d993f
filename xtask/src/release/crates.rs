//! The crates, in the order in which crates.io has to get them: each is unpacked and compiled against the ones before it.

use super::{Release, VERSION};
use crate::failure::Failure;

/// What is published; the others say `publish = false`.
pub const CRATES: [&str; 3] = ["driftmgr-plugin", "driftmgr-core", "driftmgr-cli"];

pub fn make(release: &Release) -> Result<Vec<String>, Failure> {
    let mut package = release.command("cargo");
    package.args(["package", "--locked", "--quiet"]);
    if release.is_dirty {
        package.arg("--allow-dirty");
    }
    for name in CRATES {
        package.args(["--package", name]);
    }
    // As the workspace compiles dependencies, so that they are not compiled once more.
    package
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_PROFILE_DEV_SPLIT_DEBUGINFO", "unpacked");
    release.log("crates")?.run(&mut package)?;
    let folder = release.layout.target.join("package");
    CRATES
        .iter()
        .map(|name| release.publish(&folder.join(format!("{name}-{VERSION}.crate"))))
        .collect()
}
