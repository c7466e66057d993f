//! Plans as reality.

use std::sync::Arc;

use driftmgr_core::drift;

use crate::error::Failure;

/// What `terraform show -json` says of a plan.
#[derive(uniffi::Object)]
pub struct Plan {
    pub(crate) inner: Arc<drift::Plan>,
}

/// Reads a file with the JSON of a plan, of any format from 0.1 on, in UTF-8 or UTF-16.
#[uniffi::export]
pub fn read_plan(path: String) -> Result<Arc<Plan>, Failure> {
    let inner = Arc::new(drift::Plan::read(path)?);
    Ok(Arc::new(Plan { inner }))
}

#[uniffi::export]
impl Plan {
    /// The version of its format, such as `1.2`.
    pub fn format_version(&self) -> String {
        self.inner.format_version.clone()
    }
}
