//! AES-GCM (NIST SP 800-38D) as OpenTofu uses it: a nonce of 12 bytes, the ciphertext, a tag of 16 bytes.

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::aes::Aes192;
use aes_gcm::{Aes128Gcm, Aes256Gcm, KeyInit, Nonce};

use super::key::{Key, random};
use super::provider::{KeySource, Metadata};
use crate::error::{Error, ErrorKind, Result};

type Aes192Gcm = aes_gcm::AesGcm<Aes192, U12>;

/// Bytes of a nonce.
const NONCE: usize = 12;

/// The method `aes_gcm`.
#[derive(Debug, Clone)]
pub struct AesGcm {
    keys: KeySource,
    aad: Vec<u8>,
}

impl AesGcm {
    /// The method with keys from `keys`. `aad` is authenticated with the data and not stored; both sides have to know it.
    ///
    /// # Errors
    /// `InvalidConfig` for keys that are not 16, 24 or 32 bytes long.
    pub fn new(keys: KeySource, aad: Vec<u8>) -> Result<Self> {
        match keys.key_length() {
            Some(length) if !is_key_length(length) => Err(wrong_length(length)),
            _ => Ok(Self { keys, aad }),
        }
    }

    /// Nonce, ciphertext and tag.
    pub(super) fn encrypt(&self, plain: &[u8], metadata: &mut Metadata) -> Result<Vec<u8>> {
        let key = self.keys.encryption_key(metadata)?;
        let mut sealed = vec![0; NONCE];
        random(&mut sealed)?;
        let payload = Payload {
            msg: plain,
            aad: &self.aad,
        };
        let cipher = cipher(&key)?.encrypt(&sealed, payload);
        let cipher = cipher.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                "the state is too large for AES-GCM",
            )
        })?;
        sealed.extend(cipher);
        Ok(sealed)
    }

    /// What was encrypted.
    pub(super) fn decrypt(&self, sealed: &[u8], metadata: &Metadata) -> Result<Vec<u8>> {
        let key = self.keys.decryption_key(metadata)?;
        let Some((nonce, msg)) = sealed.split_at_checked(NONCE) else {
            let message = "the encrypted data is too short";
            return Err(Error::new(ErrorKind::InvalidState, message));
        };
        let payload = Payload {
            msg,
            aad: &self.aad,
        };
        cipher(&key)?.decrypt(nonce, payload).ok_or_else(|| {
            Error::new(
                ErrorKind::Unauthenticated,
                "the key is another one, or the data was changed",
            )
        })
    }
}

fn is_key_length(length: usize) -> bool {
    matches!(length, 16 | 24 | 32)
}

fn wrong_length(length: usize) -> Error {
    let message = format!("AES-GCM takes keys of 16, 24 or 32 bytes, and this one has {length}");
    Error::new(ErrorKind::InvalidConfig, message)
}

/// AES of one of the three key lengths. The schedule is wiped when it is dropped.
enum Cipher {
    Aes128(Box<Aes128Gcm>),
    Aes192(Box<Aes192Gcm>),
    Aes256(Box<Aes256Gcm>),
}

fn cipher(key: &Key) -> Result<Cipher> {
    let bytes = key.expose();
    let cipher = match bytes.len() {
        16 => Aes128Gcm::new_from_slice(bytes).map(|c| Cipher::Aes128(Box::new(c))),
        24 => Aes192Gcm::new_from_slice(bytes).map(|c| Cipher::Aes192(Box::new(c))),
        32 => Aes256Gcm::new_from_slice(bytes).map(|c| Cipher::Aes256(Box::new(c))),
        length => return Err(wrong_length(length)),
    };
    cipher.map_err(|_| wrong_length(bytes.len()))
}

impl Cipher {
    fn encrypt(&self, nonce: &[u8], payload: Payload<'_, '_>) -> Option<Vec<u8>> {
        let nonce = Nonce::<U12>::from_slice(nonce);
        let sealed = match self {
            Self::Aes128(c) => c.encrypt(nonce, payload),
            Self::Aes192(c) => c.encrypt(nonce, payload),
            Self::Aes256(c) => c.encrypt(nonce, payload),
        };
        sealed.ok()
    }

    fn decrypt(&self, nonce: &[u8], payload: Payload<'_, '_>) -> Option<Vec<u8>> {
        let nonce = Nonce::<U12>::from_slice(nonce);
        let plain = match self {
            Self::Aes128(c) => c.decrypt(nonce, payload),
            Self::Aes192(c) => c.decrypt(nonce, payload),
            Self::Aes256(c) => c.decrypt(nonce, payload),
        };
        plain.ok()
    }
}
