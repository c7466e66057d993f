//! The arguments of an `http` backend as both programs read them
//! (<https://developer.hashicorp.com/terraform/language/backend/http>, <https://opentofu.org/docs/language/settings/backends/http/>).

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use crate::backend::BackendSpec;
use crate::backend::arguments::Arguments;
use crate::backend::transport::{CONTENT_MD5, RetryPolicy, Tls};
use crate::env;
use crate::env::Environment;
use crate::error::{Error, Result};
use crate::redact::{SafeUrl, Sensitive};

/// Every argument. `headers` is OpenTofu's.
const KNOWN: [&str; 16] = [
    "address",
    "client_ca_certificate_pem",
    "client_certificate_pem",
    "client_private_key_pem",
    "headers",
    "lock_address",
    "lock_method",
    "password",
    "retry_max",
    "retry_wait_max",
    "retry_wait_min",
    "skip_cert_verification",
    "unlock_address",
    "unlock_method",
    "update_method",
    "username",
];

/// The arguments of an `http` backend, defaults and variables put in. `Debug` shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpConfig {
    /// Where the state is read, deleted, and written by this method.
    pub(super) state: Endpoint,
    pub(super) lock: Option<Endpoint>,
    pub(super) unlock: Option<Endpoint>,
    /// What must not stand in any text: the credentials in each form in which a server could repeat them.
    pub(super) secrets: Sensitive<Vec<String>>,
    pub(super) retry: RetryPolicy,
    pub(super) tls: Tls,
}

/// Where, by which method, and with which headers that prove who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) url: SafeUrl,
    pub(super) method: Method,
    pub(super) credentials: Sensitive<HeaderMap>,
}

impl HttpConfig {
    /// Reads the arguments; those that are missing come from their `TF_HTTP_*` variables.
    ///
    /// # Errors
    /// `InvalidConfig` for an argument that is unknown, missing, wrong or in conflict with another.
    pub fn from_spec(environment: &Environment, spec: &BackendSpec) -> Result<Self> {
        let arguments = Arguments::of(spec, environment, &KNOWN)?;
        let read = Reader { arguments };
        let mut who = read.who()?;
        let state = read.endpoint(
            &mut who,
            ("address", env::TF_HTTP_ADDRESS),
            ("update_method", env::TF_HTTP_UPDATE_METHOD, "POST"),
        )?;
        let state = state.ok_or_else(|| {
            read.arguments
                .invalid("the http backend has no `address`")
                .with_hint(format!("set the argument, or {}", env::TF_HTTP_ADDRESS))
        })?;
        Ok(Self {
            lock: read.endpoint(
                &mut who,
                ("lock_address", env::TF_HTTP_LOCK_ADDRESS),
                ("lock_method", env::TF_HTTP_LOCK_METHOD, "LOCK"),
            )?,
            unlock: read.endpoint(
                &mut who,
                ("unlock_address", env::TF_HTTP_UNLOCK_ADDRESS),
                ("unlock_method", env::TF_HTTP_UNLOCK_METHOD, "UNLOCK"),
            )?,
            retry: read.retry()?,
            tls: read.tls()?,
            state,
            secrets: Sensitive::new(who.secrets.longest_first()),
        })
    }

    /// Where the state is; its text shows no credentials.
    pub fn address(&self) -> &SafeUrl {
        &self.state.url
    }

    /// Whether states can be locked: a lock needs to be taken and to be given back.
    pub fn can_lock(&self) -> bool {
        self.lock.is_some() && self.unlock.is_some()
    }
}

/// Texts that are secret. Those of a few letters could not be told from other text, and are let be.
#[derive(Default)]
struct Secrets(Vec<String>);

impl Secrets {
    fn add(&mut self, text: &str) {
        if text.len() >= 4 && !self.0.iter().any(|s| s == text) {
            self.0.push(text.to_owned());
        }
    }

    /// So that of a secret in another one no rest is left.
    fn longest_first(mut self) -> Vec<String> {
        self.0.sort_by_key(|s| std::cmp::Reverse(s.len()));
        self.0
    }
}

/// What proves who asks, for all addresses.
struct Who {
    headers: HeaderMap,
    user: Option<(String, String)>,
    secrets: Secrets,
}

struct Reader<'a> {
    arguments: Arguments<'a>,
}

