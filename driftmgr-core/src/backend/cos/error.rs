//! What a refusal of Tencent Cloud's API means (<https://www.tencentcloud.com/document/api/651/33243>); those of the store itself are
//! read where `oss` reads its own.

use serde_json::Value as Json;
use url::Url;

use crate::backend::objects::words::{masked, quoted, word};
use crate::backend::transport::Answer;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::redact::SafeUrl;

/// A call that failed.
pub(super) struct Failure {
    /// The service's word for the cause; empty when it has none.
    pub(super) code: String,
    pub(super) error: Error,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            code: String::new(),
            error,
        }
    }
}

/// The error of an answer that is no success.
pub(super) fn refused(
    cx: &Context,
    secrets: &[String],
    url: &Url,
    (service, action): (&'static str, &'static str),
    response: Option<&Json>,
    answer: &Answer,
) -> Failure {
    let text = |pointer: &str| {
        response
            .and_then(|r| r.pointer(pointer))
            .and_then(Json::as_str)
    };
    let code = text("/Error/Code").and_then(|code| word(code, secrets));
    let code = code.unwrap_or_default();
    let status = answer.status.as_u16();
    let (kind, reason, hint) = meaning(&code, status);
    let mut error = Error::new(kind, format!("cannot call {service}:{action}: {reason}"));
    if kind == ErrorKind::PermissionDenied {
        error = error
            .with("permission", format!("{service}:{action}"))
            .with_hint(format!("grant `{service}:{action}` to these credentials"));
    }
    if let Some(hint) = hint {
        error = error.with_hint(hint);
    }
    error = error
        .with("address", SafeUrl::new(url.clone()))
        .with("status", status);
    if !code.is_empty() {
        error = error.with("code", &code);
    }
    if let Some(said) = text("/Error/Message").and_then(|said| quoted(said, secrets, b"")) {
        error = error.with("server", said);
    }
    if let Some(id) = text("/RequestId").and_then(|id| word(id, secrets)) {
        error = error.with("request", id);
    }
    if let Some(wait) = answer.retry_after(cx.now()) {
        error = error.with("retry after seconds", wait.as_secs());
    }
    Failure {
        code,
        error: masked(error, secrets),
    }
}

type Meaning = (ErrorKind, &'static str, Option<&'static str>);

fn meaning(code: &str, status: u16) -> Meaning {
    let family = code.split('.').next().unwrap_or_default();
    match (family, code) {
        (_, "AuthFailure.SignatureExpire") => (
            ErrorKind::Unauthenticated,
            "it takes the request to be of another time",
            Some("set this machine's clock"),
        ),
        (_, "AuthFailure.TokenFailure") => (
            ErrorKind::Unauthenticated,
            "the security token is not accepted, or no longer",
            Some("get new temporary keys, all three of them"),
        ),
        (_, "AuthFailure.UnauthorizedOperation") | ("UnauthorizedOperation", _) => {
            (ErrorKind::PermissionDenied, "it is not allowed", None)
        }
        ("AuthFailure", _) => (
            ErrorKind::Unauthenticated,
            "the keys are not accepted",
            Some(
                "see whether `secret_id` and `secret_key` are whole and belong together, and whether the key is enabled",
            ),
        ),
        ("RequestLimitExceeded" | "LimitExceeded", _) => {
            (ErrorKind::RateLimited, "it asks to slow down", None)
        }
        ("InternalError", _) => (ErrorKind::Unavailable, "it failed", None),
        ("ResourceInUse", _) => (ErrorKind::Conflict, "it is in use", None),
        ("ResourceNotFound", _) => (ErrorKind::NotFound, "there is none", None),
        ("InvalidParameter" | "InvalidParameterValue" | "MissingParameter", _) => {
            (ErrorKind::InvalidConfig, "an argument is refused", None)
        }
        ("UnsupportedRegion", _) => (
            ErrorKind::InvalidConfig,
            "it does not know the region",
            Some("correct `region`"),
        ),
        ("", _) => match status {
            429 => (ErrorKind::RateLimited, "it asks to slow down", None),
            401 => (
                ErrorKind::Unauthenticated,
                "the keys are not accepted",
                None,
            ),
            403 => (ErrorKind::PermissionDenied, "it is not allowed", None),
            408 | 500..=599 => (ErrorKind::Unavailable, "it failed", None),
            _ => (
                ErrorKind::Unexpected,
                "the answer is not one of Tencent Cloud's API",
                Some("see whether a proxy answers in its place, and correct `domain` if it is set"),
            ),
        },
        _ => (ErrorKind::Unexpected, "it is refused", None),
    }
}
