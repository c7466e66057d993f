//! Fuzzing: bytes that nobody would write, to every parser of outside bytes. Needs a nightly compiler, and is no part of the tests.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{At, Failure};
use crate::layout::Layout;
use crate::step::{Log, timed};

/// The version that is known to work.
const CARGO_FUZZ: &str = "0.13.2";
/// Seconds for each target, unless a number is given.
const SECONDS: u32 = 600;
/// Seconds that one input may take.
const TIMEOUT: u32 = 10;
/// Megabytes that the process may take, sanitizer included.
const MEMORY: u32 = 2048;
/// Bytes of the longest input.
const LONGEST: u32 = 8192;

/// Which targets, and for how long.
#[derive(Debug, PartialEq, Eq)]
pub struct Options<'a> {
    target: Option<&'a str>,
    seconds: u32,
    keep: bool,
}

impl<'a> Options<'a> {
    /// `[TARGET] [--seconds N] [--keep]`.
    pub fn parse(words: &[&'a str]) -> Result<Self, Failure> {
        let mut options = Self {
            target: None,
            seconds: SECONDS,
            keep: false,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--seconds" => {
                    let number = words.next().and_then(|n| n.parse().ok());
                    options.seconds = number
                        .filter(|n| *n > 0)
                        .ok_or_else(|| Failure::new("--seconds takes a whole number above 0"))?;
                }
                "--keep" => options.keep = true,
                name if !name.starts_with('-') && options.target.is_none() => {
                    options.target = Some(name);
                }
                other => {
                    return Err(Failure::new(format!(
                        "unknown: {other}. Usage: cargo xtask fuzz [TARGET] [--seconds N] [--keep]"
                    )));
                }
            }
        }
        Ok(options)
    }
}

pub fn run(layout: &Layout, options: &Options<'_>) -> Result<(), Failure> {
    let fuzz = Fuzz {
        layout,
        target: layout.target.join("fuzz"),
    };
    let targets = fuzz.targets(options.target)?;
    fuzz.install()?;
    let log = fuzz.log("build")?;
    timed("build of the targets", || {
        log.run(
            fuzz.cargo_fuzz()
                .args(["build", "--fuzz-dir"])
                .arg(fuzz.folder()),
        )
    })?;
    let mut failed = Vec::new();
    for target in &targets {
        if !fuzz.one(target, options.seconds)? {
            failed.push(target.as_str());
        } else if options.keep {
            fuzz.keep(target)?;
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "found something: {}. The input lies in {}; make it a file of the corpus and a test beside the parser, then fix it",
        failed.join(", "),
        fuzz.artifacts().display()
    )))
}

struct Fuzz<'a> {
    layout: &'a Layout,
    /// Where this is built and kept: a sanitizer shares nothing with other builds.
    target: PathBuf,
}

