//! Requests of the API.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use tokio::sync::OnceCell;

use super::api::Page;
use super::config::CloudConfig;
use super::error::{self, Action};
use super::session::Session;
use crate::backend::transport::{Answer, Request, RetryPolicy, STATE_LIMIT, Tls, Transport};
use crate::cli_config::HostCredentials;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::SafeUrl;

const JSON_API: HeaderValue = HeaderValue::from_static("application/vnd.api+json");

/// Documents are at most so long, in bytes.
const DOCUMENT: usize = 16 << 20;

/// The largest page that the API gives.
const PAGE_SIZE: &str = "100";

/// More pages than these have no end.
const MOST_PAGES: usize = 100_000;

/// The limit of requests is one of a second.
const RETRY: RetryPolicy = RetryPolicy {
    max: 5,
    wait_min: Duration::from_millis(100),
    wait_max: Duration::from_secs(5),
};

/// Speaks with the server.
pub(super) struct CloudClient {
    pub(super) config: CloudConfig,
    transport: Transport,
    known: HostCredentials,
    session: OnceCell<Session>,
    /// Set when the organization was found to be there.
    pub(super) organization: OnceCell<()>,
}

/// What is asked for.
pub(super) struct Call<'a> {
    pub(super) action: Action,
    pub(super) method: Method,
    /// The parts of the path after the API's own.
    pub(super) path: &'a [&'a str],
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) body: Option<Json>,
    /// The state that the body has in another form. A server's words that repeat it are not shown.
    pub(super) state: Bytes,
    /// Doing it twice is as good as doing it once.
    pub(super) repeatable: bool,
}

impl Call<'_> {
    pub(super) const NOTHING: Self = Call {
        action: Action::READ,
        method: Method::GET,
        path: &[],
        query: &[],
        body: None,
        state: Bytes::new(),
        repeatable: true,
    };
}

/// An answer with where it came from.
pub(super) struct Answered<'a> {
    pub(super) answer: Answer,
    pub(super) url: SafeUrl,
    action: Action,
    session: &'a Session,
    sent: Bytes,
}

impl CloudClient {
    pub(super) fn new(cx: &Context, config: CloudConfig) -> Result<Self> {
        let environment = cx.environment();
        let known = match config.token {
            Some(_) => HostCredentials::default(),
            None => HostCredentials::load(environment)?,
        };
        Ok(Self {
            config,
            transport: Transport::new(environment, &Tls::default(), RETRY)?,
            known,
            session: OnceCell::new(),
            organization: OnceCell::new(),
        })
    }

    async fn session(&self, cx: &Context) -> Result<&Session> {
        cx.check()?;
        let open = || Session::open(cx, &self.transport, &self.config, &self.known);
        self.session.get_or_try_init(open).await
    }

    /// Asks the API.
    pub(super) async fn call(&self, cx: &Context, call: Call<'_>) -> Result<Answered<'_>> {
        let session = self.session(cx).await?;
        let mut url = session.api.clone();
        match url.path_segments_mut() {
            Ok(mut path) => path.pop_if_empty().extend(call.path),
            Err(()) => {
                return Err(Error::new(
                    ErrorKind::Unexpected,
                    "the address of the API has no path",
                ));
            }
        };
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(call.query);
        }
        let mut headers = HeaderMap::from_iter([(ACCEPT, JSON_API)]);
        let body = call.body.map(|json| Bytes::from(json.to_string()));
        if body.is_some() {
            headers.insert(CONTENT_TYPE, JSON_API);
        }
        let request = Request {
            method: call.method,
            headers,
            body,
            repeatable: call.repeatable,
            limit: DOCUMENT,
            ..bare(session, url)
        };
        let mut answered = self.send(cx, session, call.action, request).await?;
        if !call.state.is_empty() {
            answered.sent = call.state;
        }
        Ok(answered)
    }

    /// Downloads the bytes of a version from where the API says, which can be another server.
    pub(super) async fn download(&self, cx: &Context, address: &str) -> Result<Bytes> {
        let session = self.session(cx).await?;
        let request = bare(session, place(session, address)?);
        let answered = self.send(cx, session, Action::READ, request).await?;
        match answered.status() {
            200 => Ok(answered.answer.body),
            _ => Err(answered.refused(cx)),
        }
    }

