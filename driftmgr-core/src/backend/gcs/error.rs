//! What a refusal of Cloud Storage, or of a server that gives out tokens, means
//! (<https://cloud.google.com/storage/docs/json_api/v1/status-codes>; RFC 6749, section 5.2, for tokens).

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::Value as Json;
use url::Url;

use super::config::GcsConfig;
use super::credentials::Source;
use crate::backend::transport::Answer;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::{MASK, SafeUrl, Sensitive};

/// A server's own words are cut after so many characters.
const WORDS_LIMIT: usize = 400;

/// A request, as errors call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call {
    /// After "cannot".
    pub(super) what: &'static str,
    /// The permission that it needs, for servers that do not name it.
    pub(super) permission: &'static str,
}

/// Asking for an access token.
pub(super) const TOKEN: Call = Call {
    what: "get an access token",
    permission: "iam.serviceAccounts.getAccessToken",
};

/// The other side of a request, and what it could repeat.
pub(super) struct Speaker<'a> {
    pub(super) config: &'a GcsConfig,
    pub(super) url: &'a Url,
    /// Secrets beside those of the configuration.
    pub(super) secrets: &'a [String],
}

/// What the body of a refusal says.
#[derive(Default)]
struct Said {
    /// The server's word for the cause.
    reason: String,
    /// Its sentence, secrets masked.
    words: Option<String>,
}

/// The header that proves who asks.
pub(super) fn bearer(token: &Sensitive<String>) -> Result<HeaderMap> {
    let value = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
    let mut value = value.map_err(|_| {
        Error::new(
            ErrorKind::Unauthenticated,
            "the access token has characters that no access token has",
        )
    })?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}

/// The error of an answer that is no success.
pub(super) fn refused(cx: &Context, speaker: &Speaker<'_>, call: Call, answer: &Answer) -> Error {
    let said = said(speaker, answer);
    let status = answer.status.as_u16();
    let new = |kind, reason: &str| Error::new(kind, format!("cannot {}: {reason}", call.what));
    let error = match (status, said.reason.as_str()) {
        (
            400,
            "resourceIsEncryptedWithCustomerEncryptionKey"
            | "customerEncryptionKeyIsIncorrect"
            | "customerEncryptionKeySha256IsInvalid"
            | "resourceNotEncryptedWithCustomerEncryptionKey",
        ) => new(
            ErrorKind::InvalidConfig,
            "the object is encrypted with another customer's key, or without one",
        )
        .with_hint(
            "set `encryption_key`, or GOOGLE_ENCRYPTION_KEY, to the key it was written with",
        ),
        (400, _)
            if said
                .words
                .as_deref()
                .is_some_and(|w| w.contains("requester pays")) =>
        {
            new(
                ErrorKind::Unsupported,
                "the bucket makes the requester pay, which neither of the programs offers",
            )
            .with_hint("use another bucket, or let its owner pay")
        }
        (400 | 401, "invalid_grant" | "invalid_client" | "unauthorized_client") => new(
            ErrorKind::Unauthenticated,
            "the credentials are no longer accepted",
        )
        .with_hint(
            "sign in again with `gcloud auth application-default login`, or use another key",
        ),
        (401, _) => new(
            ErrorKind::Unauthenticated,
            "the access token is not accepted",
        )
        .with_hint(how_to_renew(speaker.config)),
        (403, "rateLimitExceeded" | "userRateLimitExceeded" | "quotaExceeded") | (429, _) => {
            new(ErrorKind::RateLimited, "the server asks to slow down")
        }
        (403, _) => denied(call, &said),
        (404, _) if call == TOKEN => new(
            ErrorKind::NotFound,
            "the service account that is to be acted as does not exist",
        )
        .with_hint("correct `impersonate_service_account`"),
        (404, _) => new(ErrorKind::NotFound, "the bucket does not exist")
            .with_hint("create the bucket, or correct `bucket` or `storage_custom_endpoint`"),
        (409 | 412, _) => new(
            ErrorKind::Conflict,
            "the object was changed at the same time",
        ),
        (408 | 500 | 502..=599, _) => new(ErrorKind::Unavailable, "the server failed"),
        (501, _) => new(
            ErrorKind::Unsupported,
            "the server does not know the request",
        ),
        (400..=499, _) => new(ErrorKind::InvalidConfig, "the server refused the request"),
        _ => new(
            ErrorKind::Unexpected,
            "the answer is not one of Cloud Storage",
        ),
    };
    let mut error = error
        .with("address", SafeUrl::new(speaker.url.clone()))
        .with("status", status);
    if !said.reason.is_empty() {
        error = error.with("reason", &said.reason);
    }
    if let Some(words) = said.words {
        error = error.with("server", words);
    }
    if let Some(wait) = answer.retry_after(cx.now()) {
        error = error.with("retry after seconds", wait.as_secs());
    }
    error
}

