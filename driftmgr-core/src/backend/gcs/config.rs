//! The arguments of a `gcs` backend as both programs read them
//! (<https://developer.hashicorp.com/terraform/language/backend/gcs>, <https://opentofu.org/docs/language/settings/backends/gcs/>).

use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use url::Url;

use super::credentials::{Identity, Impersonation, Source};
use crate::backend::arguments::Arguments;
use crate::backend::{BackendSpec, WorkspaceName};
use crate::env::Environment;
use crate::error::{Error, Result};
use crate::redact::{SafeUrl, Sensitive};

/// Every argument. `universe_domain` is OpenTofu's.
const KNOWN: [&str; 10] = [
    "access_token",
    "bucket",
    "credentials",
    "encryption_key",
    "impersonate_service_account",
    "impersonate_service_account_delegates",
    "kms_encryption_key",
    "prefix",
    "storage_custom_endpoint",
    "universe_domain",
];

const ACCESS_TOKEN: &[&str] = &["GOOGLE_OAUTH_ACCESS_TOKEN"];
const CREDENTIALS: &[&str] = &["GOOGLE_BACKEND_CREDENTIALS", "GOOGLE_CREDENTIALS"];
const IMPERSONATE: &[&str] = &[
    "GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT",
    "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",
];
const ENCRYPTION_KEY: &[&str] = &["GOOGLE_ENCRYPTION_KEY"];
const KMS_ENCRYPTION_KEY: &[&str] = &["GOOGLE_KMS_ENCRYPTION_KEY"];
const ENDPOINT: &[&str] = &[
    "GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT",
    "GOOGLE_STORAGE_CUSTOM_ENDPOINT",
];
const UNIVERSE: &[&str] = &["GOOGLE_BACKEND_UNIVERSE_DOMAIN"];

/// Where Google's public cloud is.
pub(super) const GOOGLE: &str = "googleapis.com";
/// What the name of a state ends with.
const STATE_SUFFIX: &str = ".tfstate";
/// What the name of a lock ends with.
const LOCK_SUFFIX: &str = ".tflock";
/// The path of the JSON API.
pub(super) const API: &str = "/storage/v1/";
/// The bytes of a customer's key.
const KEY_LENGTH: usize = 32;

/// The arguments of a `gcs` backend, defaults and variables put in. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct GcsConfig {
    pub(super) bucket: String,
    /// The folder of the states: empty, or with a slash at its end.
    pub(super) folder: String,
    pub(super) identity: Identity,
    pub(super) customer_key: Option<CustomerKey>,
    pub(super) kms_key: Option<String>,
    /// What the addresses of the JSON API are relative to.
    pub(super) endpoint: SafeUrl,
    /// What must not stand in any text.
    pub(super) secrets: Sensitive<Vec<String>>,
}

/// A key of the customer's own that comes with each request
/// (<https://cloud.google.com/storage/docs/encryption/customer-supplied-keys>).
#[derive(Debug, Clone)]
pub(super) struct CustomerKey {
    /// In base64.
    pub(super) key: Sensitive<String>,
    /// Its SHA-256 in base64.
    pub(super) sha256: String,
}

/// The name of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    /// It is encrypted with the customer's key, if there is one. Locks never are.
    pub(super) sealed: bool,
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl GcsConfig {
    /// Reads the arguments; those that are missing come from their variables. Files that they name are read.
    ///
    /// # Errors
    /// `InvalidConfig` for an argument that is unknown, missing, wrong or in conflict with another; `Unsupported` for credentials of a
    /// kind that is not supported; the kinds of [`Error::io`] for a file that cannot be read.
    pub fn from_spec(environment: &Environment, spec: &BackendSpec) -> Result<Self> {
        let arguments = Arguments::of(spec, environment, &KNOWN)?;
        Reader {
            spec,
            environment,
            arguments,
        }
        .config()
    }

    /// The bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The object that holds the state of a workspace.
    pub fn state_name(&self, workspace: &WorkspaceName) -> String {
        format!("{}{workspace}{STATE_SUFFIX}", self.folder)
    }

    pub(super) fn state(&self, workspace: &WorkspaceName) -> Name {
        Name {
            text: self.state_name(workspace),
            sealed: true,
        }
    }

    /// The object that is there while the state of a workspace is locked.
    pub(super) fn lock(&self, workspace: &WorkspaceName) -> Name {
        Name {
            text: format!("{}{workspace}{LOCK_SUFFIX}", self.folder),
            sealed: false,
        }
    }

    /// The workspace whose state an object holds; `None` for any other object.
    pub(super) fn workspace_of(&self, name: &str) -> Option<WorkspaceName> {
        let name = name.strip_prefix(&self.folder)?;
        name.strip_suffix(STATE_SUFFIX)?.parse().ok()
    }
}

struct Reader<'a> {
    spec: &'a BackendSpec,
    environment: &'a Environment,
    arguments: Arguments<'a>,
}

