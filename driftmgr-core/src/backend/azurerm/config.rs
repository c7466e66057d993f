//! The arguments of an `azurerm` backend as both programs read them
//! (<https://developer.hashicorp.com/terraform/language/backend/azurerm>, <https://opentofu.org/docs/language/settings/backends/azurerm/>).

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

use super::cloud::{Cloud, CloudSource};
use super::identity::{Identity, Proof};
use super::shared_key::SharedKey;
use crate::backend::arguments::Arguments;
use crate::backend::{BackendSpec, WorkspaceName};
use crate::env::Environment;
use crate::error::Result;
use crate::redact::Sensitive;

/// What stands between the key and the name of a workspace.
const WORKSPACE: &str = "env:";

/// Every argument. `ado_pipeline_service_connection_id` and `lookup_blob_endpoint` are Terraform's alone; `ado_service_connection_id`,
/// `customer_provided_key`, `encryption_scope` and `timeout_seconds` are OpenTofu's.
const KNOWN: [&str; 35] = [
    "access_key",
    "ado_pipeline_service_connection_id",
    "ado_service_connection_id",
    "client_certificate",
    "client_certificate_password",
    "client_certificate_path",
    "client_id",
    "client_id_file_path",
    "client_secret",
    "client_secret_file_path",
    "container_name",
    "customer_provided_key",
    "encryption_scope",
    "endpoint",
    "environment",
    "key",
    "lookup_blob_endpoint",
    "metadata_host",
    "msi_endpoint",
    "oidc_request_token",
    "oidc_request_url",
    "oidc_token",
    "oidc_token_file_path",
    "resource_group_name",
    "sas_token",
    "snapshot",
    "storage_account_name",
    "subscription_id",
    "tenant_id",
    "timeout_seconds",
    "use_aks_workload_identity",
    "use_azuread_auth",
    "use_cli",
    "use_msi",
    "use_oidc",
];

/// The arguments of an `azurerm` backend, defaults and variables put in. `Debug` shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AzureConfig {
    pub(super) account: String,
    pub(super) container: String,
    pub(super) key: String,
    pub(super) cloud: CloudSource,
    pub(super) access: Access,
    /// Where the account is in the resource manager, where something has to be looked up there.
    pub(super) lookup: Option<Lookup>,
    /// What is overwritten is kept as a snapshot.
    pub(super) snapshot: bool,
    pub(super) encryption: Encryption,
    /// No call takes longer.
    pub(super) timeout: Option<Duration>,
    /// What must not stand in any text, longest first.
    pub(super) secrets: Sensitive<Vec<String>>,
}

/// What admits to the blobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Access {
    /// A key of the storage account.
    Key(SharedKey),
    /// A shared access signature, as a query.
    Signature(Sensitive<String>),
    /// A token of Entra ID.
    Token(Identity),
    /// A key of the storage account that the resource manager tells.
    ListedKey,
}

/// What is asked of the resource manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lookup {
    pub(super) identity: Identity,
    /// `None` is the one of the program `az`.
    pub(super) subscription: Option<String>,
    pub(super) resource_group: String,
}

/// How the store encrypts blobs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Encryption {
    pub(super) key: Option<CustomerKey>,
    pub(super) scope: Option<String>,
}

/// A key of the customer's, in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CustomerKey {
    pub(super) key: Sensitive<String>,
    /// The SHA-256 of the key.
    pub(super) digest: String,
}

impl AzureConfig {
    /// Reads the arguments; those that are missing come from their `ARM_*` variables.
    ///
    /// # Errors
    /// `InvalidConfig` for an argument that is unknown, missing, wrong or in conflict with another; `Unsupported` for a client certificate;
    /// the kinds of [`crate::error::Error::io`] for a file that an argument names.
    pub fn from_spec(environment: &Environment, spec: &BackendSpec) -> Result<Self> {
        let read = Reader {
            arguments: Arguments::of(spec, environment, &KNOWN)?,
            environment,
        };
        let account = read.account()?;
        let (access, lookup) = read.access(&account)?;
        let encryption = read.encryption()?;
        let secrets = secrets(&read, &access, lookup.as_ref(), &encryption)?;
        Ok(Self {
            container: read.container()?,
            key: read.key()?,
            cloud: read.cloud()?,
            snapshot: read.flag("snapshot", "ARM_SNAPSHOT")?,
            timeout: read.timeout()?,
            secrets: Sensitive::new(secrets),
            account,
            access,
            lookup,
            encryption,
        })
    }

    /// The name of a workspace's blob.
    pub(super) fn blob(&self, workspace: &WorkspaceName) -> String {
        match workspace.is_default() {
            true => self.key.clone(),
            false => format!("{}{workspace}", self.prefix()),
        }
    }

