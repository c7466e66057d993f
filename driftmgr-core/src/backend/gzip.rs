//! Gzip (RFC 1952), for the kinds that store states compressed.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::error::{Error, ErrorKind, Result};

/// The first byte of everything that is compressed; no state in JSON begins with it.
#[cfg(feature = "consul")]
pub(super) const MAGIC: u8 = 0x1f;

/// Compresses.
pub(super) fn compressed(bytes: &[u8]) -> Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let done = encoder.write_all(bytes).and_then(|()| encoder.finish());
    done.map(Bytes::from).map_err(|e| {
        Error::new(ErrorKind::Unexpected, "the state cannot be compressed").with_source(e)
    })
}

/// What was compressed, checked by its CRC-32 and its length. Nothing longer than `limit` bytes is taken.
///
/// # Errors
/// `InvalidState` when it is damaged, `Unsupported` when it is too long.
pub(super) fn expanded(bytes: &[u8], limit: usize) -> Result<Bytes> {
    let mut out = Vec::new();
    let mut bounded = GzDecoder::new(bytes).take((limit as u64).saturating_add(1));
    bounded.read_to_end(&mut out).map_err(|_| {
        Error::new(
            ErrorKind::InvalidState,
            "the stored state is damaged: it is compressed and cannot be expanded",
        )
    })?;
    if out.len() > limit {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the stored state is larger than any that is read",
        )
        .with("limit in bytes", limit));
    }
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_compressed_comes_back(bytes: Vec<u8>) {
            let packed = compressed(&bytes).unwrap();
            prop_assert_eq!(&expanded(&packed, bytes.len()).unwrap()[..], &bytes[..]);
        }
    }

    #[test]
    fn damage_is_seen() {
        let packed = compressed(&b"a state".repeat(99)).unwrap();
        for end in 0..packed.len() {
            let error = expanded(&packed[..end], 10_000).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidState, "cut at {end}");
        }
        let mut wrong = packed.to_vec();
        let last = wrong.len() - 5;
        wrong[last] ^= 1;
        assert!(expanded(&wrong, 10_000).is_err());
    }

    #[test]
    fn nothing_endless_is_expanded() {
        let packed = compressed(&vec![0; 1 << 20]).unwrap();
        assert_eq!(
            expanded(&packed, 1000).unwrap_err().kind(),
            ErrorKind::Unsupported
        );
    }
}
