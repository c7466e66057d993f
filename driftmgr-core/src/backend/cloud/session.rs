//! Where the API of a host is, and the token for it.

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde_json::Value as Json;

use super::config::{CloudConfig, is_header};
use crate::backend::transport::{Request, Transport};
use crate::cli_config::{HostCredentials, HostToken};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::Sensitive;

/// A document of services is short.
const LIMIT: usize = 1 << 20;

/// What is known after the host was asked once. No `Debug`: it holds the token.
pub(super) struct Session {
    /// Ends with a slash.
    pub(super) api: Url,
    pub(super) credentials: HeaderMap,
    /// The token alone, so that no text shows it.
    pub(super) secrets: Vec<String>,
    /// Where the token was found.
    pub(super) origin: String,
}

impl Session {
    /// Asks the host where its API is, and looks for the token.
    pub(super) async fn open(
        cx: &Context,
        transport: &Transport,
        config: &CloudConfig,
        known: &HostCredentials,
    ) -> Result<Self> {
        // Without a token the host need not be asked.
        let token = find(cx, config, known).await?;
        let api = discover(cx, transport, config).await?;
        let mut value =
            HeaderValue::try_from(format!("Bearer {}", token.token.expose())).map_err(|_| {
                Error::new(
                    ErrorKind::Unexpected,
                    "the token cannot be sent in a header",
                )
            })?;
        value.set_sensitive(true);
        Ok(Self {
            api,
            credentials: HeaderMap::from_iter([(AUTHORIZATION, value)]),
            secrets: vec![token.token.into_exposed()],
            origin: token.origin,
        })
    }

    /// The headers that prove who asks, for an address; they are for the API's own server only.
    pub(super) fn credentials_for(&self, url: &Url) -> HeaderMap {
        if url.origin() == self.api.origin() {
            self.credentials.clone()
        } else {
            HeaderMap::new()
        }
    }
}

async fn find(cx: &Context, config: &CloudConfig, known: &HostCredentials) -> Result<HostToken> {
    let host = &config.host;
    let found = match &config.token {
        Some(token) => Some(HostToken {
            token: Sensitive::new(token.expose().clone()),
            origin: "argument `token`".to_owned(),
        }),
        None => known
            .token(cx, host)
            .await
            .map_err(|e| e.with("host", host))?,
    };
    let Some(token) = found else {
        let variable = host.replace('-', "__").replace('.', "_");
        return Err(
            Error::new(ErrorKind::Unauthenticated, "there is no token for the host")
                .with("host", host)
                .with_hint(format!(
                    "run `terraform login {host}`, or set TF_TOKEN_{variable}"
                )),
        );
    };
    if !is_header(token.token.expose()) {
        return Err(Error::new(
            ErrorKind::Unauthenticated,
            "what was found for the host cannot be a token",
        )
        .with("host", host)
        .with("token from", &token.origin));
    }
    Ok(token)
}

/// The address of the service (<https://developer.hashicorp.com/terraform/internals/remote-service-discovery>).
async fn discover(cx: &Context, transport: &Transport, config: &CloudConfig) -> Result<Url> {
    let (host, service) = (&config.host, config.service);
    let fail = |kind, message: &str| {
        Error::new(kind, message.to_owned())
            .with("host", host)
            .with_hint("see whether `hostname` is that of HCP Terraform or Terraform Enterprise")
    };
    let asked: Url = format!("https://{host}/.well-known/terraform.json")
        .parse()
        .map_err(|_| fail(ErrorKind::InvalidConfig, "the host cannot be asked"))?;
    let request = Request {
        method: Method::GET,
        url: asked.clone(),
        headers: HeaderMap::new(),
        credentials: HeaderMap::new(),
        body: None,
        repeatable: true,
        limit: LIMIT,
    };
    let answer = transport.send(cx, &request).await?;
    match answer.status.as_u16() {
        200 => {}
        404 => {
            let message = "the host offers no services for Terraform";
            return Err(fail(ErrorKind::InvalidConfig, message));
        }
        429 | 500..=599 => {
            let message = "the host failed to tell its services";
            return Err(fail(ErrorKind::Unavailable, message).with("status", answer.status));
        }
        _ => {
            let message = "the host did not tell its services";
            return Err(fail(ErrorKind::InvalidConfig, message).with("status", answer.status));
        }
    }
    let services: Json = serde_json::from_slice(&answer.body).map_err(|_| {
        let message = "what the host answered when asked for its services is not JSON";
        fail(ErrorKind::InvalidConfig, message)
    })?;
    let Some(address) = services.get(service).and_then(Json::as_str) else {
        let message = format!("the host has no service {service}");
        return Err(fail(ErrorKind::InvalidConfig, &message));
    };
    let mut api = asked
        .join(address)
        .ok()
        .filter(|url| url.scheme() == "https" && url.has_host())
        .ok_or_else(|| {
            let message = format!("the host's address of {service} is not one of HTTPS");
            fail(ErrorKind::InvalidConfig, &message)
        })?;
    // A server's word is no source of credentials. Setting fails for URLs without a host only.
    let _ = api.set_username("");
    let _ = api.set_password(None);
    api.set_query(None);
    api.set_fragment(None);
    if !api.path().ends_with('/') {
        api.set_path(&format!("{}/", api.path()));
    }
    Ok(api)
}
