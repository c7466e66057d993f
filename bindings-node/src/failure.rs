//! Errors of the core on their way to JavaScript: one JSON document in the message, which `ts/errors.ts` turns into a `DriftmgrError`.

use std::any::Any;

use driftmgr_core::error::Retry;
use driftmgr_core::{Error, ErrorKind};
use serde::Serialize;

/// What `DriftmgrError` is made of.
#[derive(Serialize)]
struct Envelope<'a> {
    /// Tells this message from one of Node-API's own.
    driftmgr: bool,
    code: ErrorKind,
    message: String,
    reason: &'a str,
    operation: Option<&'a str>,
    context: &'a [(&'static str, String)],
    hints: &'a [String],
    retryable: bool,
    cause: Option<String>,
}

/// The error as Node-API carries it.
pub(crate) fn failure(error: &Error) -> napi::Error {
    let envelope = Envelope {
        driftmgr: true,
        code: error.kind(),
        message: error.to_string(),
        reason: error.message(),
        operation: error.operation(),
        context: error.context(),
        hints: error.hints(),
        retryable: error.retry() == Retry::Later,
        cause: std::error::Error::source(error).map(ToString::to_string),
    };
    let text = serde_json::to_string(&envelope).unwrap_or_else(|_| error.to_string());
    napi::Error::from_reason(text)
}

/// A panic is a defect of ours; the process of the caller goes on.
pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Error {
    let said = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Error::new(
        ErrorKind::Unexpected,
        format!("a defect in driftmgr: {said}"),
    )
    .with_hint("report it, with the operation that was called")
}

/// An option that TypeScript let through and the core cannot read.
pub(crate) fn unreadable(error: &serde_json::Error) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!("an option cannot be read: {error}"),
    )
}
