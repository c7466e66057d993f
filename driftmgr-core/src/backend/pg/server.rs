//! Which server, and as whom: what a connection string leaves open comes from a service file, libpq's variables and its defaults
//! (<https://www.postgresql.org/docs/current/libpq-connect.html>, <https://www.postgresql.org/docs/current/libpq-envars.html>).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::config::{SslMode, SslNegotiation, TargetSessionAttrs};

use super::conninfo;
use super::passfile;
use super::tls::{Authorities, Mode, Pem, Tls};
use crate::env::{self, Environment};
use crate::error::{Error, ErrorKind, Result};
use crate::redact::Sensitive;

/// Keywords with the variable that stands in for each.
const KEYWORDS: [(&str, &str); 22] = [
    ("application_name", env::PGAPPNAME),
    ("channel_binding", env::PGCHANNELBINDING),
    ("client_encoding", env::PGCLIENTENCODING),
    ("connect_timeout", env::PGCONNECT_TIMEOUT),
    ("datestyle", env::PGDATESTYLE),
    ("dbname", env::PGDATABASE),
    ("geqo", env::PGGEQO),
    ("host", env::PGHOST),
    ("hostaddr", env::PGHOSTADDR),
    ("options", env::PGOPTIONS),
    ("passfile", env::PGPASSFILE),
    ("password", env::PGPASSWORD),
    ("port", env::PGPORT),
    ("service", env::PGSERVICE),
    ("sslcert", env::PGSSLCERT),
    ("sslkey", env::PGSSLKEY),
    ("sslmode", env::PGSSLMODE),
    ("sslnegotiation", env::PGSSLNEGOTIATION),
    ("sslrootcert", env::PGSSLROOTCERT),
    ("sslsni", env::PGSSLSNI),
    ("target_session_attrs", env::PGTARGETSESSIONATTRS),
    ("user", env::PGUSER),
];

/// Keywords without a variable, and those of the programs' own client.
const OTHERS: [&str; 11] = [
    "binary_parameters",
    "disable_prepared_binary_result",
    "fallback_application_name",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "sslinline",
    "tcp_user_timeout",
    "timezone",
];

/// Keywords of libpq that ask for something that is not there: ignoring them could weaken what was asked for.
const UNSUPPORTED: [&str; 18] = [
    "gssdelegation",
    "gsslib",
    "krbspn",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "oauth_issuer",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcertmode",
    "sslcrl",
    "sslcrldir",
    "sslpassword",
];

/// The same as variables.
const UNSUPPORTED_VARIABLES: [&str; 9] = [
    env::PGGSSDELEGATION,
    env::PGGSSLIB,
    env::PGKRBSRVNAME,
    env::PGREQUIREAUTH,
    env::PGREQUIREPEER,
    env::PGREQUIRESSL,
    env::PGSSLCERTMODE,
    env::PGSSLCRL,
    env::PGSSLCRLDIR,
];

/// How long a server may take to answer to a connection, when nothing else is said. libpq waits without end.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// A silent connection is probed after so long: a lock must not be thought to be held for hours after a cable was cut.
const KEEPALIVE: Duration = Duration::from_secs(60);
const PORT: u16 = 5432;

/// A server to connect to, and as whom. `Debug` shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    hosts: Vec<Host>,
    pub(super) user: String,
    password: Option<Sensitive<String>>,
    pub(super) database: String,
    /// What the user wants connections to be called.
    pub(super) application_name: Option<String>,
    options: Sensitive<String>,
    pub(super) tls: Tls,
    direct_tls: bool,
    pub(super) connect_timeout: Option<Duration>,
    keepalives: Keepalives,
    session: Session,
    /// What must not stand in any text.
    pub(super) secrets: Sensitive<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Host {
    /// A name, an address, or the folder of a Unix socket.
    name: String,
    address: Option<std::net::IpAddr>,
    port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Keepalives {
    on: bool,
    idle: Duration,
    interval: Option<Duration>,
    count: Option<u32>,
    user_timeout: Option<Duration>,
}

/// Which server of several is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Session {
    Any,
    ReadWrite,
    ReadOnly,
}

