//! Names for findings that stay the same from run to run.
//!
//! A fingerprint is made of what a finding is about (address, deposed key, kind, path) and of nothing that was found there: no value, no
//! severity, no place on this machine. A value that changes again keeps its fingerprint. The target is not part of it either, since it is
//! a path of this machine: whoever holds several states apart keeps the target beside it.
//!
//! Members of sets have no name but their value, so all changes inside one set share a fingerprint.

use sha2::{Digest as _, Sha256};

use super::model::{AttributeChange, Finding, Kind};

/// Hex digits of a fingerprint: 128 bits, more than enough to tell the findings of one organisation apart.
const DIGITS: usize = 32;

impl Finding {
    /// The finding's stable name: 32 lower-case hex digits, the first half of a SHA-256.
    pub fn fingerprint(&self) -> String {
        self.named(None)
    }

    /// The stable name of one of its changes.
    pub fn change_fingerprint(&self, change: &AttributeChange) -> String {
        self.named(Some(change))
    }

    fn named(&self, change: Option<&AttributeChange>) -> String {
        let kind = match self.kind {
            Kind::Missing => "missing",
            Kind::Modified => "modified",
            Kind::Moved => "moved",
        };
        let address = self.address.to_string();
        let path = change.map(|c| c.path.to_string());
        let parts = [
            kind,
            &address,
            self.deposed.as_deref().unwrap_or_default(),
            path.as_deref().unwrap_or_default(),
        ];
        let mut digest = digest("driftmgr-fingerprint-1", &parts);
        digest.truncate(DIGITS);
        digest
    }
}

/// The SHA-256 of the parts as 64 lower-case hex digits. Each part is preceded by its length, so that no two lists of parts are alike.
pub(super) fn digest(purpose: &str, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in std::iter::once(&purpose).chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::drift::ignore::tests::{change, finding};
    use crate::value::Value;

    #[test]
    fn a_fingerprint_is_written_down_for_good() {
        let finding = finding("module.m[\"k\"].demo_thing.a[0]", vec![change("size")]);
        assert_eq!(finding.fingerprint(), "1c6b27317827c69db710638c7ea883b0");
        assert_eq!(
            finding.change_fingerprint(&finding.changes[0]),
            "ac9f07dd8fd699715c7d45f0af2c7932"
        );
    }

    #[test]
    fn what_it_is_about_makes_the_fingerprint() {
        let mut all = BTreeSet::new();
        let plain = finding("demo_thing.a", vec![change("size"), change("name")]);
        let mut deposed = plain.clone();
        deposed.deposed = Some("00000001".to_owned());
        let mut gone = plain.clone();
        gone.kind = Kind::Missing;
        let other = finding("demo_thing.b", Vec::new());
        for finding in [&plain, &deposed, &gone, &other] {
            assert!(all.insert(finding.fingerprint()));
            for change in &finding.changes {
                assert!(all.insert(finding.change_fingerprint(change)));
            }
        }
    }

    #[test]
    fn what_was_found_and_where_it_runs_does_not() {
        let plain = finding("demo_thing.a", vec![change("size")]);
        let mut other = plain.clone();
        other.target = "elsewhere".to_owned();
        other.reasons = vec!["why".to_owned()];
        other.before = Value::from("x");
        other.changes[0].after = Some(Value::from("another"));
        assert_eq!(plain.fingerprint(), other.fingerprint());
        assert_eq!(
            plain.change_fingerprint(&plain.changes[0]),
            other.change_fingerprint(&other.changes[0])
        );
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(digest("p", &["ab", "c"]), digest("p", &["a", "bc"]));
        assert_ne!(digest("p", &["", "a"]), digest("p", &["a", ""]));
    }
}
