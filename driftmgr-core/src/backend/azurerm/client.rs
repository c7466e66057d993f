//! The requests to the store (<https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api>).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use tokio::sync::OnceCell;

use super::account::{self, Place};
use super::config::{Access, AzureConfig};
use super::error::{Action, Refusal, header, refused};
use super::list::{self, Item};
use super::token::{Scope, Tokens, bearer, secret};
use crate::backend::transport::{
    Answer, CONTENT_MD5, Request, RetryPolicy, STATE_LIMIT, Tls, Transport, content_md5,
};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// The version of the protocol. It knows versions, scopes of encryption, and names in lists that XML cannot hold.
const VERSION: &str = "2021-12-02";
/// An answer to a change is no longer than this, in bytes.
const SHORT: usize = 1 << 20;
/// A page has up to 5,000 blobs, with long names and many properties.
const PAGE_LIMIT: usize = 64 << 20;
/// What begins the headers with a blob's metadata.
const METADATA: &str = "x-ms-meta-";

/// The header that names the version of a blob.
const VERSION_ID: &str = "x-ms-version-id";

/// What a path's part cannot hold as it is.
const PATH: AsciiSet = CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// As often and as long as Azure's own clients repeat a request, with more spread.
const RETRY: RetryPolicy = RetryPolicy {
    max: 3,
    wait_min: Duration::from_millis(500),
    wait_max: Duration::from_secs(20),
};

/// Names and values that a blob carries, the names in small letters and without what marks them as such.
pub(super) type Metadata = BTreeMap<String, HeaderValue>;

/// Speaks with the store.
pub(super) struct Client {
    pub(super) config: AzureConfig,
    pub(super) transport: Transport,
    pub(super) tokens: Tokens,
    place: OnceCell<Place>,
    /// Set by the first answer that names a version.
    versioned: AtomicBool,
}

/// What is known of a blob.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    /// In base64; blobs of more than one block have none.
    pub(super) md5: Option<String>,
    pub(super) size: u64,
    pub(super) version: Option<String>,
    pub(super) modified: Option<SystemTime>,
    pub(super) leased: bool,
    pub(super) metadata: Metadata,
}

/// A blob.
pub(super) struct Object {
    pub(super) head: Head,
    pub(super) bytes: Bytes,
}

