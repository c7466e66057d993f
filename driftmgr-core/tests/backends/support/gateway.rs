//! A way for programs to servers of tests by the names of a vendor: an authority, and a proxy that takes every name to one server. So
//! nothing of this machine has to know the names.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;

use super::wire::{Fault, Reply, Seen, Server};

/// Two servers that answer the same, one of them over TLS. They end with this value.
pub(in crate::backends) struct Gateway {
    secure: Server,
    plain: Server,
    proxy: Proxy,
    folder: TempDir,
}

impl Gateway {
    /// `names` are those of the certificate; `*` stands for one part of a name.
    pub(in crate::backends) fn start<A>(names: &[&str], act: A) -> Self
    where
        A: Fn(&Seen) -> Reply + Clone + Send + Sync + 'static,
    {
        let (authority, config) = signed(names);
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("ca.pem"), authority).unwrap();
        let secure = Server::start(Some(config), |_| act.clone());
        Self {
            proxy: Proxy::start(SocketAddr::from(([127, 0, 0, 1], secure.port()))),
            plain: Server::start(None, |_| act),
            secure,
            folder,
        }
    }

    /// The variables that lead programs here.
    pub(in crate::backends) fn variables(&self) -> [(&'static str, String); 3] {
        let ca = self.folder.path().join("ca.pem");
        [
            ("HTTPS_PROXY", format!("http://{}", self.proxy.address)),
            (
                "HTTP_PROXY",
                format!("http://127.0.0.1:{}", self.plain.port()),
            ),
            ("SSL_CERT_FILE", ca.display().to_string()),
        ]
    }

    /// The next request over TLS whose `METHOD target` has this text in it meets the fault.
    pub(in crate::backends) fn fault(&self, asked: &str, fault: Fault) {
        self.secure.fault(asked, fault);
    }

    /// Takes back the faults that nothing met; answers with their number.
    pub(in crate::backends) fn without_faults(&self) -> usize {
        self.secure.without_faults()
    }

    /// The requests over TLS so far, which are forgotten with this.
    pub(in crate::backends) fn seen(&self) -> Vec<Seen> {
        self.secure.seen()
    }
}

/// An authority, as PEM, and a certificate of it.
fn signed(names: &[&str]) -> (String, Arc<ServerConfig>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (issuer.pem(), Arc::new(config))
}

/// A proxy for HTTPS. It ends with this value.
struct Proxy {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
}

impl Proxy {
    fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let this = Self {
            address: listener.local_addr().unwrap(),
            stopped: Arc::default(),
        };
        let stopped = Arc::clone(&this.stopped);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                std::thread::spawn(move || {
                    // A client that goes away is no failure of the proxy.
                    let _ = stream.and_then(|stream| tunnel(stream, to));
                });
            }
        });
        this
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
fn tunnel(mut client: TcpStream, to: SocketAddr) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    if !head.starts_with(b"CONNECT ") {
        return client.write_all(b"HTTP/1.1 502 Unknown\r\nContent-Length: 0\r\n\r\n");
    }
    let server = TcpStream::connect(to)?;
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
