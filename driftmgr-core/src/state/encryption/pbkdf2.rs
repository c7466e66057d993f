//! Keys derived from a passphrase: PBKDF2 (RFC 8018) with HMAC.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Sha256, Sha512};
use unicode_normalization::UnicodeNormalization as _;

use super::key::{Key, random};
use super::provider::{KeyProvider, NewKey};
use crate::error::{Error, ErrorKind, Result};

/// OpenTofu refuses shorter passphrases, in bytes.
const MINIMUM_PASSPHRASE: usize = 16;
/// OpenTofu refuses to write with fewer iterations.
const MINIMUM_ITERATIONS: u32 = 200_000;
/// A minute or two of work. What a stored state asks for beyond that is not meant to be read.
const MAXIMUM_WORK: u64 = 100_000_000;
/// The largest salt and key that are made, in bytes.
const MAXIMUM_LENGTH: usize = 4096;

/// The hash function of PBKDF2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashFunction {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl HashFunction {
    /// How many bytes one round of derivation gives.
    fn block(self) -> u64 {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// What keys are derived from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passphrase {
    /// A text of at least 16 bytes.
    Text(Key),
    /// The key of the provider that this one is chained to.
    Chained,
}

/// The key provider `pbkdf2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pbkdf2 {
    passphrase: Passphrase,
    key_length: usize,
    iterations: u32,
    salt_length: usize,
    hash_function: HashFunction,
}

impl Pbkdf2 {
    /// OpenTofu's defaults: keys of 32 bytes, salts of 32 bytes, 600,000 iterations, SHA-512.
    ///
    /// # Errors
    /// `InvalidConfig` for a passphrase of fewer than 16 bytes.
    pub fn new(passphrase: Passphrase) -> Result<Self> {
        if let Passphrase::Text(text) = &passphrase {
            long_enough(text, "`passphrase`")?;
        }
        Ok(Self {
            passphrase,
            key_length: 32,
            iterations: 600_000,
            salt_length: 32,
            hash_function: HashFunction::Sha512,
        })
    }

    /// A passphrase as OpenTofu takes it: text in Unicode's normal form C.
    pub fn passphrase(text: &str) -> Passphrase {
        Passphrase::Text(Key::new(text.nfc().collect::<String>()))
    }

    /// The same with keys of another length in bytes.
    ///
    /// # Errors
    /// `InvalidConfig` outside of 1 to 4096.
    pub fn with_key_length(self, bytes: u64) -> Result<Self> {
        let key_length = length("key_length", bytes)?;
        Self { key_length, ..self }.affordable()
    }

    /// The same with salts of another length in bytes.
    ///
    /// # Errors
    /// `InvalidConfig` outside of 1 to 4096.
    pub fn with_salt_length(self, bytes: u64) -> Result<Self> {
        let salt_length = length("salt_length", bytes)?;
        Ok(Self {
            salt_length,
            ..self
        })
    }

    /// The same with so many iterations.
    ///
    /// # Errors
    /// `InvalidConfig` for fewer than 200,000, which OpenTofu refuses, and for what takes minutes.
    pub fn with_iterations(self, iterations: u64) -> Result<Self> {
        let iterations = u32::try_from(iterations).unwrap_or(u32::MAX);
        if iterations < MINIMUM_ITERATIONS {
            let message =
                format!("`iterations` is {iterations}, at least {MINIMUM_ITERATIONS} are needed");
            return Err(Error::new(ErrorKind::InvalidConfig, message));
        }
        Self { iterations, ..self }.affordable()
    }

    /// The same with another hash function.
    ///
    /// # Errors
    /// `InvalidConfig` when that makes it take minutes.
    pub fn with_hash_function(self, hash_function: HashFunction) -> Result<Self> {
        Self {
            hash_function,
            ..self
        }
        .affordable()
    }

    fn affordable(self) -> Result<Self> {
        let work = work(self.hash_function, self.iterations.into(), self.key_length);
        match work {
            Some(_) => Ok(self),
            None => Err(Error::new(
                ErrorKind::InvalidConfig,
                format!("`iterations` for this `key_length` go beyond {MAXIMUM_WORK}"),
            )),
        }
    }

