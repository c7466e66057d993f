//! Who asks: the credentials of a key file, of the machine, or a token that is given.
//!
//! Formats and search order: "How Application Default Credentials works"
//! (<https://cloud.google.com/docs/authentication/application-default-credentials>), AIP-4110 to AIP-4118 (<https://google.aip.dev/auth/4110>).

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use super::config::GOOGLE;
use crate::env::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::{SafeUrl, Sensitive};

/// Where a user's refresh token is exchanged when the file does not say.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
const APPLICATION_CREDENTIALS: &str = "GOOGLE_APPLICATION_CREDENTIALS";

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) source: Source,
    /// The account that is acted as.
    pub(super) impersonation: Option<Impersonation>,
    /// The cloud that was named.
    pub(super) universe: Option<String>,
}

/// Where the first token comes from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// An access token as it is.
    Token(Sensitive<String>),
    /// A key.
    Key(Box<Key>),
    /// Application default credentials, looked for on first use.
    Ambient,
}

/// What a file of credentials holds.
#[derive(Debug, Clone)]
pub(super) enum Key {
    /// A service account's own key.
    ServiceAccount {
        email: String,
        key_id: Option<String>,
        /// PEM.
        private_key: Sensitive<String>,
    },
    /// What `gcloud auth application-default login` leaves.
    User {
        client_id: String,
        client_secret: Sensitive<String>,
        refresh_token: Sensitive<String>,
        token_uri: SafeUrl,
    },
    /// Workload identity federation: a token of somebody else's is exchanged.
    External(Box<External>),
    /// An account that another key acts as.
    Impersonated {
        source: Box<Self>,
        impersonation: Impersonation,
    },
}

/// What is exchanged where.
#[derive(Debug, Clone)]
pub(super) struct External {
    pub(super) audience: String,
    pub(super) subject: Subject,
    pub(super) subject_type: String,
    pub(super) token_url: SafeUrl,
    pub(super) impersonation: Option<Impersonation>,
}

/// Where the token of somebody else's is.
#[derive(Debug, Clone)]
pub(super) enum Subject {
    File(PathBuf, Format),
    Url {
        url: SafeUrl,
        headers: Sensitive<BTreeMap<String, String>>,
        format: Format,
    },
}

/// How it is written there: as it is, or as this field of a JSON object.
#[derive(Debug, Clone)]
pub(super) struct Format(pub(super) Option<String>);

/// Acting as a service account (<https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Impersonation {
    pub(super) url: SafeUrl,
    pub(super) delegates: Vec<String>,
}

impl Impersonation {
    /// Acting as this account; `None` when that is no part of an address.
    pub(super) fn of_account(
        account: &str,
        delegates: Vec<String>,
        universe: &str,
    ) -> Option<Self> {
        let url = format!(
            "https://iamcredentials.{universe}/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
        );
        Some(Self {
            url: SafeUrl::new(url.parse().ok()?),
            delegates,
        })
    }
}

impl Identity {
    /// Every secret in it.
    pub(super) fn secrets(&self) -> Vec<String> {
        match &self.source {
            Source::Token(token) => vec![token.expose().clone()],
            Source::Key(key) => key.secrets(),
            Source::Ambient => Vec::new(),
        }
    }
}

impl Key {
    /// Every secret in it.
    pub(super) fn secrets(&self) -> Vec<String> {
        match self {
            Self::ServiceAccount { private_key, .. } => {
                let lines = private_key.expose().lines();
                let lines = lines.filter(|line| !line.starts_with("-----"));
                lines.map(str::to_owned).collect()
            }
            Self::User {
                client_secret,
                refresh_token,
                ..
            } => vec![
                client_secret.expose().clone(),
                refresh_token.expose().clone(),
            ],
            Self::External(external) => match &external.subject {
                Subject::File(..) => Vec::new(),
                Subject::Url { headers, .. } => headers.expose().values().cloned().collect(),
            },
            Self::Impersonated { source, .. } => source.secrets(),
        }
    }
}

/// A file of credentials, with the fields of all types.
#[derive(Deserialize, Default)]
#[serde(default)]
struct File {
    r#type: String,
    universe_domain: Option<String>,
    client_email: Option<String>,
    private_key: Option<String>,
    private_key_id: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    refresh_token: Option<String>,
    token_uri: Option<String>,
    audience: Option<String>,
    subject_token_type: Option<String>,
    token_url: Option<String>,
    credential_source: Option<SourceFile>,
    workforce_pool_user_project: Option<String>,
    service_account_impersonation_url: Option<String>,
    delegates: Vec<String>,
    source_credentials: Option<Box<Self>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SourceFile {
    file: Option<PathBuf>,
    url: Option<String>,
    headers: BTreeMap<String, String>,
    format: FormatFile,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct FormatFile {
    r#type: String,
    subject_token_field_name: Option<String>,
}

/// Reads the text of a file of credentials.
///
/// # Errors
/// `InvalidConfig` for what is none, names no field that it needs or belongs to another cloud than `universe`; `Unsupported` for a type that is not supported.
pub(super) fn parse(text: &str, universe: Option<&str>) -> Result<Key> {
    // The parser's words would show what stands in the file.
    let file: Option<File> = serde_json::from_str(text).ok();
    // A list would be taken for the fields in their order.
    let file = file
        .filter(|_| text.trim_start().starts_with('{'))
        .ok_or_else(|| invalid("the credentials are no JSON object of Google's form"))?;
    let there = file.universe_domain.as_deref().unwrap_or(GOOGLE);
    let here = universe.unwrap_or(GOOGLE);
    // A service account's tokens are good in its own cloud only.
    if file.r#type == "service_account" && there != here {
        return Err(
            invalid("the credentials belong to another cloud than the backend's")
                .with("credentials", there.escape_debug())
                .with("backend's", here.escape_debug())
                .with_hint("set `universe_domain` to that of the credentials"),
        );
    }
    file.key()
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidConfig, reason)
}

