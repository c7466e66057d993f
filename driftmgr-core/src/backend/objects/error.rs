//! What a refusal of the store means (<https://www.alibabacloud.com/help/en/oss/support/http-status-code>,
//! <https://www.tencentcloud.com/document/product/436/7730>).

use url::Url;

use super::Vendor;
use super::list;
use super::words::{masked, quoted, word};
use crate::backend::transport::Answer;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::redact::SafeUrl;

/// What is asked of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backend) enum Action {
    Look,
    Read,
    ReadVersion,
    Write,
    Delete,
    List,
    ListVersions,
    Versioning,
}

impl Action {
    /// After "cannot".
    fn words(self) -> &'static str {
        match self {
            Self::Look => "look at the object",
            Self::Read => "read the object",
            Self::ReadVersion => "read a version of the object",
            Self::Write => "write the object",
            Self::Delete => "delete the object",
            Self::List => "list the bucket",
            Self::ListVersions => "list the versions of the object",
            Self::Versioning => "look at the bucket's versioning",
        }
    }
}

/// A refusal.
pub(super) struct Refusal {
    /// The store's word for the cause; empty when it has none.
    pub(super) code: String,
    pub(super) error: Error,
}

/// A request that was refused.
pub(super) struct Refused<'a> {
    pub(super) action: Action,
    pub(super) url: &'a Url,
    /// What was sent.
    pub(super) sent: &'a [u8],
    /// What must not stand in any text.
    pub(super) secrets: &'a [String],
}

/// The error of an answer that is no success.
pub(super) fn refused<V: Vendor>(cx: &Context, asked: &Refused<'_>, answer: &Answer) -> Refusal {
    let fault = list::fault(&answer.body);
    let status = answer.status.as_u16();
    let code = word(&fault.code, asked.secrets).unwrap_or_default();
    let error = match meaning(&code, status) {
        (ErrorKind::PermissionDenied, reason, hint) => {
            let action = fault.action.as_deref();
            let action = action.and_then(|action| word(action, asked.secrets));
            let permission = action.unwrap_or_else(|| V::permission(asked.action).to_owned());
            let hint = hint.map_or_else(
                || {
                    format!(
                        "grant `{permission}` for the bucket and its objects to these credentials"
                    )
                },
                str::to_owned,
            );
            new(asked.action, ErrorKind::PermissionDenied, reason)
                .with("permission", permission)
                .with_hint(hint)
        }
        (kind, reason, hint) => {
            let error = new(asked.action, kind, reason);
            match hint {
                Some(hint) => error.with_hint(hint),
                None => error,
            }
        }
    };
    let mut error = error
        .with("address", SafeUrl::new(asked.url.clone()))
        .with("status", status);
    if !code.is_empty() {
        error = error.with("code", &code);
    }
    let said = fault.message.as_deref();
    if let Some(said) = said.and_then(|said| quoted(said, asked.secrets, asked.sent)) {
        error = error.with("server", said);
    }
    for (name, value) in [("request", fault.request), ("host", fault.host)] {
        if let Some(value) = value.and_then(|value| word(&value, asked.secrets)) {
            error = error.with(name, value);
        }
    }
    if let Some(wait) = answer.retry_after(cx.now()) {
        error = error.with("retry after seconds", wait.as_secs());
    }
    Refusal {
        code,
        error: masked(error, asked.secrets),
    }
}

fn new(action: Action, kind: ErrorKind, reason: &str) -> Error {
    Error::new(kind, format!("cannot {}: {reason}", action.words()))
}

/// The error of a success that is not one of the store: a proxy's page, or another server.
pub(super) fn not_a_store(action: Action, url: &Url, error: &Error) -> Error {
    new(action, ErrorKind::Unexpected, error.message())
        .with("address", SafeUrl::new(url.clone()))
        .with_hint("see whether a proxy answers in its place, and correct `endpoint` if it is set")
}

type Meaning = (ErrorKind, &'static str, Option<&'static str>);

