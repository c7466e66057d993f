//! JSON and YAML documents.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use yaml_rust2::parser::{Event, MarkedEventReceiver, Parser};
use yaml_rust2::scanner::{Marker, TScalarStyle};
use yaml_rust2::{Yaml, YamlLoader};

use crate::value::{Value, forbidden_in_yaml, json};

/// The key by which `serde_json` carries exact numbers. A document that holds it would be read as something else.
const NUMBER_KEY: &str = "$serde_json::private";

/// Larger texts are compared byte by byte only.
const MAX_BYTES: usize = 8 << 20;

/// Deeper documents are an attack.
const MAX_DEPTH: usize = 100;

/// A JSON object or array. Single numbers and strings are too short to tell that they are JSON.
///
/// Documents of IAM are percent-encoded by its API; some states hold them like that.
pub(super) fn json(text: &str) -> Option<Value> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let encoded = ["%7B", "%7b", "%5B", "%5b"]
        .iter()
        .any(|e| text.starts_with(e));
    let text: Cow<'_, str> = if encoded {
        percent_encoding::percent_decode_str(text)
            .decode_utf8()
            .ok()?
    } else {
        text.into()
    };
    let opens = text.starts_with(['{', '[']);
    if !opens || text.len() > MAX_BYTES || text.contains(NUMBER_KEY) {
        return None;
    }
    serde_json::from_str::<Unambiguous>(&text).ok()?;
    json::decode_untyped(&text).ok()
}

/// JSON in which no object has a key twice: readers do not agree on which of the two counts.
struct Unambiguous;

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Unambiguous;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unambiguous, A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if key.starts_with(NUMBER_KEY) {
                entries.next_value::<IgnoredAny>()?;
            } else {
                entries.next_value::<Unambiguous>()?;
            }
            if !seen.insert(key) {
                return Err(A::Error::custom("a key stands twice"));
            }
        }
        Ok(Unambiguous)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unambiguous, A::Error> {
        while items.next_element::<Unambiguous>()?.is_some() {}
        Ok(Unambiguous)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_unit<E>(self) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }
}

/// A YAML stream whose documents are mappings or sequences.
///
/// Tags give a value another meaning (`!Ref`, `!Sub`), and the loader drops them: a text with tags or anchors is not compared. Neither is
/// one with plain words that YAML 1.1 and 1.2 read differently, since both versions are in use.
pub(super) fn yaml(text: &str) -> Option<Value> {
    if text.len() > MAX_BYTES || forbidden_in_yaml(text).is_some() {
        return None;
    }
    let mut plain = Plain {
        depth: 0,
        fits: true,
    };
    Parser::new_from_str(text).load(&mut plain, true).ok()?;
    if !plain.fits {
        return None;
    }
    let documents = YamlLoader::load_from_str(text).ok()?;
    let structured = |d: &Yaml| matches!(d, Yaml::Hash(_) | Yaml::Array(_));
    if documents.is_empty() || !documents.iter().all(structured) {
        return None;
    }
    let documents: Option<Vec<Value>> = documents.iter().map(of_yaml).collect();
    documents.map(Value::List)
}

/// Whether the text means the same to every reader: no tags, no anchors, not too deep.
struct Plain {
    depth: usize,
    fits: bool,
}

impl MarkedEventReceiver for Plain {
    fn on_event(&mut self, event: Event, _: Marker) {
        let fits = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let clear = style != TScalarStyle::Plain || !is_ambiguous(&text);
                anchor == 0 && tag.is_none() && clear
            }
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                self.depth += 1;
                anchor == 0 && tag.is_none() && self.depth <= MAX_DEPTH
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.depth = self.depth.saturating_sub(1);
                true
            }
            Event::Alias(_) => false,
            _ => true,
        };
        self.fits &= fits;
    }
}

/// Words that are truth values in YAML 1.1, and numbers with another base or a unit there: `yes`, `010`, `1_000`, `12:30`, `2012-10-17`.
fn is_ambiguous(plain: &str) -> bool {
    const TRUTHS: &[&str] = &["y", "n", "yes", "no", "on", "off"];
    let number = plain.trim_start_matches(['+', '-']);
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    let (head, rest) = number.split_at(digits);
    TRUTHS.iter().any(|t| plain.eq_ignore_ascii_case(t))
        || (digits > 0 && rest.starts_with(['_', ':', '-']))
        || (digits > 1 && head.starts_with('0'))
        || (head == "0" && rest.starts_with(['o', 'O', 'x', 'X', 'b', 'B']))
}

fn of_yaml(yaml: &Yaml) -> Option<Value> {
    Some(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Boolean(truth) => Value::Bool(*truth),
        Yaml::Integer(number) => Value::from(*number),
        // Versions look like fractions (`1.10`), so these stay as they are written.
        Yaml::Real(text) => Value::List(vec!["\0real".into(), text.as_str().into()]),
        Yaml::String(text) => text.as_str().into(),
        Yaml::Array(items) => Value::List(items.iter().map(of_yaml).collect::<Option<_>>()?),
        Yaml::Hash(entries) => {
            let mut map = std::collections::BTreeMap::new();
            for (key, value) in entries {
                // Keys of other kinds than text have no place in a map of ours.
                let key = key.as_str()?.to_owned();
                map.insert(key, of_yaml(value)?);
            }
            Value::Map(map)
        }
        Yaml::Alias(_) | Yaml::BadValue => return None,
    })
}
