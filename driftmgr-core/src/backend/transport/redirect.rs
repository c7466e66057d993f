//! Where an answer sends a request to, and whether the request may go there.

use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Method, StatusCode, Url};

use crate::error::{Error, ErrorKind, Result};
use crate::redact::SafeUrl;

/// So many redirects are followed, as many as Go's client follows.
pub(super) const LIMIT: usize = 10;

/// The next place of a request; `None` when the answer is no redirect.
///
/// Reading may be sent anywhere, but not from HTTPS to HTTP. What changes something is only repeated where it stays on its server and
/// keeps its method and body (307, 308): after any other redirect a client would go on with GET, and the change would be lost in silence.
///
/// # Errors
/// `InvalidConfig` for a redirect that is not followed.
pub(super) fn next(
    method: &Method,
    at: &Url,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<Url>> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let refuse = |reason: &str| {
        Error::new(
            ErrorKind::InvalidConfig,
            format!("the server answered {method} with a redirect ({status}) {reason}"),
        )
    };
    let there = headers
        .get(LOCATION)
        .and_then(|text| text.to_str().ok())
        .and_then(|text| at.join(text).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let Some(mut there) = there else {
        return Err(refuse("that names no place to go"));
    };
    // A server's word is no source of credentials. Setting fails for URLs without a host only.
    let _ = there.set_username("");
    let _ = there.set_password(None);
    there.set_fragment(None);
    let shown = SafeUrl::new(there.clone());
    let refuse = |reason: &str| {
        refuse(reason)
            .with("redirected to", &shown)
            .with_hint("if that is the right place, name it in the configuration")
    };
    if at.scheme() == "https" && there.scheme() == "http" {
        return Err(refuse("from HTTPS to HTTP"));
    }
    let reads = *method == Method::GET || *method == Method::HEAD;
    if !reads && !matches!(status.as_u16(), 307 | 308) {
        return Err(refuse("that does not keep method and body"));
    }
    if !reads && there.origin() != at.origin() {
        return Err(refuse("to another server"));
    }
    Ok(Some(there))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: &str, from: &str, status: u16, to: Option<&str>) -> Result<Option<String>> {
        let mut headers = HeaderMap::new();
        if let Some(to) = to {
            headers.insert(LOCATION, to.parse().unwrap());
        }
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let status = StatusCode::from_u16(status).unwrap();
        let url = next(&method, &from.parse().unwrap(), status, &headers)?;
        Ok(url.map(|u| u.to_string()))
    }

    #[test]
    fn redirects_that_are_followed() {
        for (method, from, status, to, next) in [
            ("GET", "http://a/x", 301, "/y", "http://a/y"),
            ("GET", "http://a/x", 302, "y?z=1#f", "http://a/y?z=1"),
            ("GET", "http://a/x", 303, "https://b/y", "https://b/y"),
            ("GET", "https://a/x", 307, "https://u:p@b/y", "https://b/y"),
            ("POST", "http://a/x", 307, "/y", "http://a/y"),
            ("LOCK", "http://a/x", 308, "http://a:80/y", "http://a/y"),
        ] {
            let got = ask(method, from, status, Some(to)).unwrap();
            assert_eq!(got.as_deref(), Some(next));
        }
        for status in [200, 204, 300, 304, 404] {
            assert_eq!(ask("GET", "http://a/x", status, Some("/y")).unwrap(), None);
        }
    }

    #[test]
    fn redirects_that_are_refused() {
        for (method, from, status, to, reason) in [
            (
                "GET",
                "https://a/x",
                302,
                Some("http://a/x"),
                "HTTPS to HTTP",
            ),
            (
                "GET",
                "http://a/x",
                302,
                Some("file:///etc/x"),
                "names no place",
            ),
            ("GET", "http://a/x", 302, None, "names no place"),
            ("POST", "http://a/x", 301, Some("/y"), "method and body"),
            ("UNLOCK", "http://a/x", 302, Some("/y"), "method and body"),
            ("PUT", "http://a/x", 303, Some("/y"), "method and body"),
            (
                "POST",
                "http://a/x",
                307,
                Some("http://b/"),
                "another server",
            ),
            (
                "POST",
                "http://a/x",
                308,
                Some("http://a:8/"),
                "another server",
            ),
            (
                "POST",
                "http://a/x",
                307,
                Some("https://a/x"),
                "another server",
            ),
        ] {
            let error = ask(method, from, status, to).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig);
            assert!(error.message().contains(reason), "{error}");
        }
        let to = "http://u:hunter2@b/?sig=hunter3";
        let error = ask("POST", "http://a/x", 307, Some(to)).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
        assert_eq!(
            error.context_value("redirected to"),
            Some("http://b/?sig=***")
        );
    }
}
