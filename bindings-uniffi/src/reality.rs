//! A reality of the caller's own: it is asked for each object, and answers what is there.

use std::sync::Arc;

use async_trait::async_trait;
use driftmgr_core::address::ProviderConfigAddress;
use driftmgr_core::drift::{InstanceRef, Reality, Support};
use driftmgr_core::provider::ReaderInfo;
use driftmgr_core::value::json;
use driftmgr_core::{Context, Error, Result, drift};
use tokio::sync::Semaphore;

use crate::records::ErrorKind;

/// How many objects are asked for at a time.
const AT_A_TIME: usize = 16;

/// What was found for one object.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum Observed {
    /// It is there.
    Present {
        /// Its attributes as they are: the text of a JSON object.
        attributes: String,
    },
    /// It was looked for and is not there.
    Absent,
    /// It could not be looked at.
    Unreadable {
        /// What went wrong.
        kind: ErrorKind,
        /// The reason, for the report.
        message: String,
    },
}

/// Says what is really there. In Kotlin it is `Reality`, which may throw; here nothing may be thrown.
///
/// Up to 16 objects are asked for at a time, from any thread. The call is cancelled when nobody waits for its answer any more.
#[uniffi::export(with_foreign)]
#[async_trait]
pub trait NativeReality: Send + Sync {
    /// Looks at one object: the address names it, the attributes, a JSON object as text, are what the state says, secrets included.
    async fn observe(&self, address: String, attributes: String) -> Observed;
}

/// Asks the other side.
pub(crate) struct ForeignReality {
    reality: Arc<dyn NativeReality>,
    turns: Semaphore,
}

impl ForeignReality {
    pub(crate) fn new(reality: Arc<dyn NativeReality>) -> Self {
        Self {
            reality,
            turns: Semaphore::new(AT_A_TIME),
        }
    }

    async fn look(&self, cx: &Context, object: &InstanceRef) -> Result<drift::Observed> {
        let stored = object.instance.attributes_untyped()?;
        let attributes = json::encode_plain(&stored).to_string();
        let asked = async {
            // It is never closed.
            let _turn = self.turns.acquire().await;
            let address = object.address.to_string();
            Ok(self.reality.observe(address, attributes).await)
        };
        let current = match cx.run(asked).await? {
            Observed::Present { attributes } => Some(json::untyped(parsed(&attributes)?)),
            Observed::Absent => None,
            Observed::Unreadable { kind, message } => return Err(Error::new(named(kind), message)),
        };
        Ok(drift::Observed::without_schema(stored, current))
    }
}

/// The core's kind of the same name.
fn named(kind: ErrorKind) -> driftmgr_core::ErrorKind {
    let name = serde_json::to_value(kind).unwrap_or_default();
    let mut kinds = driftmgr_core::ErrorKind::ALL.iter().copied();
    kinds
        .find(|known| name == known.as_str())
        .unwrap_or(driftmgr_core::ErrorKind::Unexpected)
}

/// The attributes of an answer.
fn parsed(text: &str) -> Result<serde_json::Value> {
    // The message of serde can hold a part of the text, and that may be a secret.
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|e| {
            Error::new(
                driftmgr_core::ErrorKind::InvalidInput,
                "what observe() answered is no JSON, or nests more than 127 levels deep",
            )
            .with("at", format!("{}:{}", e.line(), e.column()))
        })?;
    Ok(object.into())
}

#[async_trait]
impl Reality for ForeignReality {
    fn reader_info(&self, _provider: &ProviderConfigAddress) -> Option<&ReaderInfo> {
        None
    }

    fn support(&self, _provider: &ProviderConfigAddress, _type_name: &str) -> Support {
        Support::Attributes
    }

    async fn observe(&self, cx: &Context, object: &InstanceRef) -> drift::Observed {
        let looked = self.look(cx, object).await;
        looked.unwrap_or_else(drift::Observed::Unreadable)
    }
}
