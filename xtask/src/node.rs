//! The Node.js package: builds it, packs it, installs the tarballs into an empty project and runs its suite there.
//!
//! The checkout stays as it is: everything happens in a copy of `bindings-node` below the build output.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{At, Failure};
use crate::layout::Layout;
use crate::stamp;
use crate::step::{Log, timed};

/// What the copy keeps between runs: other files are replaced.
const KEPT: [&str; 2] = ["node_modules", "packages"];

/// Builds, packs, installs and tests. `words` go to the runner of the tests.
pub fn test(layout: &Layout, words: &[&str]) -> Result<(), Failure> {
    let node = Node::new(layout);
    timed("npm packages", || node.prepare())?;
    timed("build of the Node package", || node.build("dev"))?;
    timed("install of the Node package", || node.install())?;
    timed("tests in Node", || node.run(words))
}

/// Makes the tarballs that are published, for this platform, and says where they are.
pub fn pack(layout: &Layout, profile: &str) -> Result<PathBuf, Failure> {
    let node = Node::new(layout);
    timed("npm packages", || node.prepare())?;
    timed("build of the Node package", || node.build(profile))?;
    Ok(node.copy.join("packages"))
}

/// Brings a project's packages up to date by its lock file, and puts the tarballs beside them: nothing of them is in a registry yet, so the
/// lock file cannot name them. `test` made the tarballs.
pub fn install_published(layout: &Layout, project: &Path, log: &Log) -> Result<(), Failure> {
    let node = Node::new(layout);
    let manifest = project.join("package.json");
    let lock = project.join("package-lock.json");
    let modules = project.join("node_modules");
    let text = fs::read_to_string(&manifest).at("reading", &manifest)?;
    let others: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("\"driftmgr\": "))
        .collect();
    fs::write(&manifest, others.join("\n")).at("writing", &manifest)?;
    let digest = stamp::digest("npm ci 1", project, &[lock])?;
    let stamp = modules.join(".driftmgr");
    if !stamp::is_fresh(&stamp, &digest, &[]) {
        // Programs that packages run when they are installed are not needed here.
        log.run(node.npm(project).args(["ci", "--ignore-scripts"]))?;
        stamp::write(&stamp, &digest)?;
    }
    let packages = node.copy.join("packages");
    for tarball in stamp::sources(&packages, &["tgz"])? {
        let folder = modules.join(package_of(&tarball));
        fs::create_dir_all(&folder).at("creating", &folder)?;
        let mut tar = node.command("tar", &folder);
        tar.args(["--strip-components=1", "-xzf"]).arg(&tarball);
        log.run(&mut tar)?;
    }
    Ok(())
}

struct Node<'a> {
    layout: &'a Layout,
    source: PathBuf,
    copy: PathBuf,
    project: PathBuf,
}

impl<'a> Node<'a> {
    fn new(layout: &'a Layout) -> Self {
        let home = layout.target.join("node");
        Self {
            layout,
            source: layout.workspace.join("bindings-node"),
            copy: home.join("package"),
            project: home.join("project"),
        }
    }

    /// The copy, with the tools that build it.
    fn prepare(&self) -> Result<(), Failure> {
        fs::create_dir_all(&self.copy).at("creating", &self.copy)?;
        replace(&self.source, &self.copy, &KEPT)?;
        let lock = self.source.join("package-lock.json");
        let digest = stamp::digest("npm ci", &self.source, &[lock])?;
        let stamp = self.copy.join("node_modules/.driftmgr");
        let tools = [self.copy.join("node_modules/typescript/package.json")];
        if stamp::is_fresh(&stamp, &digest, &tools) {
            return Ok(());
        }
        let log = self.log("node-packages")?;
        log.run(self.npm(&self.copy).arg("ci"))?;
        stamp::write(&stamp, &digest)
    }

    /// The native half, what TypeScript makes of the rest, and the tarballs.
    fn build(&self, profile: &str) -> Result<(), Failure> {
        let log = self.log("node-build")?;
        let script = |name: &str| {
            let mut command = self.command("node", &self.copy);
            command.arg(Path::new("scripts").join(name));
            command
        };
        let manifest = self.source.join("Cargo.toml");
        log.run(
            script("native.mjs")
                .args(["--profile", profile, "--manifest"])
                .arg(manifest),
        )?;
        let schemas = self.layout.workspace.join("schemas");
        log.run(
            script("types.mjs")
                .arg("--check")
                .arg("--schemas")
                .arg(schemas),
        )?;
        log.run(&mut script("build.mjs"))?;
        log.run(
            script("pack.mjs")
                .arg("--licences")
                .arg(&self.layout.workspace),
        )
    }

