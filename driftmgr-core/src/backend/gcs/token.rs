//! Access tokens: how each kind of credentials is turned into one, kept until shortly before it ends.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value as Json, json};
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;
use url::form_urlencoded::Serializer;

use super::config::GcsConfig;
use super::credentials::{self, Format, Impersonation, Key, Source, Subject};
use super::error::{Speaker, bearer, refused};
use super::jwt;
use crate::backend::transport::{Answer, Request, RetryPolicy, Tls, Transport};
use crate::context::Context;
use crate::env::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::{SafeUrl, Sensitive};

/// What the token is for. With the first one alone an account is acted as, as in both programs.
const STORAGE: &str = "https://www.googleapis.com/auth/devstorage.read_write";
const ANYTHING: &str = "https://www.googleapis.com/auth/cloud-platform";
/// A token that ends within this time is not used any more.
const SLACK: Duration = Duration::from_secs(225);
/// When the server does not say how long a token is good for.
const USUAL: Duration = Duration::from_secs(3600);
/// The machine's own server of credentials is near, or not there.
const METADATA_TIMEOUT: Duration = Duration::from_secs(5);
const METADATA_HOST: &str = "GCE_METADATA_HOST";
const METADATA_USUAL: &str = "metadata.google.internal";
const METADATA_FLAVOR: HeaderName = HeaderName::from_static("metadata-flavor");
/// An answer with a token has no longer body.
const SHORT: usize = 1 << 20;

/// The tokens of one backend.
pub(super) struct Tokens {
    kept: Mutex<Option<Token>>,
    /// Without proxies: the machine's own server is asked directly.
    direct: Transport,
}

/// A token, and when it ends.
struct Token {
    text: Sensitive<String>,
    ends: Option<Instant>,
}

impl Token {
    fn new(text: String, lifetime: Duration) -> Self {
        Self {
            text: Sensitive::new(text),
            ends: Instant::now().checked_add(lifetime),
        }
    }

    fn is_good(&self) -> bool {
        let soon = Instant::now() + SLACK;
        self.ends.is_none_or(|ends| ends > soon)
    }
}

/// What it takes to ask for a token.
struct Ask<'a> {
    cx: &'a Context,
    config: &'a GcsConfig,
    transport: &'a Transport,
    direct: &'a Transport,
}

impl Tokens {
    pub(super) fn new() -> Result<Self> {
        let retry = RetryPolicy {
            max: 1,
            wait_min: Duration::from_millis(100),
            wait_max: Duration::from_secs(1),
        };
        Ok(Self {
            kept: Mutex::default(),
            direct: Transport::new(&Environment::default(), &Tls::default(), retry)?,
        })
    }

    /// A token that is good for some minutes.
    ///
    /// # Errors
    /// `Unauthenticated` when there are no credentials or they are not accepted, `PermissionDenied` when they may not act as the account,
    /// and those of reaching the servers that give tokens out.
    pub(super) async fn get(
        &self,
        cx: &Context,
        config: &GcsConfig,
        transport: &Transport,
    ) -> Result<Sensitive<String>> {
        // Whoever comes meanwhile waits, so that one token is asked for.
        let mut kept = cx.run(async { Ok(self.kept.lock().await) }).await?;
        if let Some(token) = kept.as_ref().filter(|token| token.is_good()) {
            return Ok(token.text.clone());
        }
        let ask = Ask {
            cx,
            config,
            transport,
            direct: &self.direct,
        };
        let token = ask.token().await?;
        Ok(kept.insert(token).text.clone())
    }

    /// Forgets the token, since it was not accepted. When it is held, somebody asks for another one already.
    pub(super) fn forget(&self) {
        if let Ok(mut kept) = self.kept.try_lock() {
            *kept = None;
        }
    }
}