    /// Uploads the bytes of a version to where the API says.
    pub(super) async fn upload(&self, cx: &Context, address: &str, state: Bytes) -> Result<()> {
        let session = self.session(cx).await?;
        let octets = HeaderValue::from_static("application/octet-stream");
        let request = Request {
            method: Method::PUT,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, octets)]),
            body: Some(state),
            ..bare(session, place(session, address)?)
        };
        let answered = self.send(cx, session, Action::WRITE, request).await?;
        match answered.status() {
            200..=299 => Ok(()),
            _ => Err(answered.refused(cx)),
        }
    }

    /// All pages of a list; `None` when the API has no such list.
    pub(super) async fn pages<T: DeserializeOwned>(
        &self,
        cx: &Context,
        action: Action,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Option<Vec<T>>> {
        let (mut all, mut number) = (Vec::new(), 1_u32);
        for _ in 0..MOST_PAGES {
            let page = number.to_string();
            let mut query = query.to_vec();
            query.extend([("page[number]", page.as_str()), ("page[size]", PAGE_SIZE)]);
            let call = Call {
                action,
                path,
                query: &query,
                ..Call::NOTHING
            };
            let answered = self.call(cx, call).await?;
            if answered.status() == 404 {
                return Ok(None);
            }
            let page: Page<T> = answered.document(cx)?;
            all.extend(page.data);
            match page.meta.pagination.next_page {
                Some(next) if next > number => number = next,
                _ => return Ok(Some(all)),
            }
        }
        Err(Error::new(
            ErrorKind::Unexpected,
            "the server's list has no end",
        ))
    }

    async fn send<'a>(
        &'a self,
        cx: &Context,
        session: &'a Session,
        action: Action,
        request: Request,
    ) -> Result<Answered<'a>> {
        Ok(Answered {
            answer: self.transport.send(cx, &request).await?,
            url: SafeUrl::new(request.url),
            action,
            session,
            sent: request.body.unwrap_or_default(),
        })
    }
}

/// A request that reads, with credentials only where they belong.
fn bare(session: &Session, url: Url) -> Request {
    Request {
        method: Method::GET,
        credentials: session.credentials_for(&url),
        url,
        headers: HeaderMap::new(),
        body: None,
        repeatable: true,
        limit: STATE_LIMIT,
    }
}

/// Where the API says that bytes are: relative to its own address, or anywhere by HTTPS.
fn place(session: &Session, address: &str) -> Result<Url> {
    let url = session.api.join(address).ok();
    let mut url = url
        .filter(|u| u.scheme() == "https" && u.has_host())
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Unexpected,
                "the server's address of a state is not one of HTTPS",
            )
            .with("address", SafeUrl::new(session.api.clone()))
        })?;
    // A server's word is no source of credentials. Setting fails for URLs without a host only.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(url)
}

impl Answered<'_> {
    pub(super) fn status(&self) -> u16 {
        self.answer.status.as_u16()
    }

    /// The document of a successful answer.
    ///
    /// # Errors
    /// Those of [`Answered::refused`] for any other answer; `Unexpected` for one that is no such document.
    pub(super) fn document<T: DeserializeOwned>(&self, cx: &Context) -> Result<T> {
        if !self.answer.status.is_success() {
            return Err(self.refused(cx));
        }
        // The message of the JSON reader can show values.
        serde_json::from_slice(&self.answer.body).map_err(|e| {
            Error::new(
                ErrorKind::Unexpected,
                format!(
                    "the answer is none of the API's when asked to {}",
                    self.action.what
                ),
            )
            .with("address", &self.url)
            .with("line", e.line())
            .with_hint("something between may have answered, such as a proxy or a login page")
        })
    }

    /// The error of an answer that is no success.
    pub(super) fn refused(&self, cx: &Context) -> Error {
        error::refused(
            cx,
            &self.answer,
            &self.url,
            self.action,
            self.session,
            &self.sent,
        )
    }
}
