//! The layout of folders with providers: `HOST/NAMESPACE/TYPE/VERSION/OS_ARCH/` unpacked, `…/TYPE/terraform-provider-TYPE_VERSION_OS_ARCH.zip` packed.

use std::path::{Path, PathBuf};

use super::disk;
use super::hash::{h1_of_folder, h1_of_zip, not_a_zip, open_zip};
use super::version::Version;
use crate::address::ProviderSource;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// No provider unpacks to more; a zip that claims to is not one.
const MAX_UNPACKED: u64 = 8 << 30;

/// A package of a provider for this platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) version: Version,
    pub(super) form: Form,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// A folder with the binary.
    Unpacked(PathBuf),
    /// A zip.
    Packed(PathBuf),
}

impl Package {
    pub(super) fn path(&self) -> &Path {
        match &self.form {
            Form::Unpacked(path) | Form::Packed(path) => path,
        }
    }
}

/// This machine as Go names it, such as `linux_amd64`.
pub(super) fn platform() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        arch => arch,
    };
    format!("{os}_{arch}")
}

/// The packages of a provider in a folder, newest first, unpacked before packed. Empty when the folder is not there.
///
/// # Errors
/// A folder that is there and cannot be listed.
pub(super) fn packages(base: &Path, source: &ProviderSource) -> Result<Vec<Package>> {
    let folder = provider_folder(base, source);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::io("list a folder of providers", &folder, e)),
    };
    let platform = platform();
    let prefix = format!("terraform-provider-{}_", source.provider_type);
    let suffix = format!("_{platform}.zip");
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("list a folder of providers", &folder, e))?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if let Ok(version) = name.parse::<Version>() {
            let path = entry.path().join(&platform);
            if path.is_dir() {
                found.push(Package {
                    version,
                    form: Form::Unpacked(path),
                });
            }
        } else if let Some(version) = name
            .strip_prefix(&prefix)
            .and_then(|rest| rest.strip_suffix(&suffix))
            .and_then(|version| version.parse().ok())
        {
            found.push(Package {
                version,
                form: Form::Packed(entry.path()),
            });
        }
    }
    let packed = |p: &Package| matches!(p.form, Form::Packed(_));
    found.sort_by(|a, b| {
        b.version
            .cmp(&a.version)
            .then_with(|| packed(a).cmp(&packed(b)))
    });
    Ok(found)
}

fn provider_folder(base: &Path, source: &ProviderSource) -> PathBuf {
    base.join(&source.host)
        .join(&source.namespace)
        .join(&source.provider_type)
}

/// The binary in a package: the first file, by name, called `terraform-provider-TYPE` and then nothing, `_…` or `.…`.
///
/// # Errors
/// `NotFound` when there is none; a folder that cannot be listed.
pub(super) fn executable(folder: &Path, source: &ProviderSource) -> Result<PathBuf> {
    let wanted = format!("terraform-provider-{}", source.provider_type);
    let fail = |e| Error::io("list a provider's package", folder, e);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if let Ok(name) = entry.file_name().into_string()
            && let Some(rest) = name.strip_prefix(&wanted)
            && (rest.is_empty() || rest.starts_with(['_', '.']))
            && entry.path().is_file()
        {
            names.push(name);
        }
    }
    names.sort();
    match names.first() {
        Some(name) => Ok(folder.join(name)),
        None => Err(Error::new(
            ErrorKind::NotFound,
            format!("the folder holds no file called {wanted}"),
        )
        .with("file", folder.display())),
    }
}

/// Unpacks a zip into our cache, or finds it there; the folder is named by the zip's hash (`zh:` without its prefix).
///
/// # Errors
/// Without a cache folder, for a zip that is broken or reaches out of its folder, or when the disk refuses.
pub(super) fn unpack(
    cx: &Context,
    zip: &Path,
    source: &ProviderSource,
    zh: &str,
) -> Result<PathBuf> {
    let cache = disk::cache_folder(cx.environment()).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidConfig,
            "a packed provider can only be used with a cache folder, and there is no home folder",
        )
        .with("file", zip.display())
        .with_hint("set DRIFTMGR_CACHE_DIR")
    })?;
    let base = provider_folder(&cache.join("providers"), source);
    let folder = base.join(zh);
    let h1 = h1_of_zip(cx, zip)?;
    if folder.is_dir() {
        if h1_of_folder(cx, &folder)? == h1 {
            return Ok(folder);
        }
        // Not what the zip holds: never run, made anew.
        std::fs::remove_dir_all(&folder)
            .map_err(|e| Error::io("remove a damaged cache folder", &folder, e))?;
    }
    let fail = |e| Error::io("unpack a provider", &base, e);
    std::fs::create_dir_all(&base).map_err(fail)?;
    let staging = tempfile::tempdir_in(&base).map_err(fail)?;
    extract(cx, zip, staging.path(), source)?;
    if h1_of_folder(cx, staging.path())? != h1 {
        return Err(Error::new(
            ErrorKind::InvalidConfig,
            "the provider's package changed while it was unpacked",
        )
        .with("file", zip.display()));
    }
    match std::fs::rename(staging.path(), &folder) {
        Ok(()) => Ok(folder),
        // Another process was faster, with the same bytes.
        Err(_) if folder.is_dir() && h1_of_folder(cx, &folder)? == h1 => Ok(folder),
        Err(e) => Err(fail(e)),
    }
}

fn extract(cx: &Context, zip: &Path, into: &Path, source: &ProviderSource) -> Result<()> {
    let mut archive = open_zip(zip)?;
    let binary = format!("terraform-provider-{}", source.provider_type);
    let mut left = MAX_UNPACKED;
    for index in 0..archive.len() {
        cx.check()?;
        let mut entry = archive.by_index(index).map_err(|e| not_a_zip(zip, e))?;
        let refuse = |reason: &str| {
            Error::new(
                ErrorKind::InvalidConfig,
                format!("the provider's package {reason}"),
            )
            .with("file", zip.display())
        };
        let name = entry
            .enclosed_name()
            .ok_or_else(|| refuse("names a file outside of its folder"))?;
        if entry.is_dir() {
            continue;
        }
        if !entry.is_file() {
            return Err(refuse("holds a link"));
        }
        let path = into.join(&name);
        let fail = |e| Error::io("unpack a provider", &path, e);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(fail)?;
        }
        let mut file = std::fs::File::create_new(&path).map_err(fail)?;
        let mut limited = std::io::Read::take(&mut entry, left + 1);
        let written = std::io::copy(&mut limited, &mut file).map_err(fail)?;
        left = left
            .checked_sub(written)
            .ok_or_else(|| refuse("unpacks to more than any provider does"))?;
        let starts = name.to_str().is_some_and(|n| n.starts_with(&binary));
        make_executable(&file, starts).map_err(fail)?;
        file.sync_all().map_err(fail)?;
    }
    Ok(())
}

#[cfg(unix)]
fn make_executable(file: &std::fs::File, executable: bool) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = if executable { 0o755 } else { 0o644 };
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn make_executable(_: &std::fs::File, _: bool) -> std::io::Result<()> {
    Ok(())
}
