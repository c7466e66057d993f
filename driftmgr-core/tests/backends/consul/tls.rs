//! Over TLS: who the server is.

use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::*;
use crate::support::beside::{RESOURCE, block_on, initialised, next};
use crate::support::tools::{Program, Terraform};

/// A server whose authority is in the file `ca.pem` of the folder.
fn start(folder: &Path) -> Consul {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key);
    Consul::start(Behaviour {
        tls: Some(Arc::new(config.unwrap())),
        ..Behaviour::default()
    })
}

#[test]
fn the_authority_is_the_one_that_is_named_on_both_sides() {
    for program in Program::ORACLES {
        let folder = tempfile::tempdir().unwrap();
        let server = start(folder.path());
        let authority = folder.path().join("ca.pem");
        let block = format!(
            "terraform {{\n  backend \"consul\" {{\n    address = \"{}\"\n    scheme = \"https\"\n    path = \"{PATH}\"\n    ca_file = \"{}\"\n  }}\n}}\n{RESOURCE}",
            server.authority(),
            authority.display()
        );
        let terraform = Terraform::new(program).with("main.tf", &block);
        terraform.init().apply();
        let backend = initialised(&cx(), &terraform, "consul");
        let state = block_on(read(&backend)).unwrap().unwrap();
        assert_eq!(state, server.value(PATH).unwrap(), "{program:?}");
        let text = String::from_utf8(state.to_vec()).unwrap();
        block_on(write(&backend, next(&text))).unwrap();
        terraform.ok(&["plan", "-no-color", "-detailed-exitcode"]);
        let untrusted = open_with(&server, json!({"scheme": "https"}));
        let error = block_on(read(&untrusted)).unwrap_err();
        assert!(error.message().contains("not trusted"), "{error:?}");
        let variables = [
            ("CONSUL_HTTP_SSL", "true"),
            ("CONSUL_HTTP_SSL_VERIFY", "false"),
        ];
        let any = Context::new(Environment::from_variables(variables));
        let any = open_in(&any, &server, json!({})).unwrap();
        assert!(block_on(read(&any)).unwrap().is_some());
    }
}