    /// An empty project that has the tarballs, and the suite beside them.
    fn install(&self) -> Result<(), Failure> {
        let log = self.log("node-install")?;
        let manifest = self.project.join("package.json");
        fs::create_dir_all(&self.project).at("creating", &self.project)?;
        let _ = fs::remove_file(self.project.join("package-lock.json"));
        fs::write(&manifest, r#"{"name": "empty", "private": true}"#).at("writing", &manifest)?;
        let packages = self.copy.join("packages");
        let mut install = self.npm(&self.project);
        install.arg("install");
        for entry in fs::read_dir(&packages).at("reading", &packages)? {
            install.arg(entry.at("reading", &packages)?.path());
        }
        let ours = self.source.join("package.json");
        let portal = self
            .layout
            .workspace
            .join("examples/node-portal/package.json");
        for (tool, manifest) in [
            ("typescript", &ours),
            ("@types/node", &ours),
            ("express", &portal),
        ] {
            install.arg(pinned(tool, manifest)?);
        }
        log.run(&mut install)?;
        replace(
            &self.source.join("__test__"),
            &self.project.join("test"),
            &[],
        )
    }

    fn run(&self, words: &[&str]) -> Result<(), Failure> {
        let mut suite = self.command("node", &self.project);
        suite
            .args(["--test", "--test-reporter=spec"])
            .args(words)
            .env("DRIFTMGR_REPOSITORY", &self.layout.workspace)
            .env("DRIFTMGR_TOOLS_DIR", &self.layout.tools)
            .env_remove("NODE_OPTIONS");
        let folder = self.project.join("test");
        for file in stamp::sources(&folder, &["mjs"])? {
            if file.to_string_lossy().ends_with(".test.mjs") {
                suite.arg(file);
            }
        }
        self.log("node-tests")?.run(&mut suite)
    }

    fn npm(&self, folder: &Path) -> Command {
        let mut command = self.command("npm", folder);
        command.env("npm_config_audit", "false");
        command.env("npm_config_fund", "false");
        command.env("npm_config_update_notifier", "false");
        command.env("npm_config_cache", self.layout.build("npm"));
        command
    }

    fn command(&self, program: &str, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(folder)
            .env("CARGO_TARGET_DIR", &self.layout.target);
        command
    }

    fn log(&self, name: &str) -> Result<Log, Failure> {
        Log::create(self.layout.target.join(format!("xtask-log/{name}.log")))
    }
}

/// A package in the version that a manifest names.
fn pinned(package: &str, manifest: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(manifest).at("reading", manifest)?;
    version_of(&text, package)
        .map(|version| format!("{package}@{version}"))
        .ok_or_else(|| {
            Failure::new(format!(
                "{} names no version of {package}",
                manifest.display()
            ))
        })
}

/// Which package a tarball of ours holds: `driftmgr-1.2.3.tgz` the main one, `driftmgr-linux-x64-gnu-1.2.3.tgz` the native half for Linux.
fn package_of(tarball: &Path) -> String {
    let name = tarball.file_stem().unwrap_or_default().to_string_lossy();
    let name = name.rsplit_once('-').map_or(&*name, |(name, _)| name);
    match name.strip_prefix("driftmgr-") {
        Some(platform) => format!("@driftmgr/{platform}"),
        None => name.to_owned(),
    }
}

/// `"TOOL": "VERSION"` in a manifest.
fn version_of<'t>(manifest: &'t str, tool: &str) -> Option<&'t str> {
    let (_, rest) = manifest.split_once(&format!("\"{tool}\": \""))?;
    rest.split_once('"').map(|(version, _)| version)
}

/// Makes `to` a copy of `from`, but for what is kept there. A file that says the same is not touched.
pub fn replace(from: &Path, to: &Path, kept: &[&str]) -> Result<(), Failure> {
    fs::create_dir_all(to).at("creating", to)?;
    let mut wanted = Vec::new();
    for entry in fs::read_dir(from).at("reading", from)? {
        let entry = entry.at("reading", from)?;
        let name = entry.file_name();
        if kept.iter().any(|one| name == *one) || name == "dist" || name == "target" {
            continue;
        }
        let (source, target) = (entry.path(), to.join(&name));
        if source.is_dir() {
            let inner: Vec<&str> = kept
                .iter()
                .filter_map(|one| one.strip_prefix(&format!("{}/", name.to_string_lossy())))
                .collect();
            replace(&source, &target, &inner)?;
        } else {
            let bytes = fs::read(&source).at("reading", &source)?;
            if fs::read(&target).ok().as_deref() != Some(bytes.as_slice()) {
                fs::write(&target, bytes).at("writing", &target)?;
            }
        }
        wanted.push(name);
    }
    for entry in fs::read_dir(to).at("reading", to)? {
        let entry = entry.at("reading", to)?;
        let name = entry.file_name();
        if wanted.contains(&name) || kept.iter().any(|one| name == *one) {
            continue;
        }
        let path = entry.path();
        if path.is_dir() {
            fs::remove_dir_all(&path).at("removing", &path)?;
        } else {
            fs::remove_file(&path).at("removing", &path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_follows_its_source_and_keeps_what_it_is_told_to() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        let write = |path: PathBuf, text: &str| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(from.join("ts/a.ts"), "a");
        write(to.join("ts/gone.ts"), "gone");
        write(to.join("ts/kept/index.js"), "kept");
        write(to.join("node_modules/x/index.js"), "x");
        replace(&from, &to, &["node_modules", "ts/kept"]).unwrap();
        assert_eq!(fs::read_to_string(to.join("ts/a.ts")).unwrap(), "a");
        assert!(!to.join("ts/gone.ts").exists());
        assert!(to.join("ts/kept/index.js").exists());
        assert!(to.join("node_modules/x/index.js").exists());
    }

    #[test]
    fn tarballs_are_told_apart_by_their_names() {
        let of = |name: &str| package_of(Path::new(name));
        assert_eq!(of("/x/driftmgr-0.1.0.tgz"), "driftmgr");
        assert_eq!(
            of("/x/driftmgr-linux-x64-gnu-0.1.0.tgz"),
            "@driftmgr/linux-x64-gnu"
        );
    }

    #[test]
    fn versions_come_from_the_manifest() {
        let manifest = r#"{"devDependencies": {"@types/node": "20.1.2", "typescript": "6.0.3"}}"#;
        assert_eq!(version_of(manifest, "typescript"), Some("6.0.3"));
        assert_eq!(version_of(manifest, "node"), None);
    }
}
