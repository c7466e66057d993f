//! Buckets in memory, as the documentation of both vendors describes them: objects, their versions, and lists as XML. Who may ask is
//! somebody else's.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crc_fast::{CrcAlgorithm, checksum};
use md5::{Digest, Md5};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::wire::{Reply, Seen};

/// A version of an object, or the mark of a deletion.
#[derive(Clone)]
struct Version {
    id: String,
    body: Vec<u8>,
    /// Those that were sent with it.
    headers: BTreeMap<String, String>,
    deleted: bool,
    modified: SystemTime,
}

#[derive(Default)]
struct Bucket {
    versioned: bool,
    /// The oldest first.
    objects: BTreeMap<String, Vec<Version>>,
}

/// The buckets of one vendor.
pub(in crate::backends) struct Buckets {
    /// What begins the vendor's headers.
    prefix: &'static str,
    buckets: Mutex<BTreeMap<String, Bucket>>,
    next: AtomicU64,
    page: AtomicUsize,
}

impl Buckets {
    pub(in crate::backends) fn new(prefix: &'static str) -> Self {
        Self {
            prefix,
            buckets: Mutex::default(),
            next: AtomicU64::new(1),
            page: AtomicUsize::new(1000),
        }
    }

    /// Makes an empty bucket.
    pub(in crate::backends) fn make(&self, name: &str, versioned: bool) {
        let bucket = Bucket {
            versioned,
            ..Bucket::default()
        };
        self.buckets.lock().unwrap().insert(name.to_owned(), bucket);
    }

    /// No list has more entries than this in one answer.
    pub(in crate::backends) fn pages_of(&self, entries: usize) {
        self.page.store(entries, Ordering::SeqCst);
    }

    /// The bytes of an object; `None` when there is none.
    pub(in crate::backends) fn object(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        self.current(bucket, key).map(|version| version.body)
    }

    /// A header that an object was written with.
    pub(in crate::backends) fn header(
        &self,
        bucket: &str,
        key: &str,
        name: &str,
    ) -> Option<String> {
        self.current(bucket, key)?.headers.get(name).cloned()
    }

    fn current(&self, bucket: &str, key: &str) -> Option<Version> {
        let buckets = self.buckets.lock().unwrap();
        let last = buckets[bucket].objects.get(key)?.last()?;
        (!last.deleted).then(|| last.clone())
    }

    /// Writes an object past all rules.
    pub(in crate::backends) fn put(&self, bucket: &str, key: &str, body: &[u8]) {
        let mut buckets = self.buckets.lock().unwrap();
        self.add(
            buckets.get_mut(bucket).unwrap(),
            key,
            body,
            BTreeMap::new(),
            false,
        );
    }

    fn add(
        &self,
        bucket: &mut Bucket,
        key: &str,
        body: &[u8],
        headers: BTreeMap<String, String>,
        deleted: bool,
    ) -> Version {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let versions = bucket.objects.entry(key.to_owned()).or_default();
        if !bucket.versioned {
            versions.clear();
        }
        let id = match bucket.versioned {
            true => format!("MTg0NDUxNTc1NjIzMTQ1MDAw{number:04}"),
            false => "null".to_owned(),
        };
        let version = Version {
            id,
            body: body.to_vec(),
            headers,
            deleted,
            modified: SystemTime::now(),
        };
        versions.push(version.clone());
        version
    }

    /// Answers a request whose signature was verified.
    pub(in crate::backends) fn answer(
        &self,
        bucket: &str,
        key: &str,
        query: &[(String, String)],
        request: &Seen,
    ) -> Reply {
        let mut buckets = self.buckets.lock().unwrap();
        let Some(bucket) = buckets.get_mut(bucket) else {
            return refusal(404, "NoSuchBucket", "The specified bucket does not exist.");
        };
        let has = |name: &str| query.iter().any(|(n, _)| n == name);
        match (request.method.as_str(), key) {
            ("GET", "") if has("versioning") => {
                let status = match bucket.versioned {
                    true => "<Status>Enabled</Status>",
                    false => "",
                };
                xml(&format!(
                    "<VersioningConfiguration>{status}</VersioningConfiguration>"
                ))
            }
            ("GET", "") if has("versions") => self.versions(bucket, query),
            ("GET", "") => self.list(bucket, query),
            (_, "") => refusal(405, "MethodNotAllowed", "The method is not allowed."),
            ("GET" | "HEAD", key) => self.read(bucket, key, query),
            ("PUT", key) => self.write(bucket, key, request),
            ("DELETE", key) => self.remove(bucket, key),
            _ => refusal(405, "MethodNotAllowed", "The method is not allowed."),
        }
    }

