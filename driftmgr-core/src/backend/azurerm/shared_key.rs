//! The signature `SharedKey` of a request
//! (<https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key>).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac};
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use sha2::Sha256;

use crate::error::{Error, ErrorKind, Result};
use crate::redact::Sensitive;

/// The headers of the text to sign that stand there by their place, without the length of the body, which comes after the second.
const PLACED: [&str; 10] = [
    "content-encoding",
    "content-language",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
];

/// The key of a storage account.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct SharedKey {
    account: String,
    key: Sensitive<Vec<u8>>,
}

impl std::fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SharedKey({}, {})", self.account, self.key)
    }
}

impl SharedKey {
    /// The key of an account, in base64; `None` when it is no base64.
    pub(super) fn parse(account: &str, text: &str) -> Option<Self> {
        let key = BASE64_STANDARD.decode(text.trim()).ok()?;
        (!key.is_empty()).then(|| Self {
            account: account.to_owned(),
            key: Sensitive::new(key),
        })
    }

    /// The value of `Authorization` for a request with these headers and a body of this length.
    pub(super) fn authorization(
        &self,
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
        length: usize,
    ) -> Result<String> {
        let text = self.text_to_sign(method, url, headers, length);
        // A key of any length is one.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose()).map_err(|_| {
            Error::new(
                ErrorKind::InvalidConfig,
                "the access key of the storage account cannot sign",
            )
        })?;
        mac.update(text.as_bytes());
        let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        Ok(format!("SharedKey {}:{signature}", self.account))
    }

    fn text_to_sign(
        &self,
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
        length: usize,
    ) -> String {
        let value = |name: &str| {
            let value = headers.get(name).and_then(|v| v.to_str().ok());
            value.unwrap_or_default().trim().to_owned()
        };
        let mut lines = vec![method.as_str().to_owned()];
        for (place, name) in PLACED.iter().enumerate() {
            if place == 2 {
                lines.push(match length {
                    0 => String::new(),
                    length => length.to_string(),
                });
            }
            lines.push(value(name));
        }
        let mut own: Vec<&str> = headers
            .keys()
            .map(|name| name.as_str())
            .filter(|name| name.starts_with("x-ms-"))
            .collect();
        own.sort_unstable();
        own.dedup();
        lines.extend(own.iter().map(|name| format!("{name}:{}", value(name))));
        lines.push(format!("/{}{}", self.account, url.path()));
        let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in url.query_pairs() {
            let values = parameters.entry(name.to_lowercase()).or_default();
            values.push(value.into_owned());
        }
        lines.extend(parameters.into_iter().map(|(name, mut values)| {
            values.sort_unstable();
            format!("{name}:{}", values.join(","))
        }));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn the_text_is_that_of_the_documentation() {
        // "Get Container Metadata" in the section "Constructing the canonicalized resource string" and its example.
        let key = SharedKey::parse("myaccount", "a2V5").unwrap();
        let url = "https://myaccount.blob.core.windows.net/mycontainer?comp=metadata&restype=container&timeout=20";
        let sent = headers(&[
            ("x-ms-version", "2015-02-21"),
            ("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"),
        ]);
        assert_eq!(
            key.text_to_sign(&Method::GET, &url.parse().unwrap(), &sent, 0),
            "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n\
             /myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
        );
    }

    #[test]
    fn body_and_repeated_parameters_are_signed() {
        let key = SharedKey::parse("a", "a2V5").unwrap();
        let url = "https://a.blob.core.windows.net/c/k%20y?Include=snapshots&include=metadata";
        let sent = headers(&[
            ("content-type", "application/json"),
            ("content-md5", "x=="),
            ("if-none-match", "*"),
        ]);
        assert_eq!(
            key.text_to_sign(&Method::PUT, &url.parse().unwrap(), &sent, 11),
            "PUT\n\n\n11\nx==\napplication/json\n\n\n\n*\n\n\n/a/c/k%20y\ninclude:metadata,snapshots"
        );
    }

    #[test]
    fn a_key_is_base64_and_never_shown() {
        assert_eq!(SharedKey::parse("a", "no base64!"), None);
        assert_eq!(SharedKey::parse("a", ""), None);
        let key = SharedKey::parse("a", "aHVudGVyMg==").unwrap();
        assert_eq!(format!("{key:?}"), "SharedKey(a, (sensitive value))");
        let url = "https://a.blob.core.windows.net/c".parse().unwrap();
        let value = key
            .authorization(&Method::GET, &url, &HeaderMap::new(), 0)
            .unwrap();
        // printf 'GET\n\n\n\n\n\n\n\n\n\n\n\n/a/c' | openssl dgst -sha256 -hmac hunter2 -binary | base64
        assert_eq!(
            value,
            "SharedKey a:6zXg1aI4axdKYoFx8mfgwliTI0G5hrIr0niVa8gAw3Q="
        );
    }
}
