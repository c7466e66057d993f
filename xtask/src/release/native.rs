//! The command line as a binary that runs on any Linux, with its manual pages and completions.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Release, VERSION, answer, copy_folder, ends_with, sees_the_drift};
use crate::failure::{At, Failure};

/// Linked against musl, statically: it needs no library of the machine that runs it.
pub const TARGET: &str = "x86_64-unknown-linux-musl";
pub const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// Shells that have a completion script, and what the file is called in which of their folders.
pub const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "driftmgr.bash"),
    ("zsh", "_driftmgr"),
    ("fish", "driftmgr.fish"),
];

pub fn make(release: &Release) -> Result<Vec<String>, Failure> {
    let binary = binary(release)?;
    let name = format!("driftmgr-{VERSION}-{TARGET}");
    let home = release.scratch("cli")?;
    let folder = home.join(&name);
    copy_into(&binary, &folder)?;
    documents(release, &binary, &folder)?;
    for file in LICENCES.iter().chain(&["README.md", "CHANGELOG.md"]) {
        copy_into(&release.layout.workspace.join(file), &folder)?;
    }
    let archive = release.out.join(format!("{name}.tar.gz"));
    release.archive(&home, &[name.as_str()], &archive)?;
    try_archive(release, &archive, &name)?;
    Ok(vec![format!("{name}.tar.gz")])
}

/// What the published binary has besides what cargo builds by itself: Arrow and Parquet.
pub const FEATURES: &str = "columnar";

/// Compiles the static binary; nothing happens when that was done already.
pub fn binary(release: &Release) -> Result<PathBuf, Failure> {
    needs_musl(release)?;
    let mut cargo = release.build("cargo");
    cargo
        .args(["build", "--quiet", "--release", "--locked"])
        .args(["--package", "driftmgr-cli", "--features", FEATURES])
        .args(["--target", TARGET])
        .env("CC_x86_64_unknown_linux_musl", "musl-gcc");
    release.log("cli")?.run(&mut cargo)?;
    let binary = release.layout.target.join(TARGET).join("release/driftmgr");
    is_static(&binary)?;
    names_no_place(release, &binary)?;
    Ok(binary)
}

fn needs_musl(release: &Release) -> Result<(), Failure> {
    let targets =
        answer(
            release
                .command("rustc")
                .args(["--print", "target-libdir", "--target", TARGET]),
        )?;
    if !Path::new(&targets).exists() {
        return Err(Failure::new(format!(
            "the compiler has no standard library for {TARGET}: rustup target add {TARGET}"
        )));
    }
    answer(Command::new("musl-gcc").arg("--version")).map_err(|_| {
        Failure::new("musl-gcc compiles the parts in C: apt-get install -y musl-tools")
    })?;
    Ok(())
}

/// A static binary asks for no loader and no library.
fn is_static(binary: &Path) -> Result<(), Failure> {
    let headers = answer(
        Command::new("readelf")
            .args(["--program-headers", "--dynamic", "--wide"])
            .arg(binary),
    )?;
    match headers
        .lines()
        .find(|line| line.contains("INTERP") || line.contains("(NEEDED)"))
    {
        None => Ok(()),
        Some(line) => Err(Failure::new(format!(
            "{} is not static: {}",
            binary.display(),
            line.trim()
        ))),
    }
}

/// Neither the checkout nor the home of whoever built it is in what is published.
pub fn names_no_place(release: &Release, binary: &Path) -> Result<(), Failure> {
    let bytes = fs::read(binary).at("reading", binary)?;
    let places = [&release.layout.workspace, &release.layout.target];
    let found = places
        .into_iter()
        .map(|place| place.display().to_string())
        .find(|place| {
            bytes
                .windows(place.len())
                .any(|window| window == place.as_bytes())
        });
    match found {
        None => Ok(()),
        Some(place) => Err(Failure::new(format!("{} names {place}", binary.display()))),
    }
}

/// Manual pages in `man`, completion scripts in `completions`, both made by the binary itself.
pub fn documents(release: &Release, binary: &Path, folder: &Path) -> Result<(), Failure> {
    let man = folder.join("man");
    answer(release.command(binary).args(["man", "--dir"]).arg(&man))?;
    let completions = folder.join("completions");
    fs::create_dir_all(&completions).at("creating", &completions)?;
    for (shell, file) in COMPLETIONS {
        let script = answer(release.command(binary).args(["completions", shell]))?;
        let path = completions.join(file);
        fs::write(&path, script + "\n").at("writing", &path)?;
    }
    Ok(())
}

/// Unpacked as its user does, in a place that has nothing else of ours.
fn try_archive(release: &Release, archive: &Path, name: &str) -> Result<(), Failure> {
    let folder = release.scratch("cli-tried")?;
    answer(
        Command::new("tar")
            .arg("-xzf")
            .arg(archive)
            .arg("-C")
            .arg(&folder),
    )?;
    let unpacked = folder.join(name);
    let program = unpacked.join("driftmgr");
    let said = ends_with(0, Command::new(&program).arg("--version").env_clear())?;
    if said != format!("driftmgr {VERSION}\n") {
        return Err(Failure::new(format!(
            "{} says it is {said}",
            program.display()
        )));
    }
    let quickstart = quickstart(release, &folder)?;
    sees_the_drift(
        Command::new(&program)
            .arg("check")
            .arg(quickstart)
            .env_clear(),
    )?;
    answer(
        Command::new("bash")
            .arg("-n")
            .arg(unpacked.join("completions/driftmgr.bash")),
    )?;
    let page = fs::read_to_string(unpacked.join("man/driftmgr.1")).at("reading", &unpacked)?;
    if page.contains(".SH NAME") {
        Ok(())
    } else {
        Err(Failure::new("driftmgr.1 is no manual page"))
    }
}

/// A copy of the quick start: what is tried must not write into the checkout.
pub fn quickstart(release: &Release, folder: &Path) -> Result<PathBuf, Failure> {
    let copy = folder.join("quickstart");
    copy_folder(&release.layout.workspace.join("examples/quickstart"), &copy)?;
    Ok(copy)
}

/// Copies a file into a folder under its own name. Whether it runs is kept; the rest of its mode is of this machine.
pub fn copy_into(file: &Path, folder: &Path) -> Result<(), Failure> {
    let to = folder.join(file.file_name().unwrap_or_default());
    fs::create_dir_all(folder).at("creating", folder)?;
    fs::copy(file, &to).at("copying", file)?;
    let mode = fs::metadata(&to).at("reading", &to)?.permissions().mode();
    let mode = if mode & 0o100 == 0 { 0o644 } else { 0o755 };
    fs::set_permissions(&to, fs::Permissions::from_mode(mode)).at("changing", &to)
}
