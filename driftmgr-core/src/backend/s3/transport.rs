//! The HTTP client of all services: proxies and certificates.

use aws_sdk_s3::config::SharedHttpClient;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::access::Access;
use crate::error::{Error, ErrorKind, Result};

/// # Errors
/// `InvalidConfig` for a proxy or a file of certificates that cannot be used.
pub(super) fn client(access: &Access) -> Result<SharedHttpClient> {
    let tls = tls(access)?;
    let proxy = proxy(access)?;
    let client = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().proxy_config(proxy.clone());
        if let Some(settings) = settings {
            connector = connector.connector_settings(settings.clone());
        }
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(tls.clone())
            .build()
    });
    Ok(client)
}

fn tls(access: &Access) -> Result<TlsContext> {
    let mut store = TrustStore::default();
    if let Some(path) = &access.ca_bundle {
        let pem = std::fs::read(path)
            .map_err(|e| Error::io("read the certificates of `custom_ca_bundle`", path, e))?;
        check(&pem).map_err(|reason| {
            Error::new(
                ErrorKind::InvalidConfig,
                format!("the file of `custom_ca_bundle` cannot be used: {reason}"),
            )
            .with("file", path.display())
            .with_hint("name a file of certificates in the PEM format")
        })?;
        store = store.with_native_roots(false).with_pem_certificate(pem);
    }
    TlsContext::builder()
        .with_trust_store(store)
        .build()
        .map_err(|_| {
            Error::new(
                ErrorKind::InvalidConfig,
                "the certificates of the machine cannot be used",
            )
        })
}

/// The HTTP client would end the program over a certificate that it cannot use.
fn check(pem: &[u8]) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|e| e.to_string())?;
        roots.add(certificate).map_err(|e| e.to_string())?;
    }
    match roots.is_empty() {
        true => Err("it has no certificate".to_owned()),
        false => Ok(()),
    }
}

/// The proxy of the scheme that the store is reached by.
fn proxy(access: &Access) -> Result<ProxyConfig> {
    let endpoint = access.endpoints.s3.as_ref();
    let plain = endpoint.is_some_and(|url| url.expose().scheme() == "http");
    let url = match plain {
        true => &access.proxy.http,
        false => &access.proxy.https,
    };
    let Some(url) = url else {
        return Ok(ProxyConfig::disabled());
    };
    let text = url.expose().as_str();
    let config = match plain {
        true => ProxyConfig::http(text),
        false => ProxyConfig::https(text),
    };
    // The client's own error would show the URL as it is.
    let config = config.map_err(|_| {
        Error::new(ErrorKind::InvalidConfig, "the proxy cannot be used").with("proxy", url)
    })?;
    Ok(config.no_proxy(&access.proxy.except))
}
