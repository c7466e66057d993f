//! The container image: the context that any engine builds from, and the image itself where buildah is at hand.
//!
//! The image is made of nothing but the files below `rootfs`, so a program that has those files as its root runs as it will in the container.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use super::native::{self, LICENCES};
use super::{Release, VERSION, answer, copy_folder, empty, sees_the_drift};
use crate::failure::{At, Failure};
use crate::stamp;

/// Authorities that Mozilla trusts, as Debian ships them. The file that programs read would have those that this machine was given, too.
const AUTHORITIES: &str = "/usr/share/ca-certificates/mozilla";
const ID: &str = "65532";

pub fn make(release: &Release) -> Result<Vec<String>, Failure> {
    let binary = native::binary(release)?;
    let name = format!("driftmgr-{VERSION}-container");
    let context = release.scratch("container")?.join(&name);
    let root = context.join("rootfs");
    lay_out(release, &binary, &root)?;
    native::copy_into(
        &release
            .layout
            .workspace
            .join("packaging/container/Dockerfile"),
        &context,
    )?;
    run_in(release, &root)?;
    let archive = format!("{name}.tar.gz");
    // Its entries are not below a folder of their own: `docker build -` reads the Dockerfile at the top.
    release.archive(
        &context,
        &["Dockerfile", "rootfs"],
        &release.out.join(&archive),
    )?;
    let mut files = vec![archive];
    files.extend(image(release, &context)?);
    Ok(files)
}

fn lay_out(release: &Release, binary: &Path, root: &Path) -> Result<(), Failure> {
    native::copy_into(binary, &root.join("usr/bin"))?;
    for licence in LICENCES {
        native::copy_into(
            &release.layout.workspace.join(licence),
            &root.join("usr/share/doc/driftmgr"),
        )?;
    }
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        let folder = path.parent().unwrap_or(root);
        fs::create_dir_all(folder).at("creating", folder)?;
        fs::write(&path, text).at("writing", &path)
    };
    write(
        "etc/passwd",
        &format!("driftmgr:x:{ID}:{ID}::/home/driftmgr:/sbin/nologin\n"),
    )?;
    write("etc/group", &format!("driftmgr:x:{ID}:\n"))?;
    write("etc/ssl/certs/ca-certificates.crt", &authorities()?)?;
    let pem = root.join("etc/ssl/cert.pem");
    symlink("certs/ca-certificates.crt", &pem).at("linking", &pem)?;
    for folder in ["tmp", "work", "home/driftmgr"] {
        let folder = root.join(folder);
        fs::create_dir_all(&folder).at("creating", &folder)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o1777)).at("opening", &folder)?;
    }
    Ok(())
}

fn authorities() -> Result<String, Failure> {
    let folder = Path::new(AUTHORITIES);
    if !folder.exists() {
        return Err(Failure::new(format!(
            "{AUTHORITIES} is not there: apt-get install -y ca-certificates"
        )));
    }
    let mut text = String::new();
    for file in stamp::sources(folder, &["crt"])? {
        text += &fs::read_to_string(&file).at("reading", &file)?;
    }
    Ok(text)
}

/// Runs the program with the files of the image as its root, as the user of the image, on a copy that may be thrown away.
fn run_in(release: &Release, root: &Path) -> Result<(), Failure> {
    let tried = release.scratch("container-tried")?.join("root");
    copy_folder(root, &tried)?;
    fs::remove_dir(tried.join("work")).at("removing", &tried)?;
    copy_folder(
        &release.layout.workspace.join("examples/quickstart"),
        &tried.join("work"),
    )?;
    let mut chroot = Command::new("unshare");
    chroot
        .args(["--map-root-user", "--net", "chroot"])
        .arg(&tried)
        .args(["/usr/bin/driftmgr", "--chdir", "/work", "check"])
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    sees_the_drift(&mut chroot)
}

/// The image itself, in the form that every registry takes; none where there is no buildah.
fn image(release: &Release, context: &Path) -> Result<Option<String>, Failure> {
    if answer(Command::new("buildah").arg("--version")).is_err() {
        println!("no image: apt-get install -y buildah");
        return Ok(None);
    }
    let store = release.scratch("buildah")?;
    let buildah = |words: &[&str]| {
        let mut command = release.command("buildah");
        command
            .args(["--storage-driver", "vfs", "--root"])
            .arg(store.join("root"))
            .arg("--runroot")
            .arg(store.join("run"))
            .args(words);
        command
    };
    let log = release.log("container")?;
    let tag = format!("driftmgr:{VERSION}");
    log.run(
        buildah(&[
            "build",
            "--isolation",
            "chroot",
            "--format",
            "oci",
            "--tag",
            &tag,
        ])
        .args(["--timestamp", &release.epoch])
        .arg(context),
    )?;
    let name = format!("driftmgr-{VERSION}-image-linux-amd64.tar");
    let file = release.out.join(&name);
    if file.exists() {
        fs::remove_file(&file).at("removing", &file)?;
    }
    let place = format!("oci-archive:{}:{tag}", file.display());
    log.run(&mut buildah(&["push", &tag, &place]))?;
    empty(&store)?;
    Ok(Some(name))
}