fn meaning(code: &str, status: u16) -> Meaning {
    match code {
        "NoSuchBucket" => (
            ErrorKind::NotFound,
            "the bucket does not exist",
            Some("create the bucket, or correct `bucket`, `region` or `endpoint`"),
        ),
        "InvalidBucketName" | "InvalidURI" | "InvalidObjectName" | "KeyTooLong" => (
            ErrorKind::InvalidConfig,
            "the name of the bucket or of the object is none that the store knows",
            Some("correct `bucket`, `prefix` or `key`"),
        ),
        "InvalidAccessKeyId" | "InvalidSecretId" => (
            ErrorKind::Unauthenticated,
            "the store does not know the access key",
            Some(
                "see whether the key exists and is enabled, and whether it is of this vendor and partition",
            ),
        ),
        "SignatureDoesNotMatch" => (
            ErrorKind::Unauthenticated,
            "the store does not accept the signature",
            Some("see whether the secret key belongs to the access key, and whether it is whole"),
        ),
        "SecurityTokenExpired"
        | "ExpiredToken"
        | "InvalidSecurityToken"
        | "InvalidToken"
        | "SecurityTokenNotSupported" => (
            ErrorKind::Unauthenticated,
            "the security token is not accepted, or no longer",
            Some("get new temporary keys, all three of them"),
        ),
        "RequestTimeTooSkewed" | "AccessForbidden" | "RequestIsExpired" | "RequestTimeout"
            if status == 403 =>
        {
            (
                ErrorKind::Unauthenticated,
                "the store takes the request to be of another time",
                Some("set this machine's clock"),
            )
        }
        "UserDisable" | "ArrearsFrozen" | "UnavailableForLegalReasons" => (
            ErrorKind::PermissionDenied,
            "the account is disabled",
            Some("see the account's bills and notices"),
        ),
        "SlowDown"
        | "QpsLimitExceeded"
        | "DownloadTrafficRateLimitExceeded"
        | "UploadTrafficRateLimitExceeded"
        | "RequestLimitExceeded" => (ErrorKind::RateLimited, "the store asks to slow down", None),
        "InvalidObjectState" | "RestoreAlreadyInProgress" => (
            ErrorKind::Conflict,
            "the object lies in the archive",
            Some("restore it, and exempt states from the rule that archives"),
        ),
        "FileImmutable" | "ObjectLockConfigurationConflict" => (
            ErrorKind::PermissionDenied,
            "a policy of the bucket forbids it",
            Some("exempt states from the bucket's policy against changes"),
        ),
        "InvalidDigest" | "BadDigest" => (
            ErrorKind::Unavailable,
            "it was damaged on its way; nothing was written",
            None,
        ),
        "EntityTooLarge" => (
            ErrorKind::InvalidInput,
            "it is too large for the store",
            None,
        ),
        _ => by_status(status),
    }
}

fn by_status(status: u16) -> Meaning {
    match status {
        401 => (
            ErrorKind::Unauthenticated,
            "the store does not accept the credentials",
            None,
        ),
        403 => (ErrorKind::PermissionDenied, "it is not allowed", None),
        404 => (ErrorKind::NotFound, "there is none", None),
        409 | 412 => (
            ErrorKind::Conflict,
            "the object was changed at the same time",
            None,
        ),
        429 => (ErrorKind::RateLimited, "the store asks to slow down", None),
        501 => (
            ErrorKind::Unsupported,
            "the store does not know the request",
            None,
        ),
        408 | 500..=599 => (ErrorKind::Unavailable, "the store failed", None),
        300..=399 => (
            ErrorKind::InvalidConfig,
            "the bucket is at another place",
            Some("correct `region` or `endpoint`"),
        ),
        400..=499 => (
            ErrorKind::InvalidConfig,
            "the store refused the request",
            None,
        ),
        _ => (
            ErrorKind::Unexpected,
            "the answer is not one of the store",
            None,
        ),
    }
}
