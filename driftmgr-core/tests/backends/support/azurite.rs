//! A pretended Azure: Azurite for the blobs, a server for what else a cloud has, and a proxy that finds both by their names. So nothing
//! of this machine has to know the names.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use sha2::Sha256;
use tempfile::TempDir;
use url::form_urlencoded::Serializer;

use super::state_server::{Behaviour, StateServer};
use crate::support::tools::Tools;

/// The storage account.
pub(in crate::backends) const ACCOUNT: &str = "driftmgrtest";
/// Its key.
pub(in crate::backends) const KEY: &str = "cGxhbnRlZC1hY2Nlc3Mta2V5LW9mLXRoZS1hY2NvdW50";
/// The host of the cloud's metadata, logins and resource manager.
pub(in crate::backends) const FRONT: &str = "front.azure.test";
const SUFFIX: &str = "azure.test";

/// The cloud. It ends with this value.
pub(in crate::backends) struct Azure {
    server: Child,
    /// Answers for [`FRONT`].
    pub(in crate::backends) front: StateServer,
    proxy: Proxy,
    authority: String,
    folder: TempDir,
    containers: Mutex<usize>,
}

impl Azure {
    pub(in crate::backends) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let blobs = format!("{ACCOUNT}.blob.{SUFFIX}");
        let signed = Signed::new(&[blobs.as_str(), FRONT]);
        fs::write(folder.path().join("ca.pem"), &signed.authority).unwrap();
        let front = StateServer::start(Behaviour {
            tls: Some(signed.config()),
            ..Behaviour::default()
        });
        front.put("/metadata/endpoints", description().as_bytes());
        let (server, port) = azurite(&folder, &signed);
        let blobs_at = SocketAddr::from(([127, 0, 0, 1], port));
        let front_at = front.authority().parse().unwrap();
        let this = Self {
            server,
            proxy: Proxy::start(vec![(blobs, blobs_at), (FRONT.to_owned(), front_at)]),
            front,
            authority: signed.authority,
            folder,
            containers: Mutex::new(0),
        };
        this.wait();
        this
    }

    fn wait(&self) {
        let start = Instant::now();
        let port = self.proxy.target(&self.host());
        while TcpStream::connect(port).is_err() {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "azurite does not answer\n{}",
                fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The host of the account's blobs.
    pub(in crate::backends) fn host(&self) -> String {
        format!("{ACCOUNT}.blob.{SUFFIX}")
    }

    /// Sends whoever asks for the account's blobs to this server instead, until the next call.
    pub(in crate::backends) fn blobs_at(&self, server: &StateServer) {
        let at = server.authority().parse().unwrap();
        self.proxy.send(&self.host(), at);
    }

    /// A server of HTTPS with the names of this cloud, that answers as it is told.
    pub(in crate::backends) fn scripted(&self) -> StateServer {
        let signed = Signed::new(&[self.host().as_str(), FRONT]);
        // Both authorities are trusted.
        let path = self.folder.path().join("ca.pem");
        let known = fs::read_to_string(&path).unwrap();
        fs::write(&path, known + &signed.authority).unwrap();
        StateServer::start(Behaviour {
            tls: Some(signed.config()),
            ..Behaviour::default()
        })
    }

    /// The variables that lead programs here.
    pub(in crate::backends) fn variables(&self) -> [(&'static str, String); 2] {
        let ca = self.folder.path().join("ca.pem");
        [
            ("HTTPS_PROXY", format!("http://{}", self.proxy.address)),
            ("SSL_CERT_FILE", ca.display().to_string()),
        ]
    }

    /// The name of a new, empty container.
    pub(in crate::backends) fn container(&self) -> String {
        let mut count = self.containers.lock().unwrap();
        *count += 1;
        let name = format!("states-{count}");
        let (status, _) = self.request("PUT", &name, "restype=container", &[]);
        assert_eq!(status, 201, "{name}");
        name
    }

    /// The bytes of a blob; `None` when there is none.
    pub(in crate::backends) fn blob(&self, container: &str, name: &str) -> Option<Vec<u8>> {
        match self.request("GET", &format!("{container}/{name}"), "", &[]) {
            (200, body) => Some(body),
            (404, _) => None,
            (status, _) => panic!("{status} for {container}/{name}"),
        }
    }

    /// Breaks the lease of a blob at once, as somebody does in Azure's portal.
    pub(in crate::backends) fn break_lease(&self, container: &str, name: &str) {
        let headers = [
            ("x-ms-lease-action", "break"),
            ("x-ms-lease-break-period", "0"),
        ];
        let path = format!("{container}/{name}");
        let (status, _) = self.request("PUT", &path, "comp=lease", &headers);
        assert_eq!(status, 202, "{path}");
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        query: &str,
        headers: &[(&str, &str)],
    ) -> (u16, Vec<u8>) {
        let signature = signature("rwdlac", "2030-01-01T00:00:00Z");
        let url = format!("https://{}/{path}?{query}&{signature}", self.host());
        let proxy = reqwest::Proxy::all(format!("http://{}", self.proxy.address)).unwrap();
        let authority = reqwest::Certificate::from_pem(self.authority.as_bytes()).unwrap();
        let client = reqwest::Client::builder()
            .proxy(proxy)
            .tls_certs_only([authority])
            .build()
            .unwrap();
        let mut request = client.request(method.parse().unwrap(), url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if method == "PUT" {
            request = request.body("");
        }
        // A thread of its own: the caller may be inside of a runtime.
        let work = async move {
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            (status, answer.bytes().await.unwrap().to_vec())
        };
        std::thread::spawn(move || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            builder.enable_all().build().unwrap().block_on(work)
        })
        .join()
        .unwrap()
    }
}

impl Drop for Azure {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// What the cloud says of itself.
fn description() -> String {
    json!({
        "portal": format!("https://portal.{SUFFIX}"),
        "name": "DriftmgrTest",
        "authentication": {
            "loginEndpoint": format!("https://{FRONT}"),
            "audiences": [format!("https://management.{SUFFIX}")],
            "tenant": "common",
            "identityProvider": "AAD"
        },
        "graph": format!("https://graph.{SUFFIX}"),
        "graphAudience": format!("https://graph.{SUFFIX}"),
        "microsoftGraphResourceId": format!("https://graph.{SUFFIX}"),
        "resourceManager": format!("https://{FRONT}"),
        "suffixes": {
            "storage": SUFFIX,
            "keyVaultDns": format!("vault.{SUFFIX}"),
            "acrLoginServer": format!("acr.{SUFFIX}"),
            "sqlServerHostname": format!("sql.{SUFFIX}")
        }
    })
    .to_string()
}

/// A shared access signature of the account, for blobs
/// (<https://learn.microsoft.com/rest/api/storageservices/create-account-sas>).
pub(in crate::backends) fn signature(permissions: &str, end: &str) -> String {
    let (services, resources, version) = ("b", "sco", "2021-12-02");
    let text = format!(
        "{ACCOUNT}\n{permissions}\n{services}\n{resources}\n\n{end}\n\nhttps\n{version}\n\n"
    );
    let key = BASE64_STANDARD.decode(KEY).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(text.as_bytes());
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    Serializer::new(String::new())
        .append_pair("sv", version)
        .append_pair("ss", services)
        .append_pair("srt", resources)
        .append_pair("sp", permissions)
        .append_pair("se", end)
        .append_pair("spr", "https")
        .append_pair("sig", &signature)
        .finish()
}

fn azurite(folder: &TempDir, signed: &Signed) -> (Child, u16) {
    let path = |name: &str| -> PathBuf { folder.path().join(name) };
    fs::write(path("cert.pem"), signed.certificate.pem()).unwrap();
    fs::write(path("key.pem"), signed.key.serialize_pem()).unwrap();
    fs::create_dir(path("data")).unwrap();
    let port = TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .unwrap()
        .port();
    let log = File::create(path("log")).unwrap();
    let server = Command::new(Tools::get().azurite())
        .args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()])
        .args(["--oauth", "basic", "--disableTelemetry"])
        // OpenTofu speaks a newer version of the protocol.
        .args(["--skipApiVersionCheck", "--location"])
        .arg(path("data"))
        .arg("--cert")
        .arg(path("cert.pem"))
        .arg("--key")
        .arg(path("key.pem"))
        .env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{KEY}"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .expect("azurite starts");
    (server, port)
}

/// A certificate and the authority that signed it.
struct Signed {
    authority: String,
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Signed {
    fn new(names: &[&str]) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().unwrap();
        Self {
            certificate: params.signed_by(&key, &issuer).unwrap(),
            authority: issuer.pem(),
            key,
        }
    }

    fn config(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.der().clone()], key);
        Arc::new(config.unwrap())
    }
}

