//! What makes a finding the same finding in the next run.

use sha2::{Digest as _, Sha256};

use super::places;
use super::render::RenderOptions;
use super::shown::{self, kind_name};
use crate::drift::Finding;

/// 32 hexadecimal digits from the state, the address, the kind and the attributes that differ; values are not part of it. Another attribute
/// makes it another finding: who dismissed a changed tag has not dismissed an open port.
pub(super) fn fingerprint(finding: &Finding, options: &RenderOptions) -> String {
    let target = places::of_target(&finding.target, options).file;
    let address = shown::address(finding);
    let mut parts = vec![target, address, kind_name(finding.kind).to_owned()];
    parts.extend(
        shown::changes(finding, options.hidden)
            .map(|change| change.path.display_masked(&finding.sensitive)),
    );
    let mut hash = Sha256::new();
    for part in &parts {
        // The length keeps neighbours apart.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digits = hash.finalize();
    digits.iter().take(16).map(|b| format!("{b:02x}")).collect()
}