/// Which bytes of a blob.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which<'a> {
    Current,
    Version(&'a str),
    Snapshot(&'a str),
}

/// What must hold for a change.
#[derive(Debug, Clone, Copy)]
pub(super) enum Guard<'a> {
    /// There is no blob.
    Absent,
    /// The blob has this lease.
    Lease(&'a str),
}

/// A request, as far as the protocol goes.
struct Ask<'a> {
    action: Action,
    method: Method,
    /// `None` asks the container.
    blob: Option<&'a str>,
    query: Vec<(&'a str, &'a str)>,
    headers: Vec<(&'static str, String)>,
    metadata: Option<&'a Metadata>,
    body: Option<Bytes>,
    limit: usize,
}

impl<'a> Ask<'a> {
    fn new(action: Action, method: Method, blob: &'a str) -> Self {
        Self {
            action,
            body: (method == Method::PUT).then(Bytes::new),
            method,
            blob: Some(blob),
            query: Vec::new(),
            headers: Vec::new(),
            metadata: None,
            limit: SHORT,
        }
    }

    fn guarded(mut self, guard: Guard<'_>) -> Self {
        match guard {
            Guard::Absent => self.headers.push(("if-none-match", "*".to_owned())),
            Guard::Lease(id) => self.headers.push(("x-ms-lease-id", id.to_owned())),
        }
        self
    }
}

/// The answer, or the refusal that its asker may expect; whatever else fails is an error.
type Asked<T> = Result<std::result::Result<T, Refusal>>;

impl Client {
    pub(super) fn new(cx: &Context, config: AzureConfig) -> Result<Self> {
        Ok(Self {
            transport: Transport::new(cx.environment(), &Tls::default(), RETRY)?,
            tokens: Tokens::default(),
            place: OnceCell::new(),
            versioned: AtomicBool::new(false),
            config,
        })
    }

    /// Whether the account is known to keep what is overwritten as versions.
    pub(super) fn is_versioned(&self) -> bool {
        self.versioned.load(Ordering::Relaxed)
    }

    /// Looks at a blob. With a lease, it must be the blob's.
    pub(super) async fn head(
        &self,
        cx: &Context,
        action: Action,
        blob: &str,
        lease: Option<&str>,
    ) -> Asked<Head> {
        let mut ask = Ask::new(action, Method::HEAD, blob);
        ask.headers.extend(self.customer_key());
        ask.limit = STATE_LIMIT;
        if let Some(id) = lease {
            ask = ask.guarded(Guard::Lease(id));
        }
        let answer = self.ask(cx, ask).await?;
        Ok(answer.map(|answer| head(&answer)))
    }

    /// Reads a blob.
    pub(super) async fn get(&self, cx: &Context, blob: &str, which: Which<'_>) -> Asked<Object> {
        let mut ask = Ask::new(Action::Read, Method::GET, blob);
        ask.headers.extend(self.customer_key());
        ask.limit = STATE_LIMIT;
        match which {
            Which::Current => {}
            Which::Version(id) => ask.query.push(("versionid", id)),
            Which::Snapshot(at) => ask.query.push(("snapshot", at)),
        }
        let answer = self.ask(cx, ask).await?;
        Ok(answer.map(|answer| Object {
            head: head(&answer),
            bytes: answer.body,
        }))
    }

    /// Writes a blob whole, with its metadata; what it had before is replaced. Under a guard a second time does no harm.
    pub(super) async fn put(
        &self,
        cx: &Context,
        action: Action,
        blob: &str,
        bytes: Bytes,
        guard: Guard<'_>,
        metadata: &Metadata,
    ) -> Asked<Head> {
        let mut ask = Ask::new(action, Method::PUT, blob).guarded(guard);
        ask.headers.extend(self.encryption());
        ask.headers.extend([
            ("x-ms-blob-type", "BlockBlob".to_owned()),
            ("content-type", "application/json".to_owned()),
            ("content-md5", content_md5(&bytes)),
        ]);
        ask.metadata = Some(metadata);
        ask.body = Some(bytes);
        let answer = self.ask(cx, ask).await?;
        Ok(answer.map(|answer| head(&answer)))
    }

    /// Replaces the metadata of a blob.
    pub(super) async fn set_metadata(
        &self,
        cx: &Context,
        action: Action,
        blob: &str,
        lease: &str,
        metadata: &Metadata,
    ) -> Asked<Head> {
        let mut ask = Ask::new(action, Method::PUT, blob).guarded(Guard::Lease(lease));
        ask.headers.extend(self.encryption());
        ask.query.push(("comp", "metadata"));
        ask.metadata = Some(metadata);
        let answer = self.ask(cx, ask).await?;
        Ok(answer.map(|answer| head(&answer)))
    }

    /// Keeps what the blob is now; the snapshot's time is its name.
    pub(super) async fn snapshot(&self, cx: &Context, blob: &str, lease: &str) -> Result<String> {
        let mut ask = Ask::new(Action::Snapshot, Method::PUT, blob).guarded(Guard::Lease(lease));
        ask.headers.extend(self.encryption());
        ask.query.push(("comp", "snapshot"));
        let answer = self.ask(cx, ask).await?.map_err(|refusal| refusal.error)?;
        let time = header(&answer.headers, "x-ms-snapshot").map(str::to_owned);
        time.ok_or_else(|| {
            Error::new(
                ErrorKind::Unexpected,
                "the store took a snapshot and does not name it",
            )
            .with("blob", blob)
        })
    }

    /// Takes a lease that does not end, with this id. A second time does no harm.
    pub(super) async fn acquire(&self, cx: &Context, blob: &str, id: &str) -> Asked<()> {
        let mut ask = Ask::new(Action::Lock, Method::PUT, blob);
        ask.query.push(("comp", "lease"));
        ask.headers.extend([
            ("x-ms-lease-action", "acquire".to_owned()),
            ("x-ms-lease-duration", "-1".to_owned()),
            ("x-ms-proposed-lease-id", id.to_owned()),
        ]);
        Ok(self.ask(cx, ask).await?.map(|_| ()))
    }

    /// Gives a lease back.
    pub(super) async fn release(&self, cx: &Context, blob: &str, id: &str) -> Asked<()> {
        let mut ask = Ask::new(Action::Unlock, Method::PUT, blob).guarded(Guard::Lease(id));
        ask.query.push(("comp", "lease"));
        ask.headers
            .push(("x-ms-lease-action", "release".to_owned()));
        Ok(self.ask(cx, ask).await?.map(|_| ()))
    }

    /// Deletes a blob, and its lease with it. One that has snapshots is refused.
    pub(super) async fn delete(&self, cx: &Context, blob: &str, lease: &str) -> Asked<()> {
        let ask = Ask::new(Action::Delete, Method::DELETE, blob).guarded(Guard::Lease(lease));
        Ok(self.ask(cx, ask).await?.map(|_| ()))
    }

    /// The blobs whose names begin so, sorted as the store sorts them; what else is included has names of the protocol's.
    pub(super) async fn list(&self, cx: &Context, prefix: &str, include: &str) -> Asked<Vec<Item>> {
        let mut items = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let mut ask = Ask::new(Action::List, Method::GET, "");
            ask.blob = None;
            ask.limit = PAGE_LIMIT;
            ask.query = vec![
                ("restype", "container"),
                ("comp", "list"),
                ("prefix", prefix),
            ];
            if !include.is_empty() {
                ask.query.push(("include", include));
            }
            if let Some(marker) = &marker {
                ask.query.push(("marker", marker));
            }
            let answer = match self.ask(cx, ask).await? {
                Ok(answer) => answer,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let page = list::page(&answer.body)
                .map_err(|e| e.with("container", &self.config.container))?;
            items.extend(page.items);
            // A server that repeats itself would never end.
            if page.next.is_none() || page.next == marker {
                return Ok(Ok(items));
            }
            marker = page.next;
        }
    }

    fn customer_key(&self) -> Vec<(&'static str, String)> {
        let Some(key) = &self.config.encryption.key else {
            return Vec::new();
        };
        vec![
            ("x-ms-encryption-key", key.key.expose().clone()),
            ("x-ms-encryption-key-sha256", key.digest.clone()),
            ("x-ms-encryption-algorithm", "AES256".to_owned()),
        ]
    }

    fn encryption(&self) -> Vec<(&'static str, String)> {
        let mut headers = self.customer_key();
        let scope = self.config.encryption.scope.clone();
        headers.extend(scope.map(|scope| ("x-ms-encryption-scope", scope)));
        headers
    }

    async fn place(&self, cx: &Context) -> Result<&Place> {
        self.place
            .get_or_try_init(|| account::place(cx, self))
            .await
    }

    async fn ask(&self, cx: &Context, ask: Ask<'_>) -> Asked<Answer> {
        let place = self.place(cx).await?;
        let url = self.url(&place.base, &ask)?;
        let mut headers = HeaderMap::new();
        headers.insert("x-ms-version", HeaderValue::from_static(VERSION));
        headers.insert("x-ms-date", plain(&httpdate::fmt_http_date(cx.now()))?);
        let mut credentials = HeaderMap::new();
        for (name, value) in &ask.headers {
            match *name {
                "content-type" => headers.insert(CONTENT_TYPE, plain(value)?),
                "content-md5" => headers.insert(CONTENT_MD5, plain(value)?),
                "x-ms-encryption-key" => credentials.insert(*name, secret(value)?),
                name => headers.insert(name, plain(value)?),
            };
        }
        for (name, value) in ask.metadata.into_iter().flatten() {
            let name = HeaderName::try_from(format!("{METADATA}{name}"));
            let name = name.map_err(|_| unsendable())?;
            headers.insert(name, value.clone());
        }
        let length = ask.body.as_ref().map_or(0, Bytes::len);
        match &self.config.access {
            Access::Key(_) | Access::ListedKey => {
                let mut signed = headers.clone();
                signed.extend(credentials.clone());
                if let Some(key) = &place.key {
                    let value = key.authorization(&ask.method, &url, &signed, length)?;
                    credentials.insert(AUTHORIZATION, secret(&value)?);
                }
            }
            // It stands in the address.
            Access::Signature(_) => {}
            Access::Token(identity) => {
                let tokens =
                    self.tokens
                        .get(cx, &self.transport, &place.cloud, identity, Scope::Storage);
                credentials.extend(bearer(&tokens.await?)?);
            }
        }
        let request = Request {
            method: ask.method,
            url,
            headers,
            credentials,
            body: ask.body,
            // Every change has a guard that tells its second time from another's first.
            repeatable: true,
            limit: ask.limit,
        };
        let answer = self.transport.send(cx, &request).await?;
        if answer.status.is_success() {
            if answer.headers.contains_key(VERSION_ID) {
                self.versioned.store(true, Ordering::Relaxed);
            }
            return Ok(Ok(answer));
        }
        Ok(Err(refused(
            cx,
            &self.config,
            ask.action,
            ask.blob,
            &answer,
        )))
    }

    fn url(&self, base: &Url, ask: &Ask<'_>) -> Result<Url> {
        let mut url = base.clone();
        let mut path = format!(
            "{}/{}",
            base.path().trim_end_matches('/'),
            self.config.container
        );
        if let Some(blob) = ask.blob {
            path.push('/');
            path.extend(utf8_percent_encode(blob, &PATH));
        }
        url.set_path(&path);
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&ask.query);
        }
        if let Access::Signature(signature) = &self.config.access {
            let query = match url.query() {
                Some(query) => format!("{query}&{}", signature.expose()),
                None => signature.expose().clone(),
            };
            url.set_query(Some(&query));
        }
        match url.path() == path {
            true => Ok(url),
            // What is read as a way up or down would be another blob.
            false => Err(unsendable()),
        }
    }
}

fn unsendable() -> Error {
    Error::new(
        ErrorKind::InvalidConfig,
        "the name of the state's blob or of its metadata cannot be sent",
    )
}

fn plain(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text).map_err(|_| {
        Error::new(
            ErrorKind::InvalidInput,
            "a value cannot be sent to the store as a header",
        )
    })
}

fn head(answer: &Answer) -> Head {
    let headers = &answer.headers;
    let text = |name| header(headers, name).map(str::to_owned);
    let metadata = headers.iter().filter_map(|(name, value)| {
        let name = name.as_str().strip_prefix(METADATA)?;
        Some((name.to_owned(), value.clone()))
    });
    Head {
        md5: text("content-md5"),
        size: text("content-length")
            .and_then(|n| n.parse().ok())
            .unwrap_or_default(),
        version: text(VERSION_ID),
        modified: header(headers, "last-modified")
            .and_then(|date| httpdate::parse_http_date(date).ok()),
        leased: header(headers, "x-ms-lease-status") == Some("locked"),
        metadata: metadata.collect(),
    }
}
