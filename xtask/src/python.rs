//! The Python package: built as it is published, installed into an empty environment, checked and tested there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{At, Failure};
use crate::layout::Layout;
use crate::stamp;
use crate::step::{Log, timed};

/// The environment with the tools, and with the package once it is built.
const TOOLS: Environment = Environment {
    name: "python-package",
    list: "tests/requirements.txt",
    proof: "maturin",
};

/// The environment of the engines for fleets. The package is tested without them first.
const FLEET: Environment = Environment {
    name: "python-fleet",
    list: "tests/requirements-fleet.txt",
    proof: "pyspark",
};

/// Builds the wheel and runs the package's own suite against it, but for the engines; `pytest` are more words for pytest.
pub fn test(layout: &Layout, pytest: &[&str]) -> Result<(), Failure> {
    let package = Package { layout };
    let wheel = package.built()?;
    timed("python: empty environment", || {
        package.in_empty_environment(&wheel)
    })?;
    timed("python: lints and types", || package.lints())?;
    timed("python: tests", || package.tests(pytest))?;
    timed("python: examples", || {
        package.examples(&TOOLS, &["python-"])
    })?;
    package.fleet(&wheel, &[])
}

/// The engines for fleets alone.
pub fn fleet(layout: &Layout, pytest: &[&str]) -> Result<(), Failure> {
    let package = Package { layout };
    let wheel = package.built()?;
    package.fleet(&wheel, pytest)
}

/// Builds what is published, the wheel and the source distribution, and says where they are.
pub fn pack(layout: &Layout, profile: &str) -> Result<PathBuf, Failure> {
    let package = Package { layout };
    timed("python: tools", || package.environment(&TOOLS))?;
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

/// A virtual environment among the tools.
struct Environment {
    name: &'static str,
    /// The pinned packages in it, as a file of the package's folder.
    list: &'static str,
    /// A program that is there when all is installed.
    proof: &'static str,
}

struct Package<'a> {
    layout: &'a Layout,
}

impl Package<'_> {
    fn folder(&self) -> PathBuf {
        self.layout.workspace.join("bindings-python")
    }

    /// The wheel, and the tools that made it.
    fn built(&self) -> Result<PathBuf, Failure> {
        timed("python: tools", || self.environment(&TOOLS))?;
        timed("python: wheel", || self.wheel())
    }

    fn program(&self, name: &str) -> PathBuf {
        self.program_of(&TOOLS, name)
    }

    fn program_of(&self, environment: &Environment, name: &str) -> PathBuf {
        let folder = self.layout.tools.join(environment.name);
        folder.join("bin").join(name)
    }

    /// An environment with the pinned packages of its list; a new one when that file has changed.
    fn environment(&self, environment: &Environment) -> Result<(), Failure> {
        let Environment { name, list, proof } = environment;
        let list = self.folder().join(list);
        let digest = stamp::digest(
            &format!("{name} 1"),
            &self.layout.workspace,
            std::slice::from_ref(&list),
        )?;
        let stamp = self.layout.stamp(name);
        if stamp::is_fresh(&stamp, &digest, &[self.program_of(environment, proof)]) {
            return Ok(());
        }
        stamp::remove(&stamp)?;
        let log = self.log(name)?;
        log.run(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(self.layout.tools.join(name)),
        )?;
        let mut pip = Command::new(self.program_of(environment, "python"));
        pip.args(["-m", "pip", "install", "-q", "-r"]).arg(&list);
        log.run(&mut pip)?;
        stamp::write(&stamp, &digest)
    }

    /// What runs on Ray and Spark, each as a cluster of this machine that keeps to the loopback interface.
    fn fleet(&self, wheel: &Path, pytest: &[&str]) -> Result<(), Failure> {
        timed("fleet: tools", || {
            self.environment(&FLEET)?;
            let python = self.program_of(&FLEET, "python");
            self.install(&self.log("fleet-wheel")?, &python, wheel)
        })?;
        timed("fleet: tests", || {
            let mut command = self.tool_of(&FLEET, "python");
            command.args(["-m", "pytest", "tests/engines"]).args(pytest);
            self.log("fleet-tests")?.run(&mut command)
        })?;
        timed("fleet: examples", || {
            self.examples(&FLEET, &["ray-", "spark-"])
        })
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
        let examples = self.examples_folders(&["python-", "ray-", "spark-"])?;
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
        command
            .args(["-m", "pytest", "tests", "--ignore", "tests/engines"])
            .args(pytest);
        self.log("tests")?.run(&mut command)
    }

    /// Every example has a `test.py` that runs it.
    fn examples(&self, environment: &Environment, kinds: &[&str]) -> Result<(), Failure> {
        let log = self.log(&format!("{}-examples", environment.name))?;
        for folder in self.examples_folders(kinds)? {
            let mut python = self.tool_of(environment, "python");
            log.run(python.arg(folder.join("test.py")))?;
        }
        Ok(())
    }

    /// The examples whose names begin with one of these.
    fn examples_folders(&self, kinds: &[&str]) -> Result<Vec<PathBuf>, Failure> {
        let folder = self.layout.workspace.join("examples");
        let mut found: Vec<PathBuf> = fs::read_dir(&folder)
            .at("reading", &folder)?
            .filter_map(Result::ok)
            .filter(|entry| {
                let name = entry.file_name();
                kinds
                    .iter()
                    .any(|kind| name.to_string_lossy().starts_with(kind))
            })
            .map(|entry| entry.path())
            .collect();
        found.sort();
        Ok(found)
    }

    fn tool(&self, name: &str) -> Command {
        self.tool_of(&TOOLS, name)
    }

    /// A tool of an environment, in the package's folder.
    fn tool_of(&self, environment: &Environment, name: &str) -> Command {
        let mut command = Command::new(self.program_of(environment, name));
        command
            .current_dir(self.folder())
            .env("DRIFTMGR_REPOSITORY", &self.layout.workspace)
            .env("DRIFTMGR_TOOLS_DIR", &self.layout.tools)
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
