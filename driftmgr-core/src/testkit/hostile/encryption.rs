//! Encryption configurations and encrypted states.

use bytes::Bytes;

use super::folder::in_folder;
use super::refused::{line, refused};
use crate::configuration::{Module, RootModule, Variables, Workspace};
use crate::context::Context;
use crate::env::{Environment, TF_ENCRYPTION};
use crate::error::ErrorKind;
use crate::state::encryption::{AesGcm, Encryption, Envelope, Key, KeySource, Method};

/// Two parts, divided by the first zero byte: what `TF_ENCRYPTION` says, and an encrypted state.
///
/// The state is not read with keys of the configuration, since deriving one may take a minute. With another key it never gives anything.
pub fn encryption(bytes: &[u8]) {
    let end = bytes.iter().position(|b| *b == 0);
    let (first, second) = bytes.split_at(end.unwrap_or(bytes.len()));
    if let Ok(text) = std::str::from_utf8(first) {
        in_folder(|dir| configuration(dir, text));
    }
    stored(second.get(1..).unwrap_or_default());
}

fn configuration(dir: &std::path::Path, text: &str) {
    // Functions read files; those of the machine are no part of the input.
    if text.contains("file") || text.contains("path") {
        return;
    }
    let cx = Context::new(Environment::from_variables([(TF_ENCRYPTION, text)]));
    let root = RootModule {
        dir: dir.to_owned(),
        absolute_dir: dir.to_owned(),
        module: Module::default(),
    };
    if let Err(error) = root.encryption(&cx, &Variables::default(), &Workspace::default()) {
        refused(&error);
        assert!(!error.hints().is_empty(), "{error}");
        assert!(line(&error, text).is_some(), "{error}");
    }
}

fn stored(bytes: &[u8]) {
    match Envelope::parse(bytes) {
        Ok(None) => {}
        Ok(Some(envelope)) => {
            let written = envelope.to_bytes().expect("it can be written");
            let again = Envelope::parse(&written).expect("what was written can be read");
            assert_eq!(again, Some(envelope));
        }
        Err(error) => {
            refused(&error);
            assert!(!error.hints().is_empty(), "{error}");
        }
    }
    let keys = KeySource::Given {
        encryption: Key::new([7; 32]),
        decryption: Some(Key::new([7; 32])),
    };
    let method = AesGcm::new(keys, Vec::new()).expect("a key of a right length");
    let encryption = Encryption::new("method.aes_gcm.any", Method::AesGcm(method));
    let error = encryption
        .decrypt(&Bytes::copy_from_slice(bytes))
        .expect_err("nobody knows this key");
    refused(&error);
    let kinds = [
        ErrorKind::InvalidState,
        ErrorKind::Unauthenticated,
        ErrorKind::Unsupported,
    ];
    assert!(kinds.contains(&error.kind()), "{error}");
}
