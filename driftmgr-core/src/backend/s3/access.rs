//! Who asks, and by which way: endpoints, credentials, proxies, retries.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::config::sorted;
use crate::backend::BackendSpec;
use crate::backend::arguments::Arguments;
use crate::env::Environment;
use crate::error::Result;
use crate::redact::{SafeUrl, Sensitive};
use crate::settings::parse_duration;

/// So often both programs repeat a request unless `max_retries` says otherwise.
const MAX_RETRIES: u32 = 5;
/// How long the session of a role may last.
const SESSION: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(15 * 60)..=Duration::from_secs(12 * 60 * 60);

/// Who asks, and by which way.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) region: String,
    pub(super) sts_region: Option<String>,
    pub(super) endpoints: Endpoints,
    pub(super) path_style: bool,
    pub(super) fips: bool,
    pub(super) dual_stack: bool,
    pub(super) max_retries: u32,
    pub(super) adaptive: bool,
    pub(super) identity: Identity,
    pub(super) allowed_accounts: Vec<String>,
    pub(super) forbidden_accounts: Vec<String>,
    pub(super) proxy: Proxy,
    pub(super) ca_bundle: Option<PathBuf>,
}

/// Where the services are, when not at their usual addresses.
#[derive(Debug, Clone, Default)]
pub(super) struct Endpoints {
    pub(super) s3: Option<SafeUrl>,
    pub(super) dynamodb: Option<SafeUrl>,
    pub(super) sts: Option<SafeUrl>,
}

/// Proxies by the scheme of the request.
#[derive(Debug, Clone, Default)]
pub(super) struct Proxy {
    pub(super) http: Option<SafeUrl>,
    pub(super) https: Option<SafeUrl>,
    pub(super) except: String,
}

/// Where credentials come from; the first that is there counts.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    /// Those of the arguments.
    pub(super) keys: Option<Keys>,
    /// The profile that the arguments name. Unlike `AWS_PROFILE` it wins over keys in the environment.
    pub(super) profile: Option<String>,
    /// `AWS_ACCESS_KEY_ID` and its friends.
    pub(super) environment: Option<Keys>,
    /// `AWS_WEB_IDENTITY_TOKEN_FILE` and its friends.
    pub(super) web_identity: Option<WebIdentity>,
    /// `AWS_PROFILE`, for when nothing above is set.
    pub(super) usual_profile: Option<String>,
    pub(super) config_files: Vec<PathBuf>,
    pub(super) credentials_files: Vec<PathBuf>,
    /// A container says that it hands out credentials.
    pub(super) container: bool,
    pub(super) metadata: Metadata,
    /// `assume_role_with_web_identity`, in the place of all of the above.
    pub(super) web_role: Option<WebIdentity>,
    /// `assume_role`, taken with the credentials found.
    pub(super) role: Option<Role>,
}

/// A pair of keys, with the token of a session.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) access_key: Sensitive<String>,
    pub(super) secret_key: Sensitive<String>,
    pub(super) token: Option<Sensitive<String>>,
}

/// The metadata service of a virtual machine.
#[derive(Debug, Clone)]
pub(super) struct Metadata {
    pub(super) enabled: bool,
    pub(super) endpoint: Option<SafeUrl>,
    pub(super) ipv6: bool,
}

/// A role to take, and for what.
#[derive(Debug, Clone, Default)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) session: Option<String>,
    pub(super) duration: Option<Duration>,
    pub(super) external_id: Option<Sensitive<String>>,
    pub(super) policy: Option<String>,
    pub(super) policy_arns: Vec<String>,
    pub(super) source_identity: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) transitive_tags: Vec<String>,
}

/// A role that the token of an identity provider opens.
#[derive(Debug, Clone)]
pub(super) struct WebIdentity {
    pub(super) role: Role,
    pub(super) token: Token,
}

/// The token of an identity provider.
#[derive(Debug, Clone)]
pub(super) enum Token {
    Text(Sensitive<String>),
    /// Read anew each time: whoever writes it renews it.
    File(PathBuf),
}

