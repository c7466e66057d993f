//! Encrypting with one method, decrypting with the first of several that can.

use bytes::Bytes;

use super::aes_gcm::AesGcm;
use super::envelope::{Envelope, Passthrough};
use super::provider::Metadata;
use crate::error::{Error, ErrorKind, Result};

/// How a state is stored.
#[derive(Debug, Clone)]
pub enum Method {
    /// As it is.
    Unencrypted,
    /// `aes_gcm`.
    AesGcm(AesGcm),
}

/// The methods by which states are written and read.
#[derive(Debug, Clone)]
pub struct Encryption {
    primary: Named<Method>,
    /// A fallback that cannot be used matters when it is its turn.
    fallbacks: Vec<Named<Result<Method>>>,
}

#[derive(Debug, Clone)]
struct Named<T> {
    address: String,
    method: T,
}

impl Encryption {
    /// States are written with this method, and read with it. `address` names it in errors, such as `method.aes_gcm.main`.
    pub fn new(address: impl Into<String>, method: Method) -> Self {
        Self {
            primary: Named {
                address: address.into(),
                method,
            },
            fallbacks: Vec::new(),
        }
    }

    /// The same with one more method for reading, tried after those that are there. One that cannot be used is told when it is its turn.
    #[must_use]
    pub fn with_fallback(mut self, address: impl Into<String>, method: Result<Method>) -> Self {
        self.fallbacks.push(Named {
            address: address.into(),
            method,
        });
        self
    }

    /// The state in what is stored: decrypted, or as it is where that is allowed.
    ///
    /// # Errors
    /// - `Unauthenticated` when no method can read it, with every one that was `tried` and why it failed.
    /// - `InvalidState` for an envelope that is broken, for one whose serial or lineage is not that of the state in it, and for a state that
    ///   is not encrypted where no method is `unencrypted`.
    /// - `Unsupported` for a version of the format that is not known.
    pub fn decrypt(&self, stored: &Bytes) -> Result<Bytes> {
        match Envelope::parse(stored)? {
            Some(envelope) => self.open(&envelope).map(Bytes::from),
            None if self.allows_unencrypted() => Ok(stored.clone()),
            None => Err(Error::new(
                ErrorKind::InvalidState,
                "the state is not encrypted, and the encryption configuration allows encrypted ones alone",
            )
            .with_operation("state.decrypt")
            .with_hint("to migrate it, add a `fallback` with a method of type `unencrypted`; otherwise, ask who wrote the state")),
        }
    }

    /// What is stored for a state: the envelope with it, made by the first method with new salts and nonces; the state as it is where that
    /// method is `unencrypted`.
    ///
    /// # Errors
    /// `InvalidState` for what is no state, and what keeps a key provider from giving a key.
    pub fn encrypt(&self, state: &[u8]) -> Result<Vec<u8>> {
        let Passthrough { serial, lineage } = Passthrough::of_state(state)?;
        let method = match &self.primary.method {
            Method::Unencrypted => return Ok(state.to_vec()),
            Method::AesGcm(method) => method,
        };
        let mut metadata = Metadata::new();
        let data = method
            .encrypt(state, &mut metadata)
            .map_err(|e| e.with("method", &self.primary.address))?;
        let envelope = Envelope {
            metadata,
            data,
            serial,
            lineage,
        };
        envelope.to_bytes()
    }

    fn allows_unencrypted(&self) -> bool {
        let mut fallbacks = self.fallbacks.iter();
        matches!(self.primary.method, Method::Unencrypted)
            || fallbacks.any(|f| matches!(f.method, Ok(Method::Unencrypted)))
    }

    fn open(&self, envelope: &Envelope) -> Result<Vec<u8>> {
        let primary = (&self.primary.address, Ok(&self.primary.method));
        let fallbacks = self.fallbacks.iter();
        let fallbacks = fallbacks.map(|f| (&f.address, f.method.as_ref()));
        let mut tried = Vec::new();
        for (address, method) in std::iter::once(primary).chain(fallbacks) {
            let plain = match method {
                Ok(Method::Unencrypted) => continue,
                Ok(Method::AesGcm(method)) => method.decrypt(&envelope.data, &envelope.metadata),
                Err(error) => Err(error.clone()),
            };
            match plain {
                Ok(plain) => {
                    envelope.check(&Passthrough::of_state(&plain)?)?;
                    return Ok(plain);
                }
                Err(error) => tried.push(format!("{address}: {error}")),
            }
        }
        Err(cannot_open(&tried))
    }
}

fn cannot_open(tried: &[String]) -> Error {
    let error = Error::new(
        ErrorKind::Unauthenticated,
        "the state is encrypted, and no configured method can decrypt it",
    )
    .with_operation("state.decrypt");
    let error = tried
        .iter()
        .fold(error, |error, reason| error.with("tried", reason));
    match tried.is_empty() {
        true => error.with_hint("configure the method and key provider with which it was encrypted, as `method` or as `fallback`"),
        false => error.with_hint("give the passphrase or key with which it was encrypted; after a change of keys, keep the old method as `fallback`"),
    }
}
