//! The arguments of a `consul` backend as both programs read them
//! (<https://developer.hashicorp.com/terraform/language/backend/consul>, <https://opentofu.org/docs/language/settings/backends/consul/>),
//! and the variables of Consul's own client, which they read too (<https://developer.hashicorp.com/consul/commands#environment-variables>).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use crate::backend::arguments::Arguments;
use crate::backend::transport::Tls;
use crate::backend::{BackendSpec, WorkspaceName};
use crate::env::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::{SafeUrl, Sensitive};

/// Every argument.
const KNOWN: [&str; 11] = [
    "access_token",
    "address",
    "ca_file",
    "cert_file",
    "datacenter",
    "gzip",
    "http_auth",
    "key_file",
    "lock",
    "path",
    "scheme",
];

const ADDRESS: &str = "CONSUL_HTTP_ADDR";
const TOKEN: &str = "CONSUL_HTTP_TOKEN";
const TOKEN_FILE: &str = "CONSUL_HTTP_TOKEN_FILE";
const AUTH: &str = "CONSUL_HTTP_AUTH";
const SSL: &str = "CONSUL_HTTP_SSL";
const SSL_VERIFY: &str = "CONSUL_HTTP_SSL_VERIFY";
const SERVER_NAME: &str = "CONSUL_TLS_SERVER_NAME";
const CA_FILE: &str = "CONSUL_CACERT";
const CA_FOLDER: &str = "CONSUL_CAPATH";
const CERTIFICATE: &str = "CONSUL_CLIENT_CERT";
const KEY: &str = "CONSUL_CLIENT_KEY";
const NAMESPACE: &str = "CONSUL_NAMESPACE";
const PARTITION: &str = "CONSUL_PARTITION";

/// Where Consul's client looks when nothing is said.
const DEFAULT_ADDRESS: &str = "localhost:8500";
const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-consul-token");
/// Stands between the path and the name of a workspace that is not `default`.
const WORKSPACE: &str = "-env:";

/// The arguments of a `consul` backend, defaults and variables put in. `Debug` shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsulConfig {
    pub(super) path: String,
    /// States are written compressed.
    pub(super) gzip: bool,
    /// States are locked.
    pub(super) lock: bool,
    /// The server, with the prefix of a reverse proxy.
    pub(super) address: SafeUrl,
    /// Datacenter, namespace and partition, as each request names them.
    pub(super) parameters: Vec<(&'static str, String)>,
    pub(super) credentials: Sensitive<HeaderMap>,
    /// What must not stand in any text.
    pub(super) secrets: Sensitive<Vec<String>>,
    pub(super) tls: Tls,
}

impl ConsulConfig {
    /// Reads the arguments; those that are missing come from their variables. Files that they name are read.
    ///
    /// # Errors
    /// `InvalidConfig` for an argument or variable that is unknown, missing or wrong; `Unsupported` for sockets and for another name of
    /// the server; the kinds of [`Error::io`] for a file that cannot be read.
    pub fn from_spec(environment: &Environment, spec: &BackendSpec) -> Result<Self> {
        let arguments = Arguments::of(spec, environment, &KNOWN)?;
        let reader = Reader {
            arguments,
            environment,
        };
        reader
            .config()
            .map_err(|e| match e.context_value("backend") {
                Some(_) => e,
                None => e.with("backend", &spec.origin),
            })
    }

    /// The key of a workspace's state.
    pub fn key(&self, workspace: &WorkspaceName) -> String {
        match workspace.is_default() {
            true => self.path.clone(),
            false => format!("{}{WORKSPACE}{workspace}", self.path),
        }
    }

    /// What the keys of all workspaces but `default` begin with.
    pub(super) fn workspaces(&self) -> String {
        format!("{}{WORKSPACE}", self.path)
    }
}

struct Reader<'a> {
    arguments: Arguments<'a>,
    environment: &'a Environment,
}

