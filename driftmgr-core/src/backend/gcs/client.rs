//! The requests of Cloud Storage's JSON API (<https://cloud.google.com/storage/docs/json_api/v1/objects>).

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use crc_fast::{CrcAlgorithm, checksum};
use md5::{Digest, Md5};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::config::{GcsConfig, Name};
use super::error::{Call, Speaker, bearer, not_google, refused};
use super::token::Tokens;
use crate::backend::transport::{Answer, Request, RetryPolicy, STATE_LIMIT, Tls, Transport};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

const READ: Call = Call {
    what: "read the object",
    permission: "storage.objects.get",
};
const WRITE: Call = Call {
    what: "write the object",
    permission: "storage.objects.create",
};
const DELETE: Call = Call {
    what: "delete the object",
    permission: "storage.objects.delete",
};
const LIST: Call = Call {
    what: "list the bucket",
    permission: "storage.objects.list",
};
const LOOK: Call = Call {
    what: "look at the bucket",
    permission: "storage.buckets.get",
};

/// An answer that is no state is not longer: a thousand entries of a list.
const SHORT: usize = 64 << 20;
/// The most entries that a list has in one answer.
const PAGE: &str = "1000";
/// What is asked of an object; all in a list but its place.
const FIELDS: &str = "name,generation,size,md5Hash,crc32c,updated,timeDeleted";
/// The generation of what is not there.
pub(super) const NOTHING: i64 = 0;

const GENERATION: HeaderName = HeaderName::from_static("x-goog-generation");
const HASH: HeaderName = HeaderName::from_static("x-goog-hash");
const STORED_ENCODING: HeaderName = HeaderName::from_static("x-goog-stored-content-encoding");

/// The pauses between attempts; Google asks for exponential ones with jitter.
const RETRY: RetryPolicy = RetryPolicy {
    max: 5,
    wait_min: Duration::from_millis(500),
    wait_max: Duration::from_secs(30),
};

/// Speaks with the server.
pub(super) struct Client {
    pub(super) config: GcsConfig,
    transport: Transport,
    tokens: Tokens,
    /// The bucket has answered.
    seen: AtomicBool,
}

/// An object that was read.
pub(super) struct Object {
    pub(super) bytes: Bytes,
    pub(super) generation: i64,
    pub(super) modified: Option<SystemTime>,
}

/// What came of reading an object that may be known.
pub(super) enum Got {
    /// There is none.
    Nothing,
    /// It is the generation that was named.
    Known,
    /// It is this one.
    Object(Object),
}

/// What the server says of an object.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    pub(super) name: String,
    #[serde(with = "text")]
    pub(super) generation: i64,
    #[serde(default)]
    size: Option<String>,
    md5_hash: Option<String>,
    crc32c: Option<String>,
    updated: Option<jiff::Timestamp>,
    time_deleted: Option<jiff::Timestamp>,
}

impl Metadata {
    pub(super) fn size(&self) -> Option<u64> {
        self.size.as_deref()?.parse().ok()
    }

    pub(super) fn modified(&self) -> Option<SystemTime> {
        self.updated.map(SystemTime::from)
    }

    /// It is not the one that was overwritten or deleted.
    pub(super) fn is_live(&self) -> bool {
        self.time_deleted.is_none()
    }
}

/// Numbers that JSON has as text.
mod text {
    use serde::{Deserialize, Deserializer, de};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    #[serde(default)]
    items: Vec<Metadata>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Bucket {
    #[serde(default)]
    versioning: Versioning,
}

#[derive(Deserialize, Default)]
struct Versioning {
    #[serde(default)]
    enabled: bool,
}

/// What came of a change under a condition.
pub(super) enum Outcome<T> {
    Done(T),
    /// The condition does not hold.
    Refused,
}

/// Which objects of those that start so are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Those in no folder below.
    Folder,
    /// The same, with all generations of each.
    Generations,
    /// Those in folders below, too.
    Below,
}

impl Client {
    pub(super) fn new(cx: &Context, config: GcsConfig) -> Result<Self> {
        Ok(Self {
            transport: Transport::new(cx.environment(), &Tls::default(), RETRY)?,
            tokens: Tokens::new()?,
            config,
            seen: AtomicBool::new(false),
        })
    }

