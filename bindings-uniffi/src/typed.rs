//! From the core's results to records, in one way for all of them; and the few types that UniFFI does not know.

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::error::Failure;

/// The record of a result: what its JSON form says, with types.
pub(crate) fn typed<T: DeserializeOwned>(result: &impl Serialize) -> Result<T, Failure> {
    let value = serde_json::to_value(result).map_err(|e| defect(&e))?;
    serde_json::from_value(value).map_err(|e| defect(&e))
}

/// The JSON form of a record.
pub(crate) fn json(record: &impl Serialize) -> JsonValue {
    // Records have only texts as names, so none of them has no JSON form.
    JsonValue(serde_json::to_value(record).unwrap_or_default())
}

fn defect(error: &serde_json::Error) -> Failure {
    // The message of serde can hold a value, and that may be a secret: only the place is told.
    let (line, column) = (error.line(), error.column());
    driftmgr_core::Error::new(
        driftmgr_core::ErrorKind::Unexpected,
        "the result does not fit its record",
    )
    .with(
        "cause",
        format!("{:?} at {line}:{column}", error.classify()),
    )
    .into()
}

/// Gives each record its JSON form.
macro_rules! json_form {
    ($($record:ty),* $(,)?) => {$(
        #[uniffi::export]
        impl $record {
            /// The same in JSON, as `--format json` prints it.
            pub fn to_json(&self) -> crate::typed::JsonValue {
                crate::typed::json(self)
            }
        }
    )*};
}
pub(crate) use json_form;

/// Any JSON. Numbers are exact.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonValue(pub Value);

uniffi::custom_type!(JsonValue, String, {
    try_lift: |text| Ok(JsonValue(serde_json::from_str(&text)?)),
    lower: |json| json.0.to_string(),
});

/// Texts by name, in their order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Facts(pub IndexMap<String, String>);

/// A text with its name.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Fact {
    /// The name.
    pub key: String,
    /// The text.
    pub value: String,
}

uniffi::custom_type!(Facts, Vec<Fact>, {
    try_lift: |facts| Ok(Facts(facts.into_iter().map(|f| (f.key, f.value)).collect())),
    lower: |facts| facts.0.into_iter().map(|(key, value)| Fact { key, value }).collect(),
});

/// Numbers by name, in their order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counts(pub IndexMap<String, i64>);

/// A number with its name.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Count {
    /// What is counted.
    pub key: String,
    /// How many there are.
    pub value: i64,
}

uniffi::custom_type!(Counts, Vec<Count>, {
    try_lift: |counts| Ok(Counts(counts.into_iter().map(|c| (c.key, c.value)).collect())),
    lower: |counts| counts.0.into_iter().map(|(key, value)| Count { key, value }).collect(),
});

/// A point in time, in UTC and RFC 3339.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub String);

uniffi::custom_type!(Moment, String, {
    // The other side may write the same time with other digits.
    try_lift: |text| Ok(Moment(text.parse::<jiff::Timestamp>()?.to_string())),
    lower: |moment| moment.0,
});

/// For records that are a list of two in JSON.
pub(crate) fn pair<'de, A, B, D>(from: D) -> Result<(A, B), D::Error>
where
    A: Deserialize<'de>,
    B: Deserialize<'de>,
    D: Deserializer<'de>,
{
    <(A, B)>::deserialize(from)
}

/// The other way.
pub(crate) fn as_pair<S: Serializer>(
    a: &impl Serialize,
    b: &impl Serialize,
    to: S,
) -> Result<S::Ok, S::Error> {
    (a, b).serialize(to)
}
