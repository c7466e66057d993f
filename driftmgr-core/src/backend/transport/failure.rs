//! Requests that got no answer: what happened, and whether the server may have acted on them.

use std::error::Error as StdError;

use crate::error::{Error, ErrorKind, Retry};
use crate::redact::SafeUrl;

/// A request without an answer.
pub(super) struct Failure {
    pub(super) error: Error,
    /// The server surely did nothing, because the request never got to it.
    pub(super) unsent: bool,
    /// Another attempt can end better.
    pub(super) passing: bool,
}

impl Failure {
    /// A failure that stays: what was asked for is refused.
    pub(super) fn lasting(error: Error) -> Self {
        Self {
            error,
            unsent: false,
            passing: false,
        }
    }

    /// A failure that may pass, after the server got the request.
    pub(super) fn passing(reason: impl Into<String>, url: &SafeUrl) -> Self {
        Self {
            error: Error::new(ErrorKind::Unavailable, reason).with("address", url),
            unsent: false,
            passing: true,
        }
    }

    /// What the client says. Of its error only the innermost sentence is kept: the outer ones show the whole URL.
    pub(super) fn of(error: &reqwest::Error, url: &SafeUrl) -> Self {
        let cause = root_cause(error);
        if let Some(tls) = tls_cause(error) {
            return Self::lasting(of_tls(tls, &cause).with("address", url));
        }
        if error.is_connect() {
            let error = Error::new(
                ErrorKind::Unavailable,
                format!("the server cannot be reached: {cause}"),
            );
            return Self {
                error: error.with("address", url).with_hint(
                    "see whether the address is right and the network or proxy lets you through",
                ),
                unsent: true,
                passing: true,
            };
        }
        if error.is_builder() {
            let message = format!("the request cannot be made: {cause}");
            let error = Error::new(ErrorKind::InvalidConfig, message);
            return Self::lasting(error.with("address", url));
        }
        Self::passing(format!("the connection was lost: {cause}"), url)
    }
}

fn of_tls(error: &rustls::Error, cause: &str) -> Error {
    match error {
        rustls::Error::InvalidCertificate(_) => Error::new(
            ErrorKind::Unavailable,
            format!("the server's certificate is not trusted: {cause}"),
        )
        .with_hint("trust the authority that signed it, by the backend's argument for it or by SSL_CERT_FILE"),
        rustls::Error::AlertReceived(_) => Error::new(
            ErrorKind::Unauthenticated,
            format!("the server ended the TLS handshake: {cause}"),
        )
        .with_hint("it may want a client certificate, or another one"),
        _ => Error::new(ErrorKind::Unavailable, format!("TLS failed: {cause}")),
    }
    .with_retry(Retry::Never)
}

/// The innermost sentence.
pub(super) fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = inner(cause) {
        cause = inner;
    }
    cause.to_string()
}

fn tls_cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(tls) = error.downcast_ref() {
            return Some(tls);
        }
        cause = inner(error);
    }
    None
}

/// An I/O error names the source of what it wraps, and skips what it wraps itself.
fn inner<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<std::io::Error>() {
        Some(io) => io.get_ref().map(|e| e as _),
        None => error.source(),
    }
}
