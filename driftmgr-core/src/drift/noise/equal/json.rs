//! Class 3: the same JSON document, written differently.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::noise;
use crate::drift::noise::compare::{Certainty, Comparator, Compared, Noise};
use crate::value::Step;

/// White space, the order of keys, and how characters are escaped.
#[derive(Debug)]
pub(super) struct Json;

/// Attributes whose bytes matter to whoever reads them, whatever they look like.
const BYTES: &[&str] = &[
    "content",
    "content_base64",
    "sensitive_content",
    "user_data",
    "user_data_base64",
    "custom_data",
    "secret_string",
    "secret_data",
    "value",
    "body",
    "data",
    "script",
    "inline",
];

impl Comparator for Json {
    fn equal(&self, change: &Compared<'_>) -> Option<Noise> {
        let name = change.path.steps().iter().find_map(Step::name)?;
        if BYTES.contains(&name) {
            return None;
        }
        let before = Document::read(change.before?.as_str()?)?;
        let after = Document::read(change.after?.as_str()?)?;
        (before == after).then(|| {
            noise(
                "equal-json",
                Certainty::Proven,
                "both sides are the same JSON document, written differently",
            )
        })
    }
}

/// Deeper documents are not understood.
const DEPTH: usize = 64;

/// A JSON document. Numbers are compared as written; a document that names a key twice is not understood.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Document {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Document>),
    Object(BTreeMap<String, Document>),
}

impl Document {
    /// An object or a list; a bare word or number is no document.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        text.starts_with(['{', '['])
            .then(|| read_part(text, DEPTH))?
    }

    /// A scalar as text, as policies spell it.
    pub(super) fn scalar(&self) -> Option<String> {
        match self {
            Self::Bool(flag) => Some(flag.to_string()),
            Self::Number(text) | Self::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

fn read_part(text: &str, depth: usize) -> Option<Document> {
    let depth = depth.checked_sub(1)?;
    let part = |raw: &RawValue| read_part(raw.get(), depth);
    Some(match text.as_bytes().first()? {
        b'{' => {
            let Entries(entries) = serde_json::from_str(text).ok()?;
            let mut object = BTreeMap::new();
            for (key, value) in entries {
                if object.insert(key, part(&value)?).is_some() {
                    return None;
                }
            }
            Document::Object(object)
        }
        b'[' => {
            let items: Vec<Box<RawValue>> = serde_json::from_str(text).ok()?;
            Document::List(items.iter().map(|raw| part(raw)).collect::<Option<_>>()?)
        }
        b'"' => Document::Text(serde_json::from_str(text).ok()?),
        b't' | b'f' => Document::Bool(serde_json::from_str(text).ok()?),
        b'n' => Document::Null,
        _ => Document::Number(text.to_owned()),
    })
}

/// All entries of an object, also those whose key stands twice.
struct Entries(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Entries;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(All)
    }
}