impl Server {
    /// The server of a connection string, with what the environment adds. Relative paths start in `root`.
    ///
    /// # Errors
    /// `InvalidConfig` for what is wrong, `Unsupported` for keywords and variables that this backend cannot honour.
    pub(super) fn new(environment: &Environment, conn_str: &str, root: &Path) -> Result<Self> {
        let settings = Settings::collect(environment, conn_str, root)?;
        settings.server()
    }

    /// Where it is, without who asks.
    pub(super) fn place(&self) -> String {
        let hosts: Vec<String> = self
            .hosts
            .iter()
            .map(|h| match h.name.contains(':') {
                true => format!("[{}]:{}", h.name, h.port),
                false => format!("{}:{}", h.name, h.port),
            })
            .collect();
        format!("postgres://{}/{}", hosts.join(","), self.database)
    }

    /// Whether there is a password to show to it.
    pub(super) fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// The client's own form of it.
    pub(super) fn connection(&self) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        for host in &self.hosts {
            config.host(&host.name).port(host.port);
        }
        // One with an address has one for each.
        for address in self.hosts.iter().filter_map(|h| h.address) {
            config.hostaddr(address);
        }
        config.user(&self.user).dbname(&self.database);
        if let Some(password) = &self.password {
            config.password(password.expose());
        }
        if !self.options.expose().is_empty() {
            config.options(self.options.expose());
        }
        config.application_name(
            self.application_name
                .as_deref()
                .unwrap_or(super::session::NAME),
        );
        config.ssl_mode(match self.tls.mode {
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
        });
        if self.direct_tls {
            config.ssl_negotiation(SslNegotiation::Direct);
        }
        config.target_session_attrs(match self.session {
            Session::Any => TargetSessionAttrs::Any,
            Session::ReadWrite => TargetSessionAttrs::ReadWrite,
            Session::ReadOnly => TargetSessionAttrs::ReadOnly,
        });
        if let Some(timeout) = self.connect_timeout {
            config.connect_timeout(timeout);
        }
        config
            .keepalives(self.keepalives.on)
            .keepalives_idle(self.keepalives.idle);
        if let Some(interval) = self.keepalives.interval {
            config.keepalives_interval(interval);
        }
        if let Some(count) = self.keepalives.count {
            config.keepalives_retries(count);
        }
        if let Some(timeout) = self.keepalives.user_timeout {
            config.tcp_user_timeout(timeout);
        }
        config
    }
}

/// Keywords and values from all places, the first place that names one wins.
struct Settings<'a> {
    environment: &'a Environment,
    root: &'a Path,
    values: BTreeMap<String, String>,
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidConfig, reason)
}

fn unsupported(what: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("the pg backend does not support `{what}`"),
    )
    .with_hint("leave it out if the connection can do without it")
}

impl<'a> Settings<'a> {
    fn collect(environment: &'a Environment, conn_str: &str, root: &'a Path) -> Result<Self> {
        if let Some(name) = UNSUPPORTED_VARIABLES
            .iter()
            .find(|name| environment.get(name).is_some())
        {
            return Err(unsupported(name));
        }
        let mut this = Self {
            environment,
            root,
            values: BTreeMap::new(),
        };
        let given = conninfo::parse(conn_str)
            .map_err(|reason| invalid(format!("`conn_str` cannot be read: {reason}")))?;
        for (key, value) in given {
            // Of one keyword the last value counts; the client of both programs does so too.
            this.values.insert(key, value);
        }
        this.service()?;
        for (key, variable) in KEYWORDS {
            if let Some(value) = environment.get(variable) {
                this.default(key, value);
            }
        }
        if let Some(zone) = environment.get(env::PGTZ) {
            this.default("timezone", zone);
        }
        match this
            .values
            .keys()
            .find(|k| UNSUPPORTED.contains(&k.as_str()))
        {
            Some(key) => Err(unsupported(key)),
            None => Ok(this),
        }
    }

