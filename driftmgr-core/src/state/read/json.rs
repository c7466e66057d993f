//! JSON objects as lists of raw fields, and errors that name the place in the whole file.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind};

/// A document, to find places in.
#[derive(Clone, Copy)]
pub(in crate::state) struct Document<'a> {
    pub(in crate::state) text: &'a str,
}

impl<'a> Document<'a> {
    /// Where a part of the document begins.
    pub(in crate::state) fn offset(&self, part: &str) -> usize {
        let start = part.as_ptr() as usize;
        start
            .saturating_sub(self.text.as_ptr() as usize)
            .min(self.text.len())
    }

    pub(in crate::state) fn range(&self, part: &str) -> std::ops::Range<usize> {
        let start = self.offset(part);
        start..(start + part.len()).min(self.text.len())
    }

    /// An error about the state, at a byte of the document.
    pub(in crate::state) fn error_at(&self, at: usize, message: impl Into<String>) -> Error {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
        Error::new(ErrorKind::InvalidState, message)
            .with_operation("state.read")
            .with("byte", at)
            .with("line", line)
            .with("column", column)
    }

    /// An error about a part of the document.
    pub(in crate::state) fn error(&self, part: &RawValue, message: impl Into<String>) -> Error {
        self.error_at(self.offset(part.get()), message)
    }

    /// The byte at which `serde_json` stopped reading `part`. It counts lines and bytes of a line from 1.
    pub(in crate::state) fn stopped_at(&self, part: &str, error: &serde_json::Error) -> usize {
        let lines = error.line().saturating_sub(1);
        let line_start: usize = part.split_inclusive('\n').take(lines).map(str::len).sum();
        self.offset(part) + (line_start + error.column().saturating_sub(1)).min(part.len())
    }

    /// An object; `list` names the field that is read as a list of raw elements.
    pub(in crate::state) fn object(
        &self,
        part: &'a str,
        list: &'static str,
    ) -> Result<Object<'a>, Misread> {
        let mut deserializer = serde_json::Deserializer::from_str(part);
        let object = ObjectSeed { list }
            .deserialize(&mut deserializer)
            .and_then(|object| deserializer.end().map(|()| object));
        object.map_err(|error| Misread {
            at: self.stopped_at(part, &error),
            category: error.classify(),
            reason: reason(&error),
        })
    }

    /// An object inside a document that is known to be JSON.
    pub(in crate::state) fn member(
        &self,
        part: &'a RawValue,
        what: impl fmt::Display,
        list: &'static str,
    ) -> Result<Object<'a>, Error> {
        if !part.get().starts_with('{') {
            let kind = kind(part);
            return Err(self.error(part, format!("{what} is {kind} and no object")));
        }
        self.object(part.get(), list)
            .map_err(|m| self.error_at(m.at, format!("{what} cannot be read: {}", m.reason)))
    }

    /// A value inside a document that is known to be JSON. The message never quotes it.
    pub(in crate::state) fn value<T: Deserialize<'a>>(
        &self,
        part: &'a RawValue,
        what: impl fmt::Display,
        expected: &str,
    ) -> Result<T, Error> {
        serde_json::from_str(part.get()).map_err(|_| {
            let kind = kind(part);
            self.error(part, format!("{what} is {kind}; {expected} is expected"))
        })
    }
}

/// Why and where a text could not be read as an object.
pub(in crate::state) struct Misread {
    pub(in crate::state) at: usize,
    pub(in crate::state) category: serde_json::error::Category,
    pub(in crate::state) reason: String,
}

/// The cause alone, without place. Syntax errors never quote the text; data errors may, so they are worded anew.
fn reason(error: &serde_json::Error) -> String {
    if error.is_data() {
        // Only the list field has a type.
        return "a list is expected".to_owned();
    }
    let text = error.to_string();
    match text.split_once(" at line ") {
        Some((reason, _)) => reason.to_owned(),
        None => text,
    }
}

/// What a JSON value is, with its article.
pub(in crate::state) fn kind(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// The fields of an object in the order of the text. Names are found as Go finds them: without regard to case, the last one wins,
/// and null is the same as nothing.
#[derive(Default)]
pub(in crate::state) struct Object<'a> {
    pub(in crate::state) fields: Vec<(Cow<'a, str>, &'a RawValue)>,
    pub(in crate::state) elements: Vec<&'a RawValue>,
}

impl<'a> Object<'a> {
    pub(in crate::state) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.fields
            .iter()
            .rev()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, raw)| *raw)
            .filter(|raw| raw.get() != "null")
    }
}

struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct ObjectSeed {
    list: &'static str,
}

impl<'de> DeserializeSeed<'de> for ObjectSeed {
    type Value = Object<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Object<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ObjectSeed {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut object = Object::default();
        while let Some(Key(key)) = map.next_key()? {
            if self.list.is_empty() || !key.eq_ignore_ascii_case(self.list) {
                object.fields.push((key, map.next_value()?));
            } else {
                // Read in the same pass: it is most of the file.
                let elements: Option<Vec<&'de RawValue>> = map.next_value()?;
                object.elements = elements.unwrap_or_default();
            }
        }
        Ok(object)
    }
}
