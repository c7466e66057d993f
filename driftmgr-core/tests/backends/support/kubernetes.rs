//! A real API server of Kubernetes with its etcd, in a folder of its own, looked at from outside of the library.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::wire::{Reply, Seen, Server};

/// Who may do everything.
pub(crate) const TOKEN: &str = "token-of-the-administrator";
/// Who may do what a test allows.
pub(crate) const OTHER_TOKEN: &str = "token-of-bob";

/// A running cluster, as far as its API goes. It ends with this value.
pub(crate) struct Cluster {
    etcd: Child,
    server: Child,
    folder: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
    port: u16,
    client: Arc<ClientConfig>,
    namespaces: AtomicU32,
}

/// Certificate and key in PEM.
pub(crate) struct Signed {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// The programs: etcd of the system, the API server of `cargo xtask tools --only kube-apiserver`.
fn programs() -> Option<(PathBuf, PathBuf)> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let tools = variable("DRIFTMGR_TOOLS_DIR")
        .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("driftmgr/tools")))
        .or_else(|| Some(variable("HOME")?.join(".cache/driftmgr/tools")))?;
    let server = tools.join("bin/kube-apiserver");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let etcd = std::env::split_paths(&path)
        .map(|folder| folder.join("etcd"))
        .find(|file| file.is_file())?;
    server.is_file().then_some((etcd, server))
}