    fn secret<'k>(&'k self, chained: Option<&'k Key>) -> Result<&'k Key> {
        match (&self.passphrase, chained) {
            (Passphrase::Text(text), _) => Ok(text),
            (Passphrase::Chained, Some(key)) => long_enough(key, "the key of the chained provider"),
            (Passphrase::Chained, None) => Err(Error::new(
                ErrorKind::InvalidConfig,
                "there is no chained provider",
            )),
        }
    }
}

fn long_enough<'k>(key: &'k Key, what: &str) -> Result<&'k Key> {
    if key.len() >= MINIMUM_PASSPHRASE {
        return Ok(key);
    }
    let message = format!("{what} is too short: at least {MINIMUM_PASSPHRASE} bytes are needed");
    Err(Error::new(ErrorKind::InvalidConfig, message))
}

fn length(argument: &str, bytes: u64) -> Result<usize> {
    match usize::try_from(bytes) {
        Ok(length @ 1..=MAXIMUM_LENGTH) => Ok(length),
        _ => Err(Error::new(
            ErrorKind::InvalidConfig,
            format!("`{argument}` is {bytes}, it can be 1 to {MAXIMUM_LENGTH}"),
        )),
    }
}

/// The number of iterations over all blocks of a key, where that can be afforded.
fn work(hash: HashFunction, iterations: u64, key_length: usize) -> Option<u32> {
    let blocks = (key_length as u64).div_ceil(hash.block());
    let all = iterations.checked_mul(blocks)?;
    (all <= MAXIMUM_WORK)
        .then(|| u32::try_from(iterations).ok())
        .flatten()
}

/// What is stored beside the data. The order of the fields is OpenTofu's.
#[derive(Serialize, Deserialize)]
struct Stored {
    salt: String,
    iterations: u64,
    hash_function: HashFunction,
    key_length: usize,
}

fn derive(secret: &Key, salt: &[u8], stored: &Stored) -> Option<Key> {
    if stored.key_length == 0 || stored.key_length > MAXIMUM_LENGTH || stored.iterations == 0 {
        return None;
    }
    let rounds = work(stored.hash_function, stored.iterations, stored.key_length)?;
    let mut key = Key::zeroed(stored.key_length);
    let (secret, into) = (secret.expose(), key.expose_mut());
    match stored.hash_function {
        HashFunction::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(secret, salt, rounds, into),
        HashFunction::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(secret, salt, rounds, into),
    }
    Some(key)
}

impl KeyProvider for Pbkdf2 {
    fn decryption_key(&self, metadata: &[u8], chained: Option<&Key>) -> Result<Key> {
        let secret = self.secret(chained)?;
        let wrong = || {
            Error::new(
                ErrorKind::InvalidState,
                "the stored metadata is not that of `pbkdf2`",
            )
        };
        let stored: Stored = serde_json::from_slice(metadata).map_err(|_| wrong())?;
        let salt = STANDARD.decode(&stored.salt).map_err(|_| wrong())?;
        derive(secret, &salt, &stored)
            .filter(|_| !salt.is_empty())
            .ok_or_else(wrong)
    }

    fn encryption_key(&self, chained: Option<&Key>) -> Result<NewKey> {
        let secret = self.secret(chained)?;
        let mut salt = vec![0; self.salt_length];
        random(&mut salt)?;
        let stored = Stored {
            salt: STANDARD.encode(&salt),
            iterations: self.iterations.into(),
            hash_function: self.hash_function,
            key_length: self.key_length,
        };
        let made = derive(secret, &salt, &stored).zip(serde_json::to_vec(&stored).ok());
        let (key, metadata) =
            made.ok_or_else(|| Error::new(ErrorKind::Unexpected, "no key can be derived"))?;
        Ok(NewKey { key, metadata })
    }

    fn key_length(&self) -> Option<usize> {
        Some(self.key_length)
    }
}
