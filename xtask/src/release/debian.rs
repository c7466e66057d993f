//! The Debian package: the static binary, its manual pages and completions, the licences. Built by Debian's own dpkg-deb.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::native::{self, LICENCES, copy_into};
use super::{Release, VERSION, answer, sees_the_drift};
use crate::failure::{At, Failure};
use crate::stamp;

/// Where shells look for completions that packages bring, by the name of the script.
const COMPLETIONS: [(&str, &str); 3] = [
    (
        "driftmgr.bash",
        "usr/share/bash-completion/completions/driftmgr",
    ),
    ("_driftmgr", "usr/share/zsh/vendor-completions/_driftmgr"),
    (
        "driftmgr.fish",
        "usr/share/fish/vendor_completions.d/driftmgr.fish",
    ),
];

pub fn make(release: &Release) -> Result<Vec<String>, Failure> {
    let binary = native::binary(release)?;
    let home = release.scratch("deb")?;
    let root = home.join("root");
    lay_out(release, &binary, &root, &home.join("documents"))?;
    control(release, &root)?;
    let name = format!("driftmgr_{VERSION}_amd64.deb");
    let package = release.out.join(&name);
    let mut deb = release.command("dpkg-deb");
    deb.args(["--root-owner-group", "-Zxz", "--build"])
        .arg(&root)
        .arg(&package);
    release.log("deb")?.run(&mut deb)?;
    try_package(release, &package)?;
    Ok(vec![name])
}

fn lay_out(release: &Release, binary: &Path, root: &Path, documents: &Path) -> Result<(), Failure> {
    let workspace = &release.layout.workspace;
    copy_into(binary, &root.join("usr/bin"))?;
    native::documents(release, binary, documents)?;
    for page in stamp::sources(&documents.join("man"), &["1"])? {
        copy_into(&page, &root.join("usr/share/man/man1"))?;
    }
    for (file, place) in COMPLETIONS {
        let from = documents.join("completions").join(file);
        let to = root.join(place);
        let folder = to.parent().unwrap_or(root);
        fs::create_dir_all(folder).at("creating", folder)?;
        fs::copy(&from, &to).at("copying", &from)?;
    }
    let doc = root.join("usr/share/doc/driftmgr");
    for licence in LICENCES {
        copy_into(&workspace.join(licence), &doc)?;
    }
    copy_into(&workspace.join("packaging/debian/copyright"), &doc)?;
    copy_into(&workspace.join("CHANGELOG.md"), &doc)?;
    // Policy 12.1 and 12.7: pages and changelogs are compressed, without the time of this machine.
    let mut compressed = stamp::sources(&root.join("usr/share/man"), &["1"])?;
    let changelog = doc.join("changelog");
    fs::rename(doc.join("CHANGELOG.md"), &changelog).at("renaming to", &changelog)?;
    compressed.push(changelog);
    let mut gzip = release.command("gzip");
    release
        .log("deb-documents")?
        .run(gzip.args(["--no-name", "-9"]).args(compressed))
}

/// Name, size and checksums of what is in it.
fn control(release: &Release, root: &Path) -> Result<(), Failure> {
    let folder = root.join("DEBIAN");
    let files = files_below(root)?;
    let mut bytes = 0;
    for file in &files {
        bytes += fs::metadata(file).at("reading", file)?.len();
    }
    let mut sums = release.command("md5sum");
    sums.current_dir(root);
    for file in &files {
        sums.arg(file.strip_prefix(root).unwrap_or(file));
    }
    let sums = answer(&mut sums)? + "\n";
    let template = release.layout.workspace.join("packaging/debian/control");
    let text = fs::read_to_string(&template).at("reading", &template)?;
    let text = text
        .replace("@VERSION@", VERSION)
        .replace("@SIZE@", &bytes.div_ceil(1024).to_string());
    fs::create_dir_all(&folder).at("creating", &folder)?;
    for (name, text) in [("control", text), ("md5sums", sums)] {
        let path = folder.join(name);
        fs::write(&path, text).at("writing", &path)?;
    }
    Ok(())
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).at("reading", folder)? {
        let path = entry.at("reading", folder)?.path();
        if path.is_dir() {
            found.extend(files_below(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Installed by dpkg into an empty root of its own, looked at, and run there.
fn try_package(release: &Release, package: &Path) -> Result<(), Failure> {
    for (name, wanted) in [
        ("Package", "driftmgr"),
        ("Version", VERSION),
        ("Architecture", "amd64"),
        ("Depends", ""),
    ] {
        let said = answer(
            Command::new("dpkg-deb")
                .arg("--field")
                .arg(package)
                .arg(name),
        )?;
        if said != wanted {
            return Err(Failure::new(format!(
                "the package's {name} is {said:?} instead of {wanted:?}"
            )));
        }
    }
    let root = release.scratch("deb-tried")?;
    let admin = root.join("var/lib/dpkg");
    for folder in ["updates", "info"] {
        let folder = admin.join(folder);
        fs::create_dir_all(&folder).at("creating", &folder)?;
    }
    let status = admin.join("status");
    fs::write(&status, "").at("writing", &status)?;
    let mut dpkg = Command::new("dpkg");
    dpkg.arg(format!("--root={}", root.display()))
        .args([
            "--force-not-root",
            "--force-script-chrootless",
            "--log=/dev/null",
        ])
        .arg("--install")
        .arg(package);
    release.log("deb-install")?.run(&mut dpkg)?;
    for file in [
        "usr/share/man/man1/driftmgr.1.gz",
        "usr/share/man/man1/driftmgr-drift.1.gz",
        "usr/share/doc/driftmgr/copyright",
        "usr/share/doc/driftmgr/changelog.gz",
        "usr/share/doc/driftmgr/LICENSE-MIT",
        "usr/share/doc/driftmgr/LICENSE-APACHE",
    ]
    .iter()
    .chain(COMPLETIONS.iter().map(|(_, place)| place))
    {
        fs::metadata(root.join(file)).at("the package lacks", Path::new(file))?;
    }
    let mut verify = Command::new("dpkg");
    verify
        .arg(format!("--root={}", root.display()))
        .args(["--verify", "driftmgr"]);
    let altered = answer(&mut verify)?;
    if !altered.is_empty() {
        return Err(Failure::new(format!("dpkg --verify answers\n{altered}")));
    }
    let quickstart = native::quickstart(release, &root)?;
    let mut check = Command::new(root.join("usr/bin/driftmgr"));
    sees_the_drift(check.arg("check").arg(quickstart).env_clear())
}
