//! The arguments of an `oss` backend as both programs read them
//! (<https://developer.hashicorp.com/terraform/language/backend/oss>, <https://opentofu.org/docs/language/settings/backends/oss/>).

use std::path::PathBuf;

use serde::Deserialize;
use url::{Host, Url};

use super::credentials::{Role, Source};
use crate::backend::arguments::Arguments;
use crate::backend::objects::keys::{Keys, sort_for_masking};
use crate::backend::objects::layout::Layout;
use crate::backend::{BackendSpec, WorkspaceName};
use crate::env::Environment;
use crate::error::{Error, Result};
use crate::redact::{SafeUrl, Sensitive};

/// Every argument. `tablestore_instance_name` is Terraform's.
const KNOWN: [&str; 22] = [
    "access_key",
    "acl",
    "assume_role",
    "assume_role_policy",
    "assume_role_role_arn",
    "assume_role_session_expiration",
    "assume_role_session_name",
    "bucket",
    "ecs_role_name",
    "encrypt",
    "endpoint",
    "key",
    "prefix",
    "profile",
    "region",
    "secret_key",
    "security_token",
    "shared_credentials_file",
    "sts_endpoint",
    "tablestore_endpoint",
    "tablestore_instance_name",
    "tablestore_table",
];

/// Those of `assume_role`.
const ROLE: [&str; 4] = ["policy", "role_arn", "session_expiration", "session_name"];

// The variables whose names begin with ALIBABA_CLOUD are Terraform's.
const ACCESS_KEY: &[&str] = &[
    "ALICLOUD_ACCESS_KEY",
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALICLOUD_ACCESS_KEY_ID",
];
const SECRET_KEY: &[&str] = &[
    "ALICLOUD_SECRET_KEY",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "ALICLOUD_ACCESS_KEY_SECRET",
];
const TOKEN: &[&str] = &["ALICLOUD_SECURITY_TOKEN", "ALIBABA_CLOUD_SECURITY_TOKEN"];
const ECS_ROLE: &[&str] = &["ALICLOUD_ECS_ROLE_NAME", "ALIBABA_CLOUD_ECS_METADATA"];
const REGION: &[&str] = &[
    "ALICLOUD_REGION",
    "ALIBABA_CLOUD_REGION",
    "ALICLOUD_DEFAULT_REGION",
];
const STS: &[&str] = &["ALICLOUD_STS_ENDPOINT", "ALIBABA_CLOUD_STS_ENDPOINT"];
const TABLE: &[&str] = &[
    "ALICLOUD_TABLESTORE_ENDPOINT",
    "ALIBABA_CLOUD_TABLESTORE_ENDPOINT",
];
const ENDPOINT: &[&str] = &[
    "ALICLOUD_OSS_ENDPOINT",
    "ALIBABA_CLOUD_OSS_ENDPOINT",
    "OSS_ENDPOINT",
];
const FILE: &[&str] = &[
    "ALICLOUD_SHARED_CREDENTIALS_FILE",
    "ALIBABA_CLOUD_CREDENTIALS_FILE",
];
const PROFILE: &[&str] = &["ALICLOUD_PROFILE", "ALIBABA_CLOUD_PROFILE"];
const ROLE_ARN: &[&str] = &["ALICLOUD_ASSUME_ROLE_ARN", "ALIBABA_CLOUD_ROLE_ARN"];
const SESSION_NAME: &[&str] = &[
    "ALICLOUD_ASSUME_ROLE_SESSION_NAME",
    "ALIBABA_CLOUD_ROLE_SESSION_NAME",
];
const EXPIRATION: &str = "ALICLOUD_ASSUME_ROLE_SESSION_EXPIRATION";

/// What `key` and `prefix` are without a word.
const KEY: &str = "terraform.tfstate";
const PREFIX: &str = "env:";
/// How long a session may be, in seconds; the longest one is asked for without a word.
const SESSIONS: std::ops::RangeInclusive<u32> = 900..=3600;
/// The programs call their sessions by their own names.
const SESSION: &str = "driftmgr";

/// The arguments of an `oss` backend, defaults and variables put in. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct OssConfig {
    pub(super) bucket: String,
    /// The region that the bucket is in, as far as anything names it.
    pub(super) region: Option<String>,
    pub(super) layout: Layout,
    pub(super) encrypt: bool,
    pub(super) acl: Option<String>,
    /// The bucket's own address.
    pub(super) root: SafeUrl,
    /// Where temporary keys are had.
    pub(super) sts: SafeUrl,
    /// Where locks are; without it there are none.
    pub(super) table: Option<Table>,
    pub(super) source: Source,
    pub(super) role: Option<Role>,
    /// What must not stand in any text.
    pub(super) secrets: Sensitive<Vec<String>>,
}

