//! Lists of rules: each entry is a block of fields that says where it stands.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::origin::Origin;

/// A field of an entry.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// As it is written.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// An entry without it is refused.
    pub required: bool,
    /// What it says.
    pub about: &'static str,
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Text that is not empty.
    Text,
    /// A list of such texts.
    Texts,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A day, as `2026-12-31`.
    Day,
    /// A block of keys that its reader checks.
    Block,
}

impl Shape {
    /// What is expected, for people.
    pub(super) fn expected(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Texts => "a list of texts".to_owned(),
            Self::Word(words) => super::key::one_of(words),
            Self::Day => "a day such as 2026-12-31".to_owned(),
            Self::Block => "a block of keys".to_owned(),
        }
    }
}

/// An entry that has the fields its key asks for, each of the right shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The fields, as JSON: what the part of the program that follows the rule reads.
    pub fields: Map<String, Json>,
    /// Where it begins.
    pub origin: Origin,
}

impl Entry {
    /// A field that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Json::as_str)
    }

    /// The fields as one JSON object.
    pub fn json(&self) -> Json {
        Json::Object(self.fields.clone())
    }
}

const fn field(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field {
        name,
        shape,
        required: false,
        about,
    }
}

const fn required(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field {
        name,
        shape,
        required: true,
        about,
    }
}

/// The fields of `drift.ignore`.
pub(super) const IGNORE: &[Field] = &[
    field(
        "address",
        Shape::Text,
        "Addresses, with `*` and `|`; a resource stands for its instances, a module for all below it",
    ),
    field("type", Shape::Text, "Resource types, with `*` and `|`"),
    field(
        "path",
        Shape::Text,
        "Attributes, such as `tags[\"env\"]` or `ingress[*].cidr_blocks`",
    ),
    field(
        "tags",
        Shape::Texts,
        "Keys of tags and labels: changes of those alone",
    ),
    required("reason", Shape::Text, "Why the difference is expected"),
    field("until", Shape::Day, "The last day on which the rule holds"),
];

/// An ignore rule speaks of something.
pub(super) const IGNORE_NEEDS: &[&str] = &["address", "type", "path", "tags"];

/// Areas that a severity rule can be about.
pub(super) const CATEGORIES: &[&str] = &[
    "exposure",
    "encryption",
    "public_access",
    "authentication",
    "logging",
    "backup",
    "capacity",
    "network",
    "version",
    "metadata",
    "other",
];

/// The fields of `drift.severity`.
pub(super) const SEVERITY: &[Field] = &[
    required("type", Shape::Text, "Resource types, with `*` and `|`"),
    field(
        "path",
        Shape::Text,
        "Attribute names from the top, joined by dots, with `*` and `|`; without it the rule is about deletion",
    ),
    field(
        "when",
        Shape::Block,
        "Which way the attribute has to change",
    ),
    required(
        "severity",
        Shape::Word(super::words::SeverityLevel::WORDS),
        "How much it matters",
    ),
    required("category", Shape::Word(CATEGORIES), "What it is about"),
    required("reason", Shape::Text, "Why it matters"),
];

/// Notations in which two different values can mean the same.
const NOTATIONS: &[&str] = &[
    "json",
    "yaml",
    "policy",
    "trust_policy",
    "container_definitions",
    "set",
    "cidr",
    "address",
    "protocol",
    "arn",
    "case",
    "host",
    "place",
    "uuid",
    "url",
    "trailing",
    "duration",
    "clock",
    "number",
    "scalar",
    "timestamp",
    "empty",
];

/// The fields of `drift.equal`.
pub(super) const EQUAL: &[Field] = &[
    required("type", Shape::Text, "Resource types, with `*`"),
    required(
        "path",
        Shape::Text,
        "Attribute names from the top, joined by dots, with `*`",
    ),
    required(
        "as",
        Shape::Word(NOTATIONS),
        "The notation in which both sides are read",
    ),
    required("reason", Shape::Text, "Why both mean the same"),
];