    fn read(&self, bucket: &Bucket, key: &str, query: &[(String, String)]) -> Reply {
        let versions = bucket.objects.get(key).map_or(&[][..], Vec::as_slice);
        let found = match value(query, "versionId") {
            None => versions.last(),
            Some(id) => {
                if id != "null" && !id.starts_with("MTg0") {
                    return refusal(400, "InvalidArgument", "Invalid version id specified.");
                }
                match versions.iter().find(|version| version.id == id) {
                    None => return refusal(404, "NoSuchVersion", "There is no such version."),
                    Some(version) if version.deleted => {
                        return refusal(405, "MethodNotAllowed", "It is the mark of a deletion.");
                    }
                    Some(version) => Some(version),
                }
            }
        };
        match found.filter(|version| !version.deleted) {
            None => refusal(404, "NoSuchKey", "The specified key does not exist."),
            Some(version) => self.told(bucket, version, version.body.clone()),
        }
    }

    fn write(&self, bucket: &mut Bucket, key: &str, request: &Seen) -> Reply {
        let digest = request.headers.get("content-md5");
        if digest.is_some_and(|told| *told != BASE64_STANDARD.encode(Md5::digest(&request.body))) {
            return refusal(
                400,
                "InvalidDigest",
                "The Content-MD5 you specified is not valid.",
            );
        }
        let there = bucket
            .objects
            .get(key)
            .is_some_and(|versions| !versions.is_empty());
        let forbidden = request
            .headers
            .get(&format!("{}forbid-overwrite", self.prefix));
        if !bucket.versioned && there && forbidden.is_some_and(|value| value == "true") {
            return refusal(409, "FileAlreadyExists", "The object already exists.");
        }
        let headers = request.headers.clone();
        let version = self.add(bucket, key, &request.body, headers, false);
        self.told(bucket, &version, Vec::new())
    }

    fn remove(&self, bucket: &mut Bucket, key: &str) -> Reply {
        if bucket.versioned {
            self.add(bucket, key, b"", BTreeMap::new(), true);
        } else {
            bucket.objects.remove(key);
        }
        Reply::new(204, "")
    }

    /// The headers that tell of a version, with this body.
    fn told(&self, bucket: &Bucket, version: &Version, body: Vec<u8>) -> Reply {
        let prefix = self.prefix;
        let crc = checksum(CrcAlgorithm::Crc64Xz, &version.body);
        let etag = hex(&Md5::digest(&version.body)).to_uppercase();
        let mut headers = vec![
            ("ETag".to_owned(), format!("\"{etag}\"")),
            (
                "Last-Modified".to_owned(),
                httpdate::fmt_http_date(version.modified),
            ),
            (format!("{prefix}hash-crc64ecma"), crc.to_string()),
            (format!("{prefix}request-id"), "5F6AC1F8".to_owned()),
        ];
        if bucket.versioned {
            headers.push((format!("{prefix}version-id"), version.id.clone()));
        }
        let meta = format!("{prefix}meta-");
        let kept = version
            .headers
            .iter()
            .filter(|(name, _)| name.starts_with(&meta));
        headers.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
        Reply {
            status: 200,
            headers,
            body,
        }
    }

    fn size(&self, query: &[(String, String)]) -> usize {
        let asked = value(query, "max-keys").and_then(|text| text.parse().ok());
        asked.unwrap_or(100).min(self.page.load(Ordering::SeqCst))
    }

    fn list(&self, bucket: &Bucket, query: &[(String, String)]) -> Reply {
        let prefix = value(query, "prefix").unwrap_or_default();
        let marker = value(query, "marker").unwrap_or_default();
        let live = |versions: &[Version]| versions.last().is_some_and(|v| !v.deleted);
        let mut found: Vec<&String> = bucket
            .objects
            .iter()
            .filter(|(key, versions)| {
                key.starts_with(prefix) && key.as_str() > marker && live(versions)
            })
            .map(|(key, _)| key)
            .collect();
        let size = self.size(query);
        let more = found.len() > size;
        found.truncate(size);
        let show = |text: &str| shown(query, text);
        let mut body = format!(
            "<Prefix>{}</Prefix><Marker>{}</Marker><MaxKeys>{size}</MaxKeys><IsTruncated>{more}</IsTruncated>",
            show(prefix),
            show(marker)
        );
        if let (true, Some(last)) = (more, found.last()) {
            body += &format!("<NextMarker>{}</NextMarker>", show(last));
        }
        for key in found {
            body += &format!(
                "<Contents><Key>{}</Key>{}<ETag>\"x\"</ETag><Type>Normal</Type><StorageClass>Standard</StorageClass></Contents>",
                show(key),
                about(bucket.objects[key].last().unwrap())
            );
        }
        xml(&format!(
            "<ListBucketResult>{}{body}</ListBucketResult>",
            encoding(query)
        ))
    }

