//! What changed for callers of the library since an earlier revision, judged by cargo-semver-checks.

use std::process::Command;

use super::{VERSION, answer, tools};
use crate::failure::Failure;
use crate::layout::Layout;
use crate::step::timed;

/// The crate whose public items are a promise. The protocol's messages and the command line's modules are not.
const CRATE: &str = "driftmgr-core";

/// Compares with `baseline`, or with the newest tag of a release.
pub fn compare(layout: &Layout, baseline: Option<&str>) -> Result<(), Failure> {
    let git = |words: &[&str]| {
        answer(
            Command::new("git")
                .args(words)
                .current_dir(&layout.workspace),
        )
    };
    let revision = match baseline {
        Some(revision) => revision.to_owned(),
        None => git(&["describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"]).map_err(|_| {
            Failure::new(
                "no release is tagged yet, so there is nothing to compare with; name a revision: cargo xtask semver --baseline REVISION",
            )
        })?,
    };
    let commit = git(&[
        "rev-parse",
        "--verify",
        "--quiet",
        &format!("{revision}^{{commit}}"),
    ])
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
