//! Where keys come from.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::key::Key;
use crate::error::{Error, ErrorKind, Result};

/// What key providers stored beside the encrypted data, as JSON, by their metadata keys.
pub(super) type Metadata = BTreeMap<String, Vec<u8>>;

/// Gives keys for encrypting and decrypting. A call may take long: a key is derived, or a server is asked.
///
/// No error and no `Debug` text ever holds key material.
pub trait KeyProvider: fmt::Debug + Send + Sync {
    /// The key with which data was encrypted.
    ///
    /// `metadata` is what [`KeyProvider::encryption_key`] gave with it. `chained` is the key of the provider that this one is chained to.
    ///
    /// # Errors
    /// `InvalidState` for metadata that is not this provider's, and whatever keeps the provider from giving the key.
    fn decryption_key(&self, metadata: &[u8], chained: Option<&Key>) -> Result<Key>;

    /// A key for new data.
    ///
    /// # Errors
    /// Whatever keeps the provider from giving one.
    fn encryption_key(&self, chained: Option<&Key>) -> Result<NewKey>;

    /// The length of its keys in bytes, where it is known beforehand.
    fn key_length(&self) -> Option<usize> {
        None
    }
}

/// A key for new data.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The key.
    pub key: Key,
    /// What is stored beside the data so that the provider can give the key again; JSON without secrets.
    pub metadata: Vec<u8>,
}

/// A key provider under its name.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its address, such as `key_provider.pbkdf2.main`.
    pub address: String,
    /// The name of its metadata in the envelope: the address, or `encrypted_metadata_alias`.
    pub metadata_key: String,
    /// The provider that gives it its secret.
    pub chain: Option<Box<KeySource>>,
    /// What gives the keys.
    pub keys: Arc<dyn KeyProvider>,
}

/// What gives a method its keys.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// Keys that the configuration gives as they are.
    Given {
        /// For writing.
        encryption: Key,
        /// For reading; without it nothing can be.
        decryption: Option<Key>,
    },
    /// A key provider.
    Provider(Provider),
}

impl KeySource {
    /// The key for reading data beside which `metadata` is stored.
    pub(super) fn decryption_key(&self, metadata: &Metadata) -> Result<Key> {
        match self {
            Self::Given { decryption, .. } => decryption.clone().ok_or_else(|| {
                Error::new(ErrorKind::InvalidConfig, "no `decryption_key` is given")
            }),
            Self::Provider(provider) => {
                let stored = metadata
                    .get(&provider.metadata_key)
                    .ok_or_else(|| provider.unknown(metadata))?;
                let chained = provider.chain.as_ref();
                let chained = chained.map(|c| c.decryption_key(metadata)).transpose()?;
                provider.keys.decryption_key(stored, chained.as_ref())
            }
        }
    }

    /// A key for writing; what belongs beside the data is added to `metadata`.
    pub(super) fn encryption_key(&self, metadata: &mut Metadata) -> Result<Key> {
        match self {
            Self::Given { encryption, .. } => Ok(encryption.clone()),
            Self::Provider(provider) => {
                let chained = provider.chain.as_ref();
                let chained = chained.map(|c| c.encryption_key(metadata)).transpose()?;
                let new = provider.keys.encryption_key(chained.as_ref())?;
                metadata.insert(provider.metadata_key.clone(), new.metadata);
                Ok(new.key)
            }
        }
    }

    /// The length of the keys for writing in bytes, where it is known.
    pub(super) fn key_length(&self) -> Option<usize> {
        match self {
            Self::Given { encryption, .. } => Some(encryption.len()),
            Self::Provider(provider) => provider.keys.key_length(),
        }
    }
}

/// How many names of an envelope an error tells.
const NAMES_TOLD: usize = 5;

impl Provider {
    /// The envelope has nothing of this provider.
    fn unknown(&self, metadata: &Metadata) -> Error {
        // What stands in a file can be anything; an error tells what can be a name.
        let is_name = |name: &&String| {
            name.len() <= 100 && name.chars().all(|c| c.is_ascii_graphic() && c != '`')
        };
        let names: Vec<String> = metadata
            .keys()
            .filter(is_name)
            .take(NAMES_TOLD)
            .map(|name| format!("`{name}`"))
            .collect();
        let has = match names.is_empty() {
            true => "none".to_owned(),
            false => names.join(", "),
        };
        let message = format!(
            "the state has no metadata `{}`, it has {has}",
            self.metadata_key
        );
        Error::new(ErrorKind::InvalidConfig, message)
    }
}
