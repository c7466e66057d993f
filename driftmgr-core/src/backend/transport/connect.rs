//! Clients, one for each way of connecting, shared by the whole process: each holds a pool of open connections.

use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::tls::{Certificate, Identity};
use reqwest::{Client, Proxy};
use sha2::{Digest, Sha256};
use tokio::runtime;

use super::failure::root_cause;
use super::proxy::Proxies;
use crate::env::{Environment, SSL_CERT_DIR, SSL_CERT_FILE};
use crate::error::{Error, ErrorKind, Result};
use crate::redact::Sensitive;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
const KEEPALIVE: Duration = Duration::from_secs(30);
const USER_AGENT: &str = concat!("driftmgr/", env!("CARGO_PKG_VERSION"));

/// How the server proves who it is, and the client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tls {
    /// The only authorities that are trusted, as PEM; `None` trusts those of the system.
    pub(crate) authorities: Option<String>,
    /// The client's certificates and key, as PEM one after the other.
    pub(crate) identity: Option<Sensitive<String>>,
    /// Whatever certificate the server has is taken.
    pub(crate) skip_verification: bool,
}

/// A way of connecting. No `Debug`: it holds keys and passwords of proxies.
pub(super) struct Connect {
    proxies: Proxies,
    authorities: Option<Vec<Certificate>>,
    identity: Option<Identity>,
    skip_verification: bool,
    roots: Roots,
    /// Tells ways of connecting apart without keeping what is secret in them.
    fingerprint: [u8; 32],
}

/// Authorities of the environment, in place of the system's.
#[derive(Default)]
struct Roots {
    file: Option<PathBuf>,
    folders: Vec<PathBuf>,
}

type Key = (Option<runtime::Id>, [u8; 32]);

/// The clients, the one that was used last at the end. A connection is driven by the runtime that made it, so each runtime has its own.
static CLIENTS: Mutex<Vec<(Key, Client)>> = Mutex::new(Vec::new());

/// More than these are forgotten, those that were not used for longest first.
const CLIENTS_KEPT: usize = 32;

impl Connect {
    /// Reads the settings; nothing is opened.
    ///
    /// # Errors
    /// `InvalidConfig` for PEM that is none, and for the variables of proxies.
    pub(super) fn new(environment: &Environment, tls: &Tls) -> Result<Self> {
        let proxies = Proxies::of_environment(environment)?;
        let current = environment.current_dir();
        let path = |name| environment.get(name).map(|p| current.join(p));
        let folders = environment.get(SSL_CERT_DIR).map(std::env::split_paths);
        let roots = Roots {
            file: path(SSL_CERT_FILE),
            folders: folders
                .into_iter()
                .flatten()
                .map(|p| current.join(p))
                .collect(),
        };
        let mut hasher = Fingerprint::default();
        proxies.hash(&mut hasher);
        hasher.field(tls.authorities.as_deref().map(str::as_bytes));
        hasher.field(tls.identity.as_ref().map(|i| i.expose().as_bytes()));
        hasher.field(tls.skip_verification.then_some(&[]));
        hasher.field(
            roots
                .file
                .as_ref()
                .map(|f| f.as_os_str().as_encoded_bytes()),
        );
        for folder in &roots.folders {
            hasher.field(Some(folder.as_os_str().as_encoded_bytes()));
        }
        Ok(Self {
            proxies,
            authorities: tls.authorities.as_deref().map(authorities).transpose()?,
            identity: tls.identity.as_ref().map(identity).transpose()?,
            skip_verification: tls.skip_verification,
            roots,
            fingerprint: hasher.0.finalize().into(),
        })
    }

    /// The client for it, with the connections that are open already.
    ///
    /// # Errors
    /// `InvalidConfig` when certificate and key do not belong together; the kinds of [`Error::io`] for a file of authorities.
    pub(super) fn client(&self) -> Result<Client> {
        let runtime = runtime::Handle::try_current().ok().map(|h| h.id());
        let key = (runtime, self.fingerprint);
        if let Some(client) = take(&key) {
            return Ok(client);
        }
        let client = self.build()?;
        let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= CLIENTS_KEPT {
            clients.remove(0);
        }
        clients.push((key, client.clone()));
        Ok(client)
    }

    fn build(&self) -> Result<Client> {
        let proxies = self.proxies.clone();
        let mut builder = Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_keepalive(KEEPALIVE)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .proxy(Proxy::custom(move |url| proxies.of(url).cloned()))
            .tls_danger_accept_invalid_certs(self.skip_verification);
        let authorities = match &self.authorities {
            Some(given) => Some(given.clone()),
            None => self.roots.read()?,
        };
        if let Some(authorities) = authorities.filter(|_| !self.skip_verification) {
            builder = builder.tls_certs_only(authorities);
        }
        if let Some(identity) = &self.identity {
            builder = builder.identity(identity.clone());
        }
        builder.build().map_err(|e| {
            Error::new(
                ErrorKind::InvalidConfig,
                format!("the settings of TLS cannot be used: {}", root_cause(&e)),
            )
        })
    }
}

fn take(key: &Key) -> Option<Client> {
    let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    let at = clients.iter().position(|(k, _)| k == key)?;
    let found = clients.remove(at);
    let client = found.1.clone();
    clients.push(found);
    Some(client)
}

fn authorities(pem: &str) -> Result<Vec<Certificate>> {
    let found = Certificate::from_pem_bundle(pem.as_bytes()).unwrap_or_default();
    if found.is_empty() {
        return Err(Error::new(
            ErrorKind::InvalidConfig,
            "the certificate of the authority is no certificate in PEM",
        ));
    }
    Ok(found)
}

fn identity(pem: &Sensitive<String>) -> Result<Identity> {
    Identity::from_pem(pem.expose().as_bytes()).map_err(|_| {
        Error::new(
            ErrorKind::InvalidConfig,
            "the client's certificate and key are not both in PEM",
        )
        .with_hint("the key must not have a passphrase")
    })
}

impl Roots {
    /// `None` where the environment names none.
    fn read(&self) -> Result<Option<Vec<Certificate>>> {
        if self.file.is_none() && self.folders.is_empty() {
            return Ok(None);
        }
        let mut found = Vec::new();
        let mut add = |path: &Path| -> Result<()> {
            let pem = std::fs::read(path)
                .map_err(|e| Error::io("read the trusted authorities", path, e))?;
            found.extend(Certificate::from_pem_bundle(&pem).unwrap_or_default());
            Ok(())
        };
        if let Some(file) = &self.file {
            add(file)?;
        }
        for folder in &self.folders {
            let fail = |e| Error::io("list the trusted authorities", folder, e);
            let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
                .map_err(fail)?
                .map(|entry| Ok(entry?.path()))
                .collect::<std::io::Result<_>>()
                .map_err(fail)?;
            files.sort();
            for file in files.iter().filter(|f| f.is_file()) {
                add(file)?;
            }
        }
        Ok(Some(found))
    }
}

/// Fields in order, each with its length.
#[derive(Default)]
struct Fingerprint(Sha256);

impl Fingerprint {
    fn field(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            None => self.0.update([0]),
            Some(bytes) => {
                self.0.update([1]);
                self.0.update((bytes.len() as u64).to_le_bytes());
                self.0.update(bytes);
            }
        }
    }
}

impl std::hash::Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        self.field(Some(bytes));
    }

    fn finish(&self) -> u64 {
        // The whole digest is what is asked for.
        0
    }
}
