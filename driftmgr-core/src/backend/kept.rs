//! Whether a bucket keeps versions of its objects, as far as it has answered.

use std::sync::atomic::{AtomicU8, Ordering};

/// What is known of a bucket's versions. At first nothing is.
#[derive(Debug, Default)]
pub(super) struct KeepsVersions(AtomicU8);

const YES: u8 = 1;
const NO: u8 = 2;

impl KeepsVersions {
    pub(super) fn learn(&self, keeps: bool) {
        self.0
            .store(if keeps { YES } else { NO }, Ordering::Relaxed);
    }

    /// It does, or nobody asked yet.
    pub(super) fn is_possible(&self) -> bool {
        self.0.load(Ordering::Relaxed) != NO
    }

    /// It does, as it said.
    pub(super) fn is_certain(&self) -> bool {
        self.0.load(Ordering::Relaxed) == YES
    }
}
