//! Mutual TLS with a provider: both sides make a certificate for this one connection and pin the other's.

use std::sync::Arc;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};

use crate::error::{Error, ErrorKind, Result};

/// grpc-go refuses a connection whose TLS did not settle on HTTP/2.
const ALPN: &[u8] = b"h2";

/// Our side of the connection: a key and a self-signed certificate, made anew for each provider process.
pub(crate) struct ClientIdentity {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl ClientIdentity {
    /// Makes a P-256 key and a certificate for client authentication.
    pub(crate) fn generate() -> Result<Self> {
        Self::try_generate().map_err(|e| unexpected("cannot make a TLS certificate", e))
    }

    fn try_generate() -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(["localhost".to_owned()])?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.self_signed(&key)?;
        Ok(Self { certificate, key })
    }

    /// The certificate in PEM, as the provider wants it in its environment.
    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// TLS settings for a connection to the server with exactly this certificate (DER).
    pub(crate) fn pin(&self, server: Vec<u8>) -> Result<Arc<ClientConfig>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Pinned {
            server: server.into(),
            provider: provider.clone(),
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| unexpected("TLS is not available", e))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_auth_cert(vec![self.certificate.der().clone()], key)
            .map_err(|e| unexpected("the TLS certificate cannot be used", e))?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Arc::new(config))
    }
}

fn unexpected(message: &str, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Unexpected, format!("{message}: {cause}")).with_source(cause)
}

/// Accepts one certificate, byte for byte, and still has the server prove that it holds the key. Path building is of no use
/// here: a provider's certificate is its own authority, which webpki does not take as an end entity.
#[derive(Debug)]
struct Pinned {
    server: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if *end_entity == self.server {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::InvalidCertificate(
                rustls::CertificateError::ApplicationVerificationFailure,
            ))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;

    /// Connects a client that pins `pinned` to a server that holds `identity`.
    async fn connect(identity: &ClientIdentity, pinned: &[u8]) -> std::io::Result<()> {
        let key = PrivatePkcs8KeyDer::from(identity.key.serialize_der());
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut server = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![identity.certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key),
            )
            .unwrap();
        server.alpn_protocols = vec![ALPN.to_vec()];
        let (near, far) = tokio::io::duplex(64 * 1024);
        let client = ClientIdentity::generate()
            .unwrap()
            .pin(pinned.to_vec())
            .unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let (client, _server) = tokio::join!(
            TlsConnector::from(client).connect(name, near),
            TlsAcceptor::from(Arc::new(server)).accept(far)
        );
        let client = client?;
        assert_eq!(client.get_ref().1.alpn_protocol(), Some(ALPN));
        Ok(())
    }

    #[tokio::test]
    async fn accepts_the_announced_certificate_and_no_other() {
        let server = ClientIdentity::generate().unwrap();
        let other = ClientIdentity::generate().unwrap();
        connect(&server, server.certificate.der()).await.unwrap();
        assert!(connect(&server, other.certificate.der()).await.is_err());
        assert!(connect(&server, b"").await.is_err());
    }
}
