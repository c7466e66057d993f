//! Formats in which one value has several spellings, each with one normal form.
//!
//! Two values are equal in a format when both have a normal form in it and the forms are the same. So equality is reflexive,
//! symmetric and transitive, and a value that is not of the format is never equal to anything.

mod definition;
mod document;
mod duration;
mod net;
mod policy;
mod text;
mod timestamp;

use serde::{Deserialize, Serialize};

use crate::value::{Number, Value};

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// JSON objects and arrays: white space, order of keys, spelling of numbers and escapes (RFC 8259). A key that stands twice is no JSON here.
    Json,
    /// YAML 1.2 without tags and anchors: style, comments, order of keys.
    Yaml,
    /// Policies of AWS, by what they allow and deny.
    Policy,
    /// Trust policies of AWS: policies in which `"*"` and `{"AWS": "*"}` are kept apart.
    TrustPolicy,
    /// Container definitions of Amazon ECS, without what the API fills in.
    ContainerDefinitions,
    /// Lists and sets: the order of the elements.
    Set,
    /// Networks: IPv6 notation, host bits, an address for a network of that address alone.
    Cidr,
    /// IP addresses and networks: notation alone, every bit counts.
    Address,
    /// Transport protocols by name or IANA number; `all` is `-1`.
    Protocol,
    /// ARNs: case of partition, service and region. Azure resource ids: case.
    Arn,
    /// Case of ASCII letters.
    Case,
    /// DNS names: case, and the dot at the end.
    Host,
    /// Azure locations: case and spaces.
    Place,
    /// UUIDs: case (RFC 9562).
    Uuid,
    /// URLs: case of scheme and host, percent-encoding of characters that need none (RFC 3986, section 6.2.2).
    Url,
    /// One dot or slash at the end.
    Trailing,
    /// Lengths of time: `60s`, `1m`, `PT1M`; a day has 24 hours.
    Duration,
    /// Lengths of time in hours, minutes and seconds.
    Clock,
    /// Numbers, as numbers or as text.
    Number,
    /// One number or boolean as a value of its type or as the text of it, digit by digit.
    Scalar,
    /// Points in time with date, time and offset (RFC 3339).
    Timestamp,
    /// Null, `""`, `[]` and `{}`.
    Empty,
}

impl Format {
    /// The one form of all spellings of the value; `None` when the value is not of this format.
    pub(in crate::drift::noise) fn normal(self, value: &Value) -> Option<Value> {
        match (self, value) {
            (_, Value::Dynamic(inner)) => self.normal(&inner.1),
            (Self::Empty, value) => value.is_blank().then_some(Value::Null),
            (Self::Set, Value::List(items) | Value::Set(items)) => {
                let mut items = items.clone();
                items.sort();
                Some(Value::List(items))
            }
            (Self::Number, Value::Number(number)) => Some(Value::Number(number.clone())),
            (Self::Number, Value::String(text)) => text.parse::<Number>().ok().map(Value::Number),
            (Self::Scalar, Value::Number(number)) => Some(number.to_string().into()),
            (Self::Scalar, Value::Bool(truth)) => Some(truth.to_string().into()),
            (Self::Scalar, Value::String(text)) => Some(text.as_str().into()),
            (_, Value::String(text)) => self.of_text(text),
            _ => None,
        }
    }

    fn of_text(self, text: &str) -> Option<Value> {
        match self {
            Self::Json => document::json(text),
            Self::Yaml => document::yaml(text),
            Self::Policy => policy::canonical(document::json(text)?, policy::Kind::Any),
            Self::TrustPolicy => policy::canonical(document::json(text)?, policy::Kind::Trust),
            Self::ContainerDefinitions => definition::canonical(document::json(text)?),
            Self::Cidr => net::network(text),
            Self::Address => net::address(text),
            Self::Protocol => net::protocol(text),
            Self::Arn => text::arn(text),
            Self::Case => Some(text.to_ascii_lowercase().into()),
            Self::Host => text::host(text),
            Self::Place => text::place(text),
            Self::Uuid => text::uuid(text),
            Self::Url => text::url(text),
            Self::Trailing => Some(text::without_end(text).into()),
            Self::Duration => duration::length(text, true),
            Self::Clock => duration::length(text, false),
            Self::Timestamp => timestamp::instant(text),
            Self::Set | Self::Number | Self::Scalar | Self::Empty => None,
        }
    }

    /// The name of the rule in reports.
    pub(super) fn rule(self) -> &'static str {
        match self {
            Self::Json => "equal-json",
            Self::Yaml => "equal-yaml",
            Self::Policy | Self::TrustPolicy => "equal-policy",
            Self::ContainerDefinitions => "equal-definition",
            Self::Set => "equal-set",
            Self::Cidr | Self::Address => "equal-cidr",
            Self::Protocol => "equal-protocol",
            Self::Arn => "equal-arn",
            Self::Case | Self::Host | Self::Place | Self::Uuid => "equal-case",
            Self::Url => "equal-url",
            Self::Trailing => "equal-trailing",
            Self::Duration | Self::Clock => "equal-duration",
            Self::Number | Self::Scalar => "equal-number",
            Self::Timestamp => "equal-timestamp",
            Self::Empty => "equal-empty",
        }
    }

    /// Why both sides mean the same, for people.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Json => "the same JSON document, written differently",
            Self::Yaml => "the same YAML document, written differently",
            Self::Policy | Self::TrustPolicy => {
                "the same policy: it allows and denies exactly the same"
            }
            Self::ContainerDefinitions => {
                "the same container definitions, with defaults that the API fills in"
            }
            Self::Set => "the same elements in another order, which means nothing here",
            Self::Cidr => "the same network, written differently",
            Self::Address => "the same IP address or network, written differently",
            Self::Protocol => "the same protocol, by its name and by its number",
            Self::Arn => "the same resource name, in other case where case means nothing",
            Self::Case | Self::Host | Self::Place | Self::Uuid => {
                "the same name, in other case or spelling where that means nothing"
            }
            Self::Url => "the same URL, written differently",
            Self::Trailing => "the same but for a dot or slash at the end",
            Self::Duration | Self::Clock => "the same length of time in other units",
            Self::Number | Self::Scalar => "the same value, as text and as number or boolean",
            Self::Timestamp => "the same moment, written differently",
            Self::Empty => "both sides mean that nothing is set",
        }
    }
}

#[cfg(test)]
mod tests;
