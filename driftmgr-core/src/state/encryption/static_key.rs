//! A key that is given as it is.

use std::str;

use serde::Deserialize;

use super::key::Key;
use super::provider::{KeyProvider, NewKey};
use crate::error::{Error, ErrorKind, Result};

/// The key provider `static`.
///
/// OpenTofu has it in its sources and registers it in no release; what a release takes instead is [`super::KeySource::Given`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticKey(Key);

/// What OpenTofu stores beside the data, to know its own.
const MAGIC: &str = "Hello world!";

impl StaticKey {
    /// A key in hexadecimal digits.
    ///
    /// # Errors
    /// `InvalidConfig` for what is empty or not hexadecimal.
    pub fn from_hex(text: &str) -> Result<Self> {
        let digits = text.as_bytes();
        let pairs = digits.chunks_exact(2);
        let whole = pairs.remainder().is_empty() && !digits.is_empty();
        // `from_str_radix` takes a sign, too.
        let byte = |pair| {
            let pair = str::from_utf8(pair).ok()?;
            let hex = pair.bytes().all(|b| b.is_ascii_hexdigit());
            u8::from_str_radix(pair, 16).ok().filter(|_| hex)
        };
        let mut key = Key::zeroed(digits.len() / 2);
        for (into, pair) in key.expose_mut().iter_mut().zip(pairs) {
            *into = byte(pair).ok_or_else(no_hex)?;
        }
        match whole {
            true => Ok(Self(key)),
            false => Err(no_hex()),
        }
    }
}

fn no_hex() -> Error {
    Error::new(
        ErrorKind::InvalidConfig,
        "`key` is not a text of two hexadecimal digits for each byte",
    )
}

impl KeyProvider for StaticKey {
    fn decryption_key(&self, metadata: &[u8], _: Option<&Key>) -> Result<Key> {
        #[derive(Deserialize)]
        struct Stored {
            magic: String,
        }
        match serde_json::from_slice::<Stored>(metadata) {
            Ok(stored) if stored.magic == MAGIC => Ok(self.0.clone()),
            _ => Err(Error::new(
                ErrorKind::InvalidState,
                "the stored metadata is not that of `static`",
            )),
        }
    }

    fn encryption_key(&self, _: Option<&Key>) -> Result<NewKey> {
        Ok(NewKey {
            key: self.0.clone(),
            metadata: format!(r#"{{"magic":"{MAGIC}"}}"#).into_bytes(),
        })
    }

    fn key_length(&self) -> Option<usize> {
        Some(self.0.len())
    }
}
