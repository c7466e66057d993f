//! Every published form of DriftMgr in one folder, each tried as its user would, with checksums and a manifest.
//!
//! Nothing is published here: RELEASING.md says who does that with what lies in the folder.

mod bom;
mod container;
mod crates;
mod debian;
mod jar;
mod manifest;
mod native;
mod npm;
mod packaging;
mod python;
mod semver;
mod tools;
mod versions;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::failure::{At, Failure};
use crate::layout::Layout;
use crate::step::{Log, timed};

pub use crates::CRATES;
pub use semver::{compare_with, compare_with_release};
pub use versions::VERSION;

/// One form in which DriftMgr is published.
struct Form {
    name: &'static str,
    /// Builds it, puts it into the folder and tries it there; answers with the names of the files.
    make: fn(&Release) -> Result<Vec<String>, Failure>,
}

/// Quick ones first, and those that share a build beside each other.
const FORMS: &[Form] = &[
    form("cli", native::make),
    form("deb", debian::make),
    form("container", container::make),
    form("wheel", python::make),
    form("npm", npm::make),
    form("jar", jar::make),
    form("crates", crates::make),
    form("sbom", bom::make),
];

const fn form(name: &'static str, make: fn(&Release) -> Result<Vec<String>, Failure>) -> Form {
    Form { name, make }
}

/// What the words after `release` ask for.
#[derive(Debug, Default)]
pub struct Options {
    only: Option<Vec<String>>,
    out: Option<PathBuf>,
    /// Libraries are not optimised: to try the packaging, not to publish.
    is_quick: bool,
}

impl Options {
    /// Reads `--dry-run [--quick] [--only A,B] [--out FOLDER]`.
    pub fn parse(words: &[&str]) -> Result<Self, Failure> {
        let mut options = Self::default();
        let mut is_dry = false;
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .ok_or_else(|| Failure::new(format!("{word} needs a value")))
            };
            match *word {
                "--dry-run" => is_dry = true,
                "--quick" => options.is_quick = true,
                "--only" => options.only = Some(value()?.split(',').map(str::to_owned).collect()),
                "--out" => {
                    let folder = std::path::absolute(value()?);
                    options.out = Some(folder.map_err(|error| Failure::new(error.to_string()))?);
                }
                other => {
                    return Err(Failure::new(format!(
                        "release does not know {other}: it takes --dry-run, --quick, --only A,B and --out FOLDER"
                    )));
                }
            }
        }
        if !is_dry {
            return Err(Failure::new(
                "this command builds a release and publishes nothing: say --dry-run (RELEASING.md has the rest)",
            ));
        }
        if let Some(names) = &options.only {
            let known: Vec<&str> = FORMS.iter().map(|form| form.name).collect();
            if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
                return Err(Failure::new(format!(
                    "no form is called {unknown}; there are {}",
                    known.join(", ")
                )));
            }
        }
        Ok(options)
    }

    fn wants(&self, form: &Form) -> bool {
        self.only
            .as_ref()
            .is_none_or(|names| names.iter().any(|name| name == form.name))
    }
}

/// What takes no time: that versions agree, and that the files of packaging are what their readers accept.
pub fn check(layout: &Layout) -> Result<(), Failure> {
    timed("versions and packaging", || {
        let mut found = versions::disagreements(&layout.workspace)?;
        found.extend(packaging::faults(&layout.workspace)?);
        if found.is_empty() {
            return Ok(());
        }
        Err(Failure::new(format!(
            "packaging is not consistent:\n  {}",
            found.join("\n  ")
        )))
    })
}

/// Builds and tries the forms. What failed is named at the end; the manifest says that it is missing.
pub fn run(layout: &Layout, options: &Options) -> Result<(), Failure> {
    check(layout)?;
    if versions::is_unreleased(&layout.workspace)? {
        println!("the changelog's newest heading has no date yet");
    }
    let release = Release::begin(layout, options)?;
    let mut artifacts = Vec::new();
    let mut failures = Vec::new();
    for form in FORMS.iter().filter(|form| options.wants(form)) {
        match timed(form.name, || (form.make)(&release)) {
            Ok(files) => {
                for file in files {
                    artifacts.push(manifest::describe(form.name, &file, &release.out)?);
                }
            }
            Err(failure) => failures.push((form.name, failure)),
        }
    }
    artifacts.sort_by(|a, b| a.file.cmp(&b.file));
    let failed: Vec<&str> = failures.iter().map(|(name, _)| *name).collect();
    // What nobody asked for is missing as well, yet no failure.
    let missing: Vec<&str> = FORMS
        .iter()
        .filter(|form| !options.wants(form) || failed.contains(&form.name))
        .map(|form| form.name)
        .collect();
    manifest::write(&release, &artifacts, &missing)?;
    release.verify_sums()?;
    for artifact in &artifacts {
        println!("  {:>10}  {}", artifact.size, artifact.file);
    }
    println!("{}", release.out.display());
    if failures.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = failures
        .iter()
        .map(|(name, failure)| format!("{name}: {failure}"))
        .collect();
    Err(Failure::new(format!(
        "the release is not complete, missing: {}\n{}",
        failed.join(", "),
        told.join("\n")
    )))
}

