//! The arguments of a `kubernetes` backend as both programs read them
//! (<https://developer.hashicorp.com/terraform/language/backend/kubernetes>, <https://opentofu.org/docs/language/settings/backends/kubernetes/>).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::exec::Plugin;
use super::kubeconfig::{self, Chosen, Cluster, Kubeconfig, User};
use crate::backend::arguments::Arguments;
use crate::backend::transport::Tls;
use crate::backend::{BackendSpec, WorkspaceName};
use crate::env::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::{SafeUrl, Sensitive};

/// Every argument.
const KNOWN: [&str; 20] = [
    "client_certificate",
    "client_key",
    "cluster_ca_certificate",
    "config_context",
    "config_context_auth_info",
    "config_context_cluster",
    "config_path",
    "config_paths",
    "exec",
    "host",
    "in_cluster_config",
    "insecure",
    "labels",
    "load_config_file",
    "namespace",
    "password",
    "proxy_url",
    "secret_suffix",
    "token",
    "username",
];
const EXEC: [&str; 4] = ["api_version", "args", "command", "env"];

/// Where a pod finds what it may do (<https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/>).
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const SERVICE_HOST: &str = "KUBERNETES_SERVICE_HOST";
const SERVICE_PORT: &str = "KUBERNETES_SERVICE_PORT";

/// A name has so many letters (RFC 1123), the value of a label so many.
const NAME_LIMIT: usize = 253;
const LABEL_LIMIT: usize = 63;

/// The arguments of a `kubernetes` backend, defaults and variables put in. `Debug` shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubernetesConfig {
    pub(super) namespace: String,
    pub(super) suffix: String,
    /// Of one's own, beside those that the programs set.
    pub(super) labels: BTreeMap<String, String>,
    pub(super) access: Access,
    /// What must not stand in any text.
    pub(super) secrets: Sensitive<Vec<String>>,
}

/// Where the cluster is, and who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) server: SafeUrl,
    pub(super) tls: Tls,
    /// The one proxy that is gone through; `None` leaves it to the environment. May hold a password.
    pub(super) proxy: Option<Sensitive<String>>,
    pub(super) credentials: Credentials,
    /// Whom the server is to take us for.
    pub(super) impersonation: HeaderMap,
}

/// What proves who asks, beside a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Credentials {
    None,
    Token(Sensitive<String>),
    /// A file with a token that is renewed from time to time, and the one to begin with.
    File(PathBuf),
    /// User and password, as HTTP sends them.
    Basic(Sensitive<String>),
    Exec(Box<Plugin>),
}

impl KubernetesConfig {
    /// Reads the arguments; those that are missing come from their `KUBE_*` variables. Files that they name are read, but for tokens.
    ///
    /// # Errors
    /// `InvalidConfig` for an argument, a variable or a kubeconfig that is unknown, missing, wrong or in conflict with another; `Unsupported`
    /// for ways to authenticate that are not supported; the kinds of [`Error::io`] for a file that cannot be read.
    pub fn from_spec(environment: &Environment, spec: &BackendSpec) -> Result<Self> {
        Self::in_pod(environment, spec, Path::new(SERVICE_ACCOUNT))
    }

    /// The same, with the folder where a pod has its service account.
    pub(super) fn in_pod(
        environment: &Environment,
        spec: &BackendSpec,
        pod: &Path,
    ) -> Result<Self> {
        let arguments = Arguments::of(spec, environment, &KNOWN)?;
        let reader = Reader {
            arguments,
            environment,
            pod,
        };
        reader
            .config()
            .map_err(|e| match e.context_value("backend") {
                Some(_) => e,
                None => e.with("backend", &spec.origin),
            })
    }

    /// The name of the secret with a workspace's state, or with its first part.
    ///
    /// # Errors
    /// `InvalidInput` for a workspace that no secret can be named after.
    pub fn secret_name(&self, workspace: &WorkspaceName) -> Result<String> {
        let name = secret_name(workspace, &self.suffix);
        match is_name(&name) && workspace.as_str().len() <= LABEL_LIMIT {
            true => Ok(name),
            false => Err(Error::new(
                ErrorKind::InvalidInput,
                "no secret of Kubernetes can be named after the workspace",
            )
            .with("workspace", workspace)
            .with_hint(
                "a name has small letters, digits, - and ., begins and ends with a letter or digit, and is not longer than 63",
            )),
        }
    }

