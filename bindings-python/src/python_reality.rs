//! A reality that is written in Python: it is asked for each object, and answers what is there.

use std::sync::Arc;

use async_trait::async_trait;
use driftmgr_core::address::ProviderConfigAddress;
use driftmgr_core::drift::{InstanceRef, Observed, Reality, Support};
use driftmgr_core::provider::ReaderInfo;
use driftmgr_core::value::json as values;
use driftmgr_core::{Context, Result};
use pyo3::prelude::*;

use tokio::sync::Semaphore;

use crate::{host, json};

/// How many threads wait for Python code at a time.
const AT_A_TIME: usize = 16;

/// Asks an object with a method `observe(address, attributes)`.
pub(crate) struct PythonReality {
    object: Arc<Py<PyAny>>,
    turns: Semaphore,
}

impl PythonReality {
    pub(crate) fn new(object: Py<PyAny>) -> Self {
        Self {
            object: Arc::new(object),
            turns: Semaphore::new(AT_A_TIME),
        }
    }
}

#[async_trait]
impl Reality for PythonReality {
    fn reader_info(&self, _provider: &ProviderConfigAddress) -> Option<&ReaderInfo> {
        None
    }

    fn support(&self, _provider: &ProviderConfigAddress, _type_name: &str) -> Support {
        Support::Attributes
    }

    async fn observe(&self, cx: &Context, object: &InstanceRef) -> Observed {
        let looked = self.look(cx, object).await;
        looked.unwrap_or_else(Observed::Unreadable)
    }
}

impl PythonReality {
    async fn look(&self, cx: &Context, object: &InstanceRef) -> Result<Observed> {
        let stored = object.instance.attributes_untyped()?;
        let given = values::encode_plain(&stored);
        let address = object.address.to_string();
        let reality = self.object.clone();
        let asked = host::call(move |py| {
            let attributes = json::python(py, &given)?;
            let found = reality.call_method1(py, "observe", (address, attributes))?;
            let found = found.bind(py);
            match found.is_none() {
                true => Ok(None),
                false => json::from_python(found).map(Some),
            }
        });
        let asked = async {
            // It is never closed.
            let _turn = self.turns.acquire().await;
            asked.await
        };
        let current = cx.run(asked).await?.map(values::untyped);
        Ok(Observed::without_schema(stored, current))
    }
}
