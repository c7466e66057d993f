//! The examples that are neither Python scripts nor Node.js ones: each is run from what is published, the wheel, the tarballs, the crates.
//!
//! The packages have to be built before: `python::test` and `node::test` leave them in the build output.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{At, Failure};
use crate::layout::Layout;
use crate::node::{self, replace};
use crate::release::{CRATES, VERSION};
use crate::stamp;
use crate::step::{Log, timed};

/// What runs the hooks; it brings the reader of YAML that the example of an action needs.
const PRE_COMMIT: &str = "pre-commit==4.7.0";

/// A name, and what runs it.
type Example<'a> = (&'static str, &'a dyn Fn() -> Result<(), Failure>);

/// Runs them all, or the one that is named.
pub fn test(layout: &Layout, only: Option<&str>) -> Result<(), Failure> {
    let examples = Examples { layout };
    let all: [Example; 4] = [
        ("pre-commit", &|| examples.script("pre-commit")),
        ("github-action", &|| examples.script("github-action")),
        ("backstage-backend", &|| examples.backstage()),
        ("rust", &|| examples.rust()),
    ];
    if let Some(name) = only.filter(|name| all.iter().all(|(known, _)| known != name)) {
        let known = all.map(|(name, _)| name).join(", ");
        return Err(Failure::new(format!(
            "no example is called {name}; there are {known}"
        )));
    }
    timed("examples: tools", || examples.tools())?;
    for (name, run) in all {
        if only.is_none_or(|only| only == name) {
            timed(&format!("example: {name}"), run)?;
        }
    }
    Ok(())
}

struct Examples<'a> {
    layout: &'a Layout,
}

impl Examples<'_> {
    fn folder(&self, name: &str) -> PathBuf {
        self.layout.workspace.join("examples").join(name)
    }

    fn environment(&self) -> PathBuf {
        self.layout.tools.join("python-examples")
    }

    fn tools(&self) -> Result<(), Failure> {
        let digest = stamp::digest(PRE_COMMIT, &self.layout.workspace, &[])?;
        let stamp = self.layout.stamp("python-examples");
        let python = self.environment().join("bin/python");
        if stamp::is_fresh(&stamp, &digest, std::slice::from_ref(&python)) {
            return Ok(());
        }
        stamp::remove(&stamp)?;
        let log = self.log("tools")?;
        log.run(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(self.environment()),
        )?;
        log.run(Command::new(&python).args(["-m", "pip", "install", "-q", PRE_COMMIT]))?;
        stamp::write(&stamp, &digest)
    }

    /// A folder whose `test.py` does everything.
    fn script(&self, name: &str) -> Result<(), Failure> {
        let wheels = self.layout.target.join("wheels");
        if stamp::sources(&wheels, &["whl"]).is_ok_and(|found| found.is_empty()) {
            return Err(Failure::new(format!(
                "{} has no wheel: cargo xtask python builds it",
                wheels.display()
            )));
        }
        let mut python = Command::new(self.environment().join("bin/python"));
        python
            .arg(self.folder(name).join("test.py"))
            .env("DRIFTMGR_WHEELS", wheels)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        self.log(name)?.run(&mut python)
    }

    /// A copy of the plugin with Backstage's own packages and the tarballs.
    fn backstage(&self) -> Result<(), Failure> {
        let source = self.folder("backstage-backend");
        let copy = self.layout.target.join("examples/backstage-backend");
        fs::create_dir_all(&copy).at("creating", &copy)?;
        replace(&source, &copy, &["node_modules", "dist"])?;
        let log = self.log("backstage-backend")?;
        node::install_published(self.layout, &copy, &log)?;
        let npm = |words: &[&str]| {
            let mut command = Command::new("npm");
            command
                .args(words)
                .current_dir(&copy)
                .env("npm_config_update_notifier", "false")
                .env_remove("NODE_OPTIONS");
            command
        };
        log.run(npm(&["test"]).env("DRIFTMGR_REPOSITORY", &self.layout.workspace))
    }

    fn rust(&self) -> Result<(), Failure> {
        let log = self.log("rust")?;
        let crates = self.crates(&log)?;
        let mut cargo = self.cargo();
        cargo.args(["test", "--quiet", "--locked", "--manifest-path"]);
        cargo.arg(self.folder("Cargo.toml"));
        for name in ["driftmgr-core", "driftmgr-plugin"] {
            let place = crates.join(format!("{name}-{VERSION}"));
            cargo.arg("--config").arg(format!(
                "patch.crates-io.{name}.path={:?}",
                place.display().to_string()
            ));
        }
        log.run(&mut cargo)
    }

    /// The crates as they are published, unpacked. What did not change stays as it is, so that it is not compiled again.
    fn crates(&self, log: &Log) -> Result<PathBuf, Failure> {
        let mut package = self.cargo();
        package
            .args([
                "package",
                "--quiet",
                "--locked",
                "--no-verify",
                "--allow-dirty",
            ])
            .current_dir(&self.layout.workspace);
        for name in CRATES {
            package.args(["--package", name]);
        }
        log.run(&mut package)?;
        let fresh = self.layout.target.join("examples/crates.new");
        let kept = self.layout.target.join("examples/crates");
        if fresh.exists() {
            fs::remove_dir_all(&fresh).at("removing", &fresh)?;
        }
        for folder in [&fresh, &kept] {
            fs::create_dir_all(folder).at("creating", folder)?;
        }
        for name in CRATES {
            let file = format!("package/{name}-{VERSION}.crate");
            let mut tar = Command::new("tar");
            tar.arg("-xf")
                .arg(self.layout.target.join(file))
                .arg("-C")
                .arg(&fresh);
            log.run(&mut tar)?;
        }
        replace(&fresh, &kept, &[])?;
        Ok(kept)
    }

    fn cargo(&self) -> Command {
        let mut command = Command::new("cargo");
        // The settings of the checkout hold there as well.
        command
            .current_dir(Path::new(&self.layout.workspace))
            .env("CARGO_TARGET_DIR", &self.layout.target);
        command
    }

    fn log(&self, name: &str) -> Result<Log, Failure> {
        let file = format!("xtask-log/example-{name}.log");
        Log::create(self.layout.target.join(file))
    }
}
