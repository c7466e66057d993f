//! What a server's refusal means.

use super::config::{Endpoint, HttpConfig};
use crate::backend::transport::{Answer, words};
use crate::context::Context;
use crate::error::{Error, ErrorKind};

/// The error of an answer that is no success. `action` is what was wanted, such as `read the state`; `sent` is what was sent.
pub(super) fn refused(
    cx: &Context,
    config: &HttpConfig,
    endpoint: &Endpoint,
    action: &str,
    answer: &Answer,
    sent: &[u8],
) -> Error {
    let status = answer.status;
    let (kind, message) = match status.as_u16() {
        401 => (
            ErrorKind::Unauthenticated,
            format!("the server does not accept the credentials to {action}"),
        ),
        403 => (
            ErrorKind::PermissionDenied,
            format!("the server does not allow to {action}"),
        ),
        404 | 410 => (
            ErrorKind::NotFound,
            format!("the server has nothing at the address to {action}"),
        ),
        405 | 501 => (
            ErrorKind::InvalidConfig,
            format!("the server does not know the method to {action}"),
        ),
        408 | 500 | 502..=599 => (
            ErrorKind::Unavailable,
            format!("the server failed to {action}"),
        ),
        409 | 412 => (
            ErrorKind::Conflict,
            format!("the server is not in the state to {action}"),
        ),
        413 => (
            ErrorKind::InvalidInput,
            format!("it is too large for the server to {action}"),
        ),
        429 => (
            ErrorKind::RateLimited,
            format!("the server asks to slow down and did not {action}"),
        ),
        _ => (
            ErrorKind::Unexpected,
            format!("the server's answer makes no sense when asked to {action}"),
        ),
    };
    let mut error = Error::new(kind, message)
        .with("address", &endpoint.url)
        .with("status", status);
    if let Some(words) = words(answer, config.secrets.expose(), sent) {
        error = error.with("server", words);
    }
    if let Some(wait) = answer.retry_after(cx.now()) {
        error = error.with("retry after seconds", wait.as_secs());
    }
    match hint(status.as_u16(), config) {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

fn hint(status: u16, config: &HttpConfig) -> Option<&'static str> {
    match status {
        401 if config.state.credentials.expose().is_empty() => {
            Some("set `username` and `password`, or TF_HTTP_USERNAME and TF_HTTP_PASSWORD")
        }
        401 => Some("the credentials may be wrong or no longer valid"),
        403 => Some("give the user of the http backend the permission for it"),
        404 | 410 => {
            Some("compare `lock_address` and `unlock_address` with what the server documents")
        }
        405 | 501 => Some(
            "compare `update_method`, `lock_method` and `unlock_method` with what the server documents",
        ),
        429 => Some("repeat it later, or raise `retry_max` and `retry_wait_max`"),
        _ => None,
    }
}
