//! Whether a file still has the content that it was written with. The object's `id` is the SHA-1 of that content; permissions and
//! all other attributes are not looked at, as in the provider.

use std::fs::File;
use std::io::{ErrorKind as IoErrorKind, Read};
use std::path::Path;

use sha1::{Digest, Sha1};

use crate::context::{Context, joined};
use crate::error::{Error, ErrorKind, Result};
use crate::value::Value;

/// What stands where the object's file should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The file, as it was written.
    AsStored,
    /// A file with other content.
    OtherContent,
    /// No file.
    Nothing,
}

/// Looks at the file of a stored object. What cannot be read is an error, never "no file".
pub(super) async fn compare(cx: &Context, root_dir: &Path, stored: &Value) -> Result<Found> {
    let text = |name: &str| stored.attribute(name).and_then(Value::as_str).unwrap_or("");
    let (name, id) = (text("filename"), text("id").to_owned());
    if name.is_empty() {
        return Ok(Found::Nothing);
    }
    let path = root_dir.join(name);
    let cx = cx.clone();
    let work = move || compare_blocking(&cx, &path, &id);
    joined(tokio::task::spawn_blocking(work), "reading a file").await
}

fn compare_blocking(cx: &Context, path: &Path, id: &str) -> Result<Found> {
    match hash(cx, path)? {
        None => Ok(Found::Nothing),
        Some(hash) if hash == id => Ok(Found::AsStored),
        Some(_) => Ok(Found::OtherContent),
    }
}

/// The content's SHA-1 in hex, or `None` when there is no such file. The content is read piece by piece, whatever its size.
fn hash(cx: &Context, path: &Path) -> Result<Option<String>> {
    let failed = |e| Error::io("read the file", path, e);
    let absent = |e: &std::io::Error| e.kind() == IoErrorKind::NotFound;
    let kind = match std::fs::metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(e) if absent(&e) => return Ok(None),
        Err(e) => return Err(failed(e)),
    };
    if !kind.is_file() && !kind.is_dir() {
        // A pipe or a device may never end.
        return Err(Error::new(ErrorKind::Unsupported, "not a regular file")
            .with("file", path.display())
            .with_hint("look at it by hand: its content cannot be compared"));
    }
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if absent(&e) => return Ok(None),
        Err(e) => return Err(failed(e)),
    };
    let mut hasher = Sha1::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        cx.check()?;
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => hasher.update(buffer.get(..length).unwrap_or_default()),
            Err(e) if e.kind() == IoErrorKind::Interrupted => {}
            Err(e) => return Err(failed(e)),
        }
    }
    let digest = hasher.finalize();
    Ok(Some(digest.iter().map(|b| format!("{b:02x}")).collect()))
}