impl Reader<'_> {
    fn config(&self) -> Result<GcsConfig> {
        let universe = self.arguments.filled_or("universe_domain", UNIVERSE)?;
        let (customer_key, kms_key) = self.encryption()?;
        let identity = self.identity(universe.as_deref())?;
        let mut secrets = identity.secrets();
        if let Some(key) = &customer_key {
            secrets.push(key.key.expose().clone());
        }
        // So that of a secret in another one no rest is left. Those of a few letters cannot be told from other text.
        secrets.retain(|s| s.len() >= 4);
        secrets.sort_by_key(|s| std::cmp::Reverse(s.len()));
        Ok(GcsConfig {
            bucket: self.arguments.required("bucket")?,
            folder: folder(&self.arguments.text("prefix")?.unwrap_or_default()),
            endpoint: SafeUrl::new(self.endpoint(universe.as_deref().unwrap_or(GOOGLE))?),
            identity,
            customer_key,
            kms_key,
            secrets: Sensitive::new(secrets),
        })
    }

    fn encryption(&self) -> Result<(Option<CustomerKey>, Option<String>)> {
        let customer = self.arguments.filled_or("encryption_key", ENCRYPTION_KEY)?;
        let kms = self
            .arguments
            .filled_or("kms_encryption_key", KMS_ENCRYPTION_KEY)?;
        let given = ["encryption_key", "kms_encryption_key"]
            .iter()
            .all(|name| self.arguments.has(name));
        if given || (customer.is_some() && kms.is_some()) {
            return Err(self
                .arguments
                .invalid("the gcs backend has `encryption_key` and also `kms_encryption_key`")
                .with_hint(
                    "set one of them; GOOGLE_ENCRYPTION_KEY and GOOGLE_KMS_ENCRYPTION_KEY count, too",
                ));
        }
        Ok((customer.map(|c| self.customer_key(c)).transpose()?, kms))
    }

    fn customer_key(&self, given: String) -> Result<CustomerKey> {
        let text = self.file_or_text(given)?;
        let text: String = text.split_whitespace().collect();
        let key = BASE64_STANDARD.decode(&text).ok();
        let key = key.filter(|key| key.len() == KEY_LENGTH).ok_or_else(|| {
            self.arguments.invalid(
                "the gcs backend's `encryption_key` is not the base64 of 32 bytes, nor a file with it",
            )
        })?;
        Ok(CustomerKey {
            key: Sensitive::new(text),
            sha256: BASE64_STANDARD.encode(Sha256::digest(key)),
        })
    }

    fn identity(&self, universe: Option<&str>) -> Result<Identity> {
        let source = match self.arguments.filled_or("access_token", ACCESS_TOKEN)? {
            Some(token) => Source::Token(Sensitive::new(token)),
            None => match self.arguments.text_or("credentials", CREDENTIALS)? {
                Some(given) => self.credentials(given, universe)?,
                None => Source::Ambient,
            },
        };
        let target = self
            .arguments
            .filled_or("impersonate_service_account", IMPERSONATE)?;
        let delegates = self
            .arguments
            .texts("impersonate_service_account_delegates")?;
        let impersonation = target.map(|account| {
            Impersonation::of_account(
                &account,
                delegates.unwrap_or_default(),
                universe.unwrap_or(GOOGLE),
            )
            .ok_or_else(|| {
                let reason = "the gcs backend's `impersonate_service_account` is no account";
                self.arguments.invalid(reason)
            })
        });
        Ok(Identity {
            source,
            impersonation: impersonation.transpose()?,
            universe: universe.map(str::to_owned),
        })
    }

    fn credentials(&self, given: String, universe: Option<&str>) -> Result<Source> {
        let text = self.file_or_text(given)?;
        if serde_json::from_str::<serde::de::IgnoredAny>(&text).is_err() {
            // The text may be a key with a typing error in it.
            return Err(self.arguments.invalid(
                "the gcs backend's `credentials` are neither JSON nor a file that exists",
            ));
        }
        let key = super::credentials::parse(&text, universe)
            .map_err(|e| e.with("backend", &self.spec.origin))?;
        Ok(Source::Key(Box::new(key)))
    }

    /// The text of the file that is named, or else the text itself: both programs take either.
    fn file_or_text(&self, given: String) -> Result<String> {
        let path = match given.strip_prefix("~/") {
            Some(rest) => self.environment.home().map(|home| home.join(rest)),
            None => Some(PathBuf::from(&given)),
        };
        let path = path.map(|path| self.environment.current_dir().join(path));
        match path.filter(|path| path.is_file()) {
            None => Ok(given),
            Some(path) => std::fs::read_to_string(&path).map_err(|e| {
                Error::io("read a file of the gcs backend", &path, e)
                    .with("backend", &self.spec.origin)
            }),
        }
    }

    fn endpoint(&self, universe: &str) -> Result<Url> {
        let text = match self
            .arguments
            .filled_or("storage_custom_endpoint", ENDPOINT)?
        {
            None => format!("https://storage.{universe}{API}"),
            // As Google's library has it: a host alone stands in the usual address.
            Some(host) if !host.contains("://") => format!("https://{host}{API}"),
            Some(url) => url,
        };
        // The text can hold a password, and so can the parser's words.
        let url: Option<Url> = text.parse().ok();
        url.filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
            .ok_or_else(|| {
                self.arguments
                    .invalid(
                        "the gcs backend's `storage_custom_endpoint` is no HTTP or HTTPS address",
                    )
                    .with_hint(
                        "an address is such as https://storage-NAME.p.googleapis.com/storage/v1/",
                    )
            })
    }
}

/// The folder of a prefix. The programs join it by Go's `path.Join`: no empty parts and no dots.
fn folder(prefix: &str) -> String {
    let mut parts = Vec::new();
    for part in prefix.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.iter().map(|part| format!("{part}/")).collect()
}