/// One run: where things come from and go to.
struct Release<'a> {
    layout: &'a Layout,
    /// What is published.
    out: PathBuf,
    /// What is needed on the way.
    work: PathBuf,
    /// Held while it lasts: another run waits.
    _guard: File,
    commit: String,
    /// The checkout has changes that the commit has not.
    is_dirty: bool,
    is_quick: bool,
    /// Seconds since 1970 of the commit: the time of every file, so that the same commit gives the same archives.
    epoch: String,
}

impl<'a> Release<'a> {
    fn begin(layout: &'a Layout, options: &Options) -> Result<Self, Failure> {
        let home = layout.target.join("release-artifacts");
        let out = options.out.clone().unwrap_or_else(|| home.join(VERSION));
        fs::create_dir_all(&home).at("creating", &home)?;
        let path = home.join(".lock");
        let guard = File::create(&path).at("creating", &path)?;
        guard.lock().at("locking", &path)?;
        let git = |words: &[&str]| {
            let mut command = Command::new("git");
            answer(command.args(words).current_dir(&layout.workspace))
        };
        let release = Self {
            layout,
            out,
            work: home.join("work"),
            _guard: guard,
            commit: git(&["rev-parse", "HEAD"])?,
            is_quick: options.is_quick,
            is_dirty: !git(&["status", "--porcelain"])?.is_empty(),
            epoch: git(&["log", "-1", "--format=%ct"])?,
        };
        empty(&release.work)?;
        if options.only.is_none() {
            is_ours(&release.out)?;
            empty(&release.out)?;
        }
        fs::create_dir_all(&release.out).at("creating", &release.out)?;
        Ok(release)
    }

    /// A program in the checkout that compiles nothing.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.layout.workspace)
            .env("CARGO_TARGET_DIR", &self.layout.target)
            .env("SOURCE_DATE_EPOCH", &self.epoch)
            .env_remove("JAVA_TOOL_OPTIONS");
        command
    }

    /// A program that compiles what is published: no path of this machine gets into it.
    fn build(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let cargo = cargo_home();
        let folders = [
            (&self.layout.workspace, "/driftmgr"),
            (&self.layout.target, "/target"),
            (&cargo, "/cargo"),
        ];
        let option = |name: &str| {
            folders
                .map(|(from, to)| format!("{name}={}={to}", from.display()))
                .join(" ")
        };
        let mut command = self.command(program);
        command
            .env("RUSTFLAGS", option("--remap-path-prefix"))
            .env("CFLAGS", option("-ffile-prefix-map"));
        command
    }

    /// Another command of this program, and the path that it prints last.
    fn xtask(&self, words: &[&str]) -> Result<PathBuf, Failure> {
        let program = std::env::current_exe().map_err(|error| Failure::new(error.to_string()))?;
        let mut command = if self.is_quick {
            self.command(program)
        } else {
            self.build(program)
        };
        let said = answer(command.args(words))?;
        Ok(PathBuf::from(said.lines().last().unwrap_or_default()))
    }

    /// The profile of a library that is built for this run.
    fn profile(&self) -> &'static str {
        if self.is_quick { "dev" } else { "release" }
    }

    fn log(&self, name: &str) -> Result<Log, Failure> {
        let file = format!("xtask-log/release-{name}.log");
        Log::create(self.layout.target.join(file))
    }

    /// An empty folder for intermediate files.
    fn scratch(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.work.join(name);
        empty(&folder)?;
        Ok(folder)
    }

    /// Copies a file into the folder of the release and answers with its name there.
    fn publish(&self, from: &Path) -> Result<String, Failure> {
        let name = from
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .ok_or_else(|| Failure::new(format!("{} is no file", from.display())))?;
        let to = self.out.join(&name);
        fs::copy(from, &to).at("copying to", &to)?;
        Ok(name)
    }

    /// A `.tar.gz` of what lies in `parent` under these names, the same for the same content.
    fn archive(&self, parent: &Path, names: &[&str], file: &Path) -> Result<(), Failure> {
        let log = self.log("archive")?;
        let tar = file.with_extension("");
        log.run(
            self.command("tar")
                .args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner"])
                .arg(format!("--mtime=@{}", self.epoch))
                .arg("--create")
                .arg("--file")
                .arg(&tar)
                .arg("--directory")
                .arg(parent)
                .args(names),
        )?;
        let mut gzip = self.command("gzip");
        log.run(gzip.args(["--no-name", "--force", "-9"]).arg(&tar))
    }

    /// The files are what SHA256SUMS says, judged by the program that users have.
    fn verify_sums(&self) -> Result<(), Failure> {
        let mut sums = self.command("sha256sum");
        sums.args(["--check", "--strict", "--quiet", manifest::SUMS])
            .current_dir(&self.out);
        self.log("sums")?.run(&mut sums)
    }
}

