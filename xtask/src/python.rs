//! The Python package: built as it is published, installed into an empty environment, checked and tested there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{At, Failure};
use crate::layout::Layout;
use crate::stamp;
use crate::step::{Log, timed};

/// Builds the wheel and runs the package's own suite against it; `pytest` are more words for pytest.
pub fn test(layout: &Layout, pytest: &[&str]) -> Result<(), Failure> {
    let package = Package { layout };
    timed("python: tools", || package.tools())?;
    let wheel = timed("python: wheel", || package.wheel())?;
    timed("python: empty environment", || {
        package.in_empty_environment(&wheel)
    })?;
    timed("python: lints and types", || package.lints())?;
    timed("python: tests", || package.tests(pytest))?;
    timed("python: examples", || package.examples())
}

/// Builds what is published, the wheel and the source distribution, and says where they are.
pub fn pack(layout: &Layout, profile: &str) -> Result<PathBuf, Failure> {
    let package = Package { layout };
    timed("python: tools", || package.tools())?;
    let folder = layout.target.join("python-release");
    timed("python: packages", || {
        package.maturin(&folder, &["--profile", profile])?;
        let mut sdist = Command::new(package.program("maturin"));
        sdist
            .args(["sdist", "--out"])
            .arg(&folder)
            .current_dir(package.folder());
        package.log("sdist")?.run(&mut sdist)
    })?;
    Ok(folder)
}

struct Package<'a> {
    layout: &'a Layout,
}

impl Package<'_> {
    fn folder(&self) -> PathBuf {
        self.layout.workspace.join("bindings-python")
    }

    /// The environment with the tools, and with the package once it is built.
    fn environment(&self) -> PathBuf {
        self.layout.tools.join("python-package")
    }

    fn program(&self, name: &str) -> PathBuf {
        self.environment().join("bin").join(name)
    }

    /// An environment with the pinned tools of `requirements.txt`; a new one when that file has changed.
    fn tools(&self) -> Result<(), Failure> {
        let list = self.folder().join("tests/requirements.txt");
        let digest = stamp::digest(
            "python-package 1",
            &self.layout.workspace,
            std::slice::from_ref(&list),
        )?;
        let stamp = self.layout.stamp("python-package");
        if stamp::is_fresh(&stamp, &digest, &[self.program("maturin")]) {
            return Ok(());
        }
        stamp::remove(&stamp)?;
        let log = self.log("tools")?;
        log.run(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(self.environment()),
        )?;
        let mut pip = Command::new(self.program("python"));
        pip.args(["-m", "pip", "install", "-q", "-r"]).arg(&list);
        log.run(&mut pip)?;
        stamp::write(&stamp, &digest)
    }

    /// Builds the wheel, the only one in its folder.
    fn wheel(&self) -> Result<PathBuf, Failure> {
        let folder = self.layout.target.join("wheels");
        self.maturin(&folder, &["--profile", "dev"])?;
        let mut found = fs::read_dir(&folder)
            .at("reading", &folder)?
            .filter_map(Result::ok)
            .map(|entry| entry.path());
        found
            .find(|path| path.extension().is_some_and(|it| it == "whl"))
            .ok_or_else(|| Failure::new("maturin built no wheel"))
    }

    /// Builds into a folder that holds nothing else.
    fn maturin(&self, folder: &Path, words: &[&str]) -> Result<(), Failure> {
        if folder.exists() {
            fs::remove_dir_all(folder).at("removing", folder)?;
        }
        let mut maturin = Command::new(self.program("maturin"));
        maturin
            .args(["build", "--locked", "--interpreter"])
            .arg(self.program("python"))
            .arg("--out")
            .arg(folder)
            .args(words)
            .current_dir(self.folder())
            .env("CARGO_TARGET_DIR", &self.layout.target);
        self.log("wheel")?.run(&mut maturin)
    }

    /// Nothing but the wheel, as a user has it who has nothing else.
    fn in_empty_environment(&self, wheel: &Path) -> Result<(), Failure> {
        let log = self.log("empty-environment")?;
        let folder = self.layout.target.join("python-empty");
        log.run(
            Command::new("python3")
                .args(["-m", "venv", "--clear", "--without-pip"])
                .arg(&folder),
        )?;
        let python = folder.join("bin/python");
        self.install(&log, &python, wheel)?;
        self.install(&log, &self.program("python"), wheel)?;
        let script = "import driftmgr; \
             state = driftmgr.State.read('examples/quickstart/terraform.tfstate'); \
             assert len(state.list()) == 6, state; \
             assert driftmgr.open('examples/quickstart').check(plugins=False).exit == 2";
        log.run(
            Command::new(&python)
                .args(["-W", "error", "-c", script])
                .current_dir(&self.layout.workspace),
        )?;
        log.run(Command::new(folder.join("bin/driftmgr")).arg("--version"))
    }

    fn install(&self, log: &Log, into: &Path, wheel: &Path) -> Result<(), Failure> {
        let mut pip = Command::new(self.program("python"));
        pip.args(["-m", "pip", "--python"])
            .arg(into)
            .args([
                "install",
                "-q",
                "--force-reinstall",
                "--no-index",
                "--no-deps",
            ])
            .arg(wheel);
        log.run(&mut pip)
    }

    fn lints(&self) -> Result<(), Failure> {
        let log = self.log("lints")?;
        let examples = self.examples_folders()?;
        for words in [&["format", "--check", "."][..], &["check", "."]] {
            let mut ruff = self.tool("ruff");
            ruff.args(words).args(&examples);
            log.run(ruff.args(["--config", "pyproject.toml"]))?;
        }
        log.run(self.tool("mypy").args(["python/driftmgr", "tests"]))?;
        log.run(self.tool("stubtest").args([
            "--concise",
            "--mypy-config-file",
            "pyproject.toml",
            "driftmgr._native",
        ]))?;
        let mut pyright = self.tool("pyright");
        pyright.arg("--pythonpath").arg(self.program("python"));
        log.run(&mut pyright)
    }

    fn tests(&self, pytest: &[&str]) -> Result<(), Failure> {
        let mut command = self.tool("python");
        command.args(["-m", "pytest", "tests"]).args(pytest);
        self.log("tests")?.run(&mut command)
    }

    /// Every example has a `test.py` that runs it.
    fn examples(&self) -> Result<(), Failure> {
        let log = self.log("examples")?;
        for folder in self.examples_folders()? {
            log.run(self.tool("python").arg(folder.join("test.py")))?;
        }
        Ok(())
    }

    fn examples_folders(&self) -> Result<Vec<PathBuf>, Failure> {
        let folder = self.layout.workspace.join("examples");
        let mut found: Vec<PathBuf> = fs::read_dir(&folder)
            .at("reading", &folder)?
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("python-"))
            .map(|entry| entry.path())
            .collect();
        found.sort();
        Ok(found)
    }

    /// A tool of the environment, in the package's folder.
    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.program(name));
        command
            .current_dir(self.folder())
            .env("DRIFTMGR_REPOSITORY", &self.layout.workspace)
            // Bytecode of the tests would lie in the checkout.
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    fn log(&self, name: &str) -> Result<Log, Failure> {
        Log::create(
            self.layout
                .target
                .join(format!("xtask-log/python-{name}.log")),
        )
    }
}
