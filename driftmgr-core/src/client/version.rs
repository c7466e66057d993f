//! What this build is.

use serde::Serialize;

/// What this build is. In JSON as `driftmgr --version --json` prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Version {
    /// The version, as in [Semantic Versioning](https://semver.org).
    pub version: &'static str,
    /// Optional parts that it has, sorted.
    pub features: &'static [&'static str],
    /// The operating system, such as `linux`.
    pub os: &'static str,
    /// The architecture, such as `x86_64`.
    pub arch: &'static str,
}

/// What this build is.
///
/// ```
/// let build = driftmgr_core::client::version();
/// assert_eq!(build.version.split('.').count(), 3);
/// ```
pub fn version() -> Version {
    Version {
        version: env!("CARGO_PKG_VERSION"),
        features: &[
            #[cfg(feature = "columnar")]
            "columnar",
        ],
        os: std::env::consts::OS,
        arch: std::env::consts::ARCH,
    }
}
