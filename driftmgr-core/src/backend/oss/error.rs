//! What the refusals of Tablestore (<https://www.alibabacloud.com/help/en/tablestore/developer-reference/error-codes>) and of the service for
//! temporary keys mean; those of the store itself are read where `cos` reads its own.

use prost::Message;
use serde_json::Value as Json;
use url::Url;

use crate::backend::objects::words::{masked, quoted, word};
use crate::backend::transport::{Answer, Request};
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

#[derive(Clone, PartialEq, Message)]
struct Refusal {
    #[prost(string, required, tag = "1")]
    code: String,
    #[prost(string, optional, tag = "2")]
    message: Option<String>,
}

type Meaning = (ErrorKind, &'static str, Option<&'static str>);

/// The error of a refusal of Tablestore.
pub(super) fn of_table(
    cx: &Context,
    secrets: &[String],
    (table, action): (&str, &str),
    request: &Request,
    answer: &Answer,
) -> Failure {
    let refusal = Refusal::decode(answer.body.clone()).unwrap_or_default();
    let code = word(&refusal.code, secrets).unwrap_or_default();
    let status = answer.status.as_u16();
    let (kind, reason, hint) = table_meaning(&code, status);
    let mut error = Error::new(
        kind,
        format!("cannot call {action} of the table of locks: {reason}"),
    );
    if kind == ErrorKind::PermissionDenied {
        error = error
            .with("permission", format!("ots:{action}"))
            .with_hint(format!(
                "grant `ots:{action}` for the table to these credentials"
            ));
    }
    if let Some(hint) = hint {
        error = error.with_hint(hint);
    }
    error = error
        .with("table", table)
        .with("address", SafeUrl::new(request.url.clone()))
        .with("status", status);
    let said = refusal.message.as_deref();
    let said = said.and_then(|said| quoted(said, secrets, b""));
    let id = answer
        .headers
        .get("x-ots-requestid")
        .and_then(|id| id.to_str().ok());
    let id = id.and_then(|id| word(id, secrets));
    finished(cx, secrets, error, code, said, id, answer)
}

fn table_meaning(code: &str, status: u16) -> Meaning {
    match code {
        "OTSAuthFailed" => (
            ErrorKind::Unauthenticated,
            "the keys are not accepted",
            Some(
                "see whether the keys are whole and belong together, and whether `tablestore_endpoint` is that of their account's instance",
            ),
        ),
        "OTSNoPermissionAccess" => (ErrorKind::PermissionDenied, "it is not allowed", None),
        "OTSObjectNotExist" => (
            ErrorKind::NotFound,
            "there is no such table",
            Some("create the table with the key `LockID`, a string, or correct `tablestore_table`"),
        ),
        "OTSInvalidPK" | "OTSParameterInvalid" => (
            ErrorKind::InvalidConfig,
            "the table is none for locks",
            Some("a table for locks has one key, `LockID`, which is a string"),
        ),
        "OTSConditionCheckFail" => (ErrorKind::Conflict, "the row is another one", None),
        "OTSRowOperationConflict" => (
            ErrorKind::Unavailable,
            "the row is changed by somebody else at this moment",
            Some("repeat it"),
        ),
        "OTSQuotaExhausted" | "OTSNotEnoughCapacityUnit" | "OTSServerBusy" => {
            (ErrorKind::RateLimited, "it asks to slow down", None)
        }
        _ => by_status(status),
    }
}

fn by_status(status: u16) -> Meaning {
    match status {
        401 => (
            ErrorKind::Unauthenticated,
            "the keys are not accepted",
            None,
        ),
        403 => (ErrorKind::PermissionDenied, "it is not allowed", None),
        404 => (ErrorKind::NotFound, "there is none", None),
        429 => (ErrorKind::RateLimited, "it asks to slow down", None),
        408 | 500..=599 => (ErrorKind::Unavailable, "it failed", None),
        400..=499 => (ErrorKind::InvalidConfig, "it is refused", None),
        _ => (ErrorKind::Unexpected, "the answer makes no sense", None),
    }
}

/// The error of a refusal of the service for temporary keys.
pub(super) fn of_roles(cx: &Context, secrets: &[String], url: &Url, answer: &Answer) -> Error {
    let body: Option<Json> = serde_json::from_slice(&answer.body).ok();
    let text = |name: &str| body.as_ref().and_then(|body| body.get(name)?.as_str());
    let code = text("Code")
        .and_then(|code| word(code, secrets))
        .unwrap_or_default();
    let status = answer.status.as_u16();
    let family = code.split('.').next().unwrap_or_default();
    let (kind, reason, hint) = match family {
        "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "InvalidSecurityToken"
        | "IncompleteSignature" => (
            ErrorKind::Unauthenticated,
            "the keys are not accepted",
            Some(
                "see whether the keys are whole and belong together, and whether they are enabled",
            ),
        ),
        "InvalidTimeStamp" => (
            ErrorKind::Unauthenticated,
            "it takes the request to be of another time",
            Some("set this machine's clock"),
        ),
        "NoPermission" => (
            ErrorKind::PermissionDenied,
            "it is not allowed",
            Some("let the role trust whoever has these keys, and grant them `sts:AssumeRole`"),
        ),
        "EntityNotExist" => (
            ErrorKind::NotFound,
            "there is no such role",
            Some("correct `assume_role_role_arn`"),
        ),
        "InvalidParameter" => (ErrorKind::InvalidConfig, "an argument is refused", None),
        "Throttling" => (ErrorKind::RateLimited, "it asks to slow down", None),
        _ => by_status(status),
    };
    let mut error = Error::new(kind, format!("cannot assume the role: {reason}"));
    if kind == ErrorKind::PermissionDenied {
        error = error.with("permission", "sts:AssumeRole");
    }
    if let Some(hint) = hint {
        error = error.with_hint(hint);
    }
    error = error
        .with("address", SafeUrl::new(url.clone()))
        .with("status", status);
    let said = text("Message").and_then(|said| quoted(said, secrets, b""));
    let id = text("RequestId").and_then(|id| word(id, secrets));
    finished(cx, secrets, error, code, said, id, answer).error
}

fn finished(
    cx: &Context,
    secrets: &[String],
    mut error: Error,
    code: String,
    said: Option<String>,
    request: Option<String>,
    answer: &Answer,
) -> Failure {
    if !code.is_empty() {
        error = error.with("code", &code);
    }
    if let Some(said) = said {
        error = error.with("server", said);
    }
    if let Some(id) = request {
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
