//! Who the server is, and who the client is.

use driftmgr_core::ErrorKind;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::*;

/// An authority, and what it signed.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// Certificate and key in PEM.
struct Signed {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn sign(&self, purpose: ExtendedKeyUsagePurpose) -> Signed {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.extended_key_usages = vec![purpose];
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Signed { certificate, key }
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    fn server(&self, clients: Option<&Self>) -> StateServer {
        let signed = self.sign(ExtendedKeyUsagePurpose::ServerAuth);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.0.der().clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signed.key.serialize_der()));
        let config = builder.with_single_cert(vec![signed.certificate.der().clone()], key);
        let server = StateServer::start(Behaviour {
            tls: Some(Arc::new(config.unwrap())),
            ..Behaviour::default()
        });
        server.put(PATH, b"over TLS");
        server
    }
}

async fn ask(cx: &Context, server: &StateServer, more: Value) -> Result<Option<String>> {
    read(&open_with(cx, server, more)?).await
}

#[tokio::test]
async fn only_trusted_servers_are_asked() {
    let authority = Authority::new();
    let server = authority.server(None);
    let error = ask(&cx(), &server, json!({})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("not trusted"), "{error}");
    assert!(error.hints()[0].contains("SSL_CERT_FILE"));
    assert!(server.seen().is_empty(), "nothing is sent, once or again");
    let other = json!({"client_ca_certificate_pem": Authority::new().pem()});
    assert!(ask(&cx(), &server, other).await.is_err());
    for more in [
        json!({"client_ca_certificate_pem": authority.pem()}),
        json!({"skip_cert_verification": true}),
        json!({"skip_cert_verification": "true"}),
    ] {
        let state = ask(&cx(), &server, more).await.unwrap();
        assert_eq!(state.unwrap(), "over TLS");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    for (name, value) in [("SSL_CERT_FILE", &*file), ("SSL_CERT_DIR", folder.path())] {
        let environment = Environment::from_variables([(name, value.to_str().unwrap())]);
        let cx = Context::new(environment);
        assert!(
            ask(&cx, &server, json!({})).await.unwrap().is_some(),
            "{name}"
        );
    }
    let environment = Environment::from_variables([("SSL_CERT_FILE", "/no/such/file")]);
    let error = ask(&Context::new(environment), &server, json!({}))
        .await
        .unwrap_err();
    assert_eq!(place(&error, "file"), "/no/such/file");
    // The name of another host.
    let there = format!(
        "https://127.0.0.1:{}{PATH}",
        server.authority().split(':').nth(1).unwrap()
    );
    let wrong = json!({"address": there, "client_ca_certificate_pem": authority.pem()});
    assert!(ask(&cx(), &server, wrong).await.is_err());
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let server = authority.server(Some(&clients));
    let ca = authority.pem();
    let error = ask(&cx(), &server, json!({"client_ca_certificate_pem": ca})).await;
    let error = error.unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Unauthenticated | ErrorKind::Unavailable
        ),
        "{error:?}"
    );
    let known = clients.sign(ExtendedKeyUsagePurpose::ClientAuth);
    let with = |key: &KeyPair| {
        json!({"client_ca_certificate_pem": ca, "client_certificate_pem": known.certificate.pem(),
               "client_private_key_pem": key.serialize_pem()})
    };
    let state = ask(&cx(), &server, with(&known.key)).await.unwrap();
    assert_eq!(state.unwrap(), "over TLS");
    let error = ask(&cx(), &server, with(&KeyPair::generate().unwrap())).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidConfig);
}
