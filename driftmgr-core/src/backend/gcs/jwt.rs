//! Tokens that a service account signs itself, without asking anybody (<https://google.aip.dev/auth/4111>).

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::json;

use crate::error::{Error, ErrorKind, Result};

/// So long such a token is good for; the longest that is accepted.
pub(super) const LIFETIME: Duration = Duration::from_secs(3600);

/// A token of an account with these scopes, signed with its key in PEM.
///
/// # Errors
/// `InvalidConfig` for a key that is no RSA key.
pub(super) fn sign(
    email: &str,
    key_id: Option<&str>,
    private_key: &str,
    scope: &str,
    now: SystemTime,
) -> Result<String> {
    let seconds = |at: SystemTime| {
        let since = at.duration_since(SystemTime::UNIX_EPOCH);
        since.unwrap_or_default().as_secs()
    };
    let mut header = json!({"alg": "RS256", "typ": "JWT"});
    if let (Some(header), Some(id)) = (header.as_object_mut(), key_id) {
        header.insert("kid".to_owned(), id.into());
    }
    let claims = json!({
        "iss": email, "sub": email, "scope": scope,
        "iat": seconds(now), "exp": seconds(now + LIFETIME),
    });
    let part = |json: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let signature = rs256(private_key, text.as_bytes())?;
    Ok(format!(
        "{text}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(signature)
    ))
}

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, section 3.3).
fn rs256(private_key: &str, text: &[u8]) -> Result<Vec<u8>> {
    // No cause: its words could show a part of the key.
    let wrong = || {
        Error::new(
            ErrorKind::InvalidConfig,
            "the credentials' `private_key` is no RSA key in PEM",
        )
    };
    let key = PrivateKeyDer::from_pem_slice(private_key.as_bytes()).map_err(|_| wrong())?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let key = provider.key_provider.load_private_key(key);
    let key = key.map_err(|_| wrong())?;
    let signer = key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]);
    signer.ok_or_else(wrong)?.sign(text).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use rcgen::{KeyPair, PKCS_RSA_SHA256};
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_token_says_who_and_its_signature_holds() {
        let pair = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let token = sign("a@b", Some("k1"), &pair.serialize_pem(), "s1 s2", now).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap();
        let header: Value = serde_json::from_slice(&decode(parts[0])).unwrap();
        assert_eq!(header, json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
        let claims: Value = serde_json::from_slice(&decode(parts[1])).unwrap();
        assert_eq!(
            claims,
            json!({"iss": "a@b", "sub": "a@b", "scope": "s1 s2", "iat": 1_000_000, "exp": 1_003_600})
        );
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let algorithms = provider.signature_verification_algorithms.mapping;
        let (_, algorithm) = algorithms
            .iter()
            .find(|(scheme, _)| *scheme == SignatureScheme::RSA_PKCS1_SHA256)
            .unwrap();
        let text = format!("{}.{}", parts[0], parts[1]);
        let verify = |text: &str| {
            let key = pair.public_key_raw();
            algorithm[0].verify_signature(key, text.as_bytes(), &decode(parts[2]))
        };
        assert!(verify(&text).is_ok());
        assert!(verify(&format!("{text}x")).is_err());
    }

    #[test]
    fn what_is_no_rsa_key_is_refused_without_showing_it() {
        let other = KeyPair::generate().unwrap().serialize_pem();
        for key in ["planted", "", other.as_str()] {
            let error = sign("a@b", None, key, "s", SystemTime::UNIX_EPOCH).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig);
            assert!(!format!("{error:?}").contains("planted"), "{error:?}");
        }
    }
}
