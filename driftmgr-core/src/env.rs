//! Every environment variable that the library reads, one documented constant each.

mod seen;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub(crate) use seen::Seen;

/// Folder of a root module's working data instead of `.terraform`.
pub const TF_DATA_DIR: &str = "TF_DATA_DIR";
/// The selected workspace; wins over the folder's `environment` file.
pub const TF_WORKSPACE: &str = "TF_WORKSPACE";
/// A Terraform CLI configuration file, instead of the one in the home folder.
pub const TF_CLI_CONFIG_FILE: &str = "TF_CLI_CONFIG_FILE";
/// Prefix of hosts' tokens: `TF_TOKEN_app_terraform_io`. `_` stands for a dot, `__` for a hyphen. Secrets.
pub const TF_TOKEN_PREFIX: &str = "TF_TOKEN_";
/// The backend `cloud`: `hostname`.
pub const TF_CLOUD_HOSTNAME: &str = "TF_CLOUD_HOSTNAME";
/// The backend `cloud`: `organization`.
pub const TF_CLOUD_ORGANIZATION: &str = "TF_CLOUD_ORGANIZATION";
/// The backend `cloud`: `project` in `workspaces`.
pub const TF_CLOUD_PROJECT: &str = "TF_CLOUD_PROJECT";
/// The backend `remote`: any value takes the service for states (`state.v2`) instead of the whole API.
pub const TF_FORCE_LOCAL_BACKEND: &str = "TF_FORCE_LOCAL_BACKEND";
/// Running providers to attach to instead of starting them, as JSON.
pub const TF_REATTACH_PROVIDERS: &str = "TF_REATTACH_PROVIDERS";
/// Folder with installed providers.
pub const TF_PLUGIN_CACHE_DIR: &str = "TF_PLUGIN_CACHE_DIR";
/// Any value switches mutual TLS with providers off. Terraform's undocumented switch, honoured for debugging.
pub const TF_DISABLE_PLUGIN_TLS: &str = "TF_DISABLE_PLUGIN_TLS";
/// Folder for short-lived files, such as a provider's socket.
pub const TMPDIR: &str = "TMPDIR";
/// Prefix of Terraform's log settings. When none is set, providers are told not to log.
pub const TF_LOG_PREFIX: &str = "TF_LOG";
/// Prefix of arguments for a Terraform command line; no child process gets them.
pub const TF_CLI_ARGS_PREFIX: &str = "TF_CLI_ARGS";
/// Prefix of variable values: `TF_VAR_region=eu-west-1`.
pub const TF_VAR_PREFIX: &str = "TF_VAR_";
/// OpenTofu's encryption configuration in either spelling, merged over the `encryption` block. Holds secrets.
pub const TF_ENCRYPTION: &str = "TF_ENCRYPTION";
/// The backend `http`: `address`. May hold a password.
pub const TF_HTTP_ADDRESS: &str = "TF_HTTP_ADDRESS";
/// The backend `http`: `update_method`.
pub const TF_HTTP_UPDATE_METHOD: &str = "TF_HTTP_UPDATE_METHOD";
/// The backend `http`: `lock_address`.
pub const TF_HTTP_LOCK_ADDRESS: &str = "TF_HTTP_LOCK_ADDRESS";
/// The backend `http`: `lock_method`.
pub const TF_HTTP_LOCK_METHOD: &str = "TF_HTTP_LOCK_METHOD";
/// The backend `http`: `unlock_address`.
pub const TF_HTTP_UNLOCK_ADDRESS: &str = "TF_HTTP_UNLOCK_ADDRESS";
/// The backend `http`: `unlock_method`.
pub const TF_HTTP_UNLOCK_METHOD: &str = "TF_HTTP_UNLOCK_METHOD";
/// The backend `http`: `username`.
pub const TF_HTTP_USERNAME: &str = "TF_HTTP_USERNAME";
/// The backend `http`: `password`. A secret.
pub const TF_HTTP_PASSWORD: &str = "TF_HTTP_PASSWORD";
/// The backend `http`: `retry_max`.
pub const TF_HTTP_RETRY_MAX: &str = "TF_HTTP_RETRY_MAX";
/// The backend `http`: `retry_wait_min`, in seconds.
pub const TF_HTTP_RETRY_WAIT_MIN: &str = "TF_HTTP_RETRY_WAIT_MIN";
/// The backend `http`: `retry_wait_max`, in seconds.
pub const TF_HTTP_RETRY_WAIT_MAX: &str = "TF_HTTP_RETRY_WAIT_MAX";
/// The backend `http`: `client_ca_certificate_pem`.
pub const TF_HTTP_CLIENT_CA_CERTIFICATE_PEM: &str = "TF_HTTP_CLIENT_CA_CERTIFICATE_PEM";
/// The backend `http`: `client_certificate_pem`.
pub const TF_HTTP_CLIENT_CERTIFICATE_PEM: &str = "TF_HTTP_CLIENT_CERTIFICATE_PEM";
/// The backend `http`: `client_private_key_pem`. A secret.
pub const TF_HTTP_CLIENT_PRIVATE_KEY_PEM: &str = "TF_HTTP_CLIENT_PRIVATE_KEY_PEM";
/// The backend `pg`: `conn_str`. May hold a password.
pub const PG_CONN_STR: &str = "PG_CONN_STR";
/// The backend `pg`: `schema_name`.
pub const PG_SCHEMA_NAME: &str = "PG_SCHEMA_NAME";
/// The backend `pg`: `table_name`.
pub const PG_TABLE_NAME: &str = "PG_TABLE_NAME";
/// The backend `pg`: `index_name`.
pub const PG_INDEX_NAME: &str = "PG_INDEX_NAME";
/// The backend `pg`: `skip_schema_creation`.
pub const PG_SKIP_SCHEMA_CREATION: &str = "PG_SKIP_SCHEMA_CREATION";
/// The backend `pg`: `skip_table_creation`.
pub const PG_SKIP_TABLE_CREATION: &str = "PG_SKIP_TABLE_CREATION";
/// The backend `pg`: `skip_index_creation`.
pub const PG_SKIP_INDEX_CREATION: &str = "PG_SKIP_INDEX_CREATION";
/// PostgreSQL's server, or the folder of its Unix socket.
pub const PGHOST: &str = "PGHOST";
/// The address of PostgreSQL's server, in place of asking for it by name.
pub const PGHOSTADDR: &str = "PGHOSTADDR";
/// The port of PostgreSQL's server.
pub const PGPORT: &str = "PGPORT";
/// The database in PostgreSQL.
pub const PGDATABASE: &str = "PGDATABASE";
/// The user in PostgreSQL.
pub const PGUSER: &str = "PGUSER";
/// The password in PostgreSQL. A secret.
pub const PGPASSWORD: &str = "PGPASSWORD";
/// A file of passwords for PostgreSQL, in place of `.pgpass` in the home folder.
pub const PGPASSFILE: &str = "PGPASSFILE";
/// A named set of settings for PostgreSQL.
pub const PGSERVICE: &str = "PGSERVICE";
/// The file of such sets, in place of `.pg_service.conf` in the home folder.
pub const PGSERVICEFILE: &str = "PGSERVICEFILE";
/// The folder of the system's `pg_service.conf`.
pub const PGSYSCONFDIR: &str = "PGSYSCONFDIR";
/// What PostgreSQL calls the connection.
pub const PGAPPNAME: &str = "PGAPPNAME";
/// Options for PostgreSQL's session.
pub const PGOPTIONS: &str = "PGOPTIONS";
/// What a connection to PostgreSQL insists on.
pub const PGSSLMODE: &str = "PGSSLMODE";
/// The authorities that vouch for PostgreSQL's server.
pub const PGSSLROOTCERT: &str = "PGSSLROOTCERT";
/// The client's certificate for PostgreSQL.
pub const PGSSLCERT: &str = "PGSSLCERT";
/// The key of that certificate, a file.
pub const PGSSLKEY: &str = "PGSSLKEY";
/// Whether PostgreSQL's server is told by which name it is called.
pub const PGSSLSNI: &str = "PGSSLSNI";
/// How TLS with PostgreSQL begins.
pub const PGSSLNEGOTIATION: &str = "PGSSLNEGOTIATION";
/// Whether the password for PostgreSQL is bound to the connection.
pub const PGCHANNELBINDING: &str = "PGCHANNELBINDING";
/// How long a connection to PostgreSQL may take, in seconds.
pub const PGCONNECT_TIMEOUT: &str = "PGCONNECT_TIMEOUT";
/// Which of several servers of PostgreSQL is wanted.
pub const PGTARGETSESSIONATTRS: &str = "PGTARGETSESSIONATTRS";
/// The encoding of texts from PostgreSQL; only UTF8.
pub const PGCLIENTENCODING: &str = "PGCLIENTENCODING";
/// How PostgreSQL writes dates.
pub const PGDATESTYLE: &str = "PGDATESTYLE";
/// The time zone of PostgreSQL's session.
pub const PGTZ: &str = "PGTZ";
/// Whether PostgreSQL plans by a genetic algorithm.
pub const PGGEQO: &str = "PGGEQO";
/// A setting of PostgreSQL's client that is refused, as are the next ones.
pub const PGGSSDELEGATION: &str = "PGGSSDELEGATION";
/// Refused.
pub const PGGSSLIB: &str = "PGGSSLIB";
/// Refused.
pub const PGKRBSRVNAME: &str = "PGKRBSRVNAME";
/// Refused.
pub const PGREQUIREAUTH: &str = "PGREQUIREAUTH";
/// Refused.
pub const PGREQUIREPEER: &str = "PGREQUIREPEER";
/// Refused.
pub const PGREQUIRESSL: &str = "PGREQUIRESSL";
/// Refused.
pub const PGSSLCERTMODE: &str = "PGSSLCERTMODE";
/// Refused.
pub const PGSSLCRL: &str = "PGSSLCRL";
/// Refused.
pub const PGSSLCRLDIR: &str = "PGSSLCRLDIR";
/// The proxy for `http://` addresses, also in small letters. May hold a password.
pub const HTTP_PROXY: &str = "HTTP_PROXY";
/// The proxy for `https://` addresses, also in small letters. May hold a password.
pub const HTTPS_PROXY: &str = "HTTPS_PROXY";
/// Hosts, domains, addresses and networks that are reached without a proxy, also in small letters.
pub const NO_PROXY: &str = "NO_PROXY";
/// A file of trusted authorities in PEM, instead of the system's.
pub const SSL_CERT_FILE: &str = "SSL_CERT_FILE";
/// Folders of such files, as `PATH` lists folders.
pub const SSL_CERT_DIR: &str = "SSL_CERT_DIR";
/// Folder of driftmgr's own caches instead of the user's cache folder.
pub const DRIFTMGR_CACHE_DIR: &str = "DRIFTMGR_CACHE_DIR";
/// Folder of what programs keep between runs; driftmgr's history and backups lie in it, in `driftmgr`.
pub const XDG_STATE_HOME: &str = "XDG_STATE_HOME";
/// Folder of the backups that are made before a state is changed, instead of `backups` in the folder of what driftmgr keeps.
pub const DRIFTMGR_BACKUPS: &str = "DRIFTMGR_BACKUPS";
/// Log filter, such as `driftmgr_core=debug`.
pub const DRIFTMGR_LOG: &str = "DRIFTMGR_LOG";
/// The file of settings, instead of a `driftmgr.yaml` found from the working folder upward.
pub const DRIFTMGR_CONFIG: &str = "DRIFTMGR_CONFIG";
/// Folder of the user's settings instead of `~/.config`.
pub const XDG_CONFIG_HOME: &str = "XDG_CONFIG_HOME";
/// Sets `app.log_level`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_LOG_LEVEL: &str = "DRIFTMGR_LOG_LEVEL";
/// Sets `drift.sensitivity`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_SENSITIVITY: &str = "DRIFTMGR_SENSITIVITY";
/// Sets `drift.smart_filter`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_SMART_FILTER: &str = "DRIFTMGR_SMART_FILTER";
/// Sets `drift.ignore_tags`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_IGNORE_TAGS: &str = "DRIFTMGR_IGNORE_TAGS";
/// Sets `drift.required_tags`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_REQUIRED_TAGS: &str = "DRIFTMGR_REQUIRED_TAGS";
/// Sets `drift.baseline`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_BASELINE: &str = "DRIFTMGR_BASELINE";
/// Sets `drift.fail_on`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_FAIL_ON: &str = "DRIFTMGR_FAIL_ON";
/// Sets `drift.parallelism`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_PARALLELISM: &str = "DRIFTMGR_PARALLELISM";
/// Sets `drift.timeout`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_TIMEOUT: &str = "DRIFTMGR_TIMEOUT";
/// Sets `drift.read_timeout`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_READ_TIMEOUT: &str = "DRIFTMGR_READ_TIMEOUT";
/// Sets `drift.plugins`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_PLUGINS: &str = "DRIFTMGR_PLUGINS";
/// Sets `output.format`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_FORMAT: &str = "DRIFTMGR_FORMAT";
/// Sets `output.color`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_COLOR: &str = "DRIFTMGR_COLOR";
/// Sets `history.enabled`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_HISTORY: &str = "DRIFTMGR_HISTORY";
/// Sets `history.path`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_HISTORY_PATH: &str = "DRIFTMGR_HISTORY_PATH";
/// Sets `performance.workers`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_WORKERS: &str = "DRIFTMGR_WORKERS";
/// Sets `performance.cache_ttl`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_CACHE_TTL: &str = "DRIFTMGR_CACHE_TTL";
/// Sets `state_discovery.auto_scan`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_AUTO_DISCOVER: &str = "DRIFTMGR_AUTO_DISCOVER";
/// Sets `state_discovery.scan_interval`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_STATE_SCAN_INTERVAL: &str = "DRIFTMGR_STATE_SCAN_INTERVAL";
/// Sets `state_discovery.scan_paths`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_STATE_SCAN_PATHS: &str = "DRIFTMGR_STATE_SCAN_PATHS";
/// Sets `state_discovery.backends.s3.buckets`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_S3_BUCKETS: &str = "DRIFTMGR_S3_BUCKETS";
/// Sets `state_discovery.backends.azurerm.storage_accounts`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_AZURE_STORAGE_ACCOUNTS: &str = "DRIFTMGR_AZURE_STORAGE_ACCOUNTS";
/// Sets `state_discovery.backends.gcs.buckets`; see [`crate::settings::KEYS`].
pub const DRIFTMGR_GCS_BUCKETS: &str = "DRIFTMGR_GCS_BUCKETS";

