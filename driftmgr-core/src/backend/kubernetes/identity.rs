//! Who asks, as each request says it: read once, from a file now and then, or granted by a plugin until it ends.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use tokio::sync::Mutex;

use super::config::{Access, Credentials};
use crate::backend::transport::{RetryPolicy, Tls, Transport};
use crate::context::Context;
use crate::env::{Environment, HTTP_PROXY, HTTPS_PROXY, NO_PROXY};
use crate::error::{Error, ErrorKind, Result};
use crate::redact::Sensitive;

/// A token of a file is read again after so long: it is renewed from time to time.
const FRESH: Duration = Duration::from_secs(10);

/// What proves who asks. No `Debug`: it is secret.
pub(super) struct Proof {
    pub(super) headers: HeaderMap,
    pub(super) transport: Transport,
    /// Secrets beside those of the configuration.
    pub(super) secrets: Vec<String>,
    until: Option<SystemTime>,
    /// Another look can give another proof.
    pub(super) renewable: bool,
}

/// The latest proof.
pub(super) struct Identity {
    access: Access,
    environment: Environment,
    retry: RetryPolicy,
    latest: Mutex<Option<Arc<Proof>>>,
}

impl Identity {
    /// Nothing is asked for yet.
    ///
    /// # Errors
    /// `InvalidConfig` for certificates that are none, and for proxies.
    pub(super) fn new(cx: &Context, access: Access, retry: RetryPolicy) -> Result<Self> {
        let mut environment = cx.environment().clone();
        if let Some(proxy) = &access.proxy {
            // One proxy for everything.
            for name in [HTTP_PROXY, HTTPS_PROXY] {
                environment = environment.with_variable(name, proxy.expose().clone());
            }
            for name in [NO_PROXY, "no_proxy"] {
                environment = environment.with_variable(name, "");
            }
        }
        Transport::new(&environment, &access.tls, retry.clone())?;
        Ok(Self {
            access,
            environment,
            retry,
            latest: Mutex::new(None),
        })
    }

    /// A proof that is good now, as far as is known.
    ///
    /// # Errors
    /// Those of the plugin and of reading the file; `Unauthenticated` for a token that no header can hold.
    pub(super) async fn proof(&self, cx: &Context) -> Result<Arc<Proof>> {
        let mut latest = self.latest.lock().await;
        if let Some(proof) = latest.as_ref()
            && proof.until.is_none_or(|until| until > cx.now())
        {
            return Ok(Arc::clone(proof));
        }
        let proof = Arc::new(self.make(cx).await?);
        *latest = Some(Arc::clone(&proof));
        Ok(proof)
    }

    /// The same after the server refused this one.
    ///
    /// # Errors
    /// Those of [`Self::proof`].
    pub(super) async fn another(&self, cx: &Context, refused: &Arc<Proof>) -> Result<Arc<Proof>> {
        {
            let mut latest = self.latest.lock().await;
            // Somebody else may have been faster.
            if latest
                .as_ref()
                .is_some_and(|there| Arc::ptr_eq(there, refused))
            {
                *latest = None;
            }
        }
        self.proof(cx).await
    }

    async fn make(&self, cx: &Context) -> Result<Proof> {
        let mut headers = self.access.impersonation.clone();
        let mut identity = self.access.tls.identity.clone();
        let mut secrets = Vec::new();
        let mut until = None;
        let mut renewable = true;
        match &self.access.credentials {
            Credentials::None => renewable = false,
            Credentials::Token(token) => {
                renewable = false;
                headers.insert(AUTHORIZATION, header("Bearer", token)?);
            }
            Credentials::Basic(pair) => {
                renewable = false;
                headers.insert(AUTHORIZATION, header("Basic", pair)?);
            }
            Credentials::File(path) => {
                let token = token_of(path)?;
                headers.insert(AUTHORIZATION, header("Bearer", &token)?);
                secrets.push(token.into_exposed());
                until = cx.now().checked_add(FRESH);
            }
            Credentials::Exec(plugin) => {
                let granted = plugin.run(cx).await?;
                if let Some(token) = granted.token {
                    headers.insert(AUTHORIZATION, header("Bearer", &token)?);
                    secrets.push(token.into_exposed());
                }
                // A certificate of the configuration comes first.
                identity = identity.or(granted.identity);
                until = granted.until;
            }
        }
        let tls = Tls {
            identity,
            ..self.access.tls.clone()
        };
        Ok(Proof {
            headers,
            transport: Transport::new(&self.environment, &tls, self.retry.clone())?,
            secrets,
            until,
            renewable,
        })
    }
}

fn token_of(path: &Path) -> Result<Sensitive<String>> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Error::io("read the token of Kubernetes", path, e))?;
    Ok(Sensitive::new(text.trim().to_owned()))
}

fn header(scheme: &str, secret: &Sensitive<String>) -> Result<HeaderValue> {
    let value = HeaderValue::from_str(&format!("{scheme} {}", secret.expose()));
    let mut value = value.map_err(|_| {
        Error::new(
            ErrorKind::Unauthenticated,
            "the token has characters that no token has",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}
