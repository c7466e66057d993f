//! HTTP for the backends that speak it without a library of their cloud.
//!
//! Connections are pooled for the whole process, proxies and authorities come from the context's environment, redirects never carry
//! credentials to another server, answers are read up to a limit and checked against their `Content-MD5`, and requests are repeated
//! only when that cannot do a thing twice.

mod connect;
mod failure;
mod proxy;
mod redirect;
mod retry;
mod words;

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::{Bytes, BytesMut};
use md5::{Digest, Md5};
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName};
use reqwest::{Client, Method, StatusCode, Url};

use self::connect::Connect;
use self::failure::Failure;
use self::retry::{Again, Attempt};
use crate::context::Context;
use crate::env::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::SafeUrl;

pub(crate) use connect::Tls;
pub(crate) use words::words;

pub(crate) use super::backoff::RetryPolicy;

/// The MD5 of a body in base64 (RFC 1864).
pub(crate) const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// No state is larger than this, in bytes.
pub(crate) const STATE_LIMIT: usize = 1 << 30;

/// So much is read of the body of an answer that is no success.
const REFUSAL_LIMIT: usize = 64 * 1024;

/// The answer has to begin within this time, and a second more for each [`SLOWEST`] bytes that are sent.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);
const SLOWEST: u64 = 16 * 1024;

/// The next bytes of an answer have to come within this time.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// A request. No `Debug`: body and credentials are secret.
pub(crate) struct Request {
    /// Its method; any word that HTTP allows.
    pub(crate) method: Method,
    /// Where to.
    pub(crate) url: Url,
    /// Headers that may go wherever the request is sent to.
    pub(crate) headers: HeaderMap,
    /// Headers that only the server itself gets.
    pub(crate) credentials: HeaderMap,
    /// What is sent, if anything.
    pub(crate) body: Option<Bytes>,
    /// Doing it twice is as good as doing it once. What is not is only repeated when the server did not act on it.
    pub(crate) repeatable: bool,
    /// The longest body of a successful answer that is taken, in bytes.
    pub(crate) limit: usize,
}

/// An answer, whatever it says. No `Debug`: it can hold a state.
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Its whole body; of an answer that is no success only the beginning.
    pub(crate) body: Bytes,
}

impl Answer {
    /// How long the server asks to wait before the next request.
    pub(crate) fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        retry::retry_after(&self.headers, now)
    }
}

/// Sends requests.
pub(crate) struct Transport {
    connect: Connect,
    retry: RetryPolicy,
}

impl Transport {
    /// Reads the settings; nothing is opened.
    ///
    /// # Errors
    /// `InvalidConfig` for certificates that are none, and for the variables of proxies.
    pub(crate) fn new(environment: &Environment, tls: &Tls, retry: RetryPolicy) -> Result<Self> {
        Ok(Self {
            connect: Connect::new(environment, tls)?,
            retry,
        })
    }

    /// Sends a request until it is answered for good. Statuses that tell of an error are answers, too.
    ///
    /// # Errors
    /// `Unavailable` when there is no whole answer, `Unauthenticated` when the server refuses the handshake, `InvalidConfig` for settings
    /// of TLS and for redirects that are not followed, `Unsupported` for an answer above the limit, `Cancelled` and `Timeout` by the context.
    pub(crate) async fn send(&self, cx: &Context, request: &Request) -> Result<Answer> {
        cx.check()?;
        let client = self.connect.client()?;
        retry::retrying(cx, &self.retry, || attempt(cx, &client, request)).await
    }
}

async fn attempt(cx: &Context, client: &Client, request: &Request) -> Attempt<Answer> {
    let server = request.url.host_str().unwrap_or_default();
    match cx.run(async { Ok(follow(client, request).await) }).await {
        Err(ended) => Attempt {
            result: Err(ended),
            again: None,
        },
        Ok(Err(failure)) => {
            let again = failure.passing && (failure.unsent || request.repeatable);
            Attempt {
                again: again.then(|| Again {
                    reason: format!("{server}: {}", failure.error.message()),
                    asked: None,
                }),
                result: Err(failure.error),
            }
        }
        Ok(Ok(answer)) => {
            let again = passes(answer.status, request.repeatable).then(|| Again {
                reason: format!("{server} answered {}", answer.status),
                asked: answer.retry_after(cx.now()),
            });
            Attempt {
                result: Ok(answer),
                again,
            }
        }
    }
}

/// Whether a later answer can be another one. By 429 and 503 a server says that it did not act; of other failures that is not known.
fn passes(status: StatusCode, repeatable: bool) -> bool {
    match status.as_u16() {
        429 | 503 => true,
        501 => false,
        408 | 500..=599 => repeatable,
        _ => false,
    }
}

/// One request, and those that its redirects lead to.
async fn follow(client: &Client, request: &Request) -> Result<Answer, Failure> {
    let mut url = request.url.clone();
    let mut trusted = true;
    for _ in 0..=redirect::LIMIT {
        let shown = SafeUrl::new(url.clone());
        let response = once(client, request, &url, trusted).await?;
        let next = redirect::next(&request.method, &url, response.status(), response.headers())
            .map_err(|e| Failure::lasting(e.with("address", &shown)))?;
        let Some(next) = next else {
            return whole(response, request, &shown).await;
        };
        trusted &= next.origin() == url.origin();
        url = next;
    }
    Err(Failure::lasting(
        Error::new(
            ErrorKind::InvalidConfig,
            "the server sends the request from place to place without an end",
        )
        .with("address", SafeUrl::new(request.url.clone())),
    ))
}

