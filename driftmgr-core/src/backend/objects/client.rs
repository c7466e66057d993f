//! The requests to the store.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use crc_fast::{CrcAlgorithm, checksum};
use percent_encoding::utf8_percent_encode;
use reqwest::Method;
use reqwest::header::{ETAG, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED};
use url::Url;

use super::error::{Action, Refusal, Refused, not_a_store, refused};
use super::list::{self, Item};
use super::{PATH, Vendor};
use crate::backend::transport::{
    Answer, CONTENT_MD5, Request, RetryPolicy, STATE_LIMIT, Tls, Transport, content_md5,
};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// An answer that is no object is not longer: a thousand entries of a list.
const SHORT: usize = 64 << 20;
/// The most entries that a list has in one answer.
const PAGE: &str = "1000";

/// The pauses between attempts.
const RETRY: RetryPolicy = RetryPolicy {
    max: 5,
    wait_min: Duration::from_millis(500),
    wait_max: Duration::from_secs(30),
};

/// Speaks with the store.
pub(in crate::backend) struct Client<V> {
    pub(in crate::backend) vendor: V,
    pub(in crate::backend) transport: Transport,
    /// The bucket has answered.
    seen: AtomicBool,
}

/// What is known of an object.
#[derive(Debug, Clone, Default)]
pub(in crate::backend) struct Head {
    pub(in crate::backend) etag: Option<String>,
    pub(in crate::backend) version: Option<String>,
    pub(in crate::backend) size: Option<u64>,
    pub(in crate::backend) modified: Option<SystemTime>,
}

/// An object.
pub(in crate::backend) struct Object {
    pub(in crate::backend) head: Head,
    pub(in crate::backend) bytes: Bytes,
}

/// What came of a change under a condition.
pub(in crate::backend) enum Outcome<T> {
    Done(T),
    /// The condition does not hold.
    Refused,
}

/// A request, as far as the protocol goes.
struct Ask<'a> {
    action: Action,
    method: Method,
    /// `None` asks the bucket.
    key: Option<&'a str>,
    query: Vec<(&'a str, &'a str)>,
    headers: HeaderMap,
    body: Option<Bytes>,
    limit: usize,
}

impl<'a> Ask<'a> {
    fn object(action: Action, method: Method, key: &'a str) -> Self {
        Self {
            action,
            method,
            key: Some(key),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: None,
            limit: SHORT,
        }
    }

    fn bucket(action: Action, query: Vec<(&'a str, &'a str)>) -> Self {
        Self {
            key: None,
            query,
            ..Self::object(action, Method::GET, "")
        }
    }
}

/// The answer, or the refusal that its asker may expect; whatever else fails is an error.
type Asked = Result<std::result::Result<Answer, Refusal>>;

impl<V: Vendor> Client<V> {
    pub(in crate::backend) fn new(cx: &Context, vendor: V) -> Result<Self> {
        Ok(Self {
            vendor,
            transport: Transport::new(cx.environment(), &Tls::default(), RETRY)?,
            seen: AtomicBool::new(false),
        })
    }

    /// The current object or a version of it; `None` when there is none.
    pub(in crate::backend) async fn get(
        &self,
        cx: &Context,
        key: &str,
        version: Option<&str>,
    ) -> Result<Option<Object>> {
        let action = match version {
            None => Action::Read,
            Some(_) => Action::ReadVersion,
        };
        let mut ask = Ask::object(action, Method::GET, key);
        ask.query.extend(version.map(|id| ("versionId", id)));
        ask.limit = STATE_LIMIT;
        let answer = match self.ask(cx, ask).await? {
            Ok(answer) => answer,
            // What is no version at all, or the mark of a deletion.
            Err(refusal)
                if version.is_some()
                    && matches!(
                        refusal.code.as_str(),
                        "InvalidArgument"
                            | "NoSuchVersion"
                            | "MethodNotAllowed"
                            | "InvalidVersionId"
                    ) =>
            {
                return Ok(None);
            }
            Err(refusal) => return self.absent(cx, key, refusal).await.map(|()| None),
        };
        let whole = self
            .crc64_of(&answer.headers)
            .is_none_or(|sum| sum == crc64(&answer.body));
        if !whole || !self.vendor.is_whole(&answer.headers, &answer.body) {
            let error = Error::new(
                ErrorKind::Unavailable,
                "the object is damaged: its bytes do not fit its checksum",
            );
            return Err(self.placed(error, key));
        }
        Ok(Some(Object {
            head: self.head_of(&answer.headers),
            bytes: answer.body,
        }))
    }

    /// What is known of the current object.
    pub(in crate::backend) async fn head(&self, cx: &Context, key: &str) -> Result<Option<Head>> {
        let mut ask = Ask::object(Action::Look, Method::HEAD, key);
        ask.limit = STATE_LIMIT;
        match self.ask(cx, ask).await? {
            Ok(answer) => Ok(Some(self.head_of(&answer.headers))),
            Err(refusal) => self.absent(cx, key, refusal).await.map(|()| None),
        }
    }

