//! Calls of Alibaba Cloud's service for temporary keys
//! (<https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole>).

use bytes::Bytes;
use percent_encoding::utf8_percent_encode;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use super::config::OssConfig;
use super::credentials::{Role, Told, assumed};
use super::error;
use super::sign::sha1;
use crate::backend::objects::UNRESERVED;
use crate::backend::objects::keys::Keys;
use crate::backend::transport::{Request, Transport};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// An answer is no longer than this, in bytes.
const SHORT: usize = 1 << 20;

/// The service.
pub(super) struct Sts<'a> {
    pub(super) config: &'a OssConfig,
    pub(super) transport: &'a Transport,
}

impl Sts<'_> {
    /// Keys of a role.
    ///
    /// # Errors
    /// What the service refuses, with its word for the cause; those of the request.
    pub(super) async fn assume(&self, cx: &Context, keys: &Keys, role: &Role) -> Result<Told> {
        let time = jiff::Timestamp::try_from(cx.now())
            .map_err(|_| Error::new(ErrorKind::Unexpected, "this machine's clock shows no date"))?;
        let mut parameters = vec![
            ("AccessKeyId", keys.id.expose().clone()),
            ("Action", "AssumeRole".to_owned()),
            ("DurationSeconds", role.seconds.to_string()),
            ("Format", "JSON".to_owned()),
            ("RoleArn", role.arn.clone()),
            ("RoleSessionName", role.session.clone()),
            ("SignatureMethod", "HMAC-SHA1".to_owned()),
            ("SignatureNonce", uuid::Uuid::new_v4().to_string()),
            ("SignatureVersion", "1.0".to_owned()),
            ("Timestamp", time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            ("Version", "2015-04-01".to_owned()),
        ];
        parameters.extend(role.policy.clone().map(|policy| ("Policy", policy)));
        let token = keys.token.as_ref().map(|token| token.expose().clone());
        parameters.extend(token.map(|token| ("SecurityToken", token)));
        let body = signed(parameters, keys.secret.expose())?;
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        let request = Request {
            method: Method::POST,
            url: self.config.sts.expose().clone(),
            headers: HeaderMap::from_iter([(CONTENT_TYPE, kind)]),
            credentials: HeaderMap::new(),
            body: Some(Bytes::from(body)),
            // A nonce is good for one request; the service refuses the second one.
            repeatable: false,
            limit: SHORT,
        };
        let answer = self.transport.send(cx, &request).await?;
        if answer.status.is_success() {
            return assumed(&answer.body);
        }
        let mut secrets = keys.secrets();
        secrets.extend(self.config.secrets.expose().iter().cloned());
        Err(error::of_roles(cx, &secrets, &request.url, &answer).with("role", &role.arn))
    }
}

/// The error of an answer that is not the service's.
pub(super) fn not_the_service() -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "the answer is not one of Alibaba Cloud's service for temporary keys",
    )
    .with_hint("see whether a proxy answers in its place, and correct `sts_endpoint` if it is set")
}

/// The form with its signature
/// (<https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism>).
fn signed(mut parameters: Vec<(&'static str, String)>, secret: &str) -> Result<String> {
    let encoded = |text: &str| utf8_percent_encode(text, &UNRESERVED).to_string();
    parameters.sort_unstable();
    let pairs: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    let form = pairs.join("&");
    let text = format!("POST&%2F&{}", encoded(&form));
    let signature = sha1(format!("{secret}&").as_bytes(), &text)?;
    Ok(format!("{form}&Signature={}", encoded(&signature)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_documentation() {
        let parameters = vec![("Version", "1 a".to_owned()), ("Action", "A*~".to_owned())];
        // By Python's hmac, of `POST&%2F&Action%3DA%252A~%26Version%3D1%2520a`.
        assert_eq!(
            signed(parameters, "hunter2").unwrap(),
            "Action=A%2A~&Version=1%20a&Signature=CPgAnyJ5Di%2BI%2Bx6b5JmDT8P9i4A%3D"
        );
    }
}
