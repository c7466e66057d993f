//! Calls of Tencent Cloud's API, which has the tags and the temporary keys (<https://www.tencentcloud.com/document/api/213/33224>).

use std::time::UNIX_EPOCH;

use bytes::Bytes;
use hmac::{Hmac, Mac};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use url::Url;

use super::config::CosConfig;
use super::error::{Failure, refused};
use crate::backend::objects::client::{secret, value};
use crate::backend::objects::hex;
use crate::backend::objects::keys::Keys;
use crate::backend::transport::{Request, Transport};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// An answer is no longer than this, in bytes.
const SHORT: usize = 1 << 20;
const TYPE: &str = "application/json";

/// A service of the API.
pub(super) struct Service<'a> {
    /// Its name, which begins its address.
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) config: &'a CosConfig,
    pub(super) transport: &'a Transport,
}

impl Service<'_> {
    /// Calls an action; answers with what stands in `Response`.
    ///
    /// # Errors
    /// What the service refuses, with its word for the cause; those of the request.
    pub(super) async fn call(
        &self,
        cx: &Context,
        keys: &Keys,
        action: &'static str,
        wanted: &Json,
    ) -> std::result::Result<Json, Failure> {
        let request = self.request(cx, keys, action, wanted)?;
        let answer = self.transport.send(cx, &request).await?;
        let body: Option<Json> = serde_json::from_slice(&answer.body).ok();
        let response = body.and_then(|mut body| body.get_mut("Response").map(Json::take));
        let mut secrets = keys.secrets();
        secrets.extend(self.config.secrets.expose().iter().cloned());
        match response {
            Some(response) if answer.status.is_success() && response.get("Error").is_none() => {
                Ok(response)
            }
            response => Err(refused(
                cx,
                &secrets,
                &request.url,
                (self.name, action),
                response.as_ref(),
                &answer,
            )),
        }
    }

    fn request(
        &self,
        cx: &Context,
        keys: &Keys,
        action: &'static str,
        wanted: &Json,
    ) -> Result<Request> {
        let host = format!("{}.{}", self.name, self.config.domain);
        let url: Url = format!("https://{host}/").parse().map_err(|_| {
            let reason = "the cos backend's `domain` is no name of a domain";
            Error::new(ErrorKind::InvalidConfig, reason)
        })?;
        let body = wanted.to_string();
        let time = cx
            .now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(TYPE))]);
        for (name, text) in [
            ("x-tc-action", action),
            ("x-tc-version", self.version),
            ("x-tc-timestamp", &time.to_string()),
            ("x-tc-region", &self.config.region),
            ("x-tc-language", "en-US"),
        ] {
            headers.insert(name, value(text)?);
        }
        let signature = authorization(keys, self.name, &host, time, body.as_bytes())?;
        let mut credentials = HeaderMap::from_iter([(AUTHORIZATION, secret(&signature)?)]);
        if let Some(token) = &keys.token {
            credentials.insert("x-tc-token", secret(token.expose())?);
        }
        Ok(Request {
            method: Method::POST,
            url,
            headers,
            credentials,
            body: Some(Bytes::from(body)),
            // A tag that is made twice is refused the second time.
            repeatable: matches!(action, "DescribeTags" | "AssumeRole"),
            limit: SHORT,
        })
    }
}

/// The error of an answer that is not the API's.
pub(super) fn not_the_api() -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "the answer is not one of Tencent Cloud's API",
    )
    .with_hint("see whether a proxy answers in its place, and correct `domain` if it is set")
}

/// The signature `TC3-HMAC-SHA256`.
fn authorization(keys: &Keys, service: &str, host: &str, time: u64, body: &[u8]) -> Result<String> {
    let wrong = || Error::new(ErrorKind::Unexpected, "this machine's clock shows no date");
    let date = jiff::Timestamp::from_second(i64::try_from(time).map_err(|_| wrong())?);
    let date = date.map_err(|_| wrong())?.strftime("%Y-%m-%d").to_string();
    let asked = format!(
        "POST\n/\n\ncontent-type:{TYPE}\nhost:{host}\n\ncontent-type;host\n{}",
        hex(&Sha256::digest(body))
    );
    let scope = format!("{date}/{service}/tc3_request");
    let text = format!(
        "TC3-HMAC-SHA256\n{time}\n{scope}\n{}",
        hex(&Sha256::digest(asked.as_bytes()))
    );
    let mut key = format!("TC3{}", keys.secret.expose()).into_bytes();
    for part in [date.as_str(), service, "tc3_request"] {
        key = hmac(&key, part)?;
    }
    Ok(format!(
        "TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders=content-type;host, Signature={}",
        keys.id.expose(),
        hex(&hmac(&key, &text)?)
    ))
}

fn hmac(key: &[u8], text: &str) -> Result<Vec<u8>> {
    // A key of any length is one.
    let mut mac = Hmac::<Sha256>::new_from_slice(key)
        .map_err(|_| Error::new(ErrorKind::InvalidConfig, "the secret key cannot sign"))?;
    mac.update(text.as_bytes());
    Ok(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Sensitive;

    #[test]
    fn the_signature_is_that_of_the_documentation() {
        let keys = Keys {
            id: Sensitive::new("AKIDexample".to_owned()),
            secret: Sensitive::new("hunter2".to_owned()),
            token: None,
            end: None,
        };
        let value = authorization(
            &keys,
            "tag",
            "tag.tencentcloudapi.com",
            1_551_113_065,
            b"{}",
        );
        // By Python's hmac and hashlib, step after step as the documentation has it.
        assert_eq!(
            value.unwrap(),
            "TC3-HMAC-SHA256 Credential=AKIDexample/2019-02-25/tag/tc3_request, SignedHeaders=content-type;host, Signature=699259d2aadd4d92ba90c0a0c59f0c020938b06bb22a36693e187c011d092545"
        );
    }
}