impl Cluster {
    /// Starts one with the namespace `default`; `None` where the programs are not installed: to compile them takes so long that no suite insists on
    /// them.
    pub(crate) fn start() -> Option<Self> {
        let Some((etcd, server)) = programs() else {
            println!(
                "skipped: there is no Kubernetes: apt-get install -y --no-install-recommends etcd-server, and cargo xtask tools --only kube-apiserver"
            );
            return None;
        };
        let folder = TempDir::new().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "authority of a test");
        let key = KeyPair::generate().unwrap();
        let authority = CertifiedIssuer::self_signed(params, key).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = Arc::new(client);
        prepare(folder.path(), &authority);
        // Another server may take a port in between.
        for _ in 0..3 {
            let Some((etcd, server, port)) = run(&etcd, &server, folder.path()) else {
                continue;
            };
            let mut cluster = Self {
                etcd,
                server,
                folder,
                authority,
                port,
                client,
                namespaces: AtomicU32::new(0),
            };
            if cluster.is_ready() {
                return Some(cluster);
            }
            let log = fs::read_to_string(cluster.folder.path().join("server.log"));
            panic!("{}", log.unwrap_or_default());
        }
        panic!("no port is free");
    }

    fn is_ready(&mut self) -> bool {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(90) {
            if self.server.try_wait().unwrap().is_some() {
                return false;
            }
            let there = self.try_request("GET", "/api/v1/namespaces/default", TOKEN, &[]);
            if there.is_ok_and(|(status, _)| status == 200) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The authority of the server and of its clients, in PEM.
    pub(crate) fn authority(&self) -> String {
        self.authority.pem()
    }

    /// A folder for what a test needs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A client's certificate for a user of a group.
    pub(crate) fn sign(&self, user: &str, group: &str) -> Signed {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, user);
        params
            .distinguished_name
            .push(DnType::OrganizationName, group);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        Signed {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    /// A new namespace with nothing in it.
    pub(crate) fn namespace(&self) -> String {
        let name = format!("ns-{}", self.namespaces.fetch_add(1, Ordering::SeqCst));
        let body = json!({"metadata": {"name": name}});
        let (status, said) = self.request("POST", "/api/v1/namespaces", &body);
        assert_eq!(status, 201, "{said}");
        name
    }

    /// Allows bob these verbs for a resource.
    pub(crate) fn allow(
        &self,
        namespace: &str,
        name: &str,
        group: &str,
        resource: &str,
        verbs: &[&str],
    ) {
        let roles = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}");
        let rules = json!([{"apiGroups": [group], "resources": [resource], "verbs": verbs}]);
        let role = json!({"metadata": {"name": name}, "rules": rules});
        let (status, said) = self.request("POST", &format!("{roles}/roles"), &role);
        assert_eq!(status, 201, "{said}");
        let binding = json!({
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"kind": "User", "name": "bob", "apiGroup": "rbac.authorization.k8s.io"}],
        });
        let (status, said) = self.request("POST", &format!("{roles}/rolebindings"), &binding);
        assert_eq!(status, 201, "{said}");
        // The server learns of it by and by.
        let start = Instant::now();
        for verb in verbs {
            let review = json!({"spec": {"user": "bob", "resourceAttributes": {
                "namespace": namespace, "verb": verb, "group": group, "resource": resource,
            }}});
            let reviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
            while self.request("POST", reviews, &review).1["status"]["allowed"] != true {
                assert!(
                    start.elapsed() < Duration::from_secs(20),
                    "{verb} {resource}"
                );
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// A request of the administrator.
    pub(crate) fn request(&self, method: &str, target: &str, body: &Value) -> (u16, Value) {
        let body = match body.is_null() {
            true => Vec::new(),
            false => body.to_string().into_bytes(),
        };
        let (status, body) = self.try_request(method, target, TOKEN, &body).unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// A secret.
    pub(crate) fn secret(&self, namespace: &str, name: &str) -> Option<Value> {
        let target = format!("/api/v1/namespaces/{namespace}/secrets/{name}");
        let (status, secret) = self.request("GET", &target, &Value::Null);
        (status == 200).then_some(secret)
    }

    /// The names of the secrets in a namespace.
    pub(crate) fn secrets(&self, namespace: &str) -> Vec<String> {
        let target = format!("/api/v1/namespaces/{namespace}/secrets");
        let (_, list) = self.request("GET", &target, &Value::Null);
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let names = items
            .iter()
            .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned());
        names.collect()
    }

    /// The leases in a namespace: their names, and who holds them.
    pub(crate) fn leases(&self, namespace: &str) -> Vec<(String, Option<String>)> {
        let target = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases");
        let (_, list) = self.request("GET", &target, &Value::Null);
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let of = |item: &Value| {
            let holder = item["spec"]["holderIdentity"].as_str().map(str::to_owned);
            (
                item["metadata"]["name"].as_str().unwrap().to_owned(),
                holder,
            )
        };
        items.iter().map(of).collect()
    }

    fn try_request(
        &self,
        method: &str,
        target: &str,
        token: &str,
        body: &[u8],
    ) -> std::io::Result<(u16, Vec<u8>)> {
        let headers =
            format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
        let (status, _, body) = exchange(self.port, &self.client, method, target, &headers, body)?;
        Ok((status, body))
    }

    /// A server in the clear that passes everything on to this one, but for the faults that a test asks for.
    pub(crate) fn front(&self) -> Server {
        let (port, client) = (self.port, Arc::clone(&self.client));
        Server::start(None, move |_| {
            move |seen: &Seen| {
                let passed = seen.headers.iter().filter(|(name, _)| {
                    ["authorization", "content-type", "accept"].contains(&name.as_str())
                });
                let headers: String = passed.map(|(k, v)| format!("{k}: {v}\r\n")).collect();
                let done = exchange(
                    port,
                    &client,
                    &seen.method,
                    &seen.target,
                    &headers,
                    &seen.body,
                );
                match done {
                    Ok((status, headers, body)) => {
                        let mut reply = Reply::new(status, body);
                        let kept = headers
                            .into_iter()
                            .filter(|(name, _)| name == "content-type");
                        reply.headers = kept.collect();
                        reply
                    }
                    Err(error) => Reply::new(502, error.to_string()),
                }
            }
        })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for child in [&mut self.server, &mut self.etcd] {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Writes keys, certificates and tokens.
fn prepare(folder: &Path, authority: &CertifiedIssuer<'static, KeyPair>) {
    let put = |name: &str, text: String| fs::write(folder.join(name), text).unwrap();
    put("ca.pem", authority.pem());
    let account = KeyPair::generate().unwrap();
    put("account.key", account.serialize_pem());
    put("account.pub", account.public_key_pem());
    let key = KeyPair::generate().unwrap();
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = CertificateParams::new(names).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    put(
        "server.pem",
        params.signed_by(&key, authority).unwrap().pem(),
    );
    put("server.key", key.serialize_pem());
    put(
        "tokens.csv",
        format!("{TOKEN},administrator,1,\"system:masters\"\n{OTHER_TOKEN},bob,2\n"),
    );
}

fn spawn(program: &Path, words: &[String], folder: &Path, log: &str) -> Child {
    let log = File::create(folder.join(log)).unwrap();
    Command::new(program)
        .args(words)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Starts both; `None` when etcd does not come up.
fn run(etcd: &Path, server: &Path, folder: &Path) -> Option<(Child, Child, u16)> {
    let (client, peer, port) = (free_port(), free_port(), free_port());
    let data = folder.join(format!("etcd-{client}"));
    let words = [
        format!("--data-dir={}", data.display()),
        format!("--listen-client-urls=http://127.0.0.1:{client}"),
        format!("--advertise-client-urls=http://127.0.0.1:{client}"),
        format!("--listen-peer-urls=http://127.0.0.1:{peer}"),
        format!("--initial-advertise-peer-urls=http://127.0.0.1:{peer}"),
        format!("--initial-cluster=default=http://127.0.0.1:{peer}"),
        "--unsafe-no-fsync".to_owned(),
        "--log-level=error".to_owned(),
    ];
    let mut store = spawn(etcd, &words, folder, "etcd.log");
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", client)).is_err() {
        if store.try_wait().unwrap().is_some() || start.elapsed() > Duration::from_secs(30) {
            let _ = store.kill();
            let _ = store.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut words = vec![
        format!("--etcd-servers=http://127.0.0.1:{client}"),
        format!("--secure-port={port}"),
    ];
    words.extend(
        [
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--tls-cert-file=server.pem",
            "--tls-private-key-file=server.key",
            "--client-ca-file=ca.pem",
            "--cert-dir=certificates",
            "--service-account-key-file=account.pub",
            "--service-account-signing-key-file=account.key",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--token-auth-file=tokens.csv",
            "--authorization-mode=RBAC",
            "--anonymous-auth=false",
            "--disable-admission-plugins=ServiceAccount",
            "--enable-priority-and-fairness=false",
            "--watch-cache=false",
            "--profiling=false",
        ]
        .map(str::to_owned),
    );
    let server = spawn(server, &words, folder, "server.log");
    Some((store, server, port))
}

type Exchanged = (u16, Vec<(String, String)>, Vec<u8>);

/// One request on a connection of its own.
fn exchange(
    port: u16,
    client: &Arc<ClientConfig>,
    method: &str,
    target: &str,
    headers: &str,
    body: &[u8],
) -> std::io::Result<Exchanged> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let session = ClientConnection::new(Arc::clone(client), name).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(session, stream);
    // By this version an answer ends with its connection.
    let head = format!(
        "{method} {target} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    stream.flush()?;
    let mut all = Vec::new();
    match stream.read_to_end(&mut all) {
        Err(e) if e.kind() != std::io::ErrorKind::UnexpectedEof => return Err(e),
        _ => {}
    }
    let end = all.windows(4).position(|w| w == b"\r\n\r\n");
    let end = end.ok_or_else(|| std::io::Error::other("the answer has no end of its head"))?;
    let head = String::from_utf8_lossy(&all[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let status = status.and_then(|status| status.parse().ok());
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
    Ok((
        status.unwrap_or(0),
        headers.collect(),
        all[end + 4..].to_vec(),
    ))
}
