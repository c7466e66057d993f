//! A reality that is written in Python: it is asked for each object, and answers what is there.

use std::sync::Arc;

use async_trait::async_trait;
use driftmgr_core::Result;
use driftmgr_core::address::InstanceAddress;
use driftmgr_core::drift::Answer;
use pyo3::prelude::*;
use serde_json::Value;

use crate::{host, json};

/// Asks an object with a method `observe(address, attributes)`.
pub(crate) struct PythonReality {
    object: Arc<Py<PyAny>>,
}

impl PythonReality {
    pub(crate) fn new(object: Py<PyAny>) -> Self {
        Self {
            object: Arc::new(object),
        }
    }
}

#[async_trait]
impl Answer for PythonReality {
    async fn answer(&self, address: &InstanceAddress, stored: Value) -> Result<Option<Value>> {
        let address = address.to_string();
        let reality = self.object.clone();
        host::call(move |py| {
            let attributes = json::python(py, &stored)?;
            let found = reality.call_method1(py, "observe", (address, attributes))?;
            let found = found.bind(py);
            match found.is_none() {
                true => Ok(None),
                false => json::from_python(found).map(Some),
            }
        })
        .await
    }
}