    /// Writes an object; if `new`, only where there is none, as far as the store looks at that: in a bucket with versions it does not.
    pub(in crate::backend) async fn put(
        &self,
        cx: &Context,
        key: &str,
        bytes: &Bytes,
        new: bool,
    ) -> Result<Outcome<Head>> {
        let mut ask = Ask::object(Action::Write, Method::PUT, key);
        ask.headers = self.vendor.object_headers(bytes)?;
        ask.headers.insert(CONTENT_MD5, value(&content_md5(bytes))?);
        if new {
            ask.headers.insert(
                self.name("forbid-overwrite")?,
                HeaderValue::from_static("true"),
            );
        }
        ask.body = Some(bytes.clone());
        let answer = match self.ask(cx, ask).await? {
            Ok(answer) => answer,
            Err(refusal)
                if matches!(
                    refusal.code.as_str(),
                    "FileAlreadyExists" | "ObjectAlreadyExists" | "PreconditionFailed"
                ) =>
            {
                return Ok(Outcome::Refused);
            }
            Err(refusal) => return Err(refusal.error),
        };
        let told = self.crc64_of(&answer.headers);
        if told.is_some_and(|sum| sum != crc64(bytes)) {
            let error = Error::new(
                ErrorKind::Unexpected,
                "the store wrote other bytes than were sent: their checksums differ",
            );
            return Err(self.placed(error, key));
        }
        Ok(Outcome::Done(self.head_of(&answer.headers)))
    }

    /// Deletes an object. What is not there is deleted.
    pub(in crate::backend) async fn delete(&self, cx: &Context, key: &str) -> Result<()> {
        let ask = Ask::object(Action::Delete, Method::DELETE, key);
        match self.ask(cx, ask).await? {
            Ok(_) => Ok(()),
            Err(refusal) => self.absent(cx, key, refusal).await,
        }
    }

    /// The names of the objects below a folder. One request for each thousand.
    pub(in crate::backend) async fn list(&self, cx: &Context, prefix: &str) -> Result<Vec<String>> {
        let mut all = Vec::new();
        let mut marker = None;
        loop {
            let page = self.page(cx, prefix, marker.as_deref(), PAGE).await?;
            all.extend(page.items.into_iter().map(|item| item.key));
            let Some((next, _)) = page.next else {
                return Ok(all);
            };
            marker = Some(next);
        }
    }

    async fn page(
        &self,
        cx: &Context,
        prefix: &str,
        marker: Option<&str>,
        size: &str,
    ) -> Result<list::Page> {
        let mut query = vec![
            ("prefix", prefix),
            ("max-keys", size),
            ("encoding-type", "url"),
        ];
        query.extend(marker.map(|marker| ("marker", marker)));
        let url = self.url(None)?;
        match self.ask(cx, Ask::bucket(Action::List, query)).await? {
            Ok(answer) => list::page(&answer.body).map_err(|e| not_a_store(Action::List, &url, &e)),
            Err(refusal) => Err(refusal.error),
        }
    }

    /// The versions of an object and the marks of its deletions, newest first.
    pub(super) async fn versions(&self, cx: &Context, key: &str) -> Result<Vec<Item>> {
        let mut all = Vec::new();
        let mut next: Option<(String, Option<String>)> = None;
        loop {
            let mut query = vec![
                ("versions", ""),
                ("prefix", key),
                ("max-keys", PAGE),
                ("encoding-type", "url"),
            ];
            if let Some((marker, version)) = &next {
                query.push(("key-marker", marker));
                query.extend(version.as_deref().map(|id| ("version-id-marker", id)));
            }
            let action = Action::ListVersions;
            let answer = self.ask(cx, Ask::bucket(action, query)).await?;
            let answer = answer.map_err(|refusal| self.placed(refusal.error, key))?;
            let url = self.url(None)?;
            let page = list::page(&answer.body).map_err(|e| not_a_store(action, &url, &e))?;
            // Keys are in order, and this one comes before those that go on after it.
            let past = page.items.iter().any(|item| item.key != key);
            all.extend(page.items.into_iter().filter(|item| item.key == key));
            next = page.next.filter(|_| !past);
            if next.is_none() {
                return Ok(all);
            }
        }
    }

    /// Whether the bucket keeps what is overwritten and deleted.
    pub(super) async fn keeps_versions(&self, cx: &Context) -> Result<bool> {
        let action = Action::Versioning;
        let url = self.url(None)?;
        match self
            .ask(cx, Ask::bucket(action, vec![("versioning", "")]))
            .await?
        {
            Ok(answer) => {
                list::is_versioned(&answer.body).map_err(|e| not_a_store(action, &url, &e))
            }
            Err(refusal) => Err(refusal.error),
        }
    }

