//! An entry as bytes: compressed with zstd, then encrypted with AES-256-GCM. Its name is authenticated along, so that no entry stands in
//! for another.

use std::time::{Duration, SystemTime};

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::backend::RawState;

/// What an entry begins with: the form of what follows.
const FORM: &[u8; 8] = b"dmcache1";
/// Bytes of a nonce (NIST SP 800-38D).
const NONCE: usize = 12;
/// The fastest level that is meant for general use; states shrink to a tenth by it.
const LEVEL: i32 = 1;
/// No entry is larger, in bytes.
const MOST: usize = 1 << 30;

/// What is known of a state besides its bytes.
#[derive(Serialize, Deserialize)]
struct Head {
    etag: Option<String>,
    version: Option<String>,
    /// Since 1970.
    modified: Option<Duration>,
}

/// Closes and opens entries. No `Debug`: it has the key.
pub(super) struct Seal(Aes256Gcm);

impl Seal {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(Aes256Gcm::new(key.into()))
    }

    /// The bytes of an entry; `None` for one that is too large.
    pub(super) fn close(&self, name: &str, state: &RawState) -> Option<Vec<u8>> {
        let since = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).ok();
        let head = Head {
            etag: state.etag.clone(),
            version: state.version.clone(),
            modified: state.modified.and_then(since),
        };
        let head = serde_json::to_vec(&head).ok()?;
        let mut plain = u32::try_from(head.len()).ok()?.to_be_bytes().to_vec();
        plain.extend(head);
        plain.extend(&state.bytes);
        if plain.len() > MOST {
            return None;
        }
        let mut packed = u64::try_from(plain.len()).ok()?.to_be_bytes().to_vec();
        packed.extend(zstd::bulk::compress(&plain, LEVEL).ok()?);
        let mut sealed = FORM.to_vec();
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).ok()?;
        sealed.extend(nonce);
        let payload = Payload {
            msg: &packed,
            aad: &associated(name),
        };
        let nonce = Nonce::from_slice(&nonce);
        sealed.extend(self.0.encrypt(nonce, payload).ok()?);
        Some(sealed)
    }

    /// What an entry of this name holds; `None` when it is not whole, or of another key or name.
    pub(super) fn open(&self, name: &str, sealed: &[u8]) -> Option<RawState> {
        let (nonce, msg) = sealed.strip_prefix(FORM)?.split_at_checked(NONCE)?;
        let payload = Payload {
            msg,
            aad: &associated(name),
        };
        let packed = self.0.decrypt(Nonce::from_slice(nonce), payload).ok()?;
        let (size, packed) = packed.split_first_chunk::<8>()?;
        let size = usize::try_from(u64::from_be_bytes(*size)).ok()?;
        let plain = zstd::bulk::decompress(packed, size.min(MOST)).ok()?;
        let (length, rest) = plain.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (head, _) = rest.split_at_checked(length)?;
        let head: Head = serde_json::from_slice(head).ok()?;
        let modified = head.modified;
        let begin = 4 + length;
        Some(RawState {
            etag: head.etag,
            version: head.version,
            modified: modified.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since)),
            bytes: Bytes::from(plain).slice(begin..),
        })
    }
}

fn associated(name: &str) -> Vec<u8> {
    [FORM, name.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn state(bytes: Vec<u8>, etag: Option<String>) -> RawState {
        RawState {
            bytes: bytes.into(),
            version: etag.clone(),
            etag,
            modified: SystemTime::UNIX_EPOCH.checked_add(Duration::new(1_700_000_000, 7)),
        }
    }

    proptest! {
        #[test]
        fn what_is_closed_is_opened_by_the_same_key_and_name_only(
            bytes in prop::collection::vec(any::<u8>(), 0..5_000),
            etag in prop::option::of(".{0,20}"),
            flip in any::<prop::sample::Index>(),
            cut in any::<prop::sample::Index>(),
        ) {
            let seal = Seal::new(&[7; 32]);
            let state = state(bytes, etag);
            let sealed = seal.close("a", &state).unwrap();
            prop_assert_eq!(seal.open("a", &sealed), Some(state));
            prop_assert_eq!(seal.open("b", &sealed), None);
            prop_assert_eq!(Seal::new(&[8; 32]).open("a", &sealed), None);
            let mut damaged = sealed.clone();
            damaged[flip.index(sealed.len())] ^= 1;
            prop_assert_eq!(seal.open("a", &damaged), None);
            prop_assert_eq!(seal.open("a", &sealed[..cut.index(sealed.len())]), None);
        }
    }

    #[test]
    fn an_entry_is_small_and_shows_nothing() {
        let text = r#"{"password": "hunter2"}"#.repeat(1000);
        let state = state(text.clone().into_bytes(), Some("hunter3".to_owned()));
        let seal = Seal::new(&[7; 32]);
        let sealed = seal.close("a", &state).unwrap();
        assert!(sealed.len() < text.len() / 10, "{}", sealed.len());
        let shown = String::from_utf8_lossy(&sealed);
        assert!(!shown.contains("hunter"));
        assert_ne!(sealed, seal.close("a", &state).unwrap());
    }
}