impl Access {
    pub(super) fn read(
        arguments: &Arguments<'_>,
        environment: &Environment,
        spec: &BackendSpec,
    ) -> Result<Self> {
        let variable = |names: &[&str]| first(environment, names);
        let region = arguments.text_or("region", &["AWS_REGION", "AWS_DEFAULT_REGION"])?;
        let region = region.ok_or_else(|| {
            arguments
                .invalid("the region of the bucket is not known")
                .with_hint("set the argument `region`, or the variable AWS_REGION")
        })?;
        if arguments.flag("insecure")?.unwrap_or(false) {
            return Err(arguments
                .unsupported("insecure")
                .with_hint("name the server's certificate with `custom_ca_bundle`"));
        }
        // Read for their types. The first request tells whether credentials and region are right, and nobody asks IAM.
        for name in ["skip_credentials_validation", "skip_region_validation"] {
            arguments.flag(name)?;
        }
        arguments.conflict(&["force_path_style", "use_path_style"])?;
        arguments.conflict(&["allowed_account_ids", "forbidden_account_ids"])?;
        let (allowed, forbidden) = (
            sorted(arguments.texts("allowed_account_ids")?),
            sorted(arguments.texts("forbidden_account_ids")?),
        );
        if arguments.flag("skip_requesting_account_id")? == Some(true)
            && !(allowed.is_empty() && forbidden.is_empty())
        {
            return Err(arguments.invalid(
                "`allowed_account_ids` and `forbidden_account_ids` need the account's id, which `skip_requesting_account_id` forbids to ask for",
            ));
        }
        let mode = arguments.text("retry_mode")?;
        let mode = mode.or_else(|| variable(&["AWS_RETRY_MODE"]));
        let adaptive = match mode.as_deref() {
            None | Some("standard") => false,
            Some("adaptive") => true,
            Some(_) => {
                return Err(
                    arguments.invalid("the retry mode is neither `standard` nor `adaptive`")
                );
            }
        };
        let flag = |name: &str, variable: &str| -> Result<bool> {
            let set = arguments.flag(name)?;
            Ok(set.unwrap_or_else(|| {
                let value = environment.get(variable);
                value.is_some_and(|v| v.eq_ignore_ascii_case("true"))
            }))
        };
        let base = environment.current_dir().join(&spec.root);
        let path_style = match arguments.flag("use_path_style")? {
            Some(set) => set,
            None => arguments.flag("force_path_style")?.unwrap_or(false),
        };
        let ca_bundle = arguments.text("custom_ca_bundle")?;
        let ca_bundle = ca_bundle.or_else(|| variable(&["AWS_CA_BUNDLE"]));
        Ok(Self {
            region,
            sts_region: arguments.text("sts_region")?,
            endpoints: Endpoints::read(arguments, environment)?,
            path_style,
            fips: flag("use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT")?,
            dual_stack: flag("use_dualstack_endpoint", "AWS_USE_DUALSTACK_ENDPOINT")?,
            max_retries: arguments.count("max_retries")?.unwrap_or(MAX_RETRIES),
            adaptive,
            identity: Identity::read(arguments, environment, spec)?,
            allowed_accounts: allowed,
            forbidden_accounts: forbidden,
            proxy: Proxy::read(arguments, environment)?,
            ca_bundle: ca_bundle.map(|path| base.join(path)),
        })
    }

    pub(super) fn secrets(&self) -> Vec<&str> {
        let identity = &self.identity;
        let mut secrets = Vec::new();
        for keys in [&identity.keys, &identity.environment]
            .into_iter()
            .flatten()
        {
            secrets.push(keys.access_key.expose().as_str());
            secrets.push(keys.secret_key.expose());
            secrets.extend(keys.token.iter().map(|t| t.expose().as_str()));
        }
        for web in [&identity.web_role, &identity.web_identity]
            .into_iter()
            .flatten()
        {
            if let Token::Text(token) = &web.token {
                secrets.push(token.expose());
            }
        }
        let external = identity.role.iter().filter_map(|r| r.external_id.as_ref());
        secrets.extend(external.map(|id| id.expose().as_str()));
        let proxies = [&self.proxy.http, &self.proxy.https];
        secrets.extend(
            proxies
                .into_iter()
                .flatten()
                .filter_map(|url| url.expose().password()),
        );
        secrets
    }
}

