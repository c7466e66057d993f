//! The stable id of a finding: the same difference of the same object has the same id in every run.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// SHA-256 over the parts, each with its length, as lower-case hex. No two lists of parts run into each other.
pub(super) fn digest<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut sum = Sha256::new();
    for part in parts {
        sum.update((part.len() as u64).to_be_bytes());
        sum.update(part.as_bytes());
    }
    let mut out = String::with_capacity(64);
    for byte in sum.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// The id of a finding. `origin` is the state's lineage, or its place where it has none; `path` holds no value.
pub(super) fn fingerprint(
    origin: &str,
    address: &str,
    deposed: Option<&str>,
    kind: &str,
    path: &str,
) -> String {
    digest([origin, address, deposed.unwrap_or(""), kind, path])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts_and_none_runs_into_the_next() {
        let base = ["l", "a.b", "d", "modified", "size"];
        let of = |p: [&str; 5]| fingerprint(p[0], p[1], Some(p[2]), p[3], p[4]);
        for i in 0..5 {
            let mut other = base;
            other[i] = "x";
            assert_ne!(of(base), of(other), "part {i}");
        }
        assert_ne!(
            of(["la", ".b", "d", "m", "s"]),
            of(["l", "a.b", "d", "m", "s"])
        );
        assert_eq!(of(base).len(), 64);
        // Ids are kept in files, so they never change.
        assert_eq!(
            digest(["a"]),
            "3b196fd4907bedf51c3090e9835f2f7cb61e7ee1b2299ea3b8fed9b4183a822a"
        );
    }
}