impl Reader<'_> {
    fn config(&self) -> Result<ConsulConfig> {
        let address = self.address()?;
        let (credentials, secrets) = self.credentials()?;
        Ok(ConsulConfig {
            path: self.path()?,
            gzip: self.arguments.flag("gzip")?.unwrap_or(false),
            lock: self.arguments.flag("lock")?.unwrap_or(true),
            parameters: self.parameters()?,
            credentials: Sensitive::new(credentials),
            secrets: Sensitive::new(secrets),
            tls: self.tls(&address)?,
            address: SafeUrl::new(address),
        })
    }

    fn path(&self) -> Result<String> {
        let path = self.arguments.required("path")?;
        let way_out = "a path is such as `terraform/network`";
        if path.starts_with('/') {
            return Err(self
                .arguments
                .invalid("the consul backend's `path` begins with `/`, which no key of Consul does")
                .with_hint(way_out));
        }
        if path.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(self
                .arguments
                .invalid(
                    "the consul backend's `path` has a part `.` or `..`, which no address can have",
                )
                .with_hint(way_out));
        }
        Ok(path)
    }

    fn address(&self) -> Result<Url> {
        let text = self.arguments.text_or("address", &[ADDRESS])?;
        let text = text.as_deref().unwrap_or(DEFAULT_ADDRESS);
        let secure = self.variable_flag(SSL)?.unwrap_or(false);
        let scheme = match self.arguments.text("scheme")? {
            Some(scheme) => scheme,
            None if secure => "https".to_owned(),
            None => "http".to_owned(),
        };
        let (scheme, rest) = match text.split_once("://") {
            // It does not take TLS back that was asked for elsewhere.
            Some(("http", rest)) => (scheme.as_str(), rest),
            Some(("https", rest)) => ("https", rest),
            Some(("unix", _)) => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "the consul backend's `address` is a socket, which is not supported",
                )
                .with_hint("name the agent's HTTP address"));
            }
            Some(_) => return Err(self.no_address()),
            None => (scheme.as_str(), text),
        };
        let url: Option<Url> = format!("{scheme}://{rest}").parse().ok();
        url.filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        })
        .ok_or_else(|| self.no_address())
    }

    /// The text can hold a password, and so can the parser's words.
    fn no_address(&self) -> Error {
        self.arguments
            .invalid("the consul backend's `address` and `scheme` are no HTTP or HTTPS address")
            .with_hint("an address is HOST:PORT or https://HOST:PORT; a user goes into `http_auth`")
    }

    fn parameters(&self) -> Result<Vec<(&'static str, String)>> {
        let of_variable = |name| self.environment.get(name).map(str::to_owned);
        let all = [
            ("dc", self.arguments.text("datacenter")?),
            ("ns", of_variable(NAMESPACE)),
            ("partition", of_variable(PARTITION)),
        ];
        let set = all.into_iter();
        Ok(set
            .filter_map(|(name, value)| Some((name, value?)))
            .collect())
    }

    /// The headers that prove who asks, and what is secret in them.
    fn credentials(&self) -> Result<(HeaderMap, Vec<String>)> {
        let mut headers = HeaderMap::new();
        let mut secrets = Vec::new();
        if let Some(auth) = self.arguments.text_or("http_auth", &[AUTH])? {
            let (user, password) = auth.split_once(':').unwrap_or((&auth, ""));
            let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
            headers.insert(
                AUTHORIZATION,
                self.header("http_auth", &format!("Basic {pair}"))?,
            );
            secrets.extend([pair, password.to_owned(), auth.clone()]);
        }
        if let Some(token) = self.token()? {
            headers.insert(TOKEN_HEADER, self.header("access_token", &token)?);
            secrets.push(token);
        }
        // So that of a secret in another one no rest is left. Those of a few letters cannot be told from other text.
        secrets.retain(|s| s.len() >= 4);
        secrets.sort_by_key(|s| std::cmp::Reverse(s.len()));
        Ok((headers, secrets))
    }

    /// As Consul's client chooses it: a token of one's own, the file, the variable.
    fn token(&self) -> Result<Option<String>> {
        let of_variable = self.environment.get(TOKEN);
        let given = self.arguments.text("access_token")?;
        if let Some(token) = given.filter(|token| Some(token.as_str()) != of_variable) {
            return Ok(Some(token));
        }
        let Some(file) = self.environment.get(TOKEN_FILE) else {
            return Ok(of_variable.map(str::to_owned));
        };
        let text = self.file("read the token of Consul", file)?;
        let token = Some(text.trim()).filter(|token| !token.is_empty());
        Ok(token.or(of_variable).map(str::to_owned))
    }

    fn header(&self, name: &str, value: &str) -> Result<HeaderValue> {
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            self.arguments.invalid(format!(
                "the consul backend's `{name}` has characters that cannot be sent"
            ))
        })?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn tls(&self, address: &Url) -> Result<Tls> {
        if address.scheme() == "https" && self.environment.get(SERVER_NAME).is_some() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("{SERVER_NAME} is not supported"),
            )
            .with_hint("reach the server by the name that stands in its certificate"));
        }
        let text = |name, variable| self.arguments.text_or(name, &[variable]);
        let certificate = text("cert_file", CERTIFICATE)?;
        let key = text("key_file", KEY)?;
        let identity = match (certificate, key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => {
                let certificate = self.file("read the client's certificate", &certificate)?;
                let key = self.file("read the client's key", &key)?;
                Some(Sensitive::new(format!("{certificate}\n{key}")))
            }
            _ => {
                return Err(self
                    .arguments
                    .invalid("the consul backend has one of `cert_file` and `key_file`, and needs both or none")
                    .with_hint(format!("{CERTIFICATE} and {KEY} count, too")));
            }
        };
        let verified = self.variable_flag(SSL_VERIFY)?.unwrap_or(true);
        Ok(Tls {
            authorities: self.authorities()?,
            identity,
            skip_verification: !verified,
        })
    }

    fn authorities(&self) -> Result<Option<String>> {
        if let Some(file) = self.arguments.text_or("ca_file", &[CA_FILE])? {
            return self.file("read the trusted authorities", &file).map(Some);
        }
        let Some(folder) = self.environment.get(CA_FOLDER) else {
            return Ok(None);
        };
        let folder = self.environment.current_dir().join(folder);
        let action = "list the trusted authorities";
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(|e| Error::io(action, &folder, e))? {
            files.push(entry.map_err(|e| Error::io(action, &folder, e))?.path());
        }
        files.sort();
        let mut all = String::new();
        for file in files.iter().filter(|file| file.is_file()) {
            let text = std::fs::read_to_string(file);
            all += &text.map_err(|e| Error::io("read the trusted authorities", file, e))?;
            all.push('\n');
        }
        Ok(Some(all))
    }

    fn file(&self, action: &str, path: &str) -> Result<String> {
        let path = self.environment.current_dir().join(path);
        std::fs::read_to_string(&path).map_err(|e| Error::io(action, &path, e))
    }

    /// A variable that is true or false, in the words that Go takes.
    fn variable_flag(&self, name: &str) -> Result<Option<bool>> {
        match self.environment.get(name) {
            None => Ok(None),
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(Some(true)),
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(Some(false)),
            Some(_) => Err(self
                .arguments
                .invalid(format!("{name} is neither true nor false"))),
        }
    }
}