    fn default(&mut self, key: &str, value: &str) {
        self.values
            .entry(key.to_owned())
            .or_insert_with(|| value.to_owned());
    }

    /// The settings of a service (<https://www.postgresql.org/docs/current/libpq-pgservice.html>).
    fn service(&mut self) -> Result<()> {
        let named = self.values.get("service").map(String::as_str);
        let Some(service) = named.or_else(|| self.environment.get(env::PGSERVICE)) else {
            return Ok(());
        };
        let service = service.to_owned();
        let mut files = Vec::new();
        match self.environment.get(env::PGSERVICEFILE) {
            Some(file) => files.push(self.root.join(file)),
            None => files.extend(self.environment.home().map(|h| h.join(".pg_service.conf"))),
        }
        if let Some(folder) = self.environment.get(env::PGSYSCONFDIR) {
            files.push(Path::new(folder).join("pg_service.conf"));
        }
        for file in &files {
            let text = match std::fs::read_to_string(file) {
                Ok(text) => text,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
                Err(e) => return Err(Error::io("read the services of PostgreSQL", file, e)),
            };
            let Some(settings) = passfile::service(&text, &service) else {
                continue;
            };
            for (key, value) in settings {
                self.default(&key, &value);
            }
            return Ok(());
        }
        let mut error = invalid(format!(
            "there is no service `{}` of PostgreSQL",
            service.escape_debug()
        ));
        for file in files {
            error = error.with("file", file.display());
        }
        Err(error)
    }

    /// A value that is not empty.
    fn text(&self, key: &str) -> Option<&str> {
        self.values
            .get(key)
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }

    fn number<T: std::str::FromStr>(&self, key: &str) -> Result<Option<T>> {
        let parse = |text: &str| {
            text.trim()
                .parse()
                .map_err(|_| invalid(format!("`{key}` of the connection is not a whole number")))
        };
        self.text(key).map(parse).transpose()
    }

    fn flag(&self, key: &str, default: bool) -> Result<bool> {
        match self.text(key) {
            None => Ok(default),
            Some("1" | "true" | "yes" | "on") => Ok(true),
            Some("0" | "false" | "no" | "off") => Ok(false),
            Some(_) => Err(invalid(format!(
                "`{key}` of the connection is neither 1 nor 0"
            ))),
        }
    }

    fn seconds(&self, key: &str) -> Result<Option<Duration>> {
        Ok(self.number(key)?.map(Duration::from_secs))
    }

    fn server(&self) -> Result<Server> {
        let hosts = self.hosts()?;
        let user = self.user()?;
        let database = self.text("dbname").unwrap_or(&user).to_owned();
        let sockets = hosts.iter().all(|h| h.name.starts_with('/'));
        let mut tls = self.tls()?;
        // There is no TLS over Unix sockets.
        if sockets {
            tls.mode = Mode::Disable;
        }
        let password = self.password(&hosts, &database, &user)?;
        let options = self.options()?;
        self.checks()?;
        let mut secrets: Vec<String> = password.iter().cloned().collect();
        secrets.extend(self.text("options").map(str::to_owned));
        // Those of a few letters could not be told from other text.
        secrets.retain(|s| s.len() >= 4);
        secrets.sort_by_key(|s| std::cmp::Reverse(s.len()));
        let application_name = self
            .text("application_name")
            .or_else(|| self.text("fallback_application_name"));
        Ok(Server {
            hosts,
            user,
            password: password.map(Sensitive::new),
            database,
            application_name: application_name.map(str::to_owned),
            options: Sensitive::new(options),
            direct_tls: self.direct_tls(&tls)?,
            tls,
            connect_timeout: match self.number::<i64>("connect_timeout")? {
                None => Some(CONNECT_TIMEOUT),
                Some(seconds) => u64::try_from(seconds)
                    .ok()
                    .filter(|s| *s > 0)
                    .map(Duration::from_secs),
            },
            keepalives: Keepalives {
                on: self.flag("keepalives", true)?,
                idle: self
                    .seconds("keepalives_idle")?
                    .filter(|d| !d.is_zero())
                    .unwrap_or(KEEPALIVE),
                interval: self.seconds("keepalives_interval")?,
                count: self.number("keepalives_count")?,
                user_timeout: self.number("tcp_user_timeout")?.map(Duration::from_millis),
            },
            session: self.session()?,
            secrets: Sensitive::new(secrets),
        })
    }

