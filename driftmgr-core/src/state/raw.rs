//! Parts of a state that are kept as they were written.

use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;
use serde_json::value::RawValue;

/// JSON text, verbatim: as a rule a part of the text that a state was read from, which it shares and keeps in memory. Cloning is cheap.
///
/// `Debug` shows the size alone.
#[derive(Clone)]
pub struct RawJson(ByteString);

impl RawJson {
    /// The text.
    pub fn get(&self) -> &str {
        &self.0
    }

    /// The same as bytes, without a copy.
    pub fn bytes(&self) -> Bytes {
        self.0.as_bytes().clone()
    }

    /// A part of a text that was found to be JSON.
    pub(super) fn of(part: ByteString) -> Self {
        Self(part)
    }
}

impl From<Box<RawValue>> for RawJson {
    fn from(raw: Box<RawValue>) -> Self {
        Self(Box::<str>::from(raw).into())
    }
}

impl From<&RawValue> for RawJson {
    fn from(raw: &RawValue) -> Self {
        Self(raw.get().into())
    }
}

/// `null`, lists, objects: whatever a value is in JSON.
impl From<&serde_json::Value> for RawJson {
    fn from(value: &serde_json::Value) -> Self {
        Self(value.to_string().into())
    }
}

/// The text has to be one JSON value and no more.
impl std::str::FromStr for RawJson {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str::<&RawValue>(text).map(Self::from)
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}
