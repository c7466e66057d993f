//! What a refusal of Consul means (<https://developer.hashicorp.com/consul/api-docs/api-structure>).

use reqwest::Url;

use super::config::ConsulConfig;
use crate::backend::transport::{Answer, words};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::redact::SafeUrl;

/// A request, as errors call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call {
    /// After "cannot".
    pub(super) what: &'static str,
    /// What its token has to be allowed, in the words of Consul's policies.
    pub(super) permission: &'static str,
}

pub(super) const READ: Call = Call {
    what: "read a key",
    permission: "key:read",
};
pub(super) const LIST: Call = Call {
    what: "list the workspaces",
    permission: "key:list",
};
pub(super) const WRITE: Call = Call {
    what: "write a key",
    permission: "key:write",
};
pub(super) const SESSION: Call = Call {
    what: "begin a session, which a lock needs",
    permission: "session:write",
};

/// The error of an answer that is no success; `sent` is what was sent.
pub(super) fn refused(
    cx: &Context,
    config: &ConsulConfig,
    call: Call,
    url: &Url,
    answer: &Answer,
    sent: &[u8],
) -> Error {
    let said = words(answer, config.secrets.expose(), sent);
    let text = said.as_deref().unwrap_or_default();
    let new = |kind, reason: &str| Error::new(kind, format!("cannot {}: {reason}", call.what));
    let error = match answer.status.as_u16() {
        401 => new(
            ErrorKind::Unauthenticated,
            "the server wants to know who asks",
        )
        .with_hint("set `http_auth`, or CONSUL_HTTP_AUTH"),
        403 if text.contains("ACL not found") => new(
            ErrorKind::Unauthenticated,
            "the server does not know the token",
        )
        .with_hint("set `access_token`, or CONSUL_HTTP_TOKEN, to a token that exists"),
        403 => denied(call, text),
        404 => new(ErrorKind::NotFound, "there is nothing at the address")
            .with_hint("see whether `address` is that of a Consul agent"),
        413 => new(ErrorKind::InvalidInput, "it is too large for the server")
            .with_hint("set `gzip`, or raise the server's `kv_max_value_size`"),
        429 => new(ErrorKind::RateLimited, "the server asks to slow down"),
        500 if text.contains("No path to datacenter") => {
            new(ErrorKind::InvalidConfig, "there is no such datacenter")
                .with_hint("correct `datacenter`")
        }
        408 | 500 | 502..=599 => new(ErrorKind::Unavailable, "the server failed"),
        400..=499 | 501 => new(ErrorKind::InvalidConfig, "the server refused the request"),
        _ => new(ErrorKind::Unexpected, "the answer is not one of Consul"),
    };
    let mut error = error
        .with("address", SafeUrl::new(url.clone()))
        .with("status", answer.status.as_u16());
    if let Some(said) = said {
        error = error.with("server", said);
    }
    if let Some(wait) = answer.retry_after(cx.now()) {
        error = error.with("retry after seconds", wait.as_secs());
    }
    error
}

/// The error of a success that is not one of Consul: a proxy's page, or another server.
pub(super) fn not_consul(call: Call, url: &Url) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        format!("cannot {}: the answer is not one of Consul", call.what),
    )
    .with("address", SafeUrl::new(url.clone()))
    .with_hint("see whether a proxy answers in its place, and correct `address`")
}

/// Newer servers name what is missing: `token with AccessorID '…' lacks permission 'key:write' on "path"`.
fn denied(call: Call, said: &str) -> Error {
    let named = said
        .split_once("lacks permission '")
        .and_then(|(_, rest)| rest.split_once('\''));
    let permission = named.map_or(call.permission, |(permission, _)| permission);
    Error::new(
        ErrorKind::PermissionDenied,
        format!("cannot {}: the token does not allow it", call.what),
    )
    .with("permission", permission)
    .with_hint(format!("give the token a policy with `{permission}`"))
}