    /// What the names of all blobs of workspaces but `default` begin with.
    pub(super) fn prefix(&self) -> String {
        format!("{}{WORKSPACE}", self.key)
    }
}

/// Reads arguments.
pub(super) struct Reader<'a> {
    pub(super) arguments: Arguments<'a>,
    pub(super) environment: &'a Environment,
}

impl Reader<'_> {
    /// Text, from the argument or the first variable that has one.
    pub(super) fn text(&self, name: &str, variables: &[&str]) -> Result<Option<String>> {
        self.arguments.text_or(name, variables)
    }

    /// Yes or no; no when nothing is said.
    pub(super) fn flag(&self, name: &str, variable: &str) -> Result<bool> {
        self.flag_or(name, variable, false)
    }

    pub(super) fn flag_or(&self, name: &str, variable: &str, default: bool) -> Result<bool> {
        if let Some(flag) = self.arguments.flag(name)? {
            return Ok(flag);
        }
        match self.environment.get(variable) {
            None => Ok(default),
            // As Go reads a truth value.
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
            Some(_) => Err(self
                .arguments
                .invalid(format!("{variable} is neither true nor false"))),
        }
    }

    /// The name of the account becomes part of a host's name, so nothing else may stand in it.
    fn account(&self) -> Result<String> {
        let name = self.arguments.required("storage_account_name")?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if !(3..=24).contains(&name.len()) || !name.chars().all(plain) {
            return Err(self
                .arguments
                .invalid(
                    "the azurerm backend's `storage_account_name` is no name of a storage account",
                )
                .with_hint("such a name has 3 to 24 small letters and digits"));
        }
        Ok(name)
    }

    fn container(&self) -> Result<String> {
        let name = self.arguments.required("container_name")?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let wrong = !(3..=63).contains(&name.len())
            || !name.chars().all(plain)
            || name.starts_with('-')
            || name.ends_with('-')
            || name.contains("--");
        if wrong && !matches!(name.as_str(), "$root" | "$web") {
            return Err(self
                .arguments
                .invalid("the azurerm backend's `container_name` is no name of a container")
                .with_hint(
                    "such a name has 3 to 63 small letters, digits and single hyphens between them",
                ));
        }
        Ok(name)
    }

    fn key(&self) -> Result<String> {
        let key = self.arguments.required("key")?;
        // In an address these would lead to another blob.
        if key.split('/').any(|part| matches!(part, "." | "..")) || key.len() > 1024 {
            return Err(self
                .arguments
                .invalid("the azurerm backend's `key` is no name of a blob")
                .with_hint("such a name has up to 1024 characters and no parts `.` and `..`"));
        }
        Ok(key)
    }

    /// As in Terraform, the host of the metadata wins.
    fn cloud(&self) -> Result<CloudSource> {
        let host = self.text(
            "metadata_host",
            &["ARM_METADATA_HOSTNAME", "ARM_METADATA_HOST"],
        )?;
        if let Some(host) = host {
            return Ok(CloudSource::Described(host));
        }
        let name = self.text("environment", &["ARM_ENVIRONMENT"])?;
        let name = name.as_deref().unwrap_or("public");
        let cloud = Cloud::named(name).ok_or_else(|| {
            self.arguments
                .invalid(format!(
                    "there is no cloud `{}` of Azure",
                    name.escape_debug()
                ))
                .with_hint("`environment` is public, usgovernment or china; other clouds are named by `metadata_host`")
        })?;
        Ok(CloudSource::Known(cloud))
    }

    fn access(&self, account: &str) -> Result<(Access, Option<Lookup>)> {
        let lookup_endpoint = self.flag("lookup_blob_endpoint", "ARM_USE_DNS_ZONE_ENDPOINT")?;
        let key = self.text("access_key", &["ARM_ACCESS_KEY"])?;
        let signature = self.text("sas_token", &["ARM_SAS_TOKEN"])?;
        let access = if let Some(key) = key {
            let key = SharedKey::parse(account, &key).ok_or_else(|| {
                self.arguments
                    .invalid("the azurerm backend's `access_key` is not in base64")
            })?;
            Access::Key(key)
        } else if let Some(signature) = signature {
            self.signature(&signature)?
        } else if self.flag("use_azuread_auth", "ARM_USE_AZUREAD")? {
            Access::Token(self.identity()?)
        } else {
            Access::ListedKey
        };
        let lookup = match lookup_endpoint || access == Access::ListedKey {
            true => Some(self.lookup(&access)?),
            false => None,
        };
        Ok((access, lookup))
    }

    fn signature(&self, text: &str) -> Result<Access> {
        let text = text.trim().trim_start_matches('?');
        let signed = url::form_urlencoded::parse(text.as_bytes())
            .any(|(name, value)| name == "sig" && !value.is_empty());
        if !signed {
            return Err(self
                .arguments
                .invalid("the azurerm backend's `sas_token` has no signature")
                .with_hint(
                    "it is the query of a shared access signature, such as sv=…&sp=…&se=…&sig=…",
                ));
        }
        Ok(Access::Signature(Sensitive::new(text.to_owned())))
    }

    fn lookup(&self, access: &Access) -> Result<Lookup> {
        let group = self.text("resource_group_name", &[])?.ok_or_else(|| {
            let error = match access {
                Access::ListedKey => "the azurerm backend has none of `access_key`, `sas_token`, `use_azuread_auth` and `resource_group_name`",
                _ => "the azurerm backend has `lookup_blob_endpoint` and no `resource_group_name`",
            };
            self.arguments.invalid(error)
        })?;
        let identity = match access {
            Access::Token(identity) => identity.clone(),
            _ => self.identity()?,
        };
        let subscription = self.text("subscription_id", &["ARM_SUBSCRIPTION_ID"])?;
        if subscription.is_none() && !matches!(identity, Identity::Cli { .. }) {
            return Err(self
                .arguments
                .invalid("the azurerm backend has to look up the storage account and has no `subscription_id`")
                .with_hint("set the argument, or ARM_SUBSCRIPTION_ID, or `use_azuread_auth`"));
        }
        Ok(Lookup {
            identity,
            subscription,
            resource_group: group,
        })
    }

    fn encryption(&self) -> Result<Encryption> {
        let key = self.text("customer_provided_key", &["ARM_CUSTOMER_PROVIDED_KEY"])?;
        // The variable's name is spelt so in OpenTofu.
        let scope = self.text("encryption_scope", &["ARM_ENCYRPTION_SCOPE"])?;
        if key.is_some() && scope.is_some() {
            return Err(self.arguments.invalid(
                "the backend's arguments `customer_provided_key` and `encryption_scope` exclude each other",
            ));
        }
        let key = key
            .map(|text| {
                let bytes = BASE64_STANDARD.decode(&text).ok();
                let bytes = bytes.filter(|bytes| bytes.len() == 32).ok_or_else(|| {
                    self.arguments.invalid(
                        "the azurerm backend's `customer_provided_key` is not 32 bytes in base64",
                    )
                })?;
                Ok::<_, crate::error::Error>(CustomerKey {
                    key: Sensitive::new(text),
                    digest: BASE64_STANDARD.encode(Sha256::digest(bytes)),
                })
            })
            .transpose()?;
        Ok(Encryption { key, scope })
    }

    fn timeout(&self) -> Result<Option<Duration>> {
        let seconds = self
            .arguments
            .count_or("timeout_seconds", "ARM_TIMEOUT_SECONDS")?;
        Ok(seconds.map(|seconds| Duration::from_secs(seconds.into())))
    }
}

