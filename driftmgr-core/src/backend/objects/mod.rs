//! Object stores that speak the XML of Amazon's S3 under headers and signatures of their own: what `cos` and `oss` share.

pub(super) mod client;
pub(super) mod engine;
pub(super) mod error;
pub(super) mod keys;
pub(super) mod layout;
mod list;
mod state;
pub(super) mod words;

use std::time::SystemTime;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use url::Url;

use self::client::Client;
use self::error::Action;
use self::keys::Keys;
use crate::backend::transport::{Request, Transport};
use crate::backend::{LockId, LockInfo};
use crate::context::Context;
use crate::error::Result;

/// What one vendor's store has of its own: addresses, headers, signature, credentials and the lock.
pub(super) trait Vendor: Sized + Send + Sync + 'static {
    /// What begins the vendor's headers.
    const HEADERS: &'static str;

    /// The bucket.
    fn bucket(&self) -> &str;

    /// Where the bucket is: what ends with a slash, and keys are written behind.
    fn root(&self) -> &Url;

    /// Where states are in the bucket.
    fn layout(&self) -> &layout::Layout;

    /// The headers of an object that is written.
    ///
    /// # Errors
    /// `InvalidConfig` for arguments that no header can hold.
    fn object_headers(&self, bytes: &Bytes) -> Result<HeaderMap>;

    /// Whether what was read fits a digest among its headers that only this vendor's programs write.
    fn is_whole(&self, _headers: &HeaderMap, _body: &Bytes) -> bool {
        true
    }

    /// What access to the store needs, by the vendor's name for it.
    fn permission(action: Action) -> &'static str;

    /// What must not stand in any text, longest first.
    fn secrets(&self) -> &[String];

    /// The keys that sign the next request.
    fn keys(
        &self,
        cx: &Context,
        transport: &Transport,
    ) -> impl Future<Output = Result<Keys>> + Send;

    /// The keys were refused; those that can be had anew are.
    fn forget_keys(&self);

    /// Signs a request that is complete.
    ///
    /// # Errors
    /// `InvalidConfig` for keys that no header can hold.
    fn sign(&self, keys: &Keys, request: &mut Request, now: SystemTime) -> Result<()>;

    /// Whether there is a lock.
    fn can_lock(&self) -> bool;

    /// Takes the lock of a state, or fails at once.
    fn take(
        &self,
        client: &Client<Self>,
        cx: &Context,
        state: &str,
        info: &LockInfo,
    ) -> impl Future<Output = Result<LockId>> + Send;

    /// Fails when a lock is not held any more.
    fn confirm(
        &self,
        client: &Client<Self>,
        cx: &Context,
        state: &str,
        id: &LockId,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Gives a lock back.
    fn release(
        &self,
        client: &Client<Self>,
        cx: &Context,
        state: &str,
        id: &LockId,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Notes the MD5 of a state that was written, or that it was deleted, where the programs look for it.
    fn note(
        &self,
        _client: &Client<Self>,
        _cx: &Context,
        _state: &str,
        _md5: Option<&str>,
    ) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }

    /// The MD5 that was noted, in hexadecimal digits.
    fn noted(
        &self,
        _client: &Client<Self>,
        _cx: &Context,
        _state: &str,
    ) -> impl Future<Output = Result<Option<String>>> + Send {
        async { Ok(None) }
    }
}

/// Bytes as hexadecimal digits in small letters.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        use std::fmt::Write;
        // Writing to a string does not fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The MD5 of bytes, as the programs write it.
pub(super) fn md5_hex(bytes: &[u8]) -> String {
    use md5::Digest;
    hex(&md5::Md5::digest(bytes))
}

/// What stands as itself in a signed text: letters, digits and `-_.~` (RFC 3986).
pub(super) const UNRESERVED: percent_encoding::AsciiSet = percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The same for the parts of a path.
pub(super) const PATH: percent_encoding::AsciiSet = UNRESERVED.remove(b'/');

/// The host of a URL as it stands in the header of a request.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_in_small_letters() {
        assert_eq!(md5_hex(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(hex(&[0, 0xaf]), "00af");
    }

    #[test]
    fn a_host_has_its_port_where_it_is_unusual() {
        for (url, expected) in [
            ("https://b.example.com/x", "b.example.com"),
            ("https://b.example.com:443/x", "b.example.com"),
            ("http://127.0.0.1:8080/b/", "127.0.0.1:8080"),
        ] {
            assert_eq!(host(&url.parse().unwrap()), expected);
        }
    }
}
