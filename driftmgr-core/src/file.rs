//! Files that are written whole or not at all.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// Who may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Its owner alone, whoever could read the file that stood there.
    Owner,
    /// As the user's other files: by the umask, or as before where the file exists.
    Usual,
}

/// Writes a file in one step: whoever reads it, also after a crash, sees the old content or the new one. It is written beside its place,
/// synced, and then takes the name.
///
/// A link is followed and stays one. A file with several names, or of an owner that cannot be kept, is written in place, so that it stays the
/// same file; so is what is no regular file, such as `/dev/stdout`. `action` is what the error says cannot be done: `write the report`.
///
/// # Errors
/// `InvalidInput` for a folder; otherwise those of the file system, with the path. Nothing was changed then, but for files written in place.
pub fn write(action: &str, path: &Path, content: &[u8], readers: Readers) -> Result<()> {
    let failed = |e| Error::io(action, path, e);
    let there = match std::fs::symlink_metadata(path) {
        Ok(_) => Some(std::fs::metadata(path).map_err(failed)?),
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        Err(e) => return Err(failed(e)),
    };
    let Some(there) = there else {
        let file = stage(path, content, readers.into()).map_err(failed)?;
        return take_name(file, path).map_err(failed);
    };
    if there.is_dir() {
        let message = format!("cannot {action}: there is a folder of that name");
        return Err(Error::new(ErrorKind::InvalidInput, message)
            .with("file", path.display())
            .with_hint("name a file in it"));
    }
    if !there.is_file() {
        let file = OpenOptions::new().write(true).open(path);
        return file.and_then(|mut f| f.write_all(content)).map_err(failed);
    }
    let real = path.canonicalize().map_err(failed)?;
    let permissions = match readers {
        Readers::Owner => Permissions::Owner,
        Readers::Usual => Permissions::Like(&there),
    };
    let file = stage(&real, content, permissions).map_err(failed)?;
    if readers == Readers::Owner || (links(&there) <= 1 && same_owner(&file, &there)) {
        return take_name(file, &real).map_err(failed);
    }
    drop(file);
    overwrite(&real, content).map_err(failed)
}

/// What a new file allows to whom.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Permissions<'a> {
    /// Its owner reads and writes it, and nobody else.
    Owner,
    /// As the umask says.
    Usual,
    /// As another file, whose owner it gets where that can be done.
    Like(&'a Metadata),
}

impl From<Readers> for Permissions<'_> {
    fn from(readers: Readers) -> Self {
        match readers {
            Readers::Owner => Self::Owner,
            Readers::Usual => Self::Usual,
        }
    }
}

/// A whole, synced file with this content beside `path`. It is gone again unless it takes a name.
pub(crate) fn stage(
    path: &Path,
    content: &[u8],
    permissions: Permissions<'_>,
) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".driftmgr-");
    #[cfg(unix)]
    if matches!(permissions, Permissions::Usual) {
        use std::os::unix::fs::PermissionsExt as _;
        // The umask takes from it.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(content)?;
    if let Permissions::Like(like) = permissions {
        give_owner(&file, like);
        file.as_file().set_permissions(like.permissions())?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

fn take_name(file: tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
    file.persist(path).map_err(|e| e.error)?;
    sync_folder(path);
    Ok(())
}

fn overwrite(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).truncate(true).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Makes the new name durable. Where a folder cannot be synced there is nothing to be done about it.
pub(crate) fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
        let _ = folder.sync_all();
    }
}

/// How many names the file has.
#[cfg(unix)]
pub(crate) fn links(meta: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(meta)
}

#[cfg(not(unix))]
pub(crate) fn links(_: &Metadata) -> u64 {
    1
}

#[cfg(unix)]
fn give_owner(file: &tempfile::NamedTempFile, like: &Metadata) {
    use std::os::unix::fs::MetadataExt;
    if !same_owner(file, like) {
        // Whether it worked is asked later, by `same_owner`.
        let _ = std::os::unix::fs::fchown(file.as_file(), Some(like.uid()), Some(like.gid()));
    }
}

#[cfg(not(unix))]
fn give_owner(_: &tempfile::NamedTempFile, _: &Metadata) {}

/// Whether the new file belongs to whom the other one belongs.
#[cfg(unix)]
pub(crate) fn same_owner(file: &tempfile::NamedTempFile, like: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let meta = file.as_file().metadata();
    meta.is_ok_and(|m| (m.uid(), m.gid()) == (like.uid(), like.gid()))
}

#[cfg(not(unix))]
pub(crate) fn same_owner(_: &tempfile::NamedTempFile, _: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[cfg(unix)]
    fn set_mode(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_appears_and_is_replaced_and_nothing_is_left_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        for content in [&b"one"[..], b"", b"another"] {
            write("write it", &path, content, Readers::Usual).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), content);
        }
        assert_eq!(names(dir.path()), ["a"]);
    }

    #[test]
    fn a_folder_is_refused_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("a")).unwrap();
        let error = write("write it", &dir.path().join("a"), b"x", Readers::Usual).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("cannot write it"), "{error}");
        assert!(!error.hints().is_empty());
        let error = write("write it", &dir.path().join("b/c"), b"x", Readers::Usual).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(names(dir.path()), ["a"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_keeps_its_mode_and_a_secret_one_is_its_owners() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        // What the umask of this process makes of a new file.
        std::fs::write(dir.path().join("plain"), "").unwrap();
        write("write it", &path, b"x", Readers::Usual).unwrap();
        assert_eq!(mode(&path), mode(&dir.path().join("plain")));
        for bits in [0o640, 0o604, 0o400] {
            set_mode(&path, bits);
            write("write it", &path, b"y", Readers::Usual).unwrap();
            assert_eq!(mode(&path), bits);
        }
        set_mode(&path, 0o644);
        write("write it", &path, b"z", Readers::Owner).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_second_names_stay() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("file"), "old").unwrap();
        symlink("file", at("link")).unwrap();
        write("write it", &at("link"), b"new", Readers::Usual).unwrap();
        assert!(at("link").is_symlink());
        assert_eq!(std::fs::read(at("file")).unwrap(), b"new");
        std::fs::hard_link(at("file"), at("second")).unwrap();
        write("write it", &at("file"), b"both", Readers::Usual).unwrap();
        assert_eq!(std::fs::read(at("second")).unwrap(), b"both");
        symlink("nowhere", at("broken")).unwrap();
        let error = write("write it", &at("broken"), b"x", Readers::Usual).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(at("broken").is_symlink());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_written_to() {
        let null = Path::new("/dev/null");
        write("write it", null, b"x", Readers::Usual).unwrap();
        assert!(!std::fs::metadata(null).unwrap().is_file());
    }
}
