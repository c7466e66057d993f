//! The arguments of an `s3` backend and the environment variables that stand in for them.
//!
//! Names, defaults and conflicts are those of Terraform 1.15 and OpenTofu 1.12; where each is written down stands in `docs.md`.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest, Md5};

use super::access::Access;
use crate::backend::arguments::Arguments;
use crate::backend::{BackendSpec, WorkspaceName};
use crate::env::Environment;
use crate::error::{Error, Result};
use crate::redact::Sensitive;

/// Every argument that one of the programs knows.
const KNOWN: &[&str] = &[
    "access_key",
    "acl",
    "allowed_account_ids",
    "assume_role",
    "assume_role_duration_seconds",
    "assume_role_policy",
    "assume_role_policy_arns",
    "assume_role_tags",
    "assume_role_transitive_tag_keys",
    "assume_role_with_web_identity",
    "bucket",
    "custom_ca_bundle",
    "dynamodb_endpoint",
    "dynamodb_table",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "encrypt",
    "endpoint",
    "endpoints",
    "external_id",
    "forbidden_account_ids",
    "force_path_style",
    "http_proxy",
    "https_proxy",
    "iam_endpoint",
    "insecure",
    "key",
    "kms_key_id",
    "lock_tags",
    "max_retries",
    "no_proxy",
    "profile",
    "region",
    "retry_mode",
    "role_arn",
    "secret_key",
    "session_name",
    "shared_config_files",
    "shared_credentials_file",
    "shared_credentials_files",
    "skip_credentials_validation",
    "skip_metadata_api_check",
    "skip_region_validation",
    "skip_requesting_account_id",
    "skip_s3_checksum",
    "sse_customer_key",
    "state_tags",
    "sts_endpoint",
    "sts_region",
    "token",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
    "use_lockfile",
    "use_path_style",
    "workspace_key_prefix",
];

/// A customer's own key for the encryption of an object, base64.
const AWS_SSE_CUSTOMER_KEY: &str = "AWS_SSE_CUSTOMER_KEY";
/// The length of 32 bytes in base64.
const CUSTOMER_KEY_LENGTH: usize = 44;

/// The arguments of an `s3` backend, defaults put in. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct S3Config {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) workspace_key_prefix: String,
    pub(super) use_lockfile: bool,
    pub(super) dynamodb_table: Option<String>,
    pub(super) encryption: Encryption,
    pub(super) acl: Option<String>,
    pub(super) state_tags: BTreeMap<String, String>,
    pub(super) lock_tags: BTreeMap<String, String>,
    pub(super) checksum: bool,
    pub(super) access: Access,
}

/// What the store is asked to encrypt with.
#[derive(Debug, Clone)]
pub(super) enum Encryption {
    /// Whatever the bucket's default is.
    BucketDefault,
    /// A key of the store.
    Managed,
    /// This key of the key management service.
    Kms(String),
    /// A key that comes with each request.
    Customer {
        /// base64.
        key: Sensitive<String>,
        /// base64 of its MD5, as the protocol wants it beside the key.
        md5: String,
    },
}

impl S3Config {
    /// Reads the arguments, and the environment where they are not set.
    ///
    /// # Errors
    /// `InvalidConfig` for an argument that is unknown, missing, of the wrong type or in conflict with another; `Unsupported` for
    /// `insecure` and `endpoints.sso`, which are not supported yet.
    pub fn from_spec(environment: &Environment, spec: &BackendSpec) -> Result<Self> {
        let arguments = Arguments::of(spec, environment, KNOWN)?;
        let key = arguments.required("key")?;
        let prefix = arguments
            .exact_text("workspace_key_prefix")?
            .unwrap_or_else(|| "env:".to_owned());
        for (name, path) in [("key", &key), ("workspace_key_prefix", &prefix)] {
            if path.starts_with('/') || path.ends_with('/') {
                return Err(arguments.invalid(format!(
                    "the backend's argument `{name}` starts or ends with a slash"
                )));
            }
        }
        Ok(Self {
            bucket: arguments.required("bucket")?,
            key,
            workspace_key_prefix: prefix,
            use_lockfile: arguments.flag("use_lockfile")?.unwrap_or(false),
            dynamodb_table: arguments.text("dynamodb_table")?,
            encryption: encryption(&arguments, environment)?,
            acl: arguments.text("acl")?,
            state_tags: arguments.map("state_tags")?,
            lock_tags: arguments.map("lock_tags")?,
            checksum: !arguments.flag("skip_s3_checksum")?.unwrap_or(false),
            access: Access::read(&arguments, environment, spec)?,
        })
    }