/// A table of Tablestore.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) endpoint: SafeUrl,
    pub(super) instance: String,
    pub(super) name: String,
}

impl OssConfig {
    /// Reads the arguments; those that are missing come from their variables, and then from the profile.
    ///
    /// # Errors
    /// `InvalidConfig` for an argument that is unknown, missing or wrong; the kinds of [`Error::io`] for a file that cannot be read.
    pub fn from_spec(environment: &Environment, spec: &BackendSpec) -> Result<Self> {
        let arguments = Arguments::of(spec, environment, &KNOWN)?;
        let mut reader = Reader {
            spec,
            environment,
            arguments,
            profile: Profile::default(),
        };
        reader.profile = reader.stored()?;
        reader.config()
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

/// The file that `aliyun configure` writes. No `Debug`: it is secret.
#[derive(Deserialize)]
struct Profiles {
    #[serde(default)]
    profiles: Vec<Profile>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Profile {
    name: String,
    mode: String,
    access_key_id: Option<String>,
    access_key_secret: Option<String>,
    sts_token: Option<String>,
    region_id: Option<String>,
    ram_role_arn: Option<String>,
    ram_session_name: Option<String>,
    ram_role_name: Option<String>,
    expired_seconds: Option<u32>,
}

impl Profile {
    /// As the programs read it: of what is there only what belongs to its mode.
    fn of_mode(self) -> Self {
        let machine = self.mode == "EcsRamRole";
        let role = self.mode == "RamRoleArn";
        Self {
            access_key_id: self.access_key_id.filter(|_| !machine),
            access_key_secret: self.access_key_secret.filter(|_| !machine),
            sts_token: self.sts_token.filter(|_| self.mode == "StsToken"),
            ram_role_arn: self.ram_role_arn.filter(|_| role),
            ram_session_name: self.ram_session_name.filter(|_| role),
            expired_seconds: self.expired_seconds.filter(|n| role && *n > 0),
            ram_role_name: self.ram_role_name.filter(|_| machine),
            ..self
        }
    }
}

struct Reader<'a> {
    spec: &'a BackendSpec,
    environment: &'a Environment,
    arguments: Arguments<'a>,
    profile: Profile,
}

impl Reader<'_> {
    fn config(&self) -> Result<OssConfig> {
        let arguments = &self.arguments;
        let bucket = arguments.required("bucket")?;
        let region = self.value("region", REGION, self.profile.region_id.as_ref())?;
        let endpoint = self.endpoint(region.as_deref())?;
        let region = region.or_else(|| region_of(&endpoint));
        let (prefix, key) = self.names()?;
        let source = self.source()?;
        let mut secrets = source.secrets();
        sort_for_masking(&mut secrets);
        Ok(OssConfig {
            root: SafeUrl::new(self.root(&endpoint, &bucket)?),
            sts: SafeUrl::new(self.sts(region.as_deref())?),
            layout: Layout::new(&prefix, &key),
            encrypt: arguments.flag("encrypt")?.unwrap_or(false),
            acl: self.acl()?,
            table: self.table()?,
            role: self.role()?,
            source,
            bucket,
            region,
            secrets: Sensitive::new(secrets),
        })
    }

    /// Text that is not empty. An empty argument keeps the variables out, but not the profile.
    fn value(
        &self,
        name: &str,
        variables: &[&str],
        stored: Option<&String>,
    ) -> Result<Option<String>> {
        let text = self.arguments.exact_text_or(name, variables)?;
        let text = text.filter(|t| !t.is_empty()).or_else(|| stored.cloned());
        Ok(text.filter(|t| !t.is_empty()))
    }

    fn names(&self) -> Result<(String, String)> {
        let prefix = self.arguments.exact_text("prefix")?;
        let prefix = prefix.unwrap_or_else(|| PREFIX.to_owned());
        if prefix.starts_with('/') || prefix.starts_with("./") {
            return Err(self
                .arguments
                .invalid("the oss backend's `prefix` starts with `/` or `./`"));
        }
        let key = self.arguments.text("key")?;
        let key = key.unwrap_or_else(|| KEY.to_owned());
        if key.starts_with('/') || key.ends_with('/') {
            return Err(self
                .arguments
                .invalid("the oss backend's `key` starts or ends with `/`"));
        }
        Ok((prefix, key))
    }

    fn acl(&self) -> Result<Option<String>> {
        let acl = self.arguments.text("acl")?;
        match acl.as_deref() {
            None | Some("private" | "public-read" | "public-read-write") => Ok(acl),
            Some(_) => Err(self
                .arguments
                .invalid("the oss backend's `acl` is none that the store has")
                .with_hint("it is `private`, `public-read` or `public-read-write`")),
        }
    }

    /// The address of a service; one without a scheme is meant over TLS.
    fn address(&self, name: &str, text: &str) -> Result<Url> {
        let text = match text.starts_with("http://") || text.starts_with("https://") {
            true => text.to_owned(),
            false => format!("https://{text}"),
        };
        // The text can hold a password, and so can the parser's words.
        let url: Option<Url> = text.parse().ok();
        url.filter(|url| url.has_host() && url.username().is_empty() && url.password().is_none())
            .ok_or_else(|| {
                self.arguments.invalid(format!(
                    "the oss backend's `{name}` is no HTTP or HTTPS address"
                ))
            })
    }

    fn endpoint(&self, region: Option<&str>) -> Result<Url> {
        let given = self.value("endpoint", ENDPOINT, None)?;
        let text = match (given, region) {
            (Some(endpoint), _) => endpoint,
            (None, Some(region)) => format!("oss-{region}.aliyuncs.com"),
            (None, None) => {
                return Err(self
                    .arguments
                    .invalid("the oss backend has no `region` and no `endpoint`")
                    .with_hint("set `region`, or ALICLOUD_REGION, to one such as cn-hangzhou"));
            }
        };
        self.address("endpoint", &text)
    }

    /// The bucket's address: its name before that of the endpoint, or behind an IP address.
    fn root(&self, endpoint: &Url, bucket: &str) -> Result<Url> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let wrong = || {
            self.arguments
                .invalid("the oss backend's `bucket` is no name of one")
                .with_hint("a bucket's name has small letters, digits and hyphens")
        };
        if !bucket.chars().all(fits) {
            return Err(wrong());
        }
        let scheme = endpoint.scheme();
        let port = endpoint.port().map(|port| format!(":{port}"));
        let port = port.unwrap_or_default();
        let text = match endpoint.host() {
            Some(Host::Domain(domain)) => format!("{scheme}://{bucket}.{domain}{port}/"),
            Some(address) => format!("{scheme}://{address}{port}/{bucket}/"),
            None => return Err(wrong()),
        };
        text.parse().map_err(|_| wrong())
    }