    /// The current object or a generation of it; `None` when there is none.
    pub(super) async fn get(
        &self,
        cx: &Context,
        name: &Name,
        generation: Option<i64>,
    ) -> Result<Option<Object>> {
        match self.get_unless(cx, name, generation, None).await? {
            Got::Object(object) => Ok(Some(object)),
            Got::Nothing | Got::Known => Ok(None),
        }
    }

    /// The same, without the bytes of this known generation.
    pub(super) async fn get_unless(
        &self,
        cx: &Context,
        name: &Name,
        generation: Option<i64>,
        known: Option<i64>,
    ) -> Result<Got> {
        let mut url = self.object(name)?;
        url.query_pairs_mut().append_pair("alt", "media");
        with_generation(&mut url, generation);
        if let Some(known) = known {
            url.query_pairs_mut()
                .append_pair("ifGenerationNotMatch", &known.to_string());
        }
        let mut request = self.request(Method::GET, url, Some(name))?;
        request.limit = STATE_LIMIT;
        let answer = self.send(cx, &mut request, Some(name)).await?;
        match answer.status.as_u16() {
            200 => self.object_of(&request, answer).map(Got::Object),
            304 if known.is_some() => Ok(Got::Known),
            404 => self
                .absent(cx, &request, &answer, name, READ)
                .await
                .map(|()| Got::Nothing),
            _ => Err(self.refuse(cx, &request, READ, &answer)),
        }
        .map_err(|e| self.placed(e, name))
    }

    fn object_of(&self, request: &Request, answer: Answer) -> Result<Object> {
        let header = |name: &HeaderName| answer.headers.get(name)?.to_str().ok();
        let generation = header(&GENERATION).and_then(|text| text.parse().ok());
        let generation = generation.ok_or_else(|| not_google(&self.speaker(request, &[]), READ))?;
        // What is stored compressed comes uncompressed; its hash is that of the compressed bytes.
        let plain = header(&STORED_ENCODING).is_none_or(|e| e == "identity");
        let hashes = answer.headers.get_all(HASH);
        let mut hashes = hashes.iter().filter_map(|h| h.to_str().ok());
        if plain && !hashes.all(|hashes| fits(hashes, &answer.body)) {
            return Err(Error::new(
                ErrorKind::Unavailable,
                "the object is damaged: its bytes do not fit its checksum",
            ));
        }
        let modified = header(&LAST_MODIFIED);
        Ok(Object {
            modified: modified.and_then(|text| httpdate::parse_http_date(text).ok()),
            generation,
            bytes: answer.body,
        })
    }

    /// What is known of the current object or of a generation of it.
    pub(super) async fn head(
        &self,
        cx: &Context,
        name: &Name,
        generation: Option<i64>,
    ) -> Result<Option<Metadata>> {
        let mut url = self.object(name)?;
        url.query_pairs_mut().append_pair("fields", FIELDS);
        with_generation(&mut url, generation);
        let mut request = self.request(Method::GET, url, Some(name))?;
        let answer = self.send(cx, &mut request, Some(name)).await?;
        match answer.status.as_u16() {
            200 => self.parse(&request, READ, &answer).map(Some),
            404 => self
                .absent(cx, &request, &answer, name, READ)
                .await
                .map(|()| None),
            _ => Err(self.refuse(cx, &request, READ, &answer)),
        }
        .map_err(|e| self.placed(e, name))
    }