    /// The labels of a workspace's secrets and of its lease.
    pub(super) fn labels_of(&self, workspace: &WorkspaceName) -> BTreeMap<String, String> {
        let own = [
            (super::STATE, "true"),
            (super::SUFFIX, self.suffix.as_str()),
            (super::WORKSPACE, workspace.as_str()),
            ("app.kubernetes.io/managed-by", "terraform"),
        ];
        let mut labels: BTreeMap<String, String> = own
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        // As both programs have it, those of one's own win.
        labels.extend(self.labels.clone());
        labels
    }
}

fn secret_name(workspace: &WorkspaceName, suffix: &str) -> String {
    format!("tfstate-{workspace}-{suffix}")
}

/// Whether something can be called so: a DNS subdomain (RFC 1123).
fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= NAME_LIMIT
        && name.split('.').all(|part| {
            part.starts_with(plain)
                && part.ends_with(plain)
                && part.chars().all(|c| plain(c) || c == '-')
        })
}

struct Reader<'a> {
    arguments: Arguments<'a>,
    environment: &'a Environment,
    pod: &'a Path,
}

impl Reader<'_> {
    fn config(&self) -> Result<KubernetesConfig> {
        let suffix = self.arguments.required("secret_suffix")?;
        let default = secret_name(&WorkspaceName::default(), &suffix);
        if !is_name(&default) || suffix.len() > LABEL_LIMIT {
            return Err(self
                .arguments
                .invalid("no secret of Kubernetes can be named after `secret_suffix`")
                .with_hint("a suffix has small letters, digits, - and ., ends with a letter or digit, and is not longer than 63"));
        }
        let namespace = self.text("namespace", "KUBE_NAMESPACE")?;
        let namespace = namespace.unwrap_or_else(|| "default".to_owned());
        if !is_name(&namespace) {
            return Err(self
                .arguments
                .invalid("the kubernetes backend's `namespace` is no name"));
        }
        // It has an effect in neither of the programs, but its type is checked.
        self.flag("load_config_file", "KUBE_LOAD_CONFIG_FILE")?;
        let access = self.access()?;
        Ok(KubernetesConfig {
            namespace,
            suffix,
            labels: self.arguments.map("labels")?,
            secrets: Sensitive::new(secrets_of(&access)),
            access,
        })
    }

    fn text(&self, name: &str, variable: &str) -> Result<Option<String>> {
        self.arguments.text_or(name, &[variable])
    }

    fn flag(&self, name: &str, variable: &str) -> Result<bool> {
        if let Some(value) = self.arguments.flag(name)? {
            return Ok(value);
        }
        match self.environment.get(variable) {
            None => Ok(false),
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
            Some(_) => Err(self
                .arguments
                .invalid(format!("{variable} is neither true nor false"))),
        }
    }

    fn access(&self) -> Result<Access> {
        let (cluster, user) = self.base()?;
        let insecure = self.flag("insecure", "KUBE_INSECURE")? || cluster.insecure;
        let authorities = self.text("cluster_ca_certificate", "KUBE_CLUSTER_CA_CERT_DATA")?;
        let certificate = self.text("client_certificate", "KUBE_CLIENT_CERT_DATA")?;
        let key = self.text("client_key", "KUBE_CLIENT_KEY_DATA")?;
        let has_tls = authorities.is_some() || certificate.is_some() || insecure;
        let authorities = authorities.or(cluster.authorities);
        let host = self.text("host", "KUBE_HOST")?.or(cluster.server);
        let host = host.ok_or_else(|| {
            self.arguments
                .invalid("the kubernetes backend names no cluster")
                .with_hint("set `config_path` or KUBE_CONFIG_PATH to a kubeconfig (KUBECONFIG is not read), or `host`, or `in_cluster_config`")
        })?;
        let server = self.server(&host, has_tls || authorities.is_some())?;
        if cluster.server_name.is_some() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the kubeconfig's `tls-server-name` is not supported",
            )
            .with_hint("reach the server by a name that stands in its certificate"));
        }
        if insecure && authorities.is_some() {
            return Err(self.arguments.invalid(
                "the kubernetes backend has an authority, and is not to verify by it: `insecure` and `cluster_ca_certificate` exclude each other",
            ));
        }
        // As Kubernetes' own client has it, what a kubeconfig says of the user is not sent in the clear.
        let user = match server.scheme() {
            "https" => user,
            _ => User {
                impersonation: user.impersonation,
                ..User::default()
            },
        };
        let identity = match (
            certificate.or(user.certificate),
            key.map(Sensitive::new).or(user.key),
        ) {
            (None, None) => None,
            (Some(certificate), Some(key)) => {
                Some(Sensitive::new(format!("{certificate}\n{}", key.expose())))
            }
            _ => {
                return Err(self.arguments.invalid(
                    "the kubernetes backend has one of `client_certificate` and `client_key`, and needs both or none",
                ));
            }
        };
        let proxy = self.text("proxy_url", "KUBE_PROXY_URL")?;
        Ok(Access {
            server: SafeUrl::new(server),
            tls: Tls {
                authorities: authorities.filter(|_| !insecure),
                identity,
                skip_verification: insecure,
            },
            // The cluster's own comes first, as the argument is a default for it.
            proxy: cluster.proxy.or(proxy.map(Sensitive::new)),
            credentials: self.credentials(user.credentials)?,
            impersonation: headers_of(&user.impersonation).ok_or_else(|| {
                self.arguments
                    .invalid("the kubeconfig's `as` cannot be sent")
            })?,
        })
    }

    fn server(&self, host: &str, has_tls: bool) -> Result<Url> {
        let text = match (host.contains("://"), has_tls) {
            (true, _) => host.to_owned(),
            (false, true) => format!("https://{host}"),
            (false, false) => format!("http://{host}"),
        };
        // The text can hold a password, and so can the parser's words.
        let url: Option<Url> = text.parse().ok();
        url.filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
        })
        .ok_or_else(|| {
            self.arguments
                .invalid("the kubernetes backend's `host`, or the kubeconfig's `server`, is no HTTP or HTTPS address")
                .with_hint("an address is such as https://HOST:6443")
        })
    }

    /// What kubeconfigs, or the pod, say.
    fn base(&self) -> Result<(Cluster, User)> {
        if self.flag("in_cluster_config", "KUBE_IN_CLUSTER_CONFIG")? {
            return self.in_cluster();
        }
        let chosen = Chosen {
            context: self.text("config_context", "KUBE_CTX")?,
            user: self.text("config_context_auth_info", "KUBE_CTX_AUTH_INFO")?,
            cluster: self.text("config_context_cluster", "KUBE_CTX_CLUSTER")?,
        };
        let (cluster, mut user) = self.kubeconfig()?.choose(&chosen)?;
        if let Some(plugin) = self.exec()? {
            user.credentials.exec = Some(plugin);
        }
        let nothing = cluster == Cluster::default();
        let has_host = self.text("host", "KUBE_HOST")?.is_some();
        match nothing && !has_host && self.is_pod() {
            true => self.in_cluster(),
            false => Ok((cluster, user)),
        }
    }

    fn kubeconfig(&self) -> Result<Kubeconfig> {
        let one = self.text("config_path", "KUBE_CONFIG_PATH")?;
        let several = self.arguments.list("config_paths")?;
        let paths: Vec<PathBuf> = match (one, several, self.environment.get("KUBE_CONFIG_PATHS")) {
            (Some(path), _, _) => vec![self.expanded(&path)],
            (None, Some(paths), _) if !paths.is_empty() => paths
                .iter()
                .filter(|path| !path.is_empty())
                .map(|path| self.expanded(path))
                .collect(),
            (None, _, Some(paths)) => std::env::split_paths(paths)
                .filter(|path| !path.as_os_str().is_empty())
                .map(|path| self.expanded(&path.to_string_lossy()))
                .collect(),
            (None, _, None) => Vec::new(),
        };
        match paths.as_slice() {
            // As both programs have it, where the rest says enough.
            [path] if !path.exists() && self.text("host", "KUBE_HOST")?.is_some() => {
                Ok(Kubeconfig::default())
            }
            paths => kubeconfig::read(paths),
        }
    }

    fn expanded(&self, path: &str) -> PathBuf {
        let home = path.strip_prefix("~/").and_then(|rest| {
            let home = self.environment.home()?;
            Some(home.join(rest))
        });
        home.unwrap_or_else(|| self.environment.current_dir().join(path))
    }

    fn exec(&self) -> Result<Option<Plugin>> {
        let Some(block) = self.arguments.object("exec", &EXEC)? else {
            return Ok(None);
        };
        let environment = block.map("env")?.into_iter();
        Plugin::new(
            &block.required("api_version")?,
            block.required("command")?,
            block.list("args")?.unwrap_or_default(),
            environment.collect(),
            None,
        )
        .map(Some)
    }

    fn is_pod(&self) -> bool {
        let set = |name| self.environment.get(name).is_some();
        set(SERVICE_HOST) && set(SERVICE_PORT) && self.pod.join("token").is_file()
    }

    fn in_cluster(&self) -> Result<(Cluster, User)> {
        let host = self.environment.get(SERVICE_HOST);
        let (Some(host), Some(port)) = (host, self.environment.get(SERVICE_PORT)) else {
            return Err(self
                .arguments
                .invalid(format!(
                    "the kubernetes backend has `in_cluster_config`, and this is no pod: {SERVICE_HOST} and {SERVICE_PORT} are not set"
                ))
                .with_hint("name a kubeconfig by `config_path`"));
        };
        // An IPv6 address stands in brackets.
        let host = match host.contains(':') {
            true => format!("[{host}]"),
            false => host.to_owned(),
        };
        let authority = self.pod.join("ca.crt");
        let authorities = match authority.is_file() {
            true => Some(kubeconfig::file(
                "read the cluster's authority",
                &authority,
            )?),
            false => None,
        };
        let cluster = Cluster {
            server: Some(format!("https://{host}:{port}")),
            authorities,
            ..Cluster::default()
        };
        let mut user = User::default();
        user.credentials.token_file = Some(self.pod.join("token"));
        Ok((cluster, user))
    }

    /// The arguments win over what a kubeconfig says, and a token over a plugin.
    fn credentials(&self, found: kubeconfig::Credentials) -> Result<Credentials> {
        let token = self.text("token", "KUBE_TOKEN")?;
        let user = self.text("username", "KUBE_USER")?.or(found.username);
        let password = self.text("password", "KUBE_PASSWORD")?;
        let password = password.map(Sensitive::new).or(found.password);
        let has_token = token.is_some() || found.token.is_some() || found.token_file.is_some();
        if has_token && (user.is_some() || password.is_some()) {
            return Err(self
                .arguments
                .invalid("the kubernetes backend has a token and also `username` or `password`"));
        }
        if let Some(token) = token {
            return Ok(Credentials::Token(Sensitive::new(token)));
        }
        if let Some(file) = found
            .token_file
            .filter(|file| file.is_file() || found.token.is_none())
        {
            return Ok(Credentials::File(file));
        }
        if let Some(token) = found.token {
            return Ok(Credentials::Token(token));
        }
        if user.is_some() || password.is_some() {
            let password = password.map(Sensitive::into_exposed).unwrap_or_default();
            let pair = format!("{}:{password}", user.unwrap_or_default());
            return Ok(Credentials::Basic(Sensitive::new(
                BASE64_STANDARD.encode(pair),
            )));
        }
        Ok(match found.exec {
            Some(plugin) => Credentials::Exec(Box::new(plugin)),
            None => Credentials::None,
        })
    }
}

/// The headers that ask to be taken for somebody else (<https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation>).
fn headers_of(impersonation: &[(String, String)]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in impersonation {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_str(value).ok()?);
    }
    Some(headers)
}

/// What a server could repeat, the longest first, so that of a secret in another one no rest is left. Those of a few letters cannot be told
/// from other text.
fn secrets_of(access: &Access) -> Vec<String> {
    let mut secrets = Vec::new();
    match &access.credentials {
        Credentials::Token(token) => secrets.push(token.expose().clone()),
        Credentials::Basic(pair) => {
            secrets.push(pair.expose().clone());
            let decoded = BASE64_STANDARD.decode(pair.expose()).unwrap_or_default();
            let text = String::from_utf8_lossy(&decoded).into_owned();
            secrets.extend(
                text.split_once(':')
                    .map(|(_, password)| password.to_owned()),
            );
        }
        Credentials::Exec(plugin) => secrets.extend(plugin.secrets()),
        Credentials::None | Credentials::File(_) => {}
    }
    secrets.retain(|secret| secret.len() >= 4);
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
}
