//! OpenTofu's encryption of states: the envelope in which an encrypted state is stored, the keys, and the methods. No I/O.
//!
//! A state is encrypted by the first method of an [`Encryption`] and read by the first one that can. What is stored is JSON: `meta` (what each
//! key provider needs to give the key again), `encrypted_data` (nonce, ciphertext and tag of AES-GCM), `encryption_version`, and beside them
//! `serial` and `lineage` in the clear. Which methods there are, the configuration says:
//! [`crate::configuration::RootModule::encryption`] reads it.
//!
//! Source: OpenTofu, "State and Plan Encryption", and `internal/encryption` of its repository.

mod aes_gcm;
mod envelope;
mod key;
mod methods;
mod pbkdf2;
mod provider;
mod static_key;

#[cfg(test)]
mod tests;

pub use aes_gcm::AesGcm;
pub use envelope::Envelope;
pub use key::Key;
pub use methods::{Encryption, Method};
pub use pbkdf2::{HashFunction, Passphrase, Pbkdf2};
pub use provider::{KeyProvider, KeySource, NewKey, Provider};
pub use static_key::StaticKey;