    fn versions(&self, bucket: &Bucket, query: &[(String, String)]) -> Reply {
        let prefix = value(query, "prefix").unwrap_or_default();
        let mut found: Vec<(&String, &Version, bool)> = Vec::new();
        for (key, versions) in bucket.objects.iter().filter(|(k, _)| k.starts_with(prefix)) {
            let last = versions.len() - 1;
            let newest = versions.iter().enumerate().rev();
            found.extend(newest.map(|(at, version)| (key, version, at == last)));
        }
        if let Some(marker) = value(query, "key-marker") {
            let id = value(query, "version-id-marker");
            let at = found.iter().position(|(key, version, _)| match id {
                Some(id) => key.as_str() == marker && version.id == id,
                None => key.as_str() > marker,
            });
            let at = at.map_or(found.len(), |at| at + usize::from(id.is_some()));
            found.drain(..at);
        }
        let size = self.size(query);
        let more = found.len() > size;
        found.truncate(size);
        let show = |text: &str| shown(query, text);
        let mut body = format!("<IsTruncated>{more}</IsTruncated>");
        if let (true, Some((key, version, _))) = (more, found.last()) {
            let (key, id) = (show(key), &version.id);
            body += &format!(
                "<NextKeyMarker>{key}</NextKeyMarker><NextVersionIdMarker>{id}</NextVersionIdMarker>"
            );
        }
        for (key, version, latest) in found {
            let tag = if version.deleted {
                "DeleteMarker"
            } else {
                "Version"
            };
            body += &format!(
                "<{tag}><Key>{}</Key><VersionId>{}</VersionId><IsLatest>{latest}</IsLatest>{}</{tag}>",
                show(key),
                version.id,
                about(version)
            );
        }
        xml(&format!(
            "<ListVersionsResult>{}{body}</ListVersionsResult>",
            encoding(query)
        ))
    }
}

fn about(version: &Version) -> String {
    let modified = jiff::Timestamp::try_from(version.modified).unwrap();
    let modified = modified.strftime("%Y-%m-%dT%H:%M:%S.000Z");
    let size = match version.deleted {
        true => String::new(),
        false => format!("<Size>{}</Size>", version.body.len()),
    };
    format!("<LastModified>{modified}</LastModified>{size}")
}

fn encoding(query: &[(String, String)]) -> &'static str {
    match value(query, "encoding-type") {
        Some("url") => "<EncodingType>url</EncodingType>",
        _ => "",
    }
}

/// A name in an answer.
fn shown(query: &[(String, String)], text: &str) -> String {
    match encoding(query) {
        "" => text.replace('&', "&amp;").replace('<', "&lt;"),
        _ => utf8_percent_encode(text, NON_ALPHANUMERIC).to_string(),
    }
}

pub(in crate::backends) fn value<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = query.iter().find(|(n, _)| n == name);
    found.map(|(_, value)| value.as_str())
}

pub(in crate::backends) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn xml(body: &str) -> Reply {
    Reply {
        headers: vec![("Content-Type".to_owned(), "application/xml".to_owned())],
        ..Reply::new(
            200,
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}"),
        )
    }
}

/// A refusal as both vendors write it.
pub(in crate::backends) fn refusal(status: u16, code: &str, message: &str) -> Reply {
    let mut reply = xml(&format!(
        "<Error>\n<Code>{code}</Code>\n<Message>{message}</Message>\n<RequestId>5F6AC1F8</RequestId>\n<HostId>states.test</HostId>\n</Error>"
    ));
    reply.status = status;
    reply
}

/// A path and its parameters, decoded; of a URL that was sent to a proxy, too.
pub(in crate::backends) fn target(request: &Seen) -> (String, Vec<(String, String)>) {
    let path = match request.target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => &request.target,
    };
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let path = percent_encoding::percent_decode_str(path)
        .decode_utf8()
        .unwrap();
    let query = url::form_urlencoded::parse(query.as_bytes());
    (path.into_owned(), query.into_owned().collect())
}
