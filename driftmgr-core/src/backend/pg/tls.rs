//! TLS as libpq's `sslmode` means it (<https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION>).

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect};

use crate::error::{Error, ErrorKind, Result};
use crate::redact::Sensitive;

/// What a connection insists on, from nothing to the server's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// A certificate or key: a file, or the PEM itself (`sslinline`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pem {
    File(PathBuf),
    Inline(Sensitive<String>),
}

/// Who vouches for the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Authorities {
    /// Those of the system.
    System,
    Given(Pem),
}

/// The settings of a connection's TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tls {
    pub(super) mode: Mode,
    pub(super) authorities: Authorities,
    /// The client's certificates and their key.
    pub(super) identity: Option<(Pem, Pem)>,
    /// The server is told by which name it was called.
    pub(super) sni: bool,
}

impl Pem {
    fn read(&self, what: &'static str) -> Result<Vec<u8>> {
        match self {
            Self::File(path) => std::fs::read(path).map_err(|e| Error::io(what, path, e)),
            Self::Inline(text) => Ok(text.expose().clone().into_bytes()),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Inline(_) => Path::new("sslinline"),
        }
    }
}

impl Tls {
    /// What makes connections with these settings; files are read now.
    ///
    /// # Errors
    /// `InvalidConfig` for PEM that is none; the kinds of [`Error::io`].
    pub(super) fn connector(&self) -> Result<Connector> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let failed = |e: rustls::Error| {
            Error::new(
                ErrorKind::InvalidConfig,
                format!("the settings of TLS cannot be used: {e}"),
            )
        };
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier(provider)?);
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((certificates, key)) => builder
                .with_client_auth_cert(chain(certificates)?, private_key(key)?)
                .map_err(failed)?,
        };
        config.enable_sni = self.sni;
        Ok(Connector {
            config: Arc::new(config),
        })
    }

    fn verifier(&self, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
        // As in libpq: whoever names authorities to `require` wants them asked.
        let given = matches!(self.authorities, Authorities::Given(_));
        let checked = match self.mode {
            Mode::Disable | Mode::Prefer => false,
            Mode::Require => given,
            Mode::VerifyCa | Mode::VerifyFull => true,
        };
        if !checked {
            return Ok(Arc::new(AnyServer { provider }));
        }
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(self.roots()?), provider)
            .build()
            .map_err(|e| {
                Error::new(
                    ErrorKind::InvalidConfig,
                    format!("the trusted authorities cannot be used: {e}"),
                )
            })?;
        Ok(match self.mode {
            Mode::VerifyFull => inner,
            _ => Arc::new(AnyName { inner }),
        })
    }

    fn roots(&self) -> Result<RootCertStore> {
        let found = match &self.authorities {
            // What cannot be read among the system's is left out, as everywhere.
            Authorities::System => rustls_native_certs::load_native_certs().certs,
            Authorities::Given(pem) => chain(pem)?,
        };
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(found);
        if added == 0 {
            return Err(Error::new(
                ErrorKind::InvalidConfig,
                "there is no authority that could vouch for the server",
            )
            .with_hint("name a file of certificates in PEM as `sslrootcert`"));
        }
        Ok(roots)
    }
}

fn chain(pem: &Pem) -> Result<Vec<CertificateDer<'static>>> {
    let bytes = pem.read("read certificates")?;
    let found: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(Error::new(
            ErrorKind::InvalidConfig,
            "there is no certificate in PEM where one is named",
        )
        .with("file", pem.path().display())),
    }
}

fn private_key(pem: &Pem) -> Result<PrivateKeyDer<'static>> {
    let bytes = pem.read("read the client's key")?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| {
        Error::new(
            ErrorKind::InvalidConfig,
            "there is no private key in PEM where the client's is named",
        )
        .with("file", pem.path().display())
        .with_hint("the key must not have a passphrase")
    })
}

/// The server proves that it has the key of its certificate, whoever vouches for that.
#[derive(Debug)]
struct AnyServer {
    provider: Arc<CryptoProvider>,
}

/// The certificate is vouched for; the name in it may be another one.
#[derive(Debug)]
struct AnyName {
    inner: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let verdict = self
            .inner
            .verify_server_cert(end_entity, intermediates, name, ocsp, now);
        match verdict {
            // The name is looked at last, so everything else holds.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Makes the TLS of connections.
#[derive(Clone)]
pub(super) struct Connector {
    config: Arc<ClientConfig>,
}

/// The same for one server.
pub(super) struct ToServer {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl<S> MakeTlsConnect<S> for Connector
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type TlsConnect = ToServer;
    type Error = io::Error;

    fn make_tls_connect(&mut self, domain: &str) -> io::Result<ToServer> {
        // Over a Unix socket there is no name and no TLS.
        let name = match domain {
            "" => "localhost",
            name => name,
        };
        Ok(ToServer {
            config: Arc::clone(&self.config),
            name: ServerName::try_from(name)
                .map_err(io::Error::other)?
                .to_owned(),
        })
    }
}

impl<S> TlsConnect<S> for ToServer
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        let connecting = tokio_rustls::TlsConnector::from(self.config).connect(self.name, stream);
        Box::pin(async move { connecting.await.map(Stream) })
    }
}

/// A connection under TLS.
pub(super) struct Stream<S>(tokio_rustls::client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> tokio_postgres::tls::TlsStream for Stream<S> {
    fn channel_binding(&self) -> ChannelBinding {
        // The digest of the server's certificate would take a reader of X.509; SCRAM works without.
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