/// The error of a success that is not one of Cloud Storage: a proxy's page, or another server.
pub(super) fn not_google(speaker: &Speaker<'_>, call: Call) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        format!("cannot {}: the answer is not one of Cloud Storage", call.what),
    )
    .with("address", SafeUrl::new(speaker.url.clone()))
    .with_hint("see whether a proxy answers in its place, and correct `storage_custom_endpoint` if it is set")
}

fn how_to_renew(config: &GcsConfig) -> &'static str {
    match config.identity.source {
        Source::Token(_) => {
            "it may have expired: set `access_token`, or GOOGLE_OAUTH_ACCESS_TOKEN, to a new one"
        }
        Source::Key(_) => "the key of `credentials` may have been deleted or disabled",
        Source::Ambient => {
            "sign in again with `gcloud auth application-default login`, or name other credentials"
        }
    }
}

fn denied(call: Call, said: &Said) -> Error {
    let named = said.words.as_deref().and_then(permission);
    let permission = named.unwrap_or(call.permission);
    let error = Error::new(
        ErrorKind::PermissionDenied,
        format!("cannot {}: it is not allowed", call.what),
    )
    .with("permission", permission)
    .with_hint(format!(
        "grant `{permission}` to these credentials, by a role on the bucket or the project"
    ));
    match permission {
        "storage.objects.get" => error.with_hint(
            "without `storage.objects.list` a state that does not exist is answered the same way",
        ),
        _ => error,
    }
}

/// The permission in a sentence such as "x does not have storage.objects.get access to the object".
fn permission(words: &str) -> Option<&str> {
    words
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '.')
        .map(|word| word.trim_end_matches('.'))
        .find(|word| {
            let service = word.split('.').next().unwrap_or_default();
            matches!(service, "storage" | "cloudkms" | "iam" | "serviceusage")
                && word.split('.').count() >= 3
                && !word.ends_with(".com")
        })
}

/// Reads the body. A page for people says less than the status.
fn said(speaker: &Speaker<'_>, answer: &Answer) -> Said {
    let Ok(text) = std::str::from_utf8(&answer.body) else {
        return Said::default();
    };
    let text = text.trim();
    let Ok(json) = serde_json::from_str::<Json>(text) else {
        let page = text.starts_with(['<', '{', '[']);
        return Said {
            reason: String::new(),
            words: (!page).then(|| clean(speaker, text)).flatten(),
        };
    };
    let text = |pointer: &str| json.pointer(pointer).and_then(Json::as_str);
    let reason = text("/error/errors/0/reason")
        .or_else(|| text("/error/status"))
        .or_else(|| text("/error"));
    let words = text("/error/message").or_else(|| text("/error_description"));
    Said {
        reason: reason.and_then(|r| clean(speaker, r)).unwrap_or_default(),
        words: words.and_then(|w| clean(speaker, w)),
    }
}

/// A server's text as part of one line, secrets masked; masked before it is cut, since half a secret is not found.
fn clean(speaker: &Speaker<'_>, text: &str) -> Option<String> {
    let secrets = speaker.secrets.iter().filter(|s| s.len() >= 4);
    let masked = secrets
        .chain(speaker.config.secrets.expose())
        .fold(text.to_owned(), |text, secret| text.replace(secret, MASK));
    let words: Vec<&str> = masked.split_whitespace().collect();
    let line: String = words
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(WORDS_LIMIT)
        .collect();
    (!line.is_empty()).then_some(line)
}
