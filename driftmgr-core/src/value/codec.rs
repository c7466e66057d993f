//! What the JSON and the msgpack codec share: errors that say where, limits, and text normalisation.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::{Path, Step};

/// How deep values may nest. Far above what a schema of a real provider holds, far below what a stack holds; JSON has the
/// same limit from `serde_json`.
pub(crate) const MAX_DEPTH: usize = 128;

/// Why encoded bytes are not a value of the expected type. It never quotes a value, since any value can be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", place(path))]
pub struct DecodeError {
    /// Where in the value; members of sets are counted as they are encoded.
    pub path: Path,
    /// What is wrong there.
    pub reason: Cow<'static, str>,
}

/// Why a value cannot be encoded as a type. It never quotes a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", place(path))]
pub struct EncodeError {
    /// Where in the value.
    pub path: Path,
    /// What is wrong there.
    pub reason: Cow<'static, str>,
}

impl DecodeError {
    pub(crate) fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: Path::root(),
            reason: reason.into(),
        }
    }

    pub(crate) fn too_deep() -> Self {
        Self::new(format!("nested more than {MAX_DEPTH} levels deep"))
    }

    /// The same, one level further up. Paths are built on the way out, so that decoding good values costs nothing.
    pub(crate) fn inside(mut self, step: Step) -> Self {
        self.path.0.insert(0, step);
        self
    }
}

impl EncodeError {
    pub(crate) fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: Path::root(),
            reason: reason.into(),
        }
    }

    pub(crate) fn inside(mut self, step: Step) -> Self {
        self.path.0.insert(0, step);
        self
    }
}

fn place(path: &Path) -> String {
    if path.steps().is_empty() {
        String::new()
    } else {
        format!("{path}: ")
    }
}

/// Text in normal form C: Terraform normalises every string and map key, so that equal texts are equal values.
pub(crate) fn normalized(text: String) -> String {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text,
        _ => text.nfc().collect(),
    }
}