/// The process environment as the library sees it: a value, so that a host or a test can give another one.
///
/// `Debug` shows the names only: values can be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    home: Option<PathBuf>,
    current_dir: PathBuf,
    /// Who is told of each variable that is read.
    seen: Option<Seen>,
}

impl Environment {
    /// The environment of this process. Variables that are not Unicode are left out.
    pub fn from_process() -> Self {
        Self {
            variables: std::env::vars_os()
                .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
                .collect(),
            home: dirs::home_dir(),
            current_dir: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            seen: None,
        }
    }

    /// An environment with just these variables, without a home folder, in the folder `.`.
    pub fn from_variables<K: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self {
            variables: variables
                .into_iter()
                .map(|(k, v)| (k.into(), v.into()))
                .collect(),
            home: None,
            current_dir: PathBuf::from("."),
            seen: None,
        }
    }

    /// The same with another home folder.
    #[must_use]
    pub fn with_home(mut self, home: impl Into<PathBuf>) -> Self {
        self.home = Some(home.into());
        self
    }

    /// The same with one variable set.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// The same in another working folder.
    #[must_use]
    pub fn with_current_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.current_dir = dir.into();
        self
    }

    /// The same, which remembers the names of the variables that are read from now on.
    pub(crate) fn seeing(&self) -> (Self, Seen) {
        let seen = Seen::default();
        let same = Self {
            seen: Some(seen.clone()),
            ..self.clone()
        };
        (same, seen)
    }

    /// The value of a variable; an empty one counts as unset, as Terraform treats its own.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name).map(String::as_str);
        let value = value.filter(|v| !v.is_empty());
        if let (Some(seen), Some(_)) = (&self.seen, value) {
            seen.add(name);
        }
        value
    }

    /// All variables, sorted by name, empty ones included.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// The home folder.
    pub fn home(&self) -> Option<&std::path::Path> {
        self.home.as_deref()
    }

    /// The folder of what driftmgr keeps between runs: `driftmgr` in `XDG_STATE_HOME`, else in `~/.local/state`; on Windows in `LOCALAPPDATA`,
    /// on macOS in `~/Library/Application Support`. `None` where there is no home.
    ///
    /// Source: XDG Base Directory Specification 0.8, which wants absolute paths and ignores others.
    pub fn state_folder(&self) -> Option<std::path::PathBuf> {
        let base = if cfg!(windows) {
            std::path::PathBuf::from(self.get("LOCALAPPDATA")?)
        } else {
            match self.get(XDG_STATE_HOME) {
                Some(folder) if std::path::Path::new(folder).is_absolute() => folder.into(),
                _ if cfg!(target_os = "macos") => {
                    self.home()?.join("Library").join("Application Support")
                }
                _ => self.home()?.join(".local").join("state"),
            }
        };
        Some(base.join("driftmgr"))
    }

    /// The folder that relative paths start from.
    pub fn current_dir(&self) -> &std::path::Path {
        &self.current_dir
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment")
            .field("variables", &self.variables.keys().collect::<Vec<_>>())
            .field("home", &self.home)
            .field("current_dir", &self.current_dir)
            .finish()
    }
}