impl Ask<'_> {
    async fn token(&self) -> Result<Token> {
        let identity = &self.config.identity;
        let target = identity.impersonation.as_ref();
        let scope = if target.is_some() { ANYTHING } else { STORAGE };
        let first = match &identity.source {
            Source::Token(text) => Token {
                text: text.clone(),
                ends: None,
            },
            Source::Key(key) => self.of_key(key, scope).await?,
            Source::Ambient => {
                let universe = identity.universe.as_deref();
                match credentials::ambient(self.cx.environment(), universe)? {
                    Some(key) => self.of_key(&key, scope).await?,
                    None => self.of_machine(scope).await?,
                }
            }
        };
        match target {
            None => Ok(first),
            Some(target) => self.acting_as(target, &first, STORAGE).await,
        }
    }

    /// The token of a key, which may be built upon another key.
    async fn of_key(&self, key: &Key, scope: &str) -> Result<Token> {
        match key {
            Key::ServiceAccount {
                email,
                key_id,
                private_key,
            } => {
                let key_id = key_id.as_deref();
                let pem = private_key.expose();
                let text = jwt::sign(email, key_id, pem, scope, self.cx.now())?;
                Ok(Token::new(text, jwt::LIFETIME))
            }
            Key::User {
                client_id,
                client_secret,
                refresh_token,
                token_uri,
            } => {
                let form = [
                    ("grant_type", "refresh_token"),
                    ("client_id", client_id),
                    ("client_secret", client_secret.expose()),
                    ("refresh_token", refresh_token.expose()),
                ];
                self.by_form(token_uri.expose(), &form, key).await
            }
            Key::External(external) => {
                let theirs = self.subject(&external.subject).await?;
                let scope_here = match external.impersonation {
                    Some(_) => ANYTHING,
                    None => scope,
                };
                // RFC 8693, section 2.1.
                let form = [
                    (
                        "grant_type",
                        "urn:ietf:params:oauth:grant-type:token-exchange",
                    ),
                    ("audience", &external.audience),
                    ("scope", scope_here),
                    (
                        "requested_token_type",
                        "urn:ietf:params:oauth:token-type:access_token",
                    ),
                    ("subject_token", theirs.expose()),
                    ("subject_token_type", &external.subject_type),
                ];
                let url = external.token_url.expose();
                let first = self.by_form(url, &form, key).await?;
                match &external.impersonation {
                    None => Ok(first),
                    Some(target) => self.acting_as(target, &first, scope).await,
                }
            }
            Key::Impersonated {
                source,
                impersonation,
            } => {
                let first = Box::pin(self.of_key(source, ANYTHING)).await?;
                self.acting_as(impersonation, &first, scope).await
            }
        }
    }

    /// Exchanges what stands in a form for a token.
    async fn by_form(&self, url: &Url, form: &[(&str, &str)], key: &Key) -> Result<Token> {
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = request(Method::POST, url.clone());
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers.insert(CONTENT_TYPE, kind);
        request.body = Some(Bytes::from(body));
        let mut secrets = key.secrets();
        let theirs = form.iter().filter(|(name, _)| *name == "subject_token");
        secrets.extend(theirs.map(|(_, value)| (*value).to_owned()));
        let answer = self.send(self.transport, &request, &secrets).await?;
        let lifetime = number(&answer, "expires_in");
        let text = self.text(&answer, "access_token", url)?;
        Ok(Token::new(text, lifetime.unwrap_or(USUAL)))
    }

    async fn subject(&self, subject: &Subject) -> Result<Sensitive<String>> {
        let (bytes, format, place) = match subject {
            Subject::File(path, format) => {
                let path = self.cx.environment().current_dir().join(path);
                let bytes = tokio::fs::read(&path)
                    .await
                    .map_err(|e| Error::io("read the token of the workload identity", &path, e))?;
                (Bytes::from(bytes), format, path.display().to_string())
            }
            Subject::Url {
                url,
                headers,
                format,
            } => {
                let mut request = request(Method::GET, url.expose().clone());
                for (name, value) in headers.expose() {
                    let name = HeaderName::try_from(name.as_str());
                    let value = HeaderValue::try_from(value.as_str());
                    let (Ok(name), Ok(mut value)) = (name, value) else {
                        return Err(Error::new(
                            ErrorKind::InvalidConfig,
                            "the credentials' `credential_source.headers` cannot be sent",
                        ));
                    };
                    value.set_sensitive(true);
                    request.credentials.insert(name, value);
                }
                let secrets: Vec<String> = headers.expose().values().cloned().collect();
                let answer = self.send(self.transport, &request, &secrets).await?;
                (answer.body, format, url.to_string())
            }
        };
        let text = match format {
            Format(None) => String::from_utf8(bytes.to_vec()).ok(),
            Format(Some(field)) => serde_json::from_slice::<Json>(&bytes)
                .ok()
                .and_then(|json| Some(json.get(field)?.as_str()?.to_owned())),
        };
        let text = text.map(|text| text.trim().to_owned());
        let text = text.filter(|text| !text.is_empty());
        text.map(Sensitive::new).ok_or_else(|| {
            Error::new(
                ErrorKind::Unauthenticated,
                "there is no token of the workload identity where the credentials say",
            )
            .with("place", place)
        })
    }

    /// The token of the machine's own account (<https://cloud.google.com/compute/docs/access/authenticate-workloads>).
    async fn of_machine(&self, scope: &str) -> Result<Token> {
        let environment = self.cx.environment();
        let host = environment.get(METADATA_HOST).unwrap_or(METADATA_USUAL);
        let url = format!(
            "http://{host}/computeMetadata/v1/instance/service-accounts/default/token?scopes={scope}"
        );
        let url: Url = url.parse().map_err(|_| {
            let message = format!("{METADATA_HOST} is no host");
            Error::new(ErrorKind::InvalidConfig, message)
        })?;
        let mut request = request(Method::GET, url.clone());
        let google = HeaderValue::from_static("Google");
        request.headers.insert(METADATA_FLAVOR, google);
        let asked = self.send(self.direct, &request, &[]);
        let answer = match tokio::time::timeout(METADATA_TIMEOUT, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(e)) if matches!(e.kind(), ErrorKind::Cancelled | ErrorKind::Timeout) => {
                return Err(e);
            }
            Ok(Err(_)) | Err(_) => return Err(no_credentials()),
        };
        let lifetime = number(&answer, "expires_in");
        let text = self.text(&answer, "access_token", &url)?;
        Ok(Token::new(text, lifetime.unwrap_or(USUAL)))
    }

    async fn acting_as(&self, target: &Impersonation, by: &Token, scope: &str) -> Result<Token> {
        let url = target.url.expose().clone();
        let delegates: Vec<String> = target
            .delegates
            .iter()
            .map(|account| match account.contains('/') {
                true => account.clone(),
                false => format!("projects/-/serviceAccounts/{account}"),
            })
            .collect();
        let body = json!({"delegates": delegates, "scope": [scope], "lifetime": "3600s"});
        let mut request = request(Method::POST, url.clone());
        let kind = HeaderValue::from_static("application/json");
        request.headers.insert(CONTENT_TYPE, kind);
        request.credentials = bearer(&by.text)?;
        request.body = Some(Bytes::from(body.to_string()));
        let secrets = [by.text.expose().clone()];
        let answer = self.send(self.transport, &request, &secrets).await?;
        let ends = json(&answer)
            .and_then(|json| json.get("expireTime")?.as_str()?.parse().ok())
            .map(|at: jiff::Timestamp| std::time::SystemTime::from(at))
            .and_then(|at| at.duration_since(self.cx.now()).ok());
        let text = self.text(&answer, "accessToken", &url)?;
        Ok(Token::new(text, ends.unwrap_or(USUAL)))
    }

    async fn send(
        &self,
        transport: &Transport,
        request: &Request,
        secrets: &[String],
    ) -> Result<Answer> {
        let answer = transport.send(self.cx, request).await?;
        match answer.status.as_u16() {
            200 => Ok(answer),
            _ => Err(refused(
                self.cx,
                &Speaker {
                    config: self.config,
                    url: &request.url,
                    secrets,
                },
                super::error::TOKEN,
                &answer,
            )),
        }
    }

    fn text(&self, answer: &Answer, name: &str, url: &Url) -> Result<String> {
        let text = json(answer).and_then(|json| Some(json.get(name)?.as_str()?.to_owned()));
        text.ok_or_else(|| {
            Error::new(
                ErrorKind::Unauthenticated,
                format!("the server that gives out access tokens answered without `{name}`"),
            )
            .with("address", SafeUrl::new(url.clone()))
        })
    }
}

fn json(answer: &Answer) -> Option<Json> {
    serde_json::from_slice(&answer.body).ok()
}

fn number(answer: &Answer, name: &str) -> Option<Duration> {
    json(answer)?.get(name)?.as_u64().map(Duration::from_secs)
}

fn no_credentials() -> Error {
    Error::new(
        ErrorKind::Unauthenticated,
        "there are no credentials for Google Cloud",
    )
    .with_hint(
        "set the argument `credentials` or GOOGLE_APPLICATION_CREDENTIALS, or sign in with `gcloud auth application-default login`",
    )
}

fn request(method: Method, url: Url) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, */*"));
    Request {
        method,
        url,
        headers,
        credentials: HeaderMap::new(),
        body: None,
        // A second token does no harm.
        repeatable: true,
        limit: SHORT,
    }
}