impl Endpoints {
    fn read(arguments: &Arguments<'_>, environment: &Environment) -> Result<Self> {
        let names = ["dynamodb", "iam", "s3", "sso", "sts"];
        let nested = arguments.object("endpoints", &names)?;
        if let Some(nested) = &nested
            && nested.has("sso")
        {
            return Err(nested
                .unsupported("sso")
                .with_hint("set the variable AWS_ENDPOINT_URL_SSO"));
        }
        let all = match environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
            Some(v) if v.eq_ignore_ascii_case("true") => None,
            _ => environment.get("AWS_ENDPOINT_URL"),
        };
        let endpoint = |service: &str, flat: &str, variables: &[&str]| -> Result<Option<SafeUrl>> {
            let set = match &nested {
                Some(nested) => nested.text(service)?,
                None => None,
            };
            if set.is_some() && arguments.has(flat) {
                return Err(arguments.invalid(format!(
                    "the backend's arguments `{flat}` and `endpoints.{service}` exclude each other"
                )));
            }
            let text = set.map_or_else(|| arguments.text(flat), |set| Ok(Some(set)))?;
            let text = text.or_else(|| first(environment, variables));
            let text = text.or_else(|| all.map(str::to_owned));
            text.map(|text| web_address(arguments, &text, &format!("the endpoint of {service}")))
                .transpose()
        };
        // Nobody asks IAM, so its endpoint is read for its type and its conflict only.
        endpoint(
            "iam",
            "iam_endpoint",
            &["AWS_ENDPOINT_URL_IAM", "AWS_IAM_ENDPOINT"],
        )?;
        Ok(Self {
            s3: endpoint(
                "s3",
                "endpoint",
                &["AWS_ENDPOINT_URL_S3", "AWS_S3_ENDPOINT"],
            )?,
            dynamodb: endpoint(
                "dynamodb",
                "dynamodb_endpoint",
                &["AWS_ENDPOINT_URL_DYNAMODB", "AWS_DYNAMODB_ENDPOINT"],
            )?,
            sts: endpoint(
                "sts",
                "sts_endpoint",
                &["AWS_ENDPOINT_URL_STS", "AWS_STS_ENDPOINT"],
            )?,
        })
    }
}

impl Proxy {
    /// An `http_proxy` argument without `https_proxy` is for both, as in Terraform.
    fn read(arguments: &Arguments<'_>, environment: &Environment) -> Result<Self> {
        let address = |text: Option<String>, name: &str| {
            text.map(|text| web_address(arguments, &text, name))
                .transpose()
        };
        let http = address(arguments.text("http_proxy")?, "`http_proxy`")?;
        let https = address(arguments.text("https_proxy")?, "`https_proxy`")?;
        let named = |names: &[&str]| {
            let name = format!("the variable {}", names.first().unwrap_or(&""));
            address(first(environment, names), &name)
        };
        let https = match https.or_else(|| http.clone()) {
            Some(https) => Some(https),
            None => named(&["HTTPS_PROXY", "https_proxy"])?,
        };
        let http = match http {
            Some(http) => Some(http),
            None => named(&["HTTP_PROXY", "http_proxy"])?,
        };
        let except = arguments.text_or("no_proxy", &["NO_PROXY", "no_proxy"])?;
        Ok(Self {
            http,
            https,
            except: except.unwrap_or_default(),
        })
    }
}