    /// The bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The object that holds the state of a workspace.
    pub fn state_key(&self, workspace: &WorkspaceName) -> String {
        if workspace.is_default() {
            return self.key.clone();
        }
        // As Go's `path.Join`, with which both programs make it: no empty parts.
        let parts = [&self.workspace_key_prefix, workspace.as_str(), &self.key];
        let parts = parts.iter().flat_map(|part| part.split('/'));
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        parts.join("/")
    }

    /// What the keys of all workspaces but the default one start with.
    pub(super) fn list_prefix(&self) -> String {
        match self.workspace_key_prefix.as_str() {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        }
    }

    /// The workspace whose state an object holds; `None` for any other object.
    pub(super) fn workspace_of(&self, key: &str) -> Option<WorkspaceName> {
        let (name, _) = key.strip_prefix(&self.list_prefix())?.split_once('/')?;
        let name: WorkspaceName = name.parse().ok()?;
        (!name.is_default() && self.state_key(&name) == key).then_some(name)
    }

    /// Whether states are locked at all. Without `use_lockfile` and `dynamodb_table` they are not, as in both programs.
    pub(super) fn locks(&self) -> bool {
        self.use_lockfile || self.dynamodb_table.is_some()
    }

    /// Every secret of the configuration, for taking them out of texts of others.
    pub(super) fn secrets(&self) -> Vec<&str> {
        let mut secrets = self.access.secrets();
        if let Encryption::Customer { key, .. } = &self.encryption {
            secrets.push(key.expose());
        }
        secrets
    }
}

fn encryption(arguments: &Arguments<'_>, environment: &Environment) -> Result<Encryption> {
    arguments.conflict(&["kms_key_id", "sse_customer_key"])?;
    let kms = arguments.text("kms_key_id")?;
    let (name, customer) = match arguments.text("sse_customer_key")? {
        Some(key) => ("the backend's argument `sse_customer_key`", Some(key)),
        None => (
            "the variable AWS_SSE_CUSTOMER_KEY",
            environment.get(AWS_SSE_CUSTOMER_KEY).map(str::to_owned),
        ),
    };
    if kms.is_some() && customer.is_some() {
        return Err(arguments.invalid(
            "the backend's argument `kms_key_id` and the variable AWS_SSE_CUSTOMER_KEY exclude each other",
        ));
    }
    let customer = customer
        .map(|key| {
            let bytes = BASE64.decode(&key).ok();
            let bytes = bytes.filter(|_| key.len() == CUSTOMER_KEY_LENGTH);
            let bytes = bytes.ok_or_else(|| {
                arguments.invalid(format!("{name} is not the base64 of a key of 32 bytes"))
            })?;
            Ok::<_, Error>(Encryption::Customer {
                key: Sensitive::new(key),
                md5: BASE64.encode(Md5::digest(bytes)),
            })
        })
        .transpose()?;
    // Both programs use a key only when `encrypt` is set.
    if !arguments.flag("encrypt")?.unwrap_or(false) {
        return Ok(Encryption::BucketDefault);
    }
    Ok(match (kms, customer) {
        (Some(key), _) => Encryption::Kms(key),
        (None, Some(customer)) => customer,
        (None, None) => Encryption::Managed,
    })
}

/// The texts of a set, sorted.
pub(super) fn sorted(texts: Option<BTreeSet<String>>) -> Vec<String> {
    texts.unwrap_or_default().into_iter().collect()
}