impl Fuzz<'_> {
    fn folder(&self) -> PathBuf {
        self.layout.workspace.join("driftmgr-core/fuzz")
    }

    /// What one run leaves for the next one, beside the corpus of the checkout.
    fn found(&self, target: &str) -> PathBuf {
        self.target.join("found").join(target)
    }

    fn artifacts(&self) -> PathBuf {
        self.target.join("artifacts")
    }

    fn log(&self, name: &str) -> Result<Log, Failure> {
        Log::create(self.target.join("log").join(format!("{name}.log")))
    }

    /// All targets, or the one.
    fn targets(&self, only: Option<&str>) -> Result<Vec<String>, Failure> {
        let folder = self.folder().join("fuzz_targets");
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).at("reading", &folder)? {
            let path = entry.at("reading", &folder)?.path();
            names.extend(path.file_stem().map(|n| n.to_string_lossy().into_owned()));
        }
        names.sort();
        match only {
            None => Ok(names),
            Some(name) if names.iter().any(|n| n == name) => Ok(vec![name.to_owned()]),
            Some(name) => Err(Failure::new(format!(
                "no target {name}; there are {}",
                names.join(", ")
            ))),
        }
    }

    fn install(&self) -> Result<(), Failure> {
        let works = |command: &mut Command| {
            let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
            quiet.status().is_ok_and(|status| status.success())
        };
        if !works(Command::new("cargo").args(["+nightly", "--version"])) {
            let log = self.log("nightly")?;
            timed("nightly compiler", || {
                log.run(Command::new("rustup").args([
                    "toolchain",
                    "install",
                    "nightly",
                    "--profile",
                    "minimal",
                ]))
            })?;
        }
        if !works(self.cargo_fuzz().arg("--version")) {
            let log = self.log("cargo-fuzz")?;
            timed(&format!("cargo-fuzz {CARGO_FUZZ}"), || {
                log.run(
                    Command::new("cargo")
                        .args(["install", "cargo-fuzz", "--locked", "--version", CARGO_FUZZ])
                        .arg("--root")
                        .arg(&self.layout.tools),
                )
            })?;
        }
        Ok(())
    }

    /// `cargo fuzz` on the nightly compiler, with the tools on the path.
    fn cargo_fuzz(&self) -> Command {
        let mut paths = vec![self.layout.bin()];
        let path = std::env::var_os("PATH").unwrap_or_default();
        paths.extend(std::env::split_paths(&path));
        let mut command = Command::new("cargo");
        command
            .args(["+nightly", "fuzz"])
            .current_dir(&self.layout.workspace)
            .env("CARGO_TARGET_DIR", &self.target);
        if let Ok(paths) = std::env::join_paths(paths) {
            command.env("PATH", paths);
        }
        command
    }

    /// `cargo fuzz run` on folders of inputs; the first takes what is new.
    fn command(&self, target: &str, inputs: &[&Path]) -> Command {
        let mut command = self.cargo_fuzz();
        command
            .args(["run", "--fuzz-dir"])
            .arg(self.folder())
            .arg(target)
            .args(inputs)
            .arg("--")
            .arg(format!("-timeout={TIMEOUT}"))
            .arg(format!("-rss_limit_mb={MEMORY}"))
            .arg(format!("-max_len={LONGEST}"))
            .arg("-print_final_stats=1")
            .arg(format!(
                "-artifact_prefix={}/{target}-",
                self.artifacts().display()
            ));
        command
    }

    /// Runs a target and says how far it came; false when it found something.
    fn one(&self, target: &str, seconds: u32) -> Result<bool, Failure> {
        let (found, artifacts) = (self.found(target), self.artifacts());
        for folder in [&found, &artifacts] {
            fs::create_dir_all(folder).at("creating", folder)?;
        }
        let path = self.target.join("log").join(format!("{target}.log"));
        let log = fs::File::create(&path).at("creating", &path)?;
        let corpus = self.folder().join("corpus").join(target);
        let dictionary = self
            .folder()
            .join("dictionaries")
            .join(format!("{target}.dict"));
        let status = self
            .command(target, &[&found, &corpus])
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-dict={}", dictionary.display()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().at("opening", &path)?)
            .stderr(log)
            .status()
            .map_err(|error| Failure::new(format!("cargo fuzz: {error}")))?;
        let log = fs::File::open(&path).at("opening", &path)?;
        let lines = BufReader::new(log).lines().map_while(Result::ok);
        let word = if status.success() { "ok" } else { "FOUND" };
        println!("{target:<24} {word:<7} {}", Reached::read(lines));
        Ok(status.success())
    }

    /// Takes what reaches more code into the corpus of the checkout.
    fn keep(&self, target: &str) -> Result<(), Failure> {
        let corpus = self.folder().join("corpus").join(target);
        let log = self.log(&format!("{target}-keep"))?;
        log.run(
            self.command(target, &[&corpus, &self.found(target)])
                .arg("-merge=1"),
        )
    }
}

/// How far a run came.
#[derive(Debug, Default, PartialEq, Eq)]
struct Reached {
    runs: u64,
    a_second: u64,
    edges: u64,
    megabytes: u64,
}

impl Reached {
    /// From libFuzzer's log.
    fn read(lines: impl Iterator<Item = String>) -> Self {
        let mut reached = Self::default();
        for line in lines {
            if let Some(edges) = after(&line, " cov: ") {
                reached.edges = edges;
            }
            for (name, into) in [
                ("stat::number_of_executed_units:", &mut reached.runs),
                ("stat::average_exec_per_sec:", &mut reached.a_second),
                ("stat::peak_rss_mb:", &mut reached.megabytes),
            ] {
                if let Some(number) = after(&line, name) {
                    *into = number;
                }
            }
        }
        reached
    }
}

fn after(line: &str, word: &str) -> Option<u64> {
    let (_, rest) = line.split_once(word)?;
    rest.split_whitespace().next()?.parse().ok()
}

impl std::fmt::Display for Reached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            runs,
            a_second,
            edges,
            megabytes,
        } = self;
        write!(
            f,
            "{runs} runs, {a_second} a second, {edges} edges of code, {megabytes} MB"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let read = |words: &[&'static str]| Options::parse(words).ok();
        let all = Options {
            target: None,
            seconds: SECONDS,
            keep: false,
        };
        assert_eq!(read(&[]), Some(all));
        let one = Options {
            target: Some("plan"),
            seconds: 5,
            keep: true,
        };
        assert_eq!(read(&["--seconds", "5", "plan", "--keep"]), Some(one));
        for wrong in [
            &["--seconds"][..],
            &["--seconds", "0"],
            &["a", "b"],
            &["-x"],
        ] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_log_says_how_far_it_came() {
        let log = "INFO: seed corpus: files: 3\n#1024\tpulse  cov: 812 ft: 2000 corp: 5/1kb\n#2048\tNEW    cov: 813 ft: 2001\nstat::number_of_executed_units: 2050\nstat::average_exec_per_sec:     205\nstat::peak_rss_mb:              90\n";
        let reached = Reached::read(log.lines().map(str::to_owned));
        assert_eq!(
            reached.to_string(),
            "2050 runs, 205 a second, 813 edges of code, 90 MB"
        );
    }
}
