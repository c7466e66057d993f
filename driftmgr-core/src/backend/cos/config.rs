//! The arguments of a `cos` backend as both programs read them
//! (<https://developer.hashicorp.com/terraform/language/backend/cos>, <https://opentofu.org/docs/language/settings/backends/cos/>).

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use super::credentials::{Role, Source};
use crate::backend::arguments::Arguments;
use crate::backend::objects::keys::{Keys, sort_for_masking};
use crate::backend::objects::layout::Layout;
use crate::backend::{BackendSpec, WorkspaceName};
use crate::env::Environment;
use crate::error::{Error, Result};
use crate::redact::{SafeUrl, Sensitive};

/// Every argument. `cam_role_name`, `domain`, `endpoint`, `profile` and `shared_credentials_dir` are Terraform's.
const KNOWN: [&str; 16] = [
    "accelerate",
    "acl",
    "assume_role",
    "bucket",
    "cam_role_name",
    "domain",
    "encrypt",
    "endpoint",
    "key",
    "prefix",
    "profile",
    "region",
    "secret_id",
    "secret_key",
    "security_token",
    "shared_credentials_dir",
];

/// Those of `assume_role`. `external_id` is Terraform's.
const ROLE: [&str; 5] = [
    "external_id",
    "policy",
    "role_arn",
    "session_duration",
    "session_name",
];

const ROLE_ARN: &str = "TENCENTCLOUD_ASSUME_ROLE_ARN";
const SESSION_NAME: &str = "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME";
const SESSION_DURATION: &str = "TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION";
const EXTERNAL_ID: &str = "TENCENTCLOUD_ASSUME_ROLE_EXTERNAL_ID";

/// The root of the addresses of Tencent Cloud's API.
const DOMAIN: &str = "tencentcloudapi.com";
/// What `key` is without one.
const KEY: &str = "terraform.tfstate";
/// A session may be this long, in seconds, and is as long without a word.
const LONGEST_SESSION: u32 = 43_200;
const SESSION: u32 = 7200;

/// The arguments of a `cos` backend, defaults and variables put in. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct CosConfig {
    pub(super) bucket: String,
    pub(super) region: String,
    pub(super) layout: Layout,
    pub(super) encrypt: bool,
    pub(super) acl: String,
    /// The bucket's own address.
    pub(super) root: SafeUrl,
    /// What stands behind the names of the services in Tencent Cloud's API.
    pub(super) domain: String,
    pub(super) source: Source,
    pub(super) role: Option<Role>,
    /// What must not stand in any text.
    pub(super) secrets: Sensitive<Vec<String>>,
}

impl CosConfig {
    /// Reads the arguments; those that are missing come from their variables. Files of keys are read where there are no other keys.
    ///
    /// # Errors
    /// `InvalidConfig` for an argument that is unknown, missing or wrong; the kinds of [`Error::io`] for a file that cannot be read.
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
        self.layout.state(workspace)
    }
}

/// What `tccli configure` writes down beside other things. No `Debug`: it is secret.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Credential {
    #[serde(rename = "secretId")]
    id: Option<String>,
    #[serde(rename = "secretKey")]
    key: Option<String>,
    token: Option<String>,
    #[serde(rename = "role-arn")]
    role: Option<String>,
    #[serde(rename = "role-session-name")]
    session: Option<String>,
}

struct Reader<'a> {
    spec: &'a BackendSpec,
    environment: &'a Environment,
    arguments: Arguments<'a>,
}

