//! Options that tests share.

use driftmgr_core::client::DriftOptions;
use driftmgr_core::drift::{Filter, Sensitivity};

/// Shows everything that is not proven to be noise: also what people are not shown by default.
pub fn showing_all() -> DriftOptions {
    DriftOptions {
        filter: Filter {
            sensitivity: Sensitivity::High,
            ..Filter::default()
        },
        ..DriftOptions::default()
    }
}
