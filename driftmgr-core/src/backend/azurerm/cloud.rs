//! The clouds of Azure: where their services are.

use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use serde::Deserialize;

use crate::backend::transport::{Request, Transport};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// The answer that describes a cloud is no longer than this, in bytes.
const DESCRIPTION_LIMIT: usize = 1 << 20;

/// Which cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CloudSource {
    /// One that is known by name.
    Known(Cloud),
    /// One that describes itself at this host, with a port where it has one.
    Described(String),
}

/// Where the services of a cloud are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cloud {
    /// The end of the names of storage accounts' hosts, such as `core.windows.net`.
    pub(super) storage_suffix: String,
    /// Where tokens are had, without a slash at the end.
    pub(super) login: String,
    /// Where the resource manager is, without a slash at the end.
    pub(super) resource_manager: String,
    /// Whom tokens for the resource manager are for.
    pub(super) audience: String,
    /// What a foreign identity provider's tokens are for.
    pub(super) exchange_audience: &'static str,
}

/// What `/metadata/endpoints` answers, as far as it is needed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Description {
    authentication: Authentication,
    resource_manager: String,
    suffixes: Suffixes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authentication {
    login_endpoint: String,
    audiences: Vec<String>,
}

#[derive(Deserialize)]
struct Suffixes {
    storage: String,
}

const EXCHANGE: &str = "api://AzureADTokenExchange";

impl Cloud {
    /// The cloud with this name, in the spellings of both programs.
    pub(super) fn named(name: &str) -> Option<Self> {
        let of = |suffix: &str, login: &str, manager: &str, exchange_audience| Self {
            storage_suffix: suffix.to_owned(),
            login: format!("https://{login}"),
            resource_manager: format!("https://{manager}"),
            audience: format!("https://{manager}"),
            exchange_audience,
        };
        match name.to_ascii_lowercase().as_str() {
            "public" | "global" | "canary" => Some(of(
                "core.windows.net",
                "login.microsoftonline.com",
                "management.azure.com",
                EXCHANGE,
            )),
            "usgovernment" | "usgovernmentl4" | "usgovernmentl5" | "dod" => Some(of(
                "core.usgovcloudapi.net",
                "login.microsoftonline.us",
                "management.usgovcloudapi.net",
                "api://AzureADTokenExchangeUSGov",
            )),
            "china" => Some(of(
                "core.chinacloudapi.cn",
                "login.chinacloudapi.cn",
                "management.chinacloudapi.cn",
                "api://AzureADTokenExchangeChina",
            )),
            _ => None,
        }
    }

    /// Asks a cloud what it is.
    ///
    /// # Errors
    /// `InvalidConfig` when the host does not describe a cloud; those of reaching it.
    async fn described(cx: &Context, transport: &Transport, host: &str) -> Result<Self> {
        let wrong = |reason: &str| {
            Error::new(
                ErrorKind::InvalidConfig,
                format!("the host of Azure's metadata {reason}"),
            )
            .with("metadata_host", host)
            .with_hint("see whether `metadata_host` is the host of the cloud's resource manager")
        };
        let url: Url = format!("https://{host}/metadata/endpoints?api-version=2022-09-01")
            .parse()
            .map_err(|_| wrong("is no name of a host"))?;
        let request = Request {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            credentials: HeaderMap::new(),
            body: None,
            repeatable: true,
            limit: DESCRIPTION_LIMIT,
        };
        let answer = transport.send(cx, &request).await?;
        if !answer.status.is_success() {
            return Err(wrong("describes no cloud").with("status", answer.status));
        }
        let description: Description =
            serde_json::from_slice(&answer.body).map_err(|_| wrong("describes no cloud"))?;
        let bare = |text: String| text.trim_end_matches('/').to_owned();
        let audiences = description.authentication.audiences;
        Ok(Self {
            storage_suffix: description.suffixes.storage,
            login: bare(description.authentication.login_endpoint),
            resource_manager: bare(description.resource_manager),
            audience: audiences
                .into_iter()
                .next()
                .map(bare)
                .ok_or_else(|| wrong("names no audience of tokens"))?,
            exchange_audience: EXCHANGE,
        })
    }
}

impl CloudSource {
    /// The cloud; one that describes itself is asked.
    pub(super) async fn resolve(&self, cx: &Context, transport: &Transport) -> Result<Cloud> {
        match self {
            Self::Known(cloud) => Ok(cloud.clone()),
            Self::Described(host) => Cloud::described(cx, transport, host).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clouds_have_the_names_of_both_programs() {
        for (name, suffix) in [
            ("public", "core.windows.net"),
            ("global", "core.windows.net"),
            ("USGovernment", "core.usgovcloudapi.net"),
            ("dod", "core.usgovcloudapi.net"),
            ("china", "core.chinacloudapi.cn"),
        ] {
            assert_eq!(Cloud::named(name).unwrap().storage_suffix, suffix);
        }
        assert_eq!(Cloud::named("german"), None);
    }
}
