//! Where keys come from: arguments, the machine's role, and a role that is assumed with them.

use std::time::{Duration, SystemTime};

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use url::Url;

use super::client::{self, Sts};
use super::config::OssConfig;
use crate::backend::objects::keys::{Kept, Keys};
use crate::backend::transport::{Request, Transport};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::Sensitive;

/// Where a machine of Alibaba Cloud asks for its role's keys (<https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata>).
const METADATA: &str = "http://100.100.100.200/latest/meta-data/ram/security-credentials/";
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
}

/// Temporary keys, as a machine and the service for roles tell them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Told {
    access_key_id: String,
    access_key_secret: String,
    security_token: String,
    expiration: Option<jiff::Timestamp>,
}

impl Told {
    fn keys(self) -> Keys {
        let end = self.expiration.map(SystemTime::from);
        Keys {
            id: Sensitive::new(self.access_key_id),
            secret: Sensitive::new(self.access_key_secret),
            token: Some(Sensitive::new(self.security_token)),
            // Those of which nobody says when they end are not kept.
            end: end.or(Some(SystemTime::UNIX_EPOCH)),
        }
    }
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
        config: &OssConfig,
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
            Some(role) => {
                let sts = Sts { config, transport };
                sts.assume(cx, &first, role).await?.keys()
            }
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
        "there are no keys for Alibaba Cloud",
    )
    .with_hint(
        "set ALICLOUD_ACCESS_KEY and ALICLOUD_SECRET_KEY, or name a `profile` of `aliyun configure`; on a machine of Alibaba Cloud set \
         `ecs_role_name`",
    )
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
                .with_hint("`ecs_role_name` works on machines of Alibaba Cloud only")
                .with_source(e),
        }
    })?;
    match answer.status.as_u16() {
        200 => {}
        404 => {
            return Err(refused(ErrorKind::NotFound, "the machine has no such role")
                .with_hint("correct `ecs_role_name`, or give the role to the machine"));
        }
        status => {
            return Err(refused(ErrorKind::Unavailable, "it was refused").with("status", status));
        }
    }
    let told: Told = serde_json::from_slice(&answer.body)
        .map_err(|_| refused(ErrorKind::Unexpected, "the answer has no keys"))?;
    Ok(told.keys())
}

/// The answer of the service for roles.
pub(super) fn assumed(body: &[u8]) -> Result<Told> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Assumed {
        credentials: Told,
    }
    let assumed: Assumed = serde_json::from_slice(body).map_err(|_| client::not_the_service())?;
    Ok(assumed.credentials)
}
