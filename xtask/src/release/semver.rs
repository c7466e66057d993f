//! What changed for callers of the library since an earlier revision, judged by cargo-semver-checks.

use std::process::Command;

use super::{VERSION, answer, tools};
use crate::failure::Failure;
use crate::layout::Layout;
use crate::step::timed;

/// The crate whose public items are a promise. The protocol's messages and the command line's modules are not.
const CRATE: &str = "driftmgr-core";

/// Compares with the newest release, once there is one.
pub fn compare_with_release(layout: &Layout) -> Result<(), Failure> {
    match newest_release(layout) {
        Some(release) => compare(layout, &release),
        None => {
            println!("public items             no release to compare with yet");
            Ok(())
        }
    }
}

/// Compares with `baseline`, or with the newest release.
pub fn compare_with(layout: &Layout, baseline: Option<&str>) -> Result<(), Failure> {
    let release = || {
        newest_release(layout).ok_or_else(|| {
            Failure::new(
                "no release is tagged yet, so there is nothing to compare with; name a revision: cargo xtask semver --baseline REVISION",
            )
        })
    };
    let revision = baseline.map_or_else(release, |given| Ok(given.to_owned()))?;
    compare(layout, &revision)
}

fn newest_release(layout: &Layout) -> Option<String> {
    git(
        layout,
        &["describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"],
    )
    .ok()
}

fn git(layout: &Layout, words: &[&str]) -> Result<String, Failure> {
    answer(
        Command::new("git")
            .args(words)
            .current_dir(&layout.workspace),
    )
}

fn compare(layout: &Layout, revision: &str) -> Result<(), Failure> {
    let named = format!("{revision}^{{commit}}");
    let commit = git(layout, &["rev-parse", "--verify", "--quiet", &named])
        .map_err(|_| Failure::new(format!("git knows no commit {revision}")))?;
    crate::tools::bring(layout, &[&tools::SEMVER_CHECKS])?;
    println!(
        "{CRATE} {VERSION} of this checkout, compared with {revision} ({})",
        &commit[..12]
    );
    let mut checks = Command::new(layout.bin().join("cargo-semver-checks"));
    checks
        .args([
            "semver-checks",
            "--package",
            CRATE,
            "--only-explicit-features",
        ])
        .args(["--baseline-rev", &commit])
        .current_dir(&layout.workspace)
        .env("CARGO_TARGET_DIR", layout.target.join("semver"));
    timed("public items", || {
        let output = checks
            .output()
            .map_err(|error| Failure::new(format!("cargo-semver-checks: {error}")))?;
        let told = [output.stderr, output.stdout].concat();
        if output.status.success() {
            return Ok(());
        }
        Err(Failure::new(String::from_utf8_lossy(&told).into_owned()))
    })
}