impl Reader<'_> {
    fn config(&self) -> Result<CosConfig> {
        let arguments = &self.arguments;
        let bucket = arguments.required("bucket")?;
        let region = self.text("region", "TENCENTCLOUD_REGION")?;
        let region = region.ok_or_else(|| {
            arguments
                .invalid("the cos backend's argument `region` is missing or empty")
                .with_hint("set `region`, or TENCENTCLOUD_REGION, to one such as ap-guangzhou")
        })?;
        let (prefix, key) = self.names()?;
        let (source, role) = self.identity()?;
        let mut secrets = source.secrets();
        sort_for_masking(&mut secrets);
        Ok(CosConfig {
            root: SafeUrl::new(self.root(&bucket, &region)?),
            layout: Layout::new(&prefix, &key),
            encrypt: arguments.flag("encrypt")?.unwrap_or(true),
            acl: self.acl()?,
            domain: self.domain()?,
            bucket,
            region,
            source,
            role,
            secrets: Sensitive::new(secrets),
        })
    }

    fn text(&self, name: &str, variable: &str) -> Result<Option<String>> {
        let text = self.arguments.exact_text_or(name, &[variable])?;
        Ok(text.filter(|t| !t.is_empty()))
    }

    fn names(&self) -> Result<(String, String)> {
        let prefix = self.arguments.text("prefix")?.unwrap_or_default();
        if prefix.starts_with('/') || prefix.starts_with("./") {
            return Err(self
                .arguments
                .invalid("the cos backend's `prefix` starts with `/` or `./`"));
        }
        let key = self.arguments.text("key")?;
        let key = key.unwrap_or_else(|| KEY.to_owned());
        if key.starts_with('/') || key.ends_with('/') {
            return Err(self
                .arguments
                .invalid("the cos backend's `key` starts or ends with `/`"));
        }
        Ok((prefix, key))
    }

    fn acl(&self) -> Result<String> {
        let acl = self.arguments.text("acl")?;
        let acl = acl.unwrap_or_else(|| "private".to_owned());
        match acl.as_str() {
            "private" | "public-read" => Ok(acl),
            _ => Err(self
                .arguments
                .invalid("the cos backend's `acl` is neither `private` nor `public-read`")),
        }
    }

    /// The bucket's address (<https://www.tencentcloud.com/document/product/436/6224>).
    fn root(&self, bucket: &str, region: &str) -> Result<Url> {
        let text = match self.text("endpoint", "TENCENTCLOUD_ENDPOINT")? {
            Some(endpoint) => self.internal(&endpoint, bucket)?,
            None if self.arguments.flag("accelerate")? == Some(true) => {
                format!("https://{bucket}.cos.accelerate.myqcloud.com/")
            }
            None => format!("https://{bucket}.cos.{region}.myqcloud.com/"),
        };
        let fits = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let url: Option<Url> = text.parse().ok();
        url.filter(|_| fits(bucket) && fits(region)).ok_or_else(|| {
            self.arguments
                .invalid("the cos backend's `bucket` or `region` is no name of one")
                .with_hint(
                    "a bucket's name ends with the account's number, such as states-1250000000",
                )
        })
    }

    /// Terraform takes no other form: the scheme, and the region's name inside.
    fn internal(&self, endpoint: &str, bucket: &str) -> Result<String> {
        let split = endpoint.split_once("://cos-internal.");
        let region = split.and_then(|(_, rest)| rest.strip_suffix(".tencentcos.cn"));
        match (split, region) {
            (Some((scheme @ ("http" | "https"), _)), Some(region))
                if !region.is_empty()
                    && region
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || c == '-') =>
            {
                Ok(format!(
                    "{scheme}://{bucket}.cos-internal.{region}.tencentcos.cn/"
                ))
            }
            _ => Err(self
                .arguments
                .invalid("the cos backend's `endpoint` is none that Terraform takes")
                .with_hint("it has the form https://cos-internal.REGION.tencentcos.cn")),
        }
    }

    fn domain(&self) -> Result<String> {
        let domain = self.text("domain", "TENCENTCLOUD_DOMAIN")?;
        let domain = domain.unwrap_or_else(|| DOMAIN.to_owned());
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        match domain.chars().all(fits) {
            true => Ok(domain),
            false => Err(self
                .arguments
                .invalid("the cos backend's `domain` is no name of a domain")),
        }
    }

    fn identity(&self) -> Result<(Source, Option<Role>)> {
        let id = self.text("secret_id", "TENCENTCLOUD_SECRET_ID")?;
        let key = self.text("secret_key", "TENCENTCLOUD_SECRET_KEY")?;
        let token = self.text("security_token", "TENCENTCLOUD_SECURITY_TOKEN")?;
        let mut stored = Credential::default();
        let mut keys = (id, key, token);
        if keys.0.is_none() && keys.1.is_none() && keys.2.is_none() {
            stored = self.stored()?;
            let text = |s: &Option<String>| {
                let text = s.as_ref().map(|s| s.trim().to_owned());
                text.filter(|text| !text.is_empty())
            };
            keys = (text(&stored.id), text(&stored.key), text(&stored.token));
        }
        let machine = self.text("cam_role_name", "TENCENTCLOUD_CAM_ROLE_NAME")?;
        let source = match (machine, keys) {
            (Some(role), _) => Source::Machine(role),
            (None, (Some(id), Some(secret), token)) => Source::Keys(Keys {
                id: Sensitive::new(id),
                secret: Sensitive::new(secret),
                token: token.map(Sensitive::new),
                end: None,
            }),
            (None, (None, None, None)) => Source::Missing,
            (None, (id, _, _)) => {
                let missing = if id.is_some() {
                    "secret_key"
                } else {
                    "secret_id"
                };
                return Err(self
                    .arguments
                    .invalid(format!("the cos backend's argument `{missing}` is missing"))
                    .with_hint("`secret_id` and `secret_key` belong together"));
            }
        };
        Ok((source, self.role(&stored)?))
    }

    fn role(&self, stored: &Credential) -> Result<Option<Role>> {
        let get = |name: &str| self.environment.get(name).map(str::to_owned);
        let duration = || {
            let text = self.environment.get(SESSION_DURATION);
            let wrong = || {
                let reason = format!("{SESSION_DURATION} is not a whole number");
                self.arguments.invalid(reason)
            };
            let number = text.map(|text| text.trim().parse().map_err(|_| wrong()));
            // Zero counts as not set.
            Ok::<u32, Error>(number.transpose()?.filter(|n| *n > 0).unwrap_or(SESSION))
        };
        let role = match self.arguments.object("assume_role", &ROLE)? {
            Some(block) => {
                let need = |name: &str, variable: &str| match block.text_or(name, &[variable])? {
                    Some(text) => Ok(text),
                    None => block.required(name),
                };
                Role {
                    arn: need("role_arn", ROLE_ARN)?,
                    session: need("session_name", SESSION_NAME)?,
                    seconds: match block.count("session_duration")? {
                        Some(seconds) => seconds,
                        None => duration()?,
                    },
                    policy: block.text("policy")?,
                    external_id: block.text_or("external_id", &[EXTERNAL_ID])?,
                }
            }
            None => match (get(ROLE_ARN), get(SESSION_NAME)) {
                (Some(arn), Some(session)) => Role {
                    arn,
                    session,
                    seconds: duration()?,
                    policy: None,
                    external_id: get(EXTERNAL_ID),
                },
                _ => match (stored.role.clone(), stored.session.clone()) {
                    (Some(arn), Some(session)) if !arn.is_empty() && !session.is_empty() => Role {
                        arn,
                        session,
                        seconds: SESSION,
                        policy: None,
                        external_id: None,
                    },
                    _ => return Ok(None),
                },
            },
        };
        if role.seconds > LONGEST_SESSION {
            return Err(self.arguments.invalid(format!(
                "the cos backend's `assume_role.session_duration` is above {LONGEST_SESSION} seconds"
            )));
        }
        Ok(Some(role))
    }

    /// What `tccli configure` left for the profile; nothing where there is no such file.
    fn stored(&self) -> Result<Credential> {
        let profile = self.text("profile", "TENCENTCLOUD_PROFILE")?;
        let profile = profile.unwrap_or_else(|| "default".to_owned());
        let folder = match self.text(
            "shared_credentials_dir",
            "TENCENTCLOUD_SHARED_CREDENTIALS_DIR",
        )? {
            Some(folder) => match folder.strip_prefix("~/") {
                Some(rest) => self.environment.home().map(|home| home.join(rest)),
                None => Some(PathBuf::from(folder)),
            },
            None => self.environment.home().map(|home| home.join(".tccli")),
        };
        let Some(folder) = folder else {
            return Ok(Credential::default());
        };
        let path = folder.join(format!("{profile}.credential"));
        let path = self.environment.current_dir().join(path);
        if !path.exists() {
            return Ok(Credential::default());
        }
        let text = std::fs::read_to_string(&path).map_err(|e| {
            Error::io("read a file of the cos backend", &path, e).with("backend", &self.spec.origin)
        })?;
        serde_json::from_str(&text).map_err(|e| {
            // The parser's words can hold a part of the file.
            let place = format!("line {}, column {}", e.line(), e.column());
            self.arguments
                .invalid("a file of keys is not the JSON that tccli writes")
                .with("file", path.display())
                .with("place", place)
        })
    }
}
