//! Where keys come from: arguments, the machine's role, and a role that is assumed with them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use url::{Url, form_urlencoded};

use super::client::{self, Service};
use super::config::CosConfig;
use crate::backend::objects::keys::{Kept, Keys};
use crate::backend::transport::{Request, Transport};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::Sensitive;

/// Where a machine of Tencent Cloud asks for its role's keys (<https://www.tencentcloud.com/document/product/213/4934>).
const METADATA: &str = "http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/";
/// A machine elsewhere does not wait long for what is not there.
const METADATA_PATIENCE: Duration = Duration::from_secs(10);
/// An answer with keys is no longer than this, in bytes.
const SHORT: usize = 1 << 20;

/// Where the first keys come from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Keys(Keys),
    /// The role of the machine.
    Machine(String),
    /// Nobody named any.
    Missing,
}

impl Source {
    pub(super) fn secrets(&self) -> Vec<String> {
        match self {
            Self::Keys(keys) => keys.secrets(),
            Self::Machine(_) | Self::Missing => Vec::new(),
        }
    }
}

/// A role that is assumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) session: String,
    pub(super) seconds: u32,
    pub(super) policy: Option<String>,
    pub(super) external_id: Option<String>,
}

/// The keys of a configuration.
#[derive(Default)]
pub(super) struct Credentials {
    kept: Kept,
}

impl Credentials {
    /// Those for the next request.
    pub(super) async fn get(
        &self,
        cx: &Context,
        config: &CosConfig,
        transport: &Transport,
    ) -> Result<Keys> {
        if let Some(keys) = self.kept.get(cx.now()) {
            return Ok(keys);
        }
        let first = match &config.source {
            Source::Keys(keys) => keys.clone(),
            Source::Machine(role) => of_machine(cx, transport, role).await?,
            Source::Missing => return Err(missing()),
        };
        let keys = match &config.role {
            None => first,
            Some(role) => assume(cx, config, transport, &first, role).await?,
        };
        self.kept.set(&keys);
        Ok(keys)
    }

    pub(super) fn forget(&self) {
        self.kept.forget();
    }
}

fn missing() -> Error {
    Error::new(
        ErrorKind::Unauthenticated,
        "there are no keys for Tencent Cloud",
    )
    .with_hint(
        "set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or run `tccli configure`; on a machine of Tencent Cloud set \
         `cam_role_name`",
    )
}

/// What a machine is told of its role.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Told {
    tmp_secret_id: String,
    tmp_secret_key: String,
    token: String,
    expired_time: Option<u64>,
}

impl Told {
    fn keys(self) -> Keys {
        let at = |seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        Keys {
            id: Sensitive::new(self.tmp_secret_id),
            secret: Sensitive::new(self.tmp_secret_key),
            token: Some(Sensitive::new(self.token)),
            end: self
                .expired_time
                .and_then(at)
                .or(Some(SystemTime::UNIX_EPOCH)),
        }
    }
}

async fn of_machine(cx: &Context, transport: &Transport, role: &str) -> Result<Keys> {
    let refused = |kind, reason: &str| {
        Error::new(
            kind,
            format!("cannot get the keys of the machine's role: {reason}"),
        )
        .with("role", role.escape_debug())
    };
    let url: Option<Url> = METADATA.parse().ok();
    let url = url.and_then(|mut url: Url| {
        url.path_segments_mut().ok()?.pop_if_empty().push(role);
        Some(url)
    });
    let url = url.ok_or_else(|| refused(ErrorKind::InvalidConfig, "it is no name"))?;
    let request = Request {
        method: Method::GET,
        url,
        headers: HeaderMap::new(),
        credentials: HeaderMap::new(),
        body: None,
        repeatable: true,
        limit: SHORT,
    };
    let patience = cx.clone().with_timeout(METADATA_PATIENCE);
    let answer = transport.send(&patience, &request).await.map_err(|e| {
        // The deadline is ours, unless it is the caller's.
        match cx.check() {
            Err(ended) => ended,
            Ok(()) => refused(ErrorKind::Unavailable, "nobody answers for the machine")
                .with_hint("`cam_role_name` works on machines of Tencent Cloud only")
                .with_source(e),
        }
    })?;
    match answer.status.as_u16() {
        200 => {}
        404 => {
            return Err(refused(ErrorKind::NotFound, "the machine has no such role")
                .with_hint("correct `cam_role_name`, or give the role to the machine"));
        }
        status => {
            return Err(refused(ErrorKind::Unavailable, "it was refused").with("status", status));
        }
    }
    let told: Told = serde_json::from_slice(&answer.body)
        .map_err(|_| refused(ErrorKind::Unexpected, "the answer has no keys"))?;
    Ok(told.keys())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Assumed {
    credentials: Told,
    expired_time: Option<u64>,
}

/// Keys of a role (<https://www.tencentcloud.com/document/product/1150/49452>).
async fn assume(
    cx: &Context,
    config: &CosConfig,
    transport: &Transport,
    keys: &Keys,
    role: &Role,
) -> Result<Keys> {
    let mut wanted = json!({
        "RoleArn": role.arn, "RoleSessionName": role.session, "DurationSeconds": role.seconds,
    });
    if let Some(map) = wanted.as_object_mut() {
        if let Some(policy) = &role.policy {
            let policy: String = form_urlencoded::byte_serialize(policy.as_bytes()).collect();
            map.insert("Policy".to_owned(), Json::String(policy));
        }
        if let Some(id) = &role.external_id {
            map.insert("ExternalId".to_owned(), Json::String(id.clone()));
        }
    }
    let service = Service {
        name: "sts",
        version: "2018-08-13",
        config,
        transport,
    };
    let called = service.call(cx, keys, "AssumeRole", &wanted).await;
    let answer = called.map_err(|failure| failure.error.with("role", &role.arn))?;
    let assumed: Assumed = serde_json::from_value(answer).map_err(|_| client::not_the_api())?;
    let told = Told {
        expired_time: assumed.expired_time.or(assumed.credentials.expired_time),
        ..assumed.credentials
    };
    Ok(told.keys())
}
