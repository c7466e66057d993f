//! Every check, in the order in which a failure is cheapest to find. The summary of the tests comes last.

use std::ffi::OsString;
use std::process::Command;

use crate::failure::Failure;
use crate::layout::{self, Layout};
use crate::step::{Log, timed};
use crate::{examples, kotlin, node, prerequisites, python, release, tools};

/// Features that the program as people build it has off. The tests run with them; clippy looks at everything with them, and without them at
/// what is published.
const OPTIONAL: &str = "driftmgr-cli/columnar";

pub fn run(layout: &Layout, nextest: &[&str]) -> Result<(), Failure> {
    prerequisites::check(layout)?;
    tools::install(layout, None)?;
    release::check(layout)?;
    let suite = Suite { layout };
    suite.quiet(
        "format",
        &["fmt", "--all", "--check", "--", "--color", "never"],
    )?;
    suite.go_format()?;
    suite.clippy("clippy", &["--lib", "--bins"])?;
    suite.clippy(
        "clippy, all features",
        &["--all-targets", "--features", OPTIONAL],
    )?;
    suite.dependencies()?;
    suite.quiet(
        "documentation tests",
        &["test", "--doc", "--workspace", "--quiet"],
    )?;
    release::compare_with_release(layout)?;
    python::test(layout, &[])?;
    if layout.fixtures.is_none() {
        println!("fixtures                 none: the tests that read them say so and return");
    }
    node::test(layout, &[])?;
    kotlin::test(layout)?;
    examples::test(layout, None)?;
    suite.nextest(nextest)
}

/// The noise lab alone, whose result is written to `docs/noise.md`.
pub fn noise(layout: &Layout) -> Result<(), Failure> {
    prerequisites::check(layout)?;
    tools::install(layout, None)?;
    let suite = Suite { layout };
    let mut command = suite.nextest_command();
    told(
        command
            .args(["--cargo-quiet", "-E", "test(noise::)"])
            .env("DRIFTMGR_NOISE_TABLE", "1"),
    )
}

/// Runs nextest, which tells everything itself.
fn told(nextest: &mut Command) -> Result<(), Failure> {
    let status = nextest
        .status()
        .map_err(|error| Failure::new(format!("cargo-nextest: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::told())
    }
}

struct Suite<'a> {
    layout: &'a Layout,
}

impl Suite<'_> {
    fn quiet(&self, name: &str, words: &[&str]) -> Result<(), Failure> {
        timed(name, || {
            self.log(name)?.run(self.command("cargo").args(words))
        })
    }

    fn clippy(&self, name: &str, of: &[&str]) -> Result<(), Failure> {
        let words = ["clippy", "--workspace", "--quiet"];
        let deny = ["--", "-D", "warnings"];
        self.quiet(name, &[&words[..], of, &deny].concat())
    }

    fn go_format(&self) -> Result<(), Failure> {
        timed("format of Go", || {
            let folder = self.layout.test_providers();
            let output = self.command("gofmt").arg("-l").arg(&folder).output();
            let output = output.map_err(|error| Failure::new(format!("gofmt: {error}")))?;
            let report = [output.stdout, output.stderr].concat();
            if report.is_empty() {
                return Ok(());
            }
            let report = String::from_utf8_lossy(&report);
            Err(Failure::new(format!(
                "gofmt would change, or cannot read:\n{report}"
            )))
        })
    }

    /// Licences, bans and sources need nothing but what cargo has fetched already.
    fn dependencies(&self) -> Result<(), Failure> {
        if !self.layout.workspace.join("deny.toml").exists() {
            return Ok(());
        }
        timed("dependencies", || {
            let log = self.log("dependencies")?;
            log.run(self.command("cargo").args(["fetch", "--quiet"]))?;
            let deny = self.layout.bin().join("cargo-deny");
            log.run(
                self.command(deny)
                    .args(["--offline", "check", "licenses", "bans", "sources"]),
            )
        })?;
        println!(
            "                         advisories were left out: their database needs the internet"
        );
        Ok(())
    }

    fn nextest(&self, arguments: &[&str]) -> Result<(), Failure> {
        // Apart from the run, so that minutes of compiling are not minutes of silence.
        timed("build of the tests", || {
            let mut command = self.nextest_command();
            self.log("build of the tests")?.run(command.arg("--no-run"))
        })?;
        let mut command = self.nextest_command();
        command.args(["--cargo-quiet", "--no-tests=pass"]);
        if layout::is_set("CI") {
            command.args(["--profile", "ci"]);
        }
        // One stream for the whole report, so that the summary stands at its end.
        told(command.args(arguments).stderr(std::io::stdout()))
    }

    fn nextest_command(&self) -> Command {
        let mut command = self.command(self.layout.bin().join("cargo-nextest"));
        command.args(["nextest", "run", "--workspace", "--features", OPTIONAL]);
        command
    }

    fn log(&self, name: &str) -> Result<Log, Failure> {
        let file = format!("xtask-log/{}.log", name.replace(' ', "-"));
        Log::create(self.layout.target.join(file))
    }

    /// A program in the checkout that finds the tools, the fixtures and the shared build output.
    fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command
            .current_dir(&self.layout.workspace)
            .env("CARGO_TARGET_DIR", &self.layout.target)
            .env("DRIFTMGR_TOOLS_DIR", &self.layout.tools);
        match &self.layout.fixtures {
            Some(fixtures) => command.env("DRIFTMGR_FIXTURES", fixtures),
            None => command.env_remove("DRIFTMGR_FIXTURES"),
        };
        command
    }
}