    /// Writes an object where this generation is now; [`NOTHING`] is that none is. Doing so twice fails the second time.
    pub(super) async fn put(
        &self,
        cx: &Context,
        name: &Name,
        bytes: &Bytes,
        there: i64,
    ) -> Result<Outcome<Metadata>> {
        let mut url = self.join(&format!("/upload{}", super::config::API))?;
        path(&mut url, &["b", &self.config.bucket, "o"])?;
        url.query_pairs_mut()
            .append_pair("uploadType", "multipart")
            .append_pair("ifGenerationMatch", &there.to_string())
            .append_pair("fields", FIELDS);
        if name.sealed
            && let Some(key) = &self.config.kms_key
        {
            url.query_pairs_mut().append_pair("kmsKeyName", key);
        }
        let (md5, crc32c) = (md5(bytes), crc32c(bytes));
        let metadata = json!({
            "name": name.text, "contentType": "application/json", "md5Hash": md5, "crc32c": crc32c,
        });
        let (kind, body) = related(&metadata.to_string(), bytes)?;
        let mut request = self.request(Method::POST, url, Some(name))?;
        request.headers.insert(CONTENT_TYPE, kind);
        request.body = Some(body);
        let answer = self.send(cx, &mut request, Some(name)).await?;
        match answer.status.as_u16() {
            200 | 201 => {
                let stored: Metadata = self
                    .parse(&request, WRITE, &answer)
                    .map_err(|e| self.placed(e, name))?;
                let same = |told: &Option<String>, ours: &str| {
                    told.as_deref().is_none_or(|told| told == ours)
                };
                if !same(&stored.md5_hash, &md5) || !same(&stored.crc32c, &crc32c) {
                    let error = Error::new(
                        ErrorKind::Unexpected,
                        "the server stored other bytes than were sent: their checksums differ",
                    )
                    .with_hint("the object's former generation has what was there before");
                    return Err(self.placed(error, name));
                }
                Ok(Outcome::Done(stored))
            }
            412 => Ok(Outcome::Refused),
            _ => Err(self.placed(self.refuse(cx, &request, WRITE, &answer), name)),
        }
    }

    /// Deletes an object of which this generation is the current one. What is not there is refused.
    pub(super) async fn delete(
        &self,
        cx: &Context,
        name: &Name,
        there: i64,
    ) -> Result<Outcome<()>> {
        let mut url = self.object(name)?;
        url.query_pairs_mut()
            .append_pair("ifGenerationMatch", &there.to_string());
        // No key: deleting needs none, and the server refuses it.
        let mut request = self.request(Method::DELETE, url, None)?;
        let answer = self.send(cx, &mut request, Some(name)).await?;
        match answer.status.as_u16() {
            200 | 204 => Ok(Outcome::Done(())),
            412 => Ok(Outcome::Refused),
            404 => self
                .absent(cx, &request, &answer, name, DELETE)
                .await
                .map(|()| Outcome::Refused),
            _ => Err(self.refuse(cx, &request, DELETE, &answer)),
        }
        .map_err(|e| self.placed(e, name))
    }

