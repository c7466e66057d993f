//! A reality of the caller's own: it is asked for each object, and answers what is there.

use std::sync::Arc;

use async_trait::async_trait;
use driftmgr_core::address::InstanceAddress;
use driftmgr_core::drift::Answer;
use driftmgr_core::{Error, Result};
use serde_json::Value;

use crate::records::ErrorKind;

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
pub(crate) struct ForeignReality(pub(crate) Arc<dyn NativeReality>);

#[async_trait]
impl Answer for ForeignReality {
    async fn answer(&self, address: &InstanceAddress, stored: Value) -> Result<Option<Value>> {
        match self
            .0
            .observe(address.to_string(), stored.to_string())
            .await
        {
            Observed::Present { attributes } => parsed(&attributes).map(Some),
            Observed::Absent => Ok(None),
            Observed::Unreadable { kind, message } => Err(Error::new(named(kind), message)),
        }
    }
}

/// The core's kind of the same name.
fn named(kind: ErrorKind) -> driftmgr_core::ErrorKind {
    let name = serde_json::to_value(kind).unwrap_or_default();
    let known = name.as_str().and_then(driftmgr_core::ErrorKind::of_name);
    known.unwrap_or(driftmgr_core::ErrorKind::Unexpected)
}

/// The attributes of an answer.
fn parsed(text: &str) -> Result<Value> {
    // The message of serde can hold a part of the text, and that may be a secret.
    let object: serde_json::Map<String, Value> = serde_json::from_str(text).map_err(|e| {
        Error::new(
            driftmgr_core::ErrorKind::InvalidInput,
            "what observe() answered is no JSON, or nests more than 127 levels deep",
        )
        .with("at", format!("{}:{}", e.line(), e.column()))
    })?;
    Ok(object.into())
}
