//! Where things are: the checkout, the tools, the fixtures, the build output.

use std::env;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The places of one run.
#[derive(Debug)]
pub struct Layout {
    /// The checkout.
    pub workspace: PathBuf,
    /// Where tools are installed, outside of the checkout.
    pub tools: PathBuf,
    /// Where `test` compiles.
    pub target: PathBuf,
    /// The fixtures, if they are there.
    pub fixtures: Option<PathBuf>,
}

impl Layout {
    pub fn find() -> Result<Self, Failure> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .ok_or_else(|| Failure::new("the xtask crate is not inside of a workspace"))?
            .to_path_buf();
        let fixtures = directory("DRIFTMGR_FIXTURES")
            .unwrap_or_else(|| workspace.join("../shared/fixtures"))
            .canonicalize()
            .ok();
        Ok(Self {
            tools: match directory("DRIFTMGR_TOOLS_DIR") {
                Some(tools) => tools,
                None => cache()?.join("tools"),
            },
            target: match directory("CARGO_TARGET_DIR") {
                Some(target) => target,
                None => cache()?.join("target"),
            },
            fixtures,
            workspace,
        })
    }

    /// Go modules of the test providers.
    pub fn test_providers(&self) -> PathBuf {
        self.workspace.join("driftmgr-core/tests/providers")
    }

    /// Executables and scripts that are called by name.
    pub fn bin(&self) -> PathBuf {
        self.tools.join("bin")
    }

    /// A tool that comes from npm, with what it needs.
    pub fn npm(&self, tool: &str) -> PathBuf {
        self.tools.join("npm").join(tool)
    }

    /// A place for the intermediate files of one tool.
    pub fn build(&self, tool: &str) -> PathBuf {
        self.tools.join("build").join(tool)
    }

    pub fn log(&self, tool: &str) -> PathBuf {
        self.tools.join("log").join(format!("{tool}.log"))
    }

    pub fn stamp(&self, tool: &str) -> PathBuf {
        self.tools.join("stamps").join(tool)
    }

    /// The provider's executable in the filesystem mirror of a registry.
    pub fn mirrored(&self, registry: &str, source: &str, version: &str) -> PathBuf {
        let name = source.rsplit('/').next().unwrap_or(source);
        self.tools
            .join("mirror")
            .join(registry)
            .join(source)
            .join(version)
            .join(platform())
            .join(format!("terraform-provider-{name}_v{version}"))
    }
}

/// This machine as Terraform spells it, such as `linux_amd64`.
pub fn platform() -> String {
    let os = match env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let architecture = match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    };
    format!("{os}_{architecture}")
}

/// Whether a variable is set to something that means yes.
pub fn is_set(variable: &str) -> bool {
    env::var(variable).is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

fn directory(variable: &str) -> Option<PathBuf> {
    let value = env::var_os(variable).filter(|value| !value.is_empty())?;
    // Children run elsewhere, so a relative path would mean another place to them.
    std::path::absolute(value).ok()
}

fn cache() -> Result<PathBuf, Failure> {
    if let Some(cache) = directory("XDG_CACHE_HOME") {
        return Ok(cache.join("driftmgr"));
    }
    directory("HOME")
        .map(|home| home.join(".cache/driftmgr"))
        .ok_or_else(|| {
            Failure::new("neither HOME nor XDG_CACHE_HOME is set: set DRIFTMGR_TOOLS_DIR and CARGO_TARGET_DIR")
        })
}