    /// The objects whose names start with this. One request for each thousand.
    pub(super) async fn list(
        &self,
        cx: &Context,
        prefix: &str,
        which: Which,
    ) -> Result<Vec<Metadata>> {
        let mut all = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let answered = self.page(cx, prefix, which, PAGE, page.as_deref()).await?;
            all.extend(answered.items);
            page = answered.next_page_token.filter(|token| !token.is_empty());
            if page.is_none() {
                return Ok(all);
            }
        }
    }

    async fn page(
        &self,
        cx: &Context,
        prefix: &str,
        which: Which,
        size: &str,
        page: Option<&str>,
    ) -> Result<List> {
        let mut url = self.join("")?;
        path(&mut url, &["b", &self.config.bucket, "o"])?;
        url.query_pairs_mut().append_pair("prefix", prefix);
        if which != Which::Below {
            url.query_pairs_mut().append_pair("delimiter", "/");
        }
        url.query_pairs_mut()
            .append_pair("maxResults", size)
            .append_pair("fields", &format!("nextPageToken,items({FIELDS})"));
        if which == Which::Generations {
            url.query_pairs_mut().append_pair("versions", "true");
        }
        if let Some(page) = page {
            url.query_pairs_mut().append_pair("pageToken", page);
        }
        let mut request = self.request(Method::GET, url, None)?;
        let answer = self.send(cx, &mut request, None).await?;
        match answer.status.as_u16() {
            200 => self.parse(&request, LIST, &answer),
            _ => Err(self.refuse(cx, &request, LIST, &answer)),
        }
        .map_err(|e| e.with("bucket", &self.config.bucket))
    }

    /// Whether the bucket keeps what is overwritten and deleted.
    pub(super) async fn keeps_versions(&self, cx: &Context) -> Result<bool> {
        let mut url = self.join("")?;
        path(&mut url, &["b", &self.config.bucket])?;
        url.query_pairs_mut().append_pair("fields", "versioning");
        let mut request = self.request(Method::GET, url, None)?;
        let answer = self.send(cx, &mut request, None).await?;
        let bucket: Result<Bucket> = match answer.status.as_u16() {
            200 => self.parse(&request, LOOK, &answer),
            _ => Err(self.refuse(cx, &request, LOOK, &answer)),
        };
        bucket
            .map(|bucket| bucket.versioning.enabled)
            .map_err(|e| e.with("bucket", &self.config.bucket))
    }

    /// Fails when a 404 is not about the object, but about its bucket.
    async fn absent(
        &self,
        cx: &Context,
        sent: &Request,
        answer: &Answer,
        name: &Name,
        call: Call,
    ) -> Result<()> {
        let words = String::from_utf8_lossy(&answer.body);
        if words.contains("No such object") || self.seen.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.page(cx, &name.text, Which::Folder, "1", None).await {
            Ok(_) => Ok(()),
            // Who may not list is not told that an object is absent either; so it is.
            Err(e) if e.kind() == ErrorKind::PermissionDenied => Ok(()),
            Err(e) if e.kind() == ErrorKind::NotFound => {
                let url = self.object(name)?;
                let mut request = self.request(Method::GET, url, None)?;
                // What was sent is what the server can repeat.
                request.credentials.clone_from(&sent.credentials);
                Err(self.refuse(cx, &request, call, answer))
            }
            Err(e) => Err(e),
        }
    }

    /// Sends a request about an object, or about the bucket.
    async fn send(
        &self,
        cx: &Context,
        request: &mut Request,
        name: Option<&Name>,
    ) -> Result<Answer> {
        let sent = self.try_send(cx, request).await;
        sent.map_err(|e| match name {
            Some(name) => self.placed(e, name),
            None => e.with("bucket", &self.config.bucket),
        })
    }

    async fn try_send(&self, cx: &Context, request: &mut Request) -> Result<Answer> {
        let token = self.tokens.get(cx, &self.config, &self.transport).await?;
        request.credentials.extend(bearer(&token)?);
        let answer = self.transport.send(cx, request).await?;
        match answer.status.as_u16() {
            200..=299 => self.seen.store(true, Ordering::Relaxed),
            401 => self.tokens.forget(),
            _ => {}
        }
        Ok(answer)
    }

    /// A request with the customer's key where the object is encrypted with it.
    fn request(&self, method: Method, url: Url, name: Option<&Name>) -> Result<Request> {
        let mut credentials = HeaderMap::new();
        if let Some(key) = &self.config.customer_key
            && name.is_some_and(|name| name.sealed)
        {
            for (name, value) in [
                ("x-goog-encryption-algorithm", "AES256"),
                ("x-goog-encryption-key", key.key.expose()),
                ("x-goog-encryption-key-sha256", &key.sha256),
            ] {
                let value = HeaderValue::from_str(value);
                let mut value = value.map_err(|_| {
                    Error::new(
                        ErrorKind::InvalidConfig,
                        "the customer's key cannot be sent",
                    )
                })?;
                value.set_sensitive(true);
                credentials.insert(HeaderName::from_static(name), value);
            }
        }
        Ok(Request {
            method,
            url,
            headers: HeaderMap::new(),
            credentials,
            body: None,
            // Every change has a condition that a second one does not meet.
            repeatable: true,
            limit: SHORT,
        })
    }

    fn join(&self, path: &str) -> Result<Url> {
        // As Google's libraries read an endpoint: what follows its last slash is replaced.
        let joined = self.config.endpoint.expose().join(match path {
            "" => ".",
            path => path,
        });
        joined.map_err(|_| {
            Error::new(
                ErrorKind::InvalidConfig,
                "`storage_custom_endpoint` is no place for addresses below it",
            )
            .with("address", &self.config.endpoint)
        })
    }

    pub(super) fn object(&self, name: &Name) -> Result<Url> {
        let mut url = self.join("")?;
        path(&mut url, &["b", &self.config.bucket, "o", &name.text])?;
        Ok(url)
    }

    fn speaker<'a>(&'a self, request: &'a Request, secrets: &'a [String]) -> Speaker<'a> {
        Speaker {
            config: &self.config,
            url: &request.url,
            secrets,
        }
    }

    fn refuse(&self, cx: &Context, request: &Request, call: Call, answer: &Answer) -> Error {
        // The token that was sent.
        let secrets: Vec<String> = request
            .credentials
            .values()
            .filter_map(|value| value.to_str().ok())
            .map(|value| value.trim_start_matches("Bearer ").to_owned())
            .collect();
        refused(cx, &self.speaker(request, &secrets), call, answer)
    }

    fn parse<T: for<'de> Deserialize<'de>>(
        &self,
        request: &Request,
        call: Call,
        answer: &Answer,
    ) -> Result<T> {
        serde_json::from_slice(&answer.body)
            .map_err(|_| not_google(&self.speaker(request, &[]), call))
    }

    /// The error with the object's place, each part of it once.
    fn placed(&self, error: Error, name: &Name) -> Error {
        let error = match error.context_value("bucket") {
            Some(_) => error,
            None => error.with("bucket", &self.config.bucket),
        };
        match error.context_value("object") {
            Some(_) => error,
            None => error.with("object", name),
        }
    }
}