    fn hosts(&self) -> Result<Vec<Host>> {
        let list = |key| -> Vec<&str> {
            self.text(key)
                .map(|t| t.split(',').map(str::trim).collect())
                .unwrap_or_default()
        };
        let (names, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
        let count = names.len().max(addresses.len()).max(1);
        let fits = |given: &[&str]| matches!(given.len(), 0 | 1) || given.len() == count;
        if !addresses.is_empty() && addresses.len() != count
            || !names.is_empty() && names.len() != count
            || !fits(&ports)
        {
            return Err(invalid(
                "the connection names different numbers of hosts, addresses and ports",
            ));
        }
        (0..count)
            .map(|n| {
                let address = match addresses.get(n) {
                    Some(text) => Some(text.parse().map_err(|_| {
                        invalid("`hostaddr` of the connection is no address of a network")
                    })?),
                    None => None,
                };
                let name = names.get(n).copied().filter(|name| !name.is_empty());
                let port = ports.get(n).or(ports.first()).filter(|p| !p.is_empty());
                let port = port.map_or(Ok(PORT), |p| p.parse());
                Ok(Host {
                    name: match name {
                        Some(name) => name.to_owned(),
                        None => addresses.get(n).unwrap_or(&"localhost").to_string(),
                    },
                    address,
                    port: port.map_err(|_| invalid("`port` of the connection is no port"))?,
                })
            })
            .collect()
    }

    fn user(&self) -> Result<String> {
        let system = || {
            ["USER", "USERNAME"]
                .iter()
                .find_map(|n| self.environment.get(n))
        };
        let user = self.text("user").or_else(system);
        user.map(str::to_owned).ok_or_else(|| {
            invalid("the connection names no user").with_hint("name it in `conn_str`, or in PGUSER")
        })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn home_file(&self, name: &str) -> Option<PathBuf> {
        let file = self.environment.home()?.join(".postgresql").join(name);
        file.is_file().then_some(file)
    }

    fn tls(&self) -> Result<Tls> {
        let inline = self.flag("sslinline", false)?;
        let pem = |text: &str| match inline {
            true => Pem::Inline(Sensitive::new(text.to_owned())),
            false => Pem::File(self.file(text)),
        };
        let system = self.text("sslrootcert") == Some("system") && !inline;
        let mode = match self.text("sslmode") {
            // As the client of both programs: a connection in the clear has to be asked for.
            None if system => Mode::VerifyFull,
            None | Some("require") => Mode::Require,
            Some("disable") => Mode::Disable,
            Some("prefer") => Mode::Prefer,
            Some("verify-ca") => Mode::VerifyCa,
            Some("verify-full") => Mode::VerifyFull,
            Some("allow") => return Err(unsupported("sslmode=allow").with_hint("use `prefer`")),
            Some(_) => {
                return Err(invalid("`sslmode` of the connection is not a known one")
                    .with_hint("it is disable, prefer, require, verify-ca or verify-full"));
            }
        };
        if system && mode != Mode::VerifyFull {
            return Err(invalid(
                "`sslrootcert=system` takes `sslmode=verify-full`: anybody can have a certificate of some authority",
            ));
        }
        let authorities = match self.text("sslrootcert") {
            _ if system => Authorities::System,
            Some(given) => {
                let given = pem(given);
                match &given {
                    // As in libpq: without the file `require` only encrypts.
                    Pem::File(file) if mode <= Mode::Require && !file.is_file() => {
                        Authorities::System
                    }
                    _ => Authorities::Given(given),
                }
            }
            None => match self.home_file("root.crt") {
                Some(file) => Authorities::Given(Pem::File(file)),
                None => Authorities::System,
            },
        };
        let certificate = match self.text("sslcert") {
            Some(given) => Some(pem(given)),
            None => self.home_file("postgresql.crt").map(Pem::File),
        };
        let identity = match certificate {
            None => None,
            Some(certificate) => {
                let key = match self.text("sslkey") {
                    Some(given) => Some(pem(given)),
                    None => self.home_file("postgresql.key").map(Pem::File),
                };
                let key = key.ok_or_else(|| {
                    invalid("the connection has `sslcert` and no key for it")
                        .with_hint("name the file of the key as `sslkey`")
                })?;
                Some((certificate, key))
            }
        };
        Ok(Tls {
            mode,
            authorities,
            identity,
            sni: self.flag("sslsni", true)?,
        })
    }

    fn direct_tls(&self, tls: &Tls) -> Result<bool> {
        match self.text("sslnegotiation") {
            None | Some("postgres") => Ok(false),
            Some("direct") if tls.mode >= Mode::Require => Ok(true),
            Some("direct") => Err(invalid(
                "`sslnegotiation=direct` takes `sslmode=require` or more",
            )),
            Some(_) => Err(invalid(
                "`sslnegotiation` of the connection is neither postgres nor direct",
            )),
        }
    }

    fn session(&self) -> Result<Session> {
        match self.text("target_session_attrs") {
            None | Some("any") => Ok(Session::Any),
            Some("read-write") => Ok(Session::ReadWrite),
            Some("read-only") => Ok(Session::ReadOnly),
            Some("primary" | "standby" | "prefer-standby") => {
                Err(unsupported("target_session_attrs")
                    .with_hint("use `read-write` or `read-only`"))
            }
            Some(_) => Err(invalid(
                "`target_session_attrs` of the connection is not a known one",
            )),
        }
    }

    fn password(&self, hosts: &[Host], database: &str, user: &str) -> Result<Option<String>> {
        if let Some(password) = self.text("password") {
            return Ok(Some(password.to_owned()));
        }
        let file = match self.text("passfile") {
            Some(file) => Some(self.file(file)),
            None => self.environment.home().map(|h| h.join(".pgpass")),
        };
        let (Some(file), Some(host)) = (file, hosts.first()) else {
            return Ok(None);
        };
        passfile::password(&file, [&host.name, &host.port.to_string(), database, user])
    }

    /// Values for the session that are no words of the client: the server gets them as options.
    fn options(&self) -> Result<String> {
        let mut options = self.text("options").unwrap_or_default().to_owned();
        let known = |key: &str| KEYWORDS.iter().any(|(k, _)| *k == key) || OTHERS.contains(&key);
        for (key, value) in &self.values {
            let passed = !known(key) || matches!(key.as_str(), "datestyle" | "geqo" | "timezone");
            if !passed || value.is_empty() {
                continue;
            }
            let is_parameter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
            if !key.chars().all(is_parameter) {
                return Err(invalid(format!(
                    "the connection has a keyword `{}` that is none",
                    key.escape_debug()
                )));
            }
            let value = value.replace('\\', "\\\\").replace(' ', "\\ ");
            options += &format!(" -c {key}={value}");
        }
        Ok(options.trim().to_owned())
    }

    /// What is accepted with one meaning only.
    fn checks(&self) -> Result<()> {
        let utf8 = |e: &str| {
            matches!(
                e.to_ascii_uppercase().as_str(),
                "UTF8" | "UTF-8" | "UNICODE"
            )
        };
        if self.text("client_encoding").is_some_and(|e| !utf8(e)) {
            return Err(invalid(
                "`client_encoding` of the connection is not UTF8, which states are in",
            ));
        }
        match self.text("channel_binding") {
            None | Some("prefer" | "disable") => {}
            Some("require") => return Err(unsupported("channel_binding=require")),
            Some(_) => {
                return Err(invalid(
                    "`channel_binding` of the connection is not a known one",
                ));
            }
        }
        match self.text("gssencmode") {
            None | Some("prefer" | "disable") => Ok(()),
            Some(_) => Err(unsupported("gssencmode")),
        }
    }
}
