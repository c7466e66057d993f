//! Files named on the command line; `-` is standard input.

use std::io::Read as _;
use std::path::Path;

use driftmgr_core::Error;
use driftmgr_core::client::StoredState;

use crate::exit::Failure;

/// Reads the state in a file; `-` is standard input.
pub(crate) fn read_state(file: &str) -> Result<StoredState, Failure> {
    if file == "-" {
        return Ok(StoredState::parse("standard input", &standard_input()?)?);
    }
    Ok(StoredState::read(file)?)
}

/// The bytes of a file, and its name for people; `-` is standard input.
pub(crate) fn read_bytes(file: &str, action: &str) -> Result<(String, Vec<u8>), Error> {
    if file == "-" {
        return Ok(("standard input".to_owned(), standard_input()?));
    }
    let bytes = std::fs::read(file).map_err(|e| Error::io(action, Path::new(file), e))?;
    Ok((file.to_owned(), bytes))
}

fn standard_input() -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|e| Error::io("read standard input", Path::new("-"), e))?;
    Ok(bytes)
}