/// Everything secret, in each form in which a server could repeat it. What has a few letters could not be told from other text.
fn secrets(
    read: &Reader<'_>,
    access: &Access,
    lookup: Option<&Lookup>,
    encryption: &Encryption,
) -> Result<Vec<String>> {
    let mut all = Vec::new();
    all.extend(read.text("access_key", &["ARM_ACCESS_KEY"])?);
    if let Access::Signature(query) = access {
        all.push(query.expose().clone());
        for part in query.expose().split('&') {
            if let Some(raw) = part.strip_prefix("sig=") {
                all.push(raw.to_owned());
                all.push(percent_decode_str(raw).decode_utf8_lossy().into_owned());
            }
        }
    }
    all.extend(encryption.key.as_ref().map(|key| key.key.expose().clone()));
    let identities = [
        match access {
            Access::Token(identity) => Some(identity),
            _ => None,
        },
        lookup.map(|lookup| &lookup.identity),
    ];
    for identity in identities.into_iter().flatten() {
        match identity {
            Identity::Application { proof, .. } => match proof {
                Proof::Secret(text) | Proof::Assertion(text) => all.push(text.expose().clone()),
                Proof::AssertionFile(_) => {}
                Proof::Exchange { token, .. } | Proof::Pipeline { token, .. } => {
                    all.push(token.expose().clone());
                }
            },
            Identity::Managed {
                endpoint: super::identity::ManagedEndpoint::App { header, .. },
                ..
            } => all.push(header.expose().clone()),
            Identity::Managed { .. } | Identity::Cli { .. } => {}
        }
    }
    all.retain(|text| text.len() >= 4);
    all.sort_by_key(|text| std::cmp::Reverse(text.len()));
    all.dedup();
    Ok(all)
}
