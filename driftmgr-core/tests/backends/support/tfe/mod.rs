//! A server of HCP Terraform's API on a port of this machine, as far as it concerns states, over TLS. Each of its answers is held against the
//! published description.

mod act;
pub(crate) mod description;
mod store;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use self::act::act;
use self::description::description;
pub(crate) use self::store::{Holder, Store};
use super::wire::{Reply, Seen, Server};

/// The organization that there is.
pub(crate) const ORGANIZATION: &str = "acme";
/// The token of the user `alice`.
pub(crate) const TOKEN: &str = "token-of-alice";
/// The token of the user `bob`.
pub(crate) const OTHER_TOKEN: &str = "token-of-bob";

/// How the server behaves all the time.
#[derive(Clone)]
pub(crate) struct Behaviour {
    /// A page has so many entries at most, whatever is asked for.
    pub(crate) page: usize,
    /// The bytes of states are on another server.
    pub(crate) elsewhere: bool,
    /// The reason of a lock is told.
    pub(crate) keeps_reasons: bool,
    /// Bytes can be uploaded apart from their version.
    pub(crate) takes_uploads: bool,
    /// Permissions that the token does not have, such as `can-lock`.
    pub(crate) denied: Vec<&'static str>,
    /// The server knows of the safe deletion.
    pub(crate) deletes_safely: bool,
    /// The document of services, in place of the usual one.
    pub(crate) services: Option<String>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            page: 100,
            elsewhere: false,
            keeps_reasons: true,
            takes_uploads: true,
            denied: Vec::new(),
            deletes_safely: true,
            services: None,
        }
    }
}

/// The server. It ends with this value, and fails its test when an answer did not fit the description.
pub(crate) struct Tfe {
    pub(crate) server: Server,
    store: Arc<Mutex<Store>>,
    /// What did not fit.
    wrong: Arc<Mutex<Vec<String>>>,
    /// How many answers were held against the description.
    checked: Arc<Mutex<usize>>,
}

impl Tfe {
    /// Starts one with an organization without workspaces.
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let store = Arc::new(Mutex::new(Store::default()));
        let (wrong, checked) = (Arc::<Mutex<Vec<String>>>::default(), Arc::default());
        let server = Server::start(Some(authority().config()), |port| {
            let (store, wrong) = (Arc::clone(&store), Arc::clone(&wrong));
            let checked: Arc<Mutex<usize>> = Arc::clone(&checked);
            move |request: &Seen| {
                let reply = act(&mut store.lock().unwrap(), &behaviour, port, request);
                if let Some(problems) = compare(request, &reply) {
                    *checked.lock().unwrap() += 1;
                    wrong.lock().unwrap().extend(problems);
                }
                reply
            }
        });
        Self {
            server,
            store,
            wrong,
            checked,
        }
    }

    /// Such as `localhost:4711`.
    pub(crate) fn host(&self) -> String {
        format!("localhost:{}", self.server.port())
    }

    /// What it keeps.
    pub(crate) fn store<T>(&self, look: impl FnOnce(&mut Store) -> T) -> T {
        look(&mut self.store.lock().unwrap())
    }

    /// How many answers were held against the description so far.
    pub(crate) fn checked(&self) -> usize {
        *self.checked.lock().unwrap()
    }
}

impl Drop for Tfe {
    fn drop(&mut self) {
        let wrong = self.wrong.lock().unwrap();
        if !std::thread::panicking() {
            assert!(wrong.is_empty(), "answers that do not fit: {wrong:#?}");
        }
    }
}

/// `None` when the description has no such operation, or is not there.
fn compare(request: &Seen, reply: &Reply) -> Option<Vec<String>> {
    let path = request.target.split('?').next().unwrap_or_default();
    let path = path.strip_prefix("/api/v2")?;
    description()?.check(&request.method, path, reply.status, &reply.body)
}

/// Who signs the servers of this process.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

pub(crate) fn authority() -> &'static Authority {
    static MADE: OnceLock<Authority> = OnceLock::new();
    MADE.get_or_init(|| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Authority { issuer, folder }
    })
}

impl Authority {
    /// Its certificate, for `SSL_CERT_FILE`.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn config(&self) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key);
        Arc::new(config.unwrap())
    }
}