    /// Fails when a refusal does not say that the object is absent.
    async fn absent(&self, cx: &Context, key: &str, refusal: Refusal) -> Result<()> {
        let Refusal { code, error } = refusal;
        match code.as_str() {
            "NoSuchKey" | "NoSuchVersion" | "SymlinkTargetNotExist" => return Ok(()),
            "" if error.kind() == ErrorKind::NotFound => {}
            _ => return Err(self.placed(error, key)),
        }
        // An answer to HEAD has no body that could tell the object from its bucket.
        if self.seen.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.page(cx, key, None, "1").await {
            Ok(_) => Ok(()),
            // Who may not list is told of absence all the same.
            Err(e) if e.kind() == ErrorKind::PermissionDenied => Ok(()),
            Err(e) => Err(self.placed(e, key)),
        }
    }

    async fn ask(&self, cx: &Context, ask: Ask<'_>) -> Asked {
        let key = ask.key.map(str::to_owned);
        let asked = self.try_ask(cx, ask).await;
        asked.map_err(|e| match key {
            Some(key) => self.placed(e, &key),
            None => e.with("bucket", self.vendor.bucket()),
        })
    }

    async fn try_ask(&self, cx: &Context, ask: Ask<'_>) -> Asked {
        let keys = self.vendor.keys(cx, &self.transport).await?;
        let mut url = self.url(ask.key)?;
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&ask.query);
        }
        let mut request = Request {
            method: ask.method,
            url,
            headers: ask.headers,
            credentials: HeaderMap::new(),
            body: ask.body,
            repeatable: true,
            limit: ask.limit,
        };
        self.vendor.sign(&keys, &mut request, cx.now())?;
        let answer = self.transport.send(cx, &request).await?;
        if answer.status.is_success() {
            self.seen.store(true, Ordering::Relaxed);
            return Ok(Ok(answer));
        }
        let mut secrets = keys.secrets();
        secrets.extend(self.vendor.secrets().iter().cloned());
        let asked = Refused {
            action: ask.action,
            url: &request.url,
            sent: request.body.as_deref().unwrap_or_default(),
            secrets: &secrets,
        };
        let mut refusal = refused::<V>(cx, &asked, &answer);
        if refusal.error.kind() == ErrorKind::Unauthenticated {
            self.vendor.forget_keys();
        }
        refusal.error = match ask.key {
            Some(key) => self.placed(refusal.error, key),
            None => refusal.error.with("bucket", self.vendor.bucket()),
        };
        Ok(Err(refusal))
    }

    fn url(&self, key: Option<&str>) -> Result<Url> {
        let root = self.vendor.root();
        let Some(key) = key else {
            return Ok(root.clone());
        };
        let mut url = root.clone();
        let path = format!("{}{}", root.path(), utf8_percent_encode(key, &PATH));
        url.set_path(&path);
        Ok(url)
    }

    fn head_of(&self, headers: &HeaderMap) -> Head {
        let text = |name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
        Head {
            etag: text(ETAG.as_str()),
            version: text(&format!("{}version-id", V::HEADERS)),
            size: text("content-length").and_then(|text| text.parse().ok()),
            modified: text(LAST_MODIFIED.as_str())
                .and_then(|text| httpdate::parse_http_date(&text).ok()),
        }
    }

    /// The checksum that the store names, the CRC-64 of ECMA-182 as XZ has it.
    fn crc64_of(&self, headers: &HeaderMap) -> Option<u64> {
        let sum = headers.get(format!("{}hash-crc64ecma", V::HEADERS))?;
        sum.to_str().ok()?.parse().ok()
    }

    fn name(&self, rest: &str) -> Result<HeaderName> {
        HeaderName::try_from(format!("{}{rest}", V::HEADERS)).map_err(|e| {
            Error::new(ErrorKind::Unexpected, "a header cannot be sent").with_source(e)
        })
    }

    /// The error with the object's place, each part of it once.
    pub(in crate::backend) fn placed(&self, error: Error, key: &str) -> Error {
        let error = match error.context_value("bucket") {
            Some(_) => error,
            None => error.with("bucket", self.vendor.bucket()),
        };
        match error.context_value("object") {
            Some(_) => error,
            None => error.with("object", key),
        }
    }
}

fn crc64(bytes: &[u8]) -> u64 {
    checksum(CrcAlgorithm::Crc64Xz, bytes)
}

/// The value of a header that is no secret.
pub(in crate::backend) fn value(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text).map_err(|_| {
        Error::new(
            ErrorKind::InvalidConfig,
            "an argument has characters that no header can hold",
        )
    })
}

/// The value of a header that is one.
pub(in crate::backend) fn secret(text: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::new(
            ErrorKind::InvalidConfig,
            "the access key has characters that no access key has",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_stores() {
        // The check value of CRC-64/XZ.
        assert_eq!(crc64(b"123456789"), 0x995d_c9bb_df19_39fa);
    }
}
