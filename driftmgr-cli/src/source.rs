//! States and reports in files named on the command line.

use std::io::Read as _;
use std::path::Path;

use driftmgr_core::drift::DriftReport;
use driftmgr_core::report::json;
use driftmgr_core::state::State;
use driftmgr_core::{Error, ErrorKind};

use crate::exit::Failure;

/// A state as it was stored.
pub(crate) struct StoredState {
    /// As the user named it.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) state: State,
}

/// Reads the state in a file; `-` is standard input.
pub(crate) fn read_state(file: &str) -> Result<StoredState, Failure> {
    let (name, bytes) = read_bytes(file, file_error)?;
    let state = State::parse(&bytes).map_err(|e| e.with("file", &name))?;
    Ok(StoredState { name, bytes, state })
}

/// The bytes of a file, and its name for people; `-` is standard input.
pub(crate) fn read_bytes(
    file: &str,
    failed: impl FnOnce(&str, std::io::Error) -> Error,
) -> Result<(String, Vec<u8>), Error> {
    if file != "-" {
        let bytes = std::fs::read(file).map_err(|e| failed(file, e))?;
        return Ok((file.to_owned(), bytes));
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|e| Error::io("read standard input", Path::new("-"), e))?;
    Ok(("standard input".to_owned(), bytes))
}

/// The report in a file, as `--format json` writes it; `-` is standard input.
pub(crate) fn read_report(file: &str) -> Result<DriftReport, Error> {
    let failed = |file: &str, e| Error::io("read the report", Path::new(file), e);
    let (name, bytes) = read_bytes(file, failed)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Error::new(ErrorKind::InvalidInput, "the report is not UTF-8 text").with("file", &name)
    })?;
    json::read(&text).map_err(|e| e.with("file", &name))
}

/// A state file that cannot be read, with what to do.
pub(crate) fn file_error(file: &str, error: std::io::Error) -> Error {
    let path = Path::new(file);
    let is_folder = path.is_dir();
    let missing = error.kind() == std::io::ErrorKind::NotFound;
    let error = Error::io("read the state", path, error);
    if is_folder {
        error.with_hint(format!(
            "{file} is a folder: name the state file in it, such as {}",
            path.join("terraform.tfstate").display()
        ))
    } else if missing {
        error.with_hint("give the path of a state file; `terraform state pull > FILE` makes one of a remote state")
    } else {
        error
    }
}