fn path(url: &mut Url, parts: &[&str]) -> Result<()> {
    let mut path = url
        .path_segments_mut()
        .map_err(|()| Error::new(ErrorKind::InvalidConfig, "the endpoint has no path"))?;
    path.pop_if_empty().extend(parts);
    Ok(())
}

fn with_generation(url: &mut Url, generation: Option<i64>) {
    if let Some(generation) = generation {
        url.query_pairs_mut()
            .append_pair("generation", &generation.to_string());
    }
}

fn md5(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(Md5::digest(bytes))
}

/// The CRC-32C of bytes, in base64 of its four bytes in network order.
fn crc32c(bytes: &[u8]) -> String {
    let sum = checksum(CrcAlgorithm::Crc32Iscsi, bytes);
    let [_, _, _, _, sum @ ..] = sum.to_be_bytes();
    BASE64_STANDARD.encode(sum)
}

/// Whether bytes fit hashes such as `crc32c=AAAAAA==,md5=…`.
fn fits(hashes: &str, bytes: &[u8]) -> bool {
    hashes
        .split(',')
        .all(|hash| match hash.trim().split_once('=') {
            Some(("crc32c", sum)) => sum == crc32c(bytes),
            Some(("md5", sum)) => sum == md5(bytes),
            _ => true,
        })
}

/// Metadata and bytes as one body of two parts (RFC 2387), with its type.
fn related(metadata: &str, bytes: &Bytes) -> Result<(HeaderValue, Bytes)> {
    // A random one that does not stand in the bytes.
    let boundary = uuid::Uuid::new_v4().simple().to_string();
    let head = format!(
        "--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{metadata}\r\n\
         --{boundary}\r\nContent-Type: application/json\r\n\r\n"
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    let mut body = BytesMut::with_capacity(head.len() + bytes.len() + tail.len());
    body.put(head.as_bytes());
    body.put(bytes.as_ref());
    body.put(tail.as_bytes());
    let kind = HeaderValue::try_from(format!("multipart/related; boundary={boundary}"));
    let kind = kind.map_err(|e| {
        Error::new(ErrorKind::Unexpected, "a type of content cannot be sent").with_source(e)
    })?;
    Ok((kind, body.freeze()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_protocol() {
        // The check value of CRC-32C (RFC 3720, appendix B.4: 32 bytes of zeroes are aa 36 91 8a, sent lowest byte first).
        let sum = BASE64_STANDARD.decode(crc32c(&[0; 32])).unwrap();
        assert_eq!(sum, [0x8a, 0x91, 0x36, 0xaa]);
        assert_eq!(md5(b""), "1B2M2Y8AsgTpgAmY7PhCfg==");
        let hashes = format!("crc32c={},md5={}", crc32c(b"x"), md5(b"x"));
        assert!(fits(&hashes, b"x") && !fits(&hashes, b"y"));
        assert!(fits("", b"x") && fits("sha1=z", b"x"));
        assert!(!fits(&format!("crc32c={}", crc32c(b"y")), b"x"));
    }

    #[test]
    fn an_upload_has_two_parts() {
        let (kind, body) = related("{}", &Bytes::from_static(b"\xff\r\n--")).unwrap();
        let boundary = kind.to_str().unwrap().split("boundary=").nth(1).unwrap();
        let expected = [
            format!("--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{{}}\r\n--{boundary}\r\nContent-Type: application/json\r\n\r\n").as_bytes(),
            b"\xff\r\n--",
            format!("\r\n--{boundary}--\r\n").as_bytes(),
        ].concat();
        assert_eq!(body, expected);
    }
}
