//! What a provider says when it fails, as an error: the kind is guessed from its words, since the protocol carries none.

use super::scrub::Scrubber;
use super::wire::WireError;
use crate::error::{Error, ErrorKind};
use crate::provider::reader::{Diagnostic, DiagnosticSeverity};

/// Longest text of a provider in an error, in characters.
const MAX_TEXT: usize = 2000;

/// Words of cloud APIs and their SDKs, lower case and without spaces, in order of precedence: a throttled or unauthenticated call
/// is often described as a denied one as well.
const KINDS: &[(ErrorKind, &[&str])] = &[
    (
        ErrorKind::RateLimited,
        &[
            "throttl",
            "requestlimitexceeded",
            "rateexceeded",
            "ratelimit",
            "toomanyrequests",
            "slowdown",
        ],
    ),
    (
        ErrorKind::Unauthenticated,
        &[
            "expiredtoken",
            "tokenhasexpired",
            "nocredential",
            "novalidcredential",
            "couldnotfinddefaultcredentials",
            "invalidclienttokenid",
            "unrecognizedclientexception",
            "signaturedoesnotmatch",
            "authfailure",
            "unauthenticated",
        ],
    ),
    (
        ErrorKind::PermissionDenied,
        &[
            "accessdenied",
            "unauthorizedoperation",
            "permissiondenied",
            "notauthorized",
            "forbidden",
            "authorizationfailed",
        ],
    ),
    (
        ErrorKind::Unavailable,
        &[
            "connectionrefused",
            "nosuchhost",
            "connectionreset",
            "i/otimeout",
            "timedout",
            "timeout",
            "deadlineexceeded",
            "serviceunavailable",
            "networkisunreachable",
            "nameresolution",
        ],
    ),
];

/// HTTP statuses, told only where the text calls them so.
const STATUSES: &[(&str, ErrorKind)] = &[
    ("429", ErrorKind::RateLimited),
    ("401", ErrorKind::Unauthenticated),
    ("403", ErrorKind::PermissionDenied),
    ("502", ErrorKind::Unavailable),
    ("503", ErrorKind::Unavailable),
    ("504", ErrorKind::Unavailable),
];

/// The kind of failure that a provider's words describe.
pub(crate) fn kind_of(text: &str) -> ErrorKind {
    let squeezed: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '_' && *c != '-')
        .flat_map(char::to_lowercase)
        .collect();
    let words = KINDS
        .iter()
        .find(|(_, words)| words.iter().any(|w| squeezed.contains(w)));
    let status = || {
        STATUSES
            .iter()
            .find(|(code, _)| names_status(&squeezed, code))
    };
    match (words, status()) {
        (Some((kind, _)), _) => *kind,
        (None, Some((_, kind))) => *kind,
        (None, None) => ErrorKind::ToolFailed,
    }
}

