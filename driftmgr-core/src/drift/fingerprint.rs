//! Names for findings that stay the same from run to run, and in every output.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::model::{AttributeChange, Finding};

/// Which making a fingerprint is of; it stands before the digits and goes into them.
const VERSION: &str = "v1";

/// Hex digits of a fingerprint: 128 bits, more than enough to tell the findings of one organisation apart.
const DIGITS: usize = 32;

/// The stable name of a finding, or of one of its changes: `v1-` and 32 lower-case hex digits, the first half of a SHA-256.
///
/// # What goes in
/// - `origin`: the state's lineage. A state without one (formats 1 and 2, a plan alone) is known by its place: reports take the target as
///   the caller named it, histories the absolute path. Baselines take the path from their own folder for all states, since a copy has
///   the same lineage and is another thing to know about.
/// - The address in the state, which a `moved` block does not change before it is applied; the key of a deposed object; the kind.
/// - The attributes: that of `change`, or all that differ in a way that means something. Who dismissed a changed tag has not dismissed an
///   open port, so another attribute makes it another finding; noise that comes and goes does not.
///
/// Nothing of what was found there goes in: no value, no severity, no reason, nothing of other objects, and no place on this machine where
/// there is a lineage. Members of sets have no name but their value, so all changes inside one set share a fingerprint. A finding with one
/// such attribute has the fingerprint of that change.
///
/// # Stability
/// The same parts give the same fingerprint in every version of the library, as long as it begins with `v1-`. Another making gets
/// another prefix.
pub fn fingerprint(origin: &str, finding: &Finding, change: Option<&AttributeChange>) -> String {
    let real = finding.changes.iter().filter(|c| c.noise.is_none());
    let paths: BTreeSet<String> = match change {
        Some(change) => BTreeSet::from([change.path.to_string()]),
        None => real.map(|change| change.path.to_string()).collect(),
    };
    let address = finding.state_address().to_string();
    let deposed = finding.deposed.as_deref().unwrap_or_default();
    let object = [VERSION, origin, &address, deposed, finding.kind.as_str()];
    // The object as a whole has the empty path, and is named like no path at all.
    let paths = paths.iter().map(String::as_str).filter(|p| !p.is_empty());
    let mut digits = digest("driftmgr-fingerprint", object.into_iter().chain(paths));
    digits.truncate(DIGITS);
    format!("{VERSION}-{digits}")
}

impl Finding {
    /// Names the finding and its changes for a state of this origin; see [`fingerprint`].
    pub(crate) fn assign_fingerprints(&mut self, origin: &str) {
        let changes = self.changes.iter();
        let names: Vec<String> = changes
            .map(|change| fingerprint(origin, self, Some(change)))
            .collect();
        self.fingerprint = fingerprint(origin, self, None);
        for (change, name) in self.changes.iter_mut().zip(names) {
            change.fingerprint = name;
        }
    }
}

/// The SHA-256 of the parts as 64 lower-case hex digits. Each part is preceded by its length, so that no two lists of parts are alike.
pub(crate) fn digest<'a>(purpose: &'a str, parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in std::iter::once(purpose).chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests;
