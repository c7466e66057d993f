//! The signature of requests to the store (<https://www.tencentcloud.com/document/product/436/7778>).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac};
use percent_encoding::{percent_decode_str, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use sha1::{Digest, Sha1};
use url::Url;

use crate::backend::objects::client::secret;
use crate::backend::objects::keys::Keys;
use crate::backend::objects::{UNRESERVED, hex, host};
use crate::backend::transport::Request;
use crate::error::{Error, ErrorKind, Result};

/// A signature is good for so long: a request that is repeated takes its time.
const VALID: Duration = Duration::from_secs(3600);
/// Clocks differ.
const BEFORE: Duration = Duration::from_secs(60);

/// Headers that are signed, beside the vendor's own.
const SIGNED: [&str; 2] = ["content-md5", "content-type"];

/// Signs a request.
///
/// # Errors
/// `InvalidConfig` for keys that no header can hold.
pub(super) fn sign(keys: &Keys, request: &mut Request, now: SystemTime) -> Result<()> {
    let seconds = |at: SystemTime| at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let begin = now.checked_sub(BEFORE).unwrap_or(UNIX_EPOCH);
    let time = format!("{};{}", seconds(begin), seconds(now + VALID));
    if let Some(token) = &keys.token {
        let value = secret(token.expose())?;
        request.credentials.insert("x-cos-security-token", value);
    }
    let headers = pairs(
        [("host".to_owned(), host(&request.url))]
            .into_iter()
            .chain(signed(&request.headers))
            .chain(signed(&request.credentials)),
    );
    let parameters = request.url.query_pairs();
    let parameters = pairs(parameters.map(|(n, v)| (n.into_owned(), v.into_owned())));
    let text = format!(
        "{}\n{}\n{}\n{}\n",
        request.method.as_str().to_lowercase(),
        path(&request.url),
        joined(&parameters),
        joined(&headers),
    );
    let text = format!("sha1\n{time}\n{}\n", hex(&Sha1::digest(text.as_bytes())));
    let key = hmac(keys.secret.expose().as_bytes(), &time)?;
    let signature = hmac(key.as_bytes(), &text)?;
    let names = |pairs: &[(String, String)]| {
        let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        names.join(";")
    };
    let value = format!(
        "q-sign-algorithm=sha1&q-ak={}&q-sign-time={time}&q-key-time={time}&q-header-list={}&q-url-param-list={}&q-signature={signature}",
        keys.id.expose(),
        names(&headers),
        names(&parameters),
    );
    request.credentials.insert(AUTHORIZATION, secret(&value)?);
    Ok(())
}

fn signed(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    let signed = headers.iter().filter(|(name, _)| {
        let name = name.as_str();
        name.starts_with("x-cos-") || SIGNED.contains(&name)
    });
    signed.filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    })
}

/// Names and values as they are signed, in order.
fn pairs(all: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let encoded = |text: &str| utf8_percent_encode(text, &UNRESERVED).to_string();
    let mut pairs: Vec<(String, String)> = all
        .map(|(name, value)| (encoded(&name).to_lowercase(), encoded(&value)))
        .collect();
    pairs.sort_unstable();
    pairs
}

fn joined(pairs: &[(String, String)]) -> String {
    let all: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    all.join("&")
}

/// The path as it is without its encoding.
fn path(url: &Url) -> String {
    percent_decode_str(url.path())
        .decode_utf8_lossy()
        .into_owned()
}

fn hmac(key: &[u8], text: &str) -> Result<String> {
    // A key of any length is one.
    let mut mac = Hmac::<Sha1>::new_from_slice(key)
        .map_err(|_| Error::new(ErrorKind::InvalidConfig, "the secret key cannot sign"))?;
    mac.update(text.as_bytes());
    Ok(hex(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reqwest::Method;
    use reqwest::header::HeaderValue;

    use super::*;
    use crate::redact::Sensitive;

    fn request(method: Method, url: &str) -> Request {
        Request {
            method,
            url: url.parse().unwrap(),
            headers: HeaderMap::new(),
            credentials: HeaderMap::new(),
            body: None::<Bytes>,
            repeatable: true,
            limit: 0,
        }
    }

    fn keys(token: Option<&str>) -> Keys {
        Keys {
            id: Sensitive::new("AKIDexample".to_owned()),
            secret: Sensitive::new("hunter2".to_owned()),
            token: token.map(|t| Sensitive::new(t.to_owned())),
            end: None,
        }
    }

    fn authorization(request: &Request) -> &str {
        request.credentials[AUTHORIZATION].to_str().unwrap()
    }

    #[test]
    fn the_signature_is_that_of_the_documentation() {
        let mut request = request(
            Method::PUT,
            "https://b-1.cos.ap-x.myqcloud.com/env%3A/a%20b",
        );
        request
            .headers
            .insert("x-cos-acl", HeaderValue::from_static("private"));
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_060);
        sign(&keys(None), &mut request, now).unwrap();
        // By `openssl dgst -sha1 -hmac`, step after step as the documentation has it:
        // put\n/env:/a b\n\nhost=b-1.cos.ap-x.myqcloud.com&x-cos-acl=private\n
        assert_eq!(
            authorization(&request),
            "q-sign-algorithm=sha1&q-ak=AKIDexample&q-sign-time=1700000000;1700003660&q-key-time=1700000000;1700003660\
             &q-header-list=host;x-cos-acl&q-url-param-list=&q-signature=94f43b84e4e9e870a00434b7455f42deef3c3ff2"
        );
    }

    #[test]
    fn parameters_and_the_token_are_signed() {
        let url = "https://b.cos.x.myqcloud.com/?versions=&Prefix=a%2Fb&max-keys=1";
        let mut request = request(Method::GET, url);
        sign(&keys(Some("planted")), &mut request, UNIX_EPOCH).unwrap();
        let value = authorization(&request);
        assert!(
            value.contains("q-url-param-list=max-keys;prefix;versions&"),
            "{value}"
        );
        assert!(
            value.contains("q-header-list=host;x-cos-security-token&"),
            "{value}"
        );
        assert!(request.credentials.values().all(HeaderValue::is_sensitive));
    }
}
