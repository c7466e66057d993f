//! `driftmgr state upgrade`

use bytes::Bytes;
use driftmgr_core::backend::local::{LocalBackend, LocalConfig};
use driftmgr_core::backend::{Backend as _, IfMatch, LockInfo, StateRef, WriteOptions};
use driftmgr_core::state::State;
use driftmgr_core::{Context, Error, ErrorKind};

use crate::args::StateUpgrade;
use crate::commands::Call;
use crate::exit::{Exit, Failure};
use crate::session;
use crate::source::{file_error, read_state};
use crate::ui::printer::Printer;

pub(crate) fn run(
    args: &StateUpgrade,
    call: &Call<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let file = args.state.file.as_str();
    if !args.in_place {
        let stored = read_state(file)?;
        printer.bytes(&stored.state.to_v4_bytes())?;
        return Ok(Exit::Ok);
    }
    if file == "-" {
        let error = Error::new(
            ErrorKind::InvalidInput,
            "standard input cannot be upgraded in place",
        )
        .with_hint("name the file with --file, or leave --in-place out");
        return Err(error.into());
    }
    let done = session::run(call.global, printer, None, |cx| async move {
        in_place(&cx, file).await
    })?;
    match done {
        Some(from) => printer.note(&format!(
            "{file} was upgraded from format {from} to 4; the old state is {file}.backup"
        )),
        None => printer.note(&format!(
            "{file} is in format 4 already; nothing was written"
        )),
    }
    Ok(Exit::Ok)
}

/// Under the lock: what is upgraded is what is replaced. The format it had, or `None` when there was nothing to do.
async fn in_place(cx: &Context, file: &str) -> Result<Option<u64>, Error> {
    // A state that is not there or cannot be read needs no lock, and gets no lock file.
    std::fs::metadata(file).map_err(|e| file_error(file, e))?;
    let backend = LocalBackend::new(LocalConfig::of_file(file));
    let at = StateRef::default();
    let lock = backend
        .lock(cx, &at, LockInfo::new(cx, "driftmgr state upgrade"))
        .await?;
    let options = WriteOptions {
        lock: Some(lock.clone()),
        ..WriteOptions::default()
    };
    let result = replace(cx, &backend, &at, file, options).await;
    let released = backend.unlock(cx, &at, &lock).await;
    let done = result?;
    released?;
    Ok(done)
}

async fn replace(
    cx: &Context,
    backend: &LocalBackend,
    at: &StateRef,
    file: &str,
    options: WriteOptions,
) -> Result<Option<u64>, Error> {
    let raw = backend.read(cx, at).await?;
    let raw = raw.ok_or_else(|| file_error(file, std::io::ErrorKind::NotFound.into()))?;
    let state = State::parse(&raw.bytes).map_err(|e| e.with("file", file))?;
    if state.format_version == 4 {
        return Ok(None);
    }
    let options = WriteOptions {
        if_match: raw.etag.map(IfMatch::Etag),
        ..options
    };
    backend
        .write(cx, at, Bytes::from(state.to_v4_bytes()), options)
        .await?;
    Ok(Some(state.format_version))
}