    fn sts(&self, region: Option<&str>) -> Result<Url> {
        let text = match (self.value("sts_endpoint", STS, None)?, region) {
            (Some(endpoint), _) => endpoint,
            (None, Some(region)) => format!("sts.{region}.aliyuncs.com"),
            (None, None) => "sts.aliyuncs.com".to_owned(),
        };
        self.address("sts_endpoint", &text)
    }

    fn table(&self) -> Result<Option<Table>> {
        let endpoint = self.value("tablestore_endpoint", TABLE, None)?;
        let Some(name) = self.arguments.text("tablestore_table")? else {
            return Ok(None);
        };
        let Some(endpoint) = endpoint else {
            return Err(self
                .arguments
                .invalid("the oss backend has `tablestore_table` and no `tablestore_endpoint`")
                .with_hint(
                    "an endpoint is such as https://INSTANCE.cn-hangzhou.ots.aliyuncs.com",
                ));
        };
        let endpoint = self.address("tablestore_endpoint", &endpoint)?;
        let instance = match self.arguments.text("tablestore_instance_name")? {
            Some(instance) => instance,
            // As both programs have it, also where the first part of the host is no name.
            None => {
                let host = endpoint.host_str().unwrap_or_default();
                host.split('.').next().unwrap_or_default().to_owned()
            }
        };
        Ok(Some(Table {
            endpoint: SafeUrl::new(endpoint),
            instance,
            name,
        }))
    }