type Routes = Arc<Mutex<Vec<(String, SocketAddr)>>>;

/// A proxy for HTTPS that knows where names are. It ends with this value.
struct Proxy {
    address: SocketAddr,
    routes: Routes,
    stopped: Arc<AtomicBool>,
}

impl Proxy {
    fn start(routes: Vec<(String, SocketAddr)>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let this = Self {
            address: listener.local_addr().unwrap(),
            routes: Arc::new(Mutex::new(routes)),
            stopped: Arc::default(),
        };
        let (routes, stopped) = (this.routes.clone(), this.stopped.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let routes = routes.clone();
                std::thread::spawn(move || {
                    // A client that goes away is no failure of the proxy.
                    let _ = stream.and_then(|stream| tunnel(stream, &routes));
                });
            }
        });
        this
    }

    fn target(&self, host: &str) -> SocketAddr {
        let routes = self.routes.lock().unwrap();
        routes.iter().find(|(name, _)| name == host).unwrap().1
    }

    fn send(&self, host: &str, to: SocketAddr) {
        let mut routes = self.routes.lock().unwrap();
        routes.retain(|(name, _)| name != host);
        routes.push((host.to_owned(), to));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts; it may have ended.
        let _ = TcpStream::connect(self.address);
    }
}

/// One connection: `CONNECT host:port`, and then whatever both sides say.
fn tunnel(mut client: TcpStream, routes: &Routes) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let authority = head.split(' ').nth(1).unwrap_or_default();
    let host = authority.split(':').next().unwrap_or_default();
    let known = routes
        .lock()
        .unwrap()
        .iter()
        .find(|(n, _)| n == host)
        .map(|(_, at)| *at);
    let Some(at) = known.filter(|_| head.starts_with("CONNECT ")) else {
        return client.write_all(b"HTTP/1.1 502 Unknown\r\nContent-Length: 0\r\n\r\n");
    };
    let server = TcpStream::connect(at)?;
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (from, to) = (server.try_clone()?, client.try_clone()?);
    let back = std::thread::spawn(move || pump(from, to));
    pump(client, server);
    let _ = back.join();
    Ok(())
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    // Either side may end the conversation.
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