impl Reader<'_> {
    fn url(&self, name: &str, variable: &str) -> Result<Option<Url>> {
        let Some(text) = self.arguments.filled_or(name, &[variable])? else {
            return Ok(None);
        };
        // The text can hold a password, and so can the parser's words.
        let url: Option<Url> = text.parse().ok();
        url.filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
            .map(Some)
            .ok_or_else(|| {
                let reason = format!("the http backend's `{name}` is no HTTP or HTTPS address");
                self.arguments.invalid(reason)
            })
    }

    fn method(&self, name: &str, variable: &str, default: &str) -> Result<Method> {
        let text = self.arguments.filled_or(name, &[variable])?;
        let text = text.as_deref().unwrap_or(default);
        Method::from_bytes(text.as_bytes()).map_err(|_| {
            let reason = format!("the http backend's `{name}` is no HTTP method");
            self.arguments.invalid(reason)
        })
    }

    fn endpoint(
        &self,
        who: &mut Who,
        (address, address_variable): (&str, &str),
        (method, method_variable, default): (&str, &str, &str),
    ) -> Result<Option<Endpoint>> {
        let method = self.method(method, method_variable, default)?;
        let Some(url) = self.url(address, address_variable)? else {
            return Ok(None);
        };
        let credentials = self.credentials(&url, who)?;
        Ok(Some(Endpoint {
            credentials: Sensitive::new(credentials),
            url: SafeUrl::new(url),
            method,
        }))
    }

    fn retry(&self) -> Result<RetryPolicy> {
        let number = |name, variable, default| {
            let set = self.arguments.count_or(name, variable)?;
            Ok::<u32, Error>(set.unwrap_or(default))
        };
        let seconds = |n: u32| Duration::from_secs(n.into());
        let wait_min = seconds(number("retry_wait_min", env::TF_HTTP_RETRY_WAIT_MIN, 1)?);
        let wait_max = seconds(number("retry_wait_max", env::TF_HTTP_RETRY_WAIT_MAX, 30)?);
        Ok(RetryPolicy {
            max: number("retry_max", env::TF_HTTP_RETRY_MAX, 2)?,
            wait_min,
            wait_max,
        })
    }

    fn tls(&self) -> Result<Tls> {
        let authorities = self.arguments.filled_or(
            "client_ca_certificate_pem",
            &[env::TF_HTTP_CLIENT_CA_CERTIFICATE_PEM],
        )?;
        let certificate = self.arguments.filled_or(
            "client_certificate_pem",
            &[env::TF_HTTP_CLIENT_CERTIFICATE_PEM],
        )?;
        let key = self.arguments.filled_or(
            "client_private_key_pem",
            &[env::TF_HTTP_CLIENT_PRIVATE_KEY_PEM],
        )?;
        let alone = |set, missing| {
            let reason = format!("the http backend has `{set}` and no `{missing}`");
            Err(self.arguments.invalid(reason))
        };
        let identity = match (certificate, key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some(Sensitive::new(format!("{certificate}\n{key}"))),
            (Some(_), None) => return alone("client_certificate_pem", "client_private_key_pem"),
            (None, Some(_)) => return alone("client_private_key_pem", "client_certificate_pem"),
        };
        Ok(Tls {
            authorities,
            identity,
            skip_verification: self
                .arguments
                .flag("skip_cert_verification")?
                .unwrap_or(false),
        })
    }

    fn who(&self) -> Result<Who> {
        let username = self
            .arguments
            .filled_or("username", &[env::TF_HTTP_USERNAME])?;
        let password = self
            .arguments
            .filled_or("password", &[env::TF_HTTP_PASSWORD])?;
        let mut secrets = Secrets::default();
        let headers = self.headers(username.is_some(), &mut secrets)?;
        secrets.add(password.as_deref().unwrap_or_default());
        Ok(Who {
            headers,
            user: username.map(|name| (name, password.unwrap_or_default())),
            secrets,
        })
    }

    /// The headers for an address. A user in it stands in for `username`, as Go's client has it.
    fn credentials(&self, address: &Url, who: &mut Who) -> Result<HeaderMap> {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let mut headers = who.headers.clone();
        let user = match &who.user {
            Some(user) => Some(user.clone()),
            None if headers.contains_key(AUTHORIZATION) => None,
            None if address.username().is_empty() && address.password().is_none() => None,
            None => Some((
                decoded(address.username()),
                decoded(address.password().unwrap_or_default()),
            )),
        };
        if let Some((name, password)) = user {
            let pair = BASE64_STANDARD.encode(format!("{name}:{password}"));
            let text = format!("Basic {pair}");
            let mut value = HeaderValue::from_str(&text).map_err(|_| self.no_header("username"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
            who.secrets.add(&pair);
            who.secrets.add(&password);
        }
        if let Some(password) = address.password() {
            who.secrets.add(password);
            who.secrets.add(&decoded(password));
        }
        for (_, value) in address.query_pairs() {
            who.secrets.add(&value);
        }
        Ok(headers)
    }

    fn headers(&self, has_username: bool, secrets: &mut Secrets) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        for (name, value) in self.arguments.map("headers")? {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            let parsed = HeaderName::from_bytes(name.as_bytes()).ok();
            let Some(header) = parsed.filter(|_| name.chars().all(plain)) else {
                return Err(self.no_header(&name));
            };
            if header == CONTENT_TYPE || header == CONTENT_MD5 {
                return Err(self.arguments.invalid(format!(
                    "the http backend's `headers` cannot set `{name}`: it follows from what is sent"
                )));
            }
            if header == AUTHORIZATION && has_username {
                return Err(self.arguments.invalid(
                    "the http backend has `username` and also `Authorization` in its `headers`",
                ));
            }
            let filled = value.is_ascii() && !value.trim().is_empty();
            let parsed = HeaderValue::from_str(&value).ok().filter(|_| filled);
            let mut parsed = parsed.ok_or_else(|| self.no_header(&name))?;
            parsed.set_sensitive(true);
            headers.insert(header, parsed);
            secrets.add(&value);
            // What follows a scheme such as `Bearer`.
            secrets.add(value.rsplit(' ').next().unwrap_or_default());
        }
        Ok(headers)
    }

    fn no_header(&self, name: &str) -> Error {
        self.arguments
            .invalid(format!(
                "the http backend cannot send `{}` as a header",
                name.escape_debug()
            ))
            .with_hint("a name has letters, digits, - and _; a value is ASCII and not empty")
    }
}
