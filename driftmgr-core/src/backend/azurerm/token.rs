//! Tokens of Entra ID (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>,
//! <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>).

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde_json::Value as Json;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::form_urlencoded;

use super::cli;
use super::cloud::Cloud;
use super::identity::{Identity, ManagedEndpoint, Proof, read};
use crate::backend::transport::{Answer, Request, Transport};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::{SafeUrl, Sensitive};

/// An answer with a token is no longer than this, in bytes.
const ANSWER_LIMIT: usize = 1 << 20;
/// A token is replaced so long before it ends.
const RENEW_BEFORE: Duration = Duration::from_secs(300);
/// The version of Azure DevOps' interface.
const PIPELINE_VERSION: &str = "7.1";

/// That a foreign token is the proof (RFC 7523, section 2.2).
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// The blobs of all storage accounts. It is the same in all clouds.
    Storage,
    ResourceManager,
}

impl Scope {
    fn resource(self, cloud: &Cloud) -> String {
        match self {
            Self::Storage => "https://storage.azure.com".to_owned(),
            Self::ResourceManager => cloud.audience.clone(),
        }
    }
}

/// A token, and when it ends.
pub(super) struct Token {
    pub(super) text: Sensitive<String>,
    pub(super) lasts: Duration,
}

/// The tokens that are in use.
#[derive(Default)]
pub(super) struct Tokens {
    held: Mutex<BTreeMap<Scope, (Sensitive<String>, Instant)>>,
}

impl Tokens {
    /// A token that is good for a while.
    ///
    /// # Errors
    /// `Unauthenticated` when the identity is not accepted; those of reaching who hands tokens out.
    pub(super) async fn get(
        &self,
        cx: &Context,
        transport: &Transport,
        cloud: &Cloud,
        identity: &Identity,
        scope: Scope,
    ) -> Result<Sensitive<String>> {
        // One at a time: the others wait for the token instead of asking for their own.
        let mut held = cx.run(async { Ok(self.held.lock().await) }).await?;
        if let Some((token, until)) = held.get(&scope)
            && *until > Instant::now()
        {
            return Ok(token.clone());
        }
        let asking = Asking {
            cx,
            transport,
            cloud,
            resource: scope.resource(cloud),
        };
        let token = asking.token(identity).await?;
        let until = Instant::now() + token.lasts.saturating_sub(RENEW_BEFORE);
        held.insert(scope, (token.text.clone(), until));
        Ok(token.text)
    }
}

/// A request for a token.
struct Asking<'a> {
    cx: &'a Context,
    transport: &'a Transport,
    cloud: &'a Cloud,
    resource: String,
}