fn cargo_home() -> PathBuf {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"));
    std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(home)
        .unwrap_or_else(|| PathBuf::from("/cargo-home-is-not-known"))
}

/// What is emptied holds an earlier release, or nothing: `--out` can name any folder.
fn is_ours(folder: &Path) -> Result<(), Failure> {
    let is_empty = || fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    if !folder.exists() || folder.join(manifest::MANIFEST).exists() || is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{} holds something else than a release, and would be emptied: name an empty folder, or one that is not there",
        folder.display()
    )))
}

fn empty(folder: &Path) -> Result<(), Failure> {
    if folder.exists() {
        fs::remove_dir_all(folder).at("removing", folder)?;
    }
    fs::create_dir_all(folder).at("creating", folder)
}

/// Runs a program and gives its standard output, without the end of the last line.
fn answer(command: &mut Command) -> Result<String, Failure> {
    let output = outcome(command)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned());
    }
    Err(unexpected(command, &output))
}

/// Runs a program that has to end with this exit code, and gives its standard output.
fn ends_with(code: i32, command: &mut Command) -> Result<String, Failure> {
    let output = outcome(command)?;
    if output.status.code() == Some(code) {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(unexpected(command, &output))
}

fn outcome(command: &mut Command) -> Result<Output, Failure> {
    command
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|error| Failure::new(format!("{command:?}: {error}")))
}

fn unexpected(command: &Command, output: &Output) -> Failure {
    let words: Vec<String> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    Failure::new(format!(
        "{}: {}\n{}{}",
        words.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    ))
}

/// The quick start has drifted: the program says so, in a sentence and by its exit code.
fn sees_the_drift(command: &mut Command) -> Result<(), Failure> {
    let said = ends_with(2, command)?;
    if said.contains("Drift: 2 of 6 objects differ") {
        return Ok(());
    }
    Err(Failure::new(format!("{command:?} answers\n{said}")))
}

/// Copies a folder; links stay links.
fn copy_folder(from: &Path, to: &Path) -> Result<(), Failure> {
    let mut copy = Command::new("cp");
    answer(copy.arg("-a").arg(from).arg(to)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_has_to_be_called_dry() {
        assert!(Options::parse(&["--dry-run"]).is_ok());
        let failure = Options::parse(&[]).unwrap_err().to_string();
        assert!(failure.contains("--dry-run"), "{failure}");
    }

    #[test]
    fn a_choice_names_forms_that_exist() {
        let options = Options::parse(&["--dry-run", "--only", "deb,cli"]).unwrap();
        let chosen: Vec<&str> = FORMS
            .iter()
            .filter(|form| options.wants(form))
            .map(|form| form.name)
            .collect();
        assert_eq!(chosen, ["cli", "deb"]);
        let failure = Options::parse(&["--dry-run", "--only", "rpm"]).unwrap_err();
        assert!(failure.to_string().contains("rpm; there are cli, deb"));
        assert!(Options::parse(&["--dry-run", "--only"]).is_err());
    }

    #[test]
    fn only_a_release_is_emptied() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_ours(&folder.path().join("new")).is_ok());
        assert!(is_ours(folder.path()).is_ok());
        fs::write(folder.path().join("letters.txt"), "").unwrap();
        let failure = is_ours(folder.path()).unwrap_err().to_string();
        assert!(failure.contains("would be emptied"), "{failure}");
        fs::write(folder.path().join(manifest::MANIFEST), "").unwrap();
        assert!(is_ours(folder.path()).is_ok());
    }

    #[test]
    fn another_exit_code_is_a_failure_that_shows_what_was_said() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 3"]);
        assert_eq!(ends_with(3, &mut command).unwrap(), "out\n");
        let failure = ends_with(2, &mut command).unwrap_err().to_string();
        for part in ["exit status: 3", "out", "err"] {
            assert!(failure.contains(part), "{failure}");
        }
    }
}