async fn once(
    client: &Client,
    request: &Request,
    url: &Url,
    trusted: bool,
) -> Result<reqwest::Response, Failure> {
    let shown = SafeUrl::new(url.clone());
    let mut bare = url.clone();
    // Credentials travel in headers of our own making; the client would make its own of these. Setting fails without a host only.
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    let mut builder = client
        .request(request.method.clone(), bare)
        .headers(request.headers.clone());
    if trusted {
        builder = builder.headers(request.credentials.clone());
    }
    let mut size = 0;
    if let Some(body) = &request.body {
        size = body.len() as u64;
        // Of an empty body the client says nothing by itself, and some servers want to know.
        if body.is_empty() {
            builder = builder.header(CONTENT_LENGTH, 0);
        }
        builder = builder.body(body.clone());
    }
    let patience = ANSWER_TIMEOUT + Duration::from_secs(size / SLOWEST);
    match tokio::time::timeout(patience, builder.send()).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => Err(Failure::of(&error, &shown)),
        Err(_) => Err(Failure::passing(
            format!("there was no answer within {} s", patience.as_secs()),
            &shown,
        )),
    }
}

/// Reads the body. A body that is shorter than announced is an error of the client's, one that does not fit its digest is ours.
async fn whole(
    mut response: reqwest::Response,
    request: &Request,
    shown: &SafeUrl,
) -> Result<Answer, Failure> {
    let limit = request.limit;
    let (status, headers) = (response.status(), response.headers().clone());
    let good = status.is_success();
    if good
        && headers
            .get(CONTENT_ENCODING)
            .is_some_and(|e| e != "identity")
    {
        return Err(Failure::lasting(
            Error::new(
                ErrorKind::Unsupported,
                "the answer is compressed, which was not asked for",
            )
            .with("address", shown),
        ));
    }
    let announced = response.content_length().unwrap_or(0);
    if good && announced > limit as u64 {
        return Err(Failure::lasting(too_large(limit, shown)));
    }
    let mut body = BytesMut::new();
    loop {
        let chunk = match tokio::time::timeout(IDLE_TIMEOUT, response.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) => break,
            // Of a refusal the status says enough.
            Ok(Err(_)) | Err(_) if !good => break,
            Ok(Err(error)) => return Err(Failure::of(&error, shown)),
            Err(_) => {
                let reason = format!("the answer stopped for {} s", IDLE_TIMEOUT.as_secs());
                return Err(Failure::passing(reason, shown));
            }
        };
        if !good && body.len() + chunk.len() > REFUSAL_LIMIT {
            break;
        }
        if body.len() + chunk.len() > limit && good {
            return Err(Failure::lasting(too_large(limit, shown)));
        }
        body.extend_from_slice(&chunk);
    }
    let answer = Answer {
        status,
        headers,
        body: body.freeze(),
    };
    if good && !fits_digest(&request.method, &answer) {
        return Err(Failure::passing(
            "the answer is damaged: its body does not fit its Content-MD5",
            shown,
        ));
    }
    Ok(answer)
}

fn too_large(limit: usize, shown: &SafeUrl) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "the answer is larger than any state that is read",
    )
    .with("address", shown)
    .with("limit in bytes", limit)
}

/// Where nothing was read, the digest is that of something else: of what HEAD did not get, or of what was written.
fn fits_digest(method: &Method, answer: &Answer) -> bool {
    if *method != Method::GET && answer.body.is_empty() {
        return true;
    }
    let announced = answer.headers.get(CONTENT_MD5);
    announced.is_none_or(|text| text.as_bytes() == content_md5(&answer.body).as_bytes())
}

/// The value of [`CONTENT_MD5`] for a body.
pub(crate) fn content_md5(body: &[u8]) -> String {
    BASE64_STANDARD.encode(Md5::digest(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_again_depends_on_what_may_have_happened() {
        for (status, repeatable, other) in [
            (200, false, false),
            (400, false, false),
            (404, false, false),
            (408, true, false),
            (423, false, false),
            (429, true, true),
            (500, true, false),
            (501, false, false),
            (502, true, false),
            (503, true, true),
            (504, true, false),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(passes(status, true), repeatable, "{status}");
            assert_eq!(passes(status, false), other, "{status}");
        }
    }

    #[test]
    fn the_digest_is_that_of_rfc_1864() {
        // printf 'Check Integrity!' | openssl md5 -binary | base64
        assert_eq!(content_md5(b"Check Integrity!"), "nwqq6b6ua/tTDk7B5M184w==");
    }

    #[test]
    fn a_digest_is_that_of_what_was_read() {
        let answer = |body: &'static [u8]| Answer {
            status: StatusCode::OK,
            headers: HeaderMap::from_iter([(
                CONTENT_MD5,
                content_md5(b"Check Integrity!").parse().unwrap(),
            )]),
            body: Bytes::from_static(body),
        };
        for (method, body, fits) in [
            (Method::GET, &b"Check Integrity!"[..], true),
            (Method::GET, b"Check", false),
            (Method::GET, b"", false),
            // The digest of what HEAD would have read, and of what PUT wrote.
            (Method::HEAD, b"", true),
            (Method::PUT, b"", true),
            (Method::POST, b"Check", false),
        ] {
            assert_eq!(fits_digest(&method, &answer(body)), fits, "{method}");
        }
    }
}