    fn source(&self) -> Result<Source> {
        let stored = &self.profile;
        let id = self.value("access_key", ACCESS_KEY, stored.access_key_id.as_ref())?;
        let secret = self.value("secret_key", SECRET_KEY, stored.access_key_secret.as_ref())?;
        let token = self.value("security_token", TOKEN, stored.sts_token.as_ref())?;
        match (id, secret) {
            (Some(id), Some(secret)) => Ok(Source::Keys(Keys {
                id: Sensitive::new(id),
                secret: Sensitive::new(secret),
                token: token.map(Sensitive::new),
                end: None,
            })),
            (Some(_), None) => Err(self
                .arguments
                .invalid("the oss backend's argument `secret_key` is missing")
                .with_hint("`access_key` and `secret_key` belong together")),
            // Without an access key the programs take the machine's, whatever else is there.
            (None, _) => {
                let role = self.value("ecs_role_name", ECS_ROLE, stored.ram_role_name.as_ref())?;
                Ok(role.map_or(Source::Missing, Source::Machine))
            }
        }
    }

    fn role(&self) -> Result<Option<Role>> {
        let stored = &self.profile;
        let arguments = &self.arguments;
        let block = arguments.object("assume_role", &ROLE)?;
        let text = |name, variables| self.value(name, variables, None);
        let mut role = (stored.ram_role_arn.clone(), stored.ram_session_name.clone());
        let (mut policy, mut seconds) = (None, stored.expired_seconds);
        if let Some(arn) = text("assume_role_role_arn", ROLE_ARN)? {
            let session = text("assume_role_session_name", SESSION_NAME)?;
            role = (Some(arn), session.or(role.1));
            policy = arguments.text("assume_role_policy")?;
            seconds = self
                .seconds(arguments, "assume_role_session_expiration")?
                .or(seconds);
        } else if let Some(block) = block {
            let arn = block.required("role_arn")?;
            let session = block.text_or("session_name", SESSION_NAME)?;
            role = (Some(arn), session.or(role.1));
            policy = block.text("policy")?;
            seconds = self.seconds(&block, "session_expiration")?;
        }
        let (Some(arn), session) = role else {
            return Ok(None);
        };
        let from_variable = || {
            let text = self.environment.get(EXPIRATION)?;
            text.trim().parse::<u32>().ok().filter(|n| *n > 0)
        };
        Ok(Some(Role {
            arn,
            session: session.unwrap_or_else(|| SESSION.to_owned()),
            policy,
            seconds: seconds.or_else(from_variable).unwrap_or(*SESSIONS.end()),
        }))
    }

    fn seconds(&self, arguments: &Arguments<'_>, name: &str) -> Result<Option<u32>> {
        let seconds = arguments.count(name)?;
        match seconds.is_none_or(|n| SESSIONS.contains(&n)) {
            true => Ok(seconds),
            false => Err(self.arguments.invalid(format!(
                "the oss backend's `{name}` is not between {} and {} seconds",
                SESSIONS.start(),
                SESSIONS.end()
            ))),
        }
    }

    /// The profile that is named; nothing where none is, or where there is no such file or profile.
    fn stored(&self) -> Result<Profile> {
        let Some(name) = self.value("profile", PROFILE, None)? else {
            return Ok(Profile::default());
        };
        let home = self.environment.home();
        let path = match self.value("shared_credentials_file", FILE, None)? {
            Some(path) => match path.strip_prefix("~/") {
                Some(rest) => home.map(|home| home.join(rest)),
                None => Some(PathBuf::from(path)),
            },
            None => home.map(|home| home.join(".aliyun").join("config.json")),
        };
        let path = path.map(|path| self.environment.current_dir().join(path));
        let Some(path) = path.filter(|path| path.exists()) else {
            return Ok(Profile::default());
        };
        let text = std::fs::read_to_string(&path).map_err(|e| {
            Error::io("read a file of the oss backend", &path, e).with("backend", &self.spec.origin)
        })?;
        let all: Profiles = serde_json::from_str(&text).map_err(|e| {
            // The parser's words can hold a part of the file.
            let place = format!("line {}, column {}", e.line(), e.column());
            self.arguments
                .invalid("the file of profiles is not the JSON that `aliyun configure` writes")
                .with("file", path.display())
                .with("place", place)
        })?;
        let found = all
            .profiles
            .into_iter()
            .rfind(|profile| profile.name == name);
        Ok(found.map(Profile::of_mode).unwrap_or_default())
    }
}

/// The region in the name of the store's own endpoints, such as `oss-cn-hangzhou-internal.aliyuncs.com`.
fn region_of(endpoint: &Url) -> Option<String> {
    let host = endpoint.host_str()?.strip_suffix(".aliyuncs.com")?;
    let region = host.strip_prefix("oss-")?;
    let region = region.strip_suffix("-internal").unwrap_or(region);
    let is_region =
        !region.is_empty() && !region.contains('.') && !region.starts_with("accelerate");
    is_region.then(|| region.to_owned())
}
