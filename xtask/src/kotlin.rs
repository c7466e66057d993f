//! The Kotlin library: builds the jar, installs it into a Maven repository of its own and runs its suite and the example from there.
//!
//! The checkout stays as it is: what is built lies below the build output, what is downloaded below the tools.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{At, Failure};
use crate::layout::Layout;
use crate::step::{Log, timed};

/// Builds, installs and tests.
pub fn test(layout: &Layout) -> Result<(), Failure> {
    let kotlin = Kotlin::new(layout);
    let _guard = kotlin.lock()?;
    kotlin.package("debug")?;
    timed("tests in Kotlin", || {
        kotlin.maven("tests", "bindings-uniffi/kotlin/tests", "test")
    })?;
    timed("example in Kotlin", || {
        kotlin.maven("example", "examples/kotlin-check", "test")
    })
}

/// Makes the jar that is published, for this platform, and says where it is.
pub fn pack(layout: &Layout) -> Result<PathBuf, Failure> {
    let kotlin = Kotlin::new(layout);
    let _guard = kotlin.lock()?;
    kotlin.package("release")?;
    let name = format!("driftmgr-{}.jar", env!("CARGO_PKG_VERSION"));
    Ok(kotlin.home.join("jar").join(name))
}

/// Measures what calls cost beside the same ones in Rust, and prints a table.
pub fn bench(layout: &Layout) -> Result<(), Failure> {
    let kotlin = Kotlin::new(layout);
    let _guard = kotlin.lock()?;
    kotlin.package("release")?;
    let root = layout.workspace.join("examples/quickstart");
    let figures = kotlin.home.join("calls.tsv");
    timed("calls in Rust", || {
        let mut bench = kotlin.command("cargo");
        bench
            .args([
                "bench",
                "--quiet",
                "--workspace",
                "--bench",
                "calls_of_kotlin",
                "--",
            ])
            .arg(&root)
            .arg(&figures);
        kotlin.log("bench")?.run(&mut bench)
    })?;
    let mut maven = kotlin.maven_command("bench", "benches/kotlin");
    maven
        .arg(format!(
            "-Dexec.args='{}' '{}'",
            root.display(),
            figures.display()
        ))
        .args(["compile", "exec:java"]);
    let status = maven
        .status()
        .map_err(|error| Failure::new(format!("mvn: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::told())
    }
}

struct Kotlin<'a> {
    layout: &'a Layout,
    home: PathBuf,
    /// Maven's repository: what it downloads, and the library as others get it.
    repository: PathBuf,
}

impl<'a> Kotlin<'a> {
    fn new(layout: &'a Layout) -> Self {
        Self {
            layout,
            home: layout.target.join("kotlin"),
            repository: layout.tools.join("maven"),
        }
    }

    /// The repository holds one build of the library: another run waits.
    fn lock(&self) -> Result<File, Failure> {
        fs::create_dir_all(&self.repository).at("creating", &self.repository)?;
        let path = self.repository.join(".driftmgr.lock");
        let file = File::create(&path).at("creating", &path)?;
        file.lock().at("locking", &path)?;
        Ok(file)
    }

    /// The native library, the source that is generated from it, and the jar with both.
    fn package(&self, profile: &str) -> Result<(), Failure> {
        timed("build for Kotlin", || {
            let built = self.library(profile)?;
            self.clear()?;
            // The source is of the very library that goes into the jar: another checkout may build over the other one meanwhile.
            let library = self.place(&built)?;
            self.generate(&library, "kotlin", "generated")?;
            // Not compiled, for want of a toolchain; that it can be written is something.
            self.generate(&library, "swift", "swift")?;
            self.strip(&library)
        })?;
        timed("jar", || {
            self.maven("jar", "bindings-uniffi/kotlin", "install")
        })
    }

    fn library(&self, profile: &str) -> Result<PathBuf, Failure> {
        let log = self.log("build")?;
        let mut build = self.command("cargo");
        // The whole workspace: single packages resolve features anew and compile large dependencies twice.
        build.args(["build", "--quiet", "--workspace", "--lib"]);
        if profile == "release" {
            build.arg("--release");
        }
        log.run(&mut build)?;
        Ok(self.layout.target.join(profile).join(LIBRARY))
    }

    /// What an earlier run built, here or in another checkout, is no part of this one.
    fn clear(&self) -> Result<(), Failure> {
        for folder in [&self.home, &self.repository.join("io/driftmgr")] {
            if folder.exists() {
                fs::remove_dir_all(folder).at("removing", folder)?;
            }
        }
        Ok(())
    }

    fn generate(&self, library: &Path, language: &str, folder: &str) -> Result<(), Failure> {
        let log = self.log(&format!("generate-{language}"))?;
        let mut generate = self.command("cargo");
        generate
            // Alone: it shares nothing with the library, and would have to wait for all of it.
            .args(["run", "--quiet", "--package", "uniffi-bindgen"])
            .args(["--features", "bindgen", "--"])
            .args(["generate", "--language", language, "--no-format"])
            .arg("--out-dir")
            .arg(self.home.join(folder))
            .arg(library);
        log.run(&mut generate)
    }

    /// Copies it to where JNA looks for it inside of a jar.
    fn place(&self, built: &Path) -> Result<PathBuf, Failure> {
        let folder = self.home.join("natives").join(JNA_FOLDER);
        fs::create_dir_all(&folder).at("creating", &folder)?;
        let library = folder.join(LIBRARY);
        fs::copy(built, &library).at("writing", &library)?;
        Ok(library)
    }

    /// Takes out what only a debugger or `uniffi-bindgen` reads.
    fn strip(&self, library: &Path) -> Result<(), Failure> {
        let mut strip = self.command("strip");
        // On macOS the same goes by another name.
        strip.arg(if cfg!(target_os = "macos") {
            "-x"
        } else {
            "--strip-unneeded"
        });
        self.log("strip")?.run(strip.arg(library))
    }

    fn maven(&self, name: &str, project: &str, goal: &str) -> Result<(), Failure> {
        self.log(name)?
            .run(self.maven_command(name, project).arg(goal))
    }

    fn maven_command(&self, name: &str, project: &str) -> Command {
        let mut maven = self.command("mvn");
        let property = |name: &str, value: &Path| format!("-D{name}={}", value.display());
        maven
            .args(["--quiet", "--batch-mode", "--strict-checksums"])
            .arg("--file")
            .arg(self.layout.workspace.join(project).join("pom.xml"))
            .arg(property("maven.repo.local", &self.repository))
            .arg(property("driftmgr.generated", &self.home.join("generated")))
            .arg(property("driftmgr.natives", &self.home.join("natives")))
            .arg(property("driftmgr.build", &self.home.join(name)))
            .arg(property("driftmgr.repository", &self.layout.workspace))
            .arg(format!("-Ddriftmgr.version={}", env!("CARGO_PKG_VERSION")));
        maven
    }

    fn log(&self, name: &str) -> Result<Log, Failure> {
        Log::create(
            self.layout
                .target
                .join(format!("xtask-log/kotlin-{name}.log")),
        )
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.layout.workspace)
            .env("CARGO_TARGET_DIR", &self.layout.target)
            .env("DRIFTMGR_TOOLS_DIR", &self.layout.tools)
            // Cargo names its output there, and the library in it would be taken instead of the one in the jar.
            .env_remove("LD_LIBRARY_PATH")
            .env_remove("DYLD_FALLBACK_LIBRARY_PATH")
            // Its notice on standard error is no result.
            .env_remove("JAVA_TOOL_OPTIONS");
        command
    }
}

/// JNA's word for this platform.
const JNA_FOLDER: &str = if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
    "linux-x86-64"
} else if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
    "linux-aarch64"
} else if cfg!(all(target_os = "macos", target_arch = "aarch64")) {
    "darwin-aarch64"
} else if cfg!(all(target_os = "macos", target_arch = "x86_64")) {
    "darwin-x86-64"
} else {
    "win32-x86-64"
};

const LIBRARY: &str = if cfg!(target_os = "linux") {
    "libdriftmgr_uniffi.so"
} else if cfg!(target_os = "macos") {
    "libdriftmgr_uniffi.dylib"
} else {
    "driftmgr_uniffi.dll"
};