/// `status code: 403`, `StatusCode=403`, `HTTP 403`, `error 403:`, but not `port 4031` or `vpc-403`.
fn names_status(squeezed: &str, code: &str) -> bool {
    squeezed.match_indices(code).any(|(at, _)| {
        let before = squeezed.get(..at).unwrap_or_default();
        let before = before.trim_end_matches([':', '=', '(', '"', '\'']);
        let named = ["status", "code", "http", "http/1.1", "http/2.0", "error"];
        let ends = squeezed
            .get(at + code.len()..)
            .is_none_or(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
        ends && named.iter().any(|n| before.ends_with(n))
    })
}

/// The error that the diagnostics amount to, if one of them is an error.
pub(crate) fn to_error(diagnostics: &[Diagnostic], scrubber: &Scrubber) -> Option<Error> {
    let mut errors = diagnostics
        .iter()
        .filter(|d| d.severity == DiagnosticSeverity::Error);
    let first = errors.next()?;
    let more = errors.count();
    let mut text = one_line(&first.summary);
    let detail = one_line(&first.detail);
    if !detail.is_empty() && detail != text {
        text = format!("{text}: {detail}");
    }
    let kind = kind_of(&text);
    let mut text = scrubber.scrub(&text);
    if let Some((cut, _)) = text.char_indices().nth(MAX_TEXT) {
        text.truncate(cut);
        text.push('…');
    }
    if more > 0 {
        text = format!("{text} (and {more} more)");
    }
    let mut error = Error::new(kind, format!("the provider says: {text}"));
    if let Some(path) = first.attribute.as_ref().filter(|p| !p.steps().is_empty()) {
        error = error.with("attribute", path);
    }
    Some(match hint(kind) {
        Some(hint) => error.with_hint(hint),
        None => error,
    })
}

/// Diagnostics that may be shown.
pub(crate) fn scrubbed(diagnostics: Vec<Diagnostic>, scrubber: &Scrubber) -> Vec<Diagnostic> {
    let scrub = |d: Diagnostic| Diagnostic {
        summary: scrubber.scrub(&d.summary),
        detail: scrubber.scrub(&d.detail),
        ..d
    };
    diagnostics.into_iter().map(scrub).collect()
}

/// The error for a call that the transport or the server refused, on a connection that lives.
pub(crate) fn refused(error: &WireError, scrubber: &Scrubber) -> Error {
    let status = match error {
        WireError::Answer(how) => {
            return Error::new(
                ErrorKind::ToolFailed,
                format!("the provider's answer breaks the protocol: {how}"),
            );
        }
        WireError::Status(status) => status,
    };
    let text = scrubber.scrub(&one_line(status.message()));
    let (kind, message) = match status.code() {
        tonic::Code::Unimplemented => (
            ErrorKind::Unsupported,
            "this version of the provider does not know the call".to_owned(),
        ),
        tonic::Code::OutOfRange | tonic::Code::ResourceExhausted => (
            ErrorKind::ToolFailed,
            format!("the provider's answer is too large: {text}"),
        ),
        _ => (
            kind_of(status.message()),
            format!("the provider refused the call: {text}"),
        ),
    };
    Error::new(kind, message)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn hint(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::PermissionDenied => Some("allow these credentials to read objects of this type"),
        ErrorKind::Unauthenticated => {
            Some("give the provider valid credentials, as for `terraform plan`")
        }
        ErrorKind::RateLimited => Some("try again later, or read fewer objects at a time"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_real_messages() {
        use ErrorKind::*;
        for (text, kind) in [
            (
                "AccessDenied: User: arn:aws:iam::1:user/x is not authorized to perform: s3:GetBucket",
                PermissionDenied,
            ),
            (
                "reading EC2 VPC (vpc-1): UnauthorizedOperation: You are not authorized",
                PermissionDenied,
            ),
            (
                "googleapi: Error 403: Required 'compute.get' permission",
                PermissionDenied,
            ),
            (
                "StatusCode=403 -- Original Error: Code=\"AuthorizationFailed\"",
                PermissionDenied,
            ),
            ("open /etc/shadow: permission denied", PermissionDenied),
            (
                "ExpiredToken: The security token included in the request is expired status code: 403",
                Unauthenticated,
            ),
            (
                "error configuring Terraform AWS Provider: no valid credential sources found",
                Unauthenticated,
            ),
            (
                "InvalidClientTokenId: The security token is invalid",
                Unauthenticated,
            ),
            (
                "NoCredentialProviders: no valid providers in chain",
                Unauthenticated,
            ),
            (
                "google: could not find default credentials",
                Unauthenticated,
            ),
            ("ThrottlingException: Rate exceeded", RateLimited),
            ("RequestLimitExceeded: Request limit exceeded.", RateLimited),
            ("unexpected status code: 429", RateLimited),
            ("HTTP 429 Too Many Requests", RateLimited),
            (
                "dial tcp 127.0.0.1:1: connect: connection refused",
                Unavailable,
            ),
            (
                "dial tcp: lookup sts.eu-west-9.amazonaws.com: no such host",
                Unavailable,
            ),
            (
                "net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
                Unavailable,
            ),
            ("context deadline exceeded", Unavailable),
            ("error: status code 503", Unavailable),
            ("something else entirely", ToolFailed),
            ("port 4030 of vpc-403 in group 429", ToolFailed),
        ] {
            assert_eq!(kind_of(text), kind, "{text}");
        }
    }

    #[test]
    fn warnings_are_no_error_and_the_first_error_speaks_for_all() {
        let say = |severity, summary: &str| Diagnostic {
            severity,
            summary: summary.to_owned(),
            detail: "over\n  two lines".to_owned(),
            attribute: None,
        };
        let warning = say(DiagnosticSeverity::Warning, "careful");
        let scrubber = Scrubber::default();
        assert!(to_error(std::slice::from_ref(&warning), &scrubber).is_none());
        let error = |s| say(DiagnosticSeverity::Error, s);
        let error = to_error(
            &[warning, error("AccessDenied"), error("b"), error("c")],
            &scrubber,
        );
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(
            error.message(),
            "the provider says: AccessDenied: over two lines (and 2 more)"
        );
        assert!(!error.hints().is_empty());
    }
}