impl Asking<'_> {
    async fn token(&self, identity: &Identity) -> Result<Token> {
        match identity {
            Identity::Application {
                tenant,
                client,
                proof,
            } => self.of_application(tenant, client, proof).await,
            Identity::Managed { client, endpoint } => {
                self.of_machine(client.as_deref(), endpoint).await
            }
            Identity::Cli {
                tenant,
                subscription,
            } => {
                let (tenant, subscription) = (tenant.as_deref(), subscription.as_deref());
                cli::token(self.cx, &self.resource, tenant, subscription).await
            }
        }
    }

    async fn of_application(&self, tenant: &str, client: &str, proof: &Proof) -> Result<Token> {
        let scope = format!("{}/.default", self.resource.trim_end_matches('/'));
        let proof = match proof {
            Proof::Secret(secret) => vec![("client_secret", secret.clone())],
            other => vec![
                (
                    "client_assertion_type",
                    Sensitive::new(ASSERTION.to_owned()),
                ),
                ("client_assertion", self.assertion(other).await?),
            ],
        };
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", client)
            .append_pair("scope", &scope)
            .extend_pairs(proof.iter().map(|(name, value)| (name, value.expose())))
            .finish();
        let tenant = form_urlencoded::byte_serialize(tenant.as_bytes()).collect::<String>();
        let url = url(&format!("{}/{tenant}/oauth2/v2.0/token", self.cloud.login))?;
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        let answer = self.ask(Method::POST, &url, headers, Some(form)).await?;
        parsed(&answer).ok_or_else(|| refused(&answer, &url))
    }

    /// The foreign identity provider's token.
    async fn assertion(&self, proof: &Proof) -> Result<Sensitive<String>> {
        match proof {
            Proof::Secret(text) | Proof::Assertion(text) => Ok(text.clone()),
            Proof::AssertionFile(path) => read(path).map(Sensitive::new),
            Proof::Exchange { url: at, token } => {
                let mut url = url(at.expose())?;
                if !url.query_pairs().any(|(name, _)| name == "audience") {
                    url.query_pairs_mut()
                        .append_pair("audience", self.cloud.exchange_audience);
                }
                let headers = bearer(token)?;
                let answer = self.ask(Method::GET, &url, headers, None).await?;
                text_at(&answer, "value").ok_or_else(|| no_assertion(&answer, &url))
            }
            Proof::Pipeline {
                url: at,
                token,
                connection,
            } => {
                let mut url = url(at.expose())?;
                url.query_pairs_mut()
                    .append_pair("api-version", PIPELINE_VERSION)
                    .append_pair("serviceConnectionId", connection);
                let mut headers = bearer(token)?;
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                // Else a token that ended is answered with a page to log in.
                headers.insert(
                    HeaderName::from_static("x-tfs-fedauthredirect"),
                    HeaderValue::from_static("Suppress"),
                );
                let answer = self.ask(Method::POST, &url, headers, None).await?;
                text_at(&answer, "oidcToken").ok_or_else(|| no_assertion(&answer, &url))
            }
        }
    }

    async fn of_machine(&self, client: Option<&str>, endpoint: &ManagedEndpoint) -> Result<Token> {
        let mut headers = HeaderMap::new();
        let (at, version) = match endpoint {
            ManagedEndpoint::Metadata(at) => {
                headers.insert(
                    HeaderName::from_static("metadata"),
                    HeaderValue::from_static("true"),
                );
                (at, "2018-02-01")
            }
            ManagedEndpoint::App { url, header } => {
                headers.insert(
                    HeaderName::from_static("x-identity-header"),
                    secret(header.expose())?,
                );
                (url, "2019-08-01")
            }
        };
        let mut url = url(at)?;
        url.query_pairs_mut()
            .append_pair("api-version", version)
            .append_pair("resource", &self.resource);
        if let Some(client) = client {
            url.query_pairs_mut().append_pair("client_id", client);
        }
        let answer = self
            .ask(Method::GET, &url, headers, None)
            .await
            .map_err(|e| {
                e.with_hint("`use_msi` works on machines of Azure that have an identity")
            })?;
        parsed(&answer).ok_or_else(|| refused(&answer, &url))
    }

    async fn ask(
        &self,
        method: Method,
        url: &Url,
        credentials: HeaderMap,
        body: Option<String>,
    ) -> Result<Answer> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        // A POST without a body has to announce that.
        let body = (method == Method::POST).then(|| body.unwrap_or_default().into());
        let request = Request {
            method,
            url: url.clone(),
            headers,
            credentials,
            body,
            repeatable: true,
            limit: ANSWER_LIMIT,
        };
        self.transport.send(self.cx, &request).await
    }
}

fn url(text: &str) -> Result<Url> {
    let url: Option<Url> = text.parse().ok();
    url.filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidConfig,
                "the place to ask for a token is no HTTP or HTTPS address",
            )
            .with_hint("see `oidc_request_url`, `msi_endpoint` and `metadata_host`")
        })
}

/// A value that no log shows.
pub(super) fn secret(text: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::new(
            ErrorKind::InvalidConfig,
            "a token or signature cannot be sent as a header",
        )
        .with_hint("see whether it has line breaks or letters beyond ASCII")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

pub(super) fn bearer(token: &Sensitive<String>) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(
        AUTHORIZATION,
        secret(&format!("Bearer {}", token.expose()))?,
    );
    Ok(headers)
}

