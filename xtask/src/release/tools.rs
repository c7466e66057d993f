//! Tools that only a release or a comparison of versions needs: `test` does not install them.

use crate::recipes::{Recipe, Tool};

/// Writes bills of materials.
pub const CYCLONEDX: Tool = Tool {
    name: "cargo-cyclonedx",
    version: "0.5.9",
    purpose: "writes bills of materials",
    recipe: Recipe::Cargo { optimised: false },
};

/// Compares the public items of two versions of a crate.
pub const SEMVER_CHECKS: Tool = Tool {
    name: "cargo-semver-checks",
    version: "0.51.0",
    purpose: "compares the library with an earlier version",
    recipe: Recipe::Cargo { optimised: true },
};
