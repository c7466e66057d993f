//! Secret bytes.

use std::fmt;

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};

/// A key, or a text that keys are made of. It is overwritten when it is dropped, and `Debug` shows its length alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Zeroizing<Vec<u8>>);

impl Key {
    /// Wraps secret bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// So many bytes of zero, to be filled.
    pub(super) fn zeroed(length: usize) -> Self {
        Self::new(vec![0; length])
    }

    /// The bytes. Only for encrypting with them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn expose_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True for no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} bytes)", self.len())
    }
}

/// Random bytes of the operating system, for salts and nonces.
pub(super) fn random(into: &mut [u8]) -> Result<()> {
    getrandom::fill(into).map_err(|e| {
        Error::new(
            ErrorKind::Unexpected,
            "the operating system gives no random bytes",
        )
        .with_source(e)
    })
}
