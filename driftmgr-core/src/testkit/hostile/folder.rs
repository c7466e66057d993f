//! A place for parsers that read files themselves.

use std::path::Path;

use tempfile::TempDir;

thread_local! {
    /// One folder for a thread, in memory where there is such a place.
    static FOLDER: TempDir = {
        let shared = Path::new("/dev/shm");
        let parent = if shared.is_dir() {
            shared.to_owned()
        } else {
            std::env::temp_dir()
        };
        tempfile::Builder::new()
            .prefix("driftmgr-hostile-")
            .tempdir_in(parent)
            .expect("a writable folder")
    };
}

/// Runs `with` on a folder that no other thread uses. It keeps what it holds.
pub(super) fn in_folder<T>(with: impl FnOnce(&Path) -> T) -> T {
    FOLDER.with(|folder| with(folder.path()))
}