fn unsupported(what: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("Google credentials {what} are not supported"),
    )
    .with_hint(
        "use a service account's key, or give an access token: `gcloud auth print-access-token`",
    )
}

impl File {
    fn key(self) -> Result<Key> {
        let Self { r#type: kind, .. } = &self;
        match kind.as_str() {
            "service_account" => Ok(Key::ServiceAccount {
                email: field(self.client_email, "client_email")?,
                key_id: self.private_key_id,
                private_key: Sensitive::new(field(self.private_key, "private_key")?),
            }),
            "authorized_user" => Ok(Key::User {
                client_id: field(self.client_id, "client_id")?,
                client_secret: Sensitive::new(field(self.client_secret, "client_secret")?),
                refresh_token: Sensitive::new(field(self.refresh_token, "refresh_token")?),
                token_uri: address(
                    self.token_uri.unwrap_or_else(|| TOKEN_URI.to_owned()),
                    "token_uri",
                )?,
            }),
            "external_account" => self.external(),
            "impersonated_service_account" => {
                let source = field(self.source_credentials, "source_credentials")?;
                let url = field(
                    self.service_account_impersonation_url,
                    "service_account_impersonation_url",
                )?;
                Ok(Key::Impersonated {
                    source: Box::new(source.key()?),
                    impersonation: Impersonation {
                        url: address(url, "service_account_impersonation_url")?,
                        delegates: self.delegates,
                    },
                })
            }
            "" => Err(invalid("the credentials have no `type`")),
            other => Err(unsupported(&format!("of type `{}`", other.escape_debug()))),
        }
    }

    fn external(self) -> Result<Key> {
        if self.workforce_pool_user_project.is_some() || self.client_id.is_some() {
            return Err(unsupported(
                "of type `external_account` for a workforce pool or with a client of their own",
            ));
        }
        let from = field(self.credential_source, "credential_source")?;
        let format = match from.format.r#type.as_str() {
            "json" => Format(Some(field(
                from.format.subject_token_field_name,
                "credential_source.format.subject_token_field_name",
            )?)),
            _ => Format(None),
        };
        let subject = match (from.file, from.url) {
            (Some(file), _) => Subject::File(file, format),
            (None, Some(url)) => Subject::Url {
                url: address(url, "credential_source.url")?,
                headers: Sensitive::new(from.headers),
                format,
            },
            (None, None) => {
                return Err(unsupported(
                    "of type `external_account` whose source is neither a file nor a URL",
                ));
            }
        };
        let impersonation = self.service_account_impersonation_url.map(|url| {
            Ok::<_, Error>(Impersonation {
                url: address(url, "service_account_impersonation_url")?,
                delegates: Vec::new(),
            })
        });
        Ok(Key::External(Box::new(External {
            audience: field(self.audience, "audience")?,
            subject,
            subject_type: field(self.subject_token_type, "subject_token_type")?,
            token_url: address(field(self.token_url, "token_url")?, "token_url")?,
            impersonation: impersonation.transpose()?,
        })))
    }
}

fn field<T>(value: Option<T>, name: &str) -> Result<T> {
    value.ok_or_else(|| invalid(format!("the credentials have no `{name}`")))
}

fn address(text: String, name: &str) -> Result<SafeUrl> {
    // The text can hold a secret, and so can the parser's words.
    let url: Option<Url> = text.parse().ok();
    url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .map(SafeUrl::new)
        .ok_or_else(|| invalid(format!("the credentials' `{name}` is no address")))
}

/// The file of application default credentials: the one that is named, or what `gcloud` left. `None` when there is none.
///
/// # Errors
/// Those of [`parse`]; the kinds of [`Error::io`] for a file that cannot be read.
pub(super) fn ambient(environment: &Environment, universe: Option<&str>) -> Result<Option<Key>> {
    let named = environment.get(APPLICATION_CREDENTIALS);
    let path = match named {
        Some(path) => environment.current_dir().join(path),
        None => match left_by_gcloud(environment).filter(|path| path.is_file()) {
            Some(path) => path,
            None => return Ok(None),
        },
    };
    let text = std::fs::read_to_string(&path).map_err(|e| {
        let error = Error::io("read the application default credentials", &path, e);
        error.with_hint(format!("correct {APPLICATION_CREDENTIALS}, or unset it"))
    })?;
    parse(&text, universe)
        .map(Some)
        .map_err(|e| e.with("file", path.display()))
}

fn left_by_gcloud(environment: &Environment) -> Option<PathBuf> {
    let folder = match environment.get("APPDATA") {
        Some(data) if cfg!(windows) => PathBuf::from(data),
        _ => environment.home()?.join(".config"),
    };
    Some(folder.join("gcloud/application_default_credentials.json"))
}