impl Identity {
    fn read(
        arguments: &Arguments<'_>,
        environment: &Environment,
        spec: &BackendSpec,
    ) -> Result<Self> {
        let base = environment.current_dir().join(&spec.root);
        let keys = |access: Option<String>, secret: Option<String>, token: Option<String>| {
            Some(Keys {
                access_key: Sensitive::new(access?),
                secret_key: Sensitive::new(secret?),
                token: token.map(Sensitive::new),
            })
        };
        let (access, secret) = (arguments.text("access_key")?, arguments.text("secret_key")?);
        if access.is_some() != secret.is_some() {
            return Err(arguments.invalid(
                "of the backend's arguments `access_key` and `secret_key` only one is set",
            ));
        }
        arguments.conflict(&["shared_credentials_file", "shared_credentials_files"])?;
        let files = |names: &[&str], variables: &[&str], usual: &str| -> Result<Vec<PathBuf>> {
            for name in names {
                let set = match *name {
                    "shared_credentials_file" => Vec::from_iter(arguments.text(name)?),
                    _ => sorted(arguments.texts(name)?),
                };
                if !set.is_empty() {
                    let paths = set.iter();
                    return Ok(paths.map(|p| from_home(environment, &base, p)).collect());
                }
            }
            let usual = || environment.home().map(|home| home.join(".aws").join(usual));
            let path = first(environment, variables).map(|p| from_home(environment, &base, &p));
            // Programs that never had one work all the same.
            Ok(Vec::from_iter(
                path.or_else(usual).filter(|path| path.exists()),
            ))
        };
        Ok(Self {
            keys: keys(access, secret, arguments.text("token")?),
            profile: arguments.text("profile")?,
            environment: keys(
                first(environment, &["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"]),
                first(environment, &["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"]),
                first(environment, &["AWS_SESSION_TOKEN"]),
            ),
            web_identity: WebIdentity::of_environment(environment),
            usual_profile: first(environment, &["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]),
            config_files: files(
                &["shared_config_files"],
                &["AWS_SHARED_CONFIG_FILE", "AWS_CONFIG_FILE"],
                "config",
            )?,
            credentials_files: files(
                &["shared_credentials_file", "shared_credentials_files"],
                &["AWS_SHARED_CREDENTIALS_FILE"],
                "credentials",
            )?,
            container: [
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            ]
            .iter()
            .any(|name| environment.get(name).is_some()),
            metadata: Metadata::read(arguments, environment)?,
            web_role: WebIdentity::read(arguments, environment, &base)?,
            role: Role::read(arguments)?,
        })
    }
}

impl Metadata {
    fn read(arguments: &Arguments<'_>, environment: &Environment) -> Result<Self> {
        let skip = arguments.flag("skip_metadata_api_check")?;
        let disabled = environment.get("AWS_EC2_METADATA_DISABLED");
        let variables = ["AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_METADATA_URL"];
        let endpoint = arguments.text_or("ec2_metadata_service_endpoint", &variables)?;
        let mode = arguments.text_or(
            "ec2_metadata_service_endpoint_mode",
            &["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"],
        )?;
        let ipv6 = match mode.as_deref().map(str::to_ascii_lowercase).as_deref() {
            None | Some("ipv4") => false,
            Some("ipv6") => true,
            Some(_) => {
                return Err(arguments
                    .invalid("the mode of the metadata service is neither `IPv4` nor `IPv6`"));
            }
        };
        Ok(Self {
            enabled: match skip {
                Some(skip) => !skip,
                None => !disabled.is_some_and(|v| v.eq_ignore_ascii_case("true")),
            },
            endpoint: endpoint
                .map(|text| web_address(arguments, &text, "the metadata service"))
                .transpose()?,
            ipv6,
        })
    }
}

impl Role {
    /// The object `assume_role`, or OpenTofu's arguments beside each other that it replaced.
    fn read(arguments: &Arguments<'_>) -> Result<Option<Self>> {
        const FLAT: [&str; 8] = [
            "role_arn",
            "session_name",
            "external_id",
            "assume_role_duration_seconds",
            "assume_role_policy",
            "assume_role_policy_arns",
            "assume_role_tags",
            "assume_role_transitive_tag_keys",
        ];
        const NESTED: [&str; 9] = [
            "role_arn",
            "duration",
            "external_id",
            "policy",
            "policy_arns",
            "session_name",
            "source_identity",
            "tags",
            "transitive_tag_keys",
        ];
        if let Some(nested) = arguments.object("assume_role", &NESTED)? {
            for flat in FLAT {
                arguments.conflict(&["assume_role", flat])?;
            }
            return Ok(Some(Self {
                external_id: nested.text("external_id")?.map(Sensitive::new),
                source_identity: nested.text("source_identity")?,
                tags: nested.map("tags")?,
                transitive_tags: sorted(nested.texts("transitive_tag_keys")?),
                ..Self::common(&nested, nested.required("role_arn")?)?
            }));
        }
        let Some(arn) = arguments.text("role_arn")? else {
            return Ok(None);
        };
        let seconds = arguments.count("assume_role_duration_seconds")?;
        Ok(Some(Self {
            arn,
            session: arguments.text("session_name")?,
            duration: seconds.map(|s| Duration::from_secs(s.into())),
            external_id: arguments.text("external_id")?.map(Sensitive::new),
            policy: arguments.text("assume_role_policy")?,
            policy_arns: sorted(arguments.texts("assume_role_policy_arns")?),
            source_identity: None,
            tags: arguments.map("assume_role_tags")?,
            transitive_tags: sorted(arguments.texts("assume_role_transitive_tag_keys")?),
        }))
    }

    /// What both ways to take a role have.
    fn common(nested: &Arguments<'_>, arn: String) -> Result<Self> {
        let duration = nested.text("duration")?.map(|text| {
            let duration = parse_duration(&text).filter(|d| SESSION.contains(d));
            duration.ok_or_else(|| {
                nested.invalid("the duration of a role is not between 15m and 12h, as in `1h30m`")
            })
        });
        Ok(Self {
            arn,
            session: nested.text("session_name")?,
            duration: duration.transpose()?,
            policy: nested.text("policy")?.map(|text| text.trim().to_owned()),
            policy_arns: sorted(nested.texts("policy_arns")?),
            ..Self::default()
        })
    }
}

impl WebIdentity {
    fn read(
        arguments: &Arguments<'_>,
        environment: &Environment,
        base: &std::path::Path,
    ) -> Result<Option<Self>> {
        const NESTED: [&str; 7] = [
            "role_arn",
            "duration",
            "policy",
            "policy_arns",
            "session_name",
            "web_identity_token",
            "web_identity_token_file",
        ];
        let Some(nested) = arguments.object("assume_role_with_web_identity", &NESTED)? else {
            return Ok(None);
        };
        nested.conflict(&["web_identity_token", "web_identity_token_file"])?;
        let arn = nested.text_or("role_arn", &["AWS_ROLE_ARN"])?;
        let Some(arn) = arn else {
            return nested.required("role_arn").map(|_| None);
        };
        let mut role = Role::common(&nested, arn)?;
        role.session = role
            .session
            .or_else(|| first(environment, &["AWS_ROLE_SESSION_NAME"]));
        let variable = |name: &str| first(environment, &[name]);
        let token = match (
            nested.text("web_identity_token")?,
            nested.text("web_identity_token_file")?,
        ) {
            (Some(token), _) => Token::Text(Sensitive::new(token)),
            (None, Some(file)) => Token::File(base.join(file)),
            (None, None) => match (
                variable("AWS_WEB_IDENTITY_TOKEN"),
                variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
            ) {
                (Some(token), _) => Token::Text(Sensitive::new(token)),
                (None, Some(file)) => Token::File(base.join(file)),
                (None, None) => {
                    return nested.required("web_identity_token_file").map(|_| None);
                }
            },
        };
        Ok(Some(Self { role, token }))
    }

    /// As clusters hand it to their containers.
    fn of_environment(environment: &Environment) -> Option<Self> {
        let file = first(environment, &["AWS_WEB_IDENTITY_TOKEN_FILE"])?;
        Some(Self {
            role: Role {
                arn: first(environment, &["AWS_ROLE_ARN"])?,
                session: first(environment, &["AWS_ROLE_SESSION_NAME"]),
                ..Role::default()
            },
            token: Token::File(environment.current_dir().join(file)),
        })
    }
}

fn first(environment: &Environment, names: &[&str]) -> Option<String> {
    let value = names.iter().find_map(|name| environment.get(name));
    value.map(str::to_owned)
}

fn web_address(arguments: &Arguments<'_>, text: &str, name: &str) -> Result<SafeUrl> {
    let url = Url::parse(text).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.map(SafeUrl::new).ok_or_else(|| {
        arguments
            .invalid(format!("{name} is not a URL"))
            .with_hint("write it with its scheme, as in `https://s3.example.com`")
    })
}

fn from_home(environment: &Environment, base: &std::path::Path, path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), environment.home()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => base.join(path),
    }
}