fn json(answer: &Answer) -> Option<Json> {
    serde_json::from_slice(&answer.body).ok()
}

fn text_at(answer: &Answer, name: &str) -> Option<Sensitive<String>> {
    let json = json(answer).filter(|_| answer.status.is_success())?;
    let text = json.get(name)?.as_str().filter(|text| !text.is_empty())?;
    Some(Sensitive::new(text.to_owned()))
}

/// The token of a good answer. Machines' identities give seconds as text.
fn parsed(answer: &Answer) -> Option<Token> {
    let text = text_at(answer, "access_token")?;
    let json = json(answer)?;
    let seconds = match json.get("expires_in") {
        Some(Json::String(text)) => text.parse().ok(),
        Some(number) => number.as_u64(),
        None => None,
    };
    Some(Token {
        text,
        // Without a word of it the token is used once.
        lasts: Duration::from_secs(seconds.unwrap_or_default()),
    })
}

fn no_assertion(answer: &Answer, url: &Url) -> Error {
    Error::new(
        ErrorKind::Unauthenticated,
        "the identity provider of the workflow gives no token",
    )
    .with("address", SafeUrl::new(url.clone()))
    .with("status", answer.status)
    .with_hint(
        "let the workflow ask for tokens, such as by `permissions: id-token: write` on GitHub",
    )
}

/// The codes of Entra ID that tell what to do
/// (<https://learn.microsoft.com/entra/identity-platform/reference-error-codes>).
const CODES: [(&str, &str); 8] = [
    (
        "AADSTS7000215",
        "`client_secret` is not a secret of the application; take its value, not its id",
    ),
    (
        "AADSTS7000222",
        "`client_secret` has expired; make a new one",
    ),
    (
        "AADSTS700016",
        "`client_id` is no application of the tenant; see `client_id` and `tenant_id`",
    ),
    (
        "AADSTS90002",
        "`tenant_id` is no tenant of this cloud; see `tenant_id` and `environment`",
    ),
    ("AADSTS900023", "`tenant_id` is no tenant's id"),
    (
        "AADSTS700024",
        "the foreign token has expired or is not valid yet; take a new one",
    ),
    (
        "AADSTS700213",
        "the application trusts no foreign token with this subject; add a federated credential for it",
    ),
    (
        "AADSTS70021",
        "the application trusts no foreign token with this subject; add a federated credential for it",
    ),
];

/// The error of an answer without a token. The sentence of the server is not quoted, only its codes.
fn refused(answer: &Answer, url: &Url) -> Error {
    let json = json(answer).unwrap_or_default();
    let text = |name| json.get(name).and_then(Json::as_str).unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    // What is no name can be anything, also what was sent.
    let is_name = |text: &&str| (1..=60).contains(&text.len()) && text.chars().all(plain);
    let name = Some(text("error")).filter(is_name);
    let code = text("error_description")
        .split(|c: char| !plain(c))
        .find(|word| {
            let digits = word.strip_prefix("AADSTS");
            digits.is_some_and(|d| !d.is_empty() && d.chars().all(|c| c.is_ascii_digit()))
        });
    let kind = match answer.status.as_u16() {
        429 => ErrorKind::RateLimited,
        408 | 500..=599 => ErrorKind::Unavailable,
        _ => ErrorKind::Unauthenticated,
    };
    let mut error = Error::new(kind, "Azure gives no token to who asks for the state")
        .with("address", SafeUrl::new(url.clone()))
        .with("status", answer.status);
    if let Some(name) = name {
        error = error.with("error", name);
    }
    let Some(code) = code else {
        return error;
    };
    let hint = CODES.iter().find(|(known, _)| *known == code);
    error = error.with("code", code);
    match hint {
        Some((_, hint)) => error.with_hint(*hint),
        None => error,
    }
}
