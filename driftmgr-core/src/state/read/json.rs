//! JSON objects as lists of raw fields, and errors that name the place in the whole file.

use std::fmt;

use serde::Deserialize;

use super::scan::{Cursor, Field, MAX_DEPTH, Stop, Why};
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
    pub(in crate::state) fn error(&self, part: &str, message: impl Into<String>) -> Error {
        self.error_at(self.offset(part), message)
    }

    /// A text that is no JSON.
    pub(in crate::state) fn stopped(&self, stop: Stop) -> Error {
        match stop.why {
            Why::End => self
                .error_at(stop.at, "truncated: the JSON ends before it is complete")
                .with_hint("the file was not written or copied completely; restore it from `terraform.tfstate.backup` or an earlier version"),
            Why::TooDeep => self
                .error_at(stop.at, format!("nested more than {MAX_DEPTH} levels deep"))
                .with_hint("no state nests like this; fetch the state again"),
            Why::Syntax(what) => self
                .error_at(stop.at, format!("not JSON: {what}"))
                .with_hint("a state is JSON; is this the right file?"),
        }
    }

    /// An object inside a document that is known to be JSON.
    pub(in crate::state) fn member(
        &self,
        part: &'a str,
        what: impl fmt::Display,
    ) -> Result<Object<'a>, Error> {
        if !part.starts_with('{') {
            return Err(self.no_object(part, what));
        }
        object(part).map_err(|stop| {
            let at = self.offset(part) + stop.at;
            self.stopped(Stop { at, ..stop })
        })
    }

    pub(in crate::state) fn no_object(&self, part: &str, what: impl fmt::Display) -> Error {
        let kind = kind(part);
        self.error(part, format!("{what} is {kind} and no object"))
    }

    /// A value inside a document that is known to be JSON. The message never quotes it.
    pub(in crate::state) fn value<T: Deserialize<'a>>(
        &self,
        part: &'a str,
        what: impl fmt::Display,
        expected: &str,
    ) -> Result<T, Error> {
        serde_json::from_str(part).map_err(|_| {
            let kind = kind(part);
            self.error(part, format!("{what} is {kind}; {expected} is expected"))
        })
    }
}

/// What a JSON value is, with its article.
pub(in crate::state) fn kind(raw: &str) -> &'static str {
    match raw.as_bytes().first() {
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
    pub(in crate::state) fields: Vec<Field<'a>>,
}

impl<'a> Object<'a> {
    pub(in crate::state) fn get(&self, name: &str) -> Option<&'a str> {
        self.get_or_null(name).filter(|raw| *raw != "null")
    }

    /// Where null is a value.
    pub(in crate::state) fn get_or_null(&self, name: &str) -> Option<&'a str> {
        self.fields
            .iter()
            .rev()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, raw)| *raw)
    }
}

/// The fields of an object, the text of which ends with it.
pub(in crate::state) fn object(text: &str) -> Result<Object<'_>, Stop> {
    let mut cursor = Cursor::new(text);
    let mut object = Object::default();
    cursor.members(|cursor, name| {
        object.fields.push((name, cursor.value()?));
        Ok(())
    })?;
    cursor.end()?;
    Ok(object)
}
