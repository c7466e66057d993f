//! Values cross the border as JSON text: one mechanism for every result and every option.
//!
//! JavaScript's numbers are doubles. A number that a double cannot hold is written as an object with the one member [`EXACT`], of which
//! `ts/exchange.ts` makes an `ExactNumber`; so no digit is lost, and two numbers that differ never look the same.

use std::io::{self, Write};
use std::str::FromStr as _;

use driftmgr_core::value::Number;
use driftmgr_core::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::ser::{CompactFormatter, Formatter};
use serde_json::{Map, Value};

use crate::failure::unreadable;

/// The member that holds the digits of a number. No key of a state or a result begins like that.
const EXACT: &str = "\\u0000exact";

/// The same as it is when it was read.
const EXACT_READ: &str = "\0exact";

/// Integers up to here are exact as doubles (`Number.MAX_SAFE_INTEGER`).
const SAFE: u64 = (1 << 53) - 1;

/// A result as text.
pub(crate) fn text(value: &impl Serialize) -> Result<String> {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Exact);
    value
        .serialize(&mut serializer)
        .map_err(|e| unwritable(&e))?;
    String::from_utf8(bytes)
        .map_err(|e| Error::new(ErrorKind::Unexpected, "a result is no text").with_source(e))
}

/// Options that were written by `ts/`.
pub(crate) fn options<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| unreadable(&e))
}

/// A document that was written by `ts/`, with its exact numbers.
pub(crate) fn value(text: &str) -> Result<Value> {
    // The message of serde can hold a part of the text, and that may be a secret.
    let read = serde_json::from_str(text).map_err(|e| {
        Error::new(
            ErrorKind::InvalidInput,
            "the document nests too deep, or is no JSON",
        )
        .with("at", format!("{}:{}", e.line(), e.column()))
    })?;
    Ok(exactly(read))
}

/// Puts numbers in the places of the objects that stand for them.
fn exactly(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(exactly).collect(),
        Value::Object(entries) => match digits(&entries) {
            Some(number) => Value::Number(number),
            None => entries
                .into_iter()
                .map(|(key, value)| (key, exactly(value)))
                .collect(),
        },
        other => other,
    }
}

/// The number that an object stands for.
fn digits(entries: &Map<String, Value>) -> Option<serde_json::Number> {
    if entries.len() != 1 {
        return None;
    }
    entries.get(EXACT_READ)?.as_str()?.parse().ok()
}

fn unwritable(error: &serde_json::Error) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        format!("a result cannot be written: {error}"),
    )
}

/// Compact JSON that keeps numbers exact.
struct Exact;

impl Formatter for Exact {
    fn write_u64<W: ?Sized + Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        if value > SAFE {
            return exact(writer, &value.to_string());
        }
        CompactFormatter.write_u64(writer, value)
    }

    fn write_i64<W: ?Sized + Write>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        if value.unsigned_abs() > SAFE {
            return exact(writer, &value.to_string());
        }
        CompactFormatter.write_i64(writer, value)
    }

    fn write_number_str<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        digits: &str,
    ) -> io::Result<()> {
        if is_a_double(digits) {
            return writer.write_all(digits.as_bytes());
        }
        exact(writer, digits)
    }

    fn write_raw_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        json: &str,
    ) -> io::Result<()> {
        let value: Value = serde_json::from_str(json)?;
        let written = text(&value).map_err(io::Error::other)?;
        writer.write_all(written.as_bytes())
    }
}

fn exact<W: ?Sized + Write>(writer: &mut W, digits: &str) -> io::Result<()> {
    write!(writer, "{{\"{EXACT}\":\"{digits}\"}}")
}

/// Whether JavaScript shows the same number again.
fn is_a_double(digits: &str) -> bool {
    Number::from_str(digits).is_ok_and(|number| {
        Number::from_f64(number.to_f64_lossy()).is_some_and(|again| again == number)
    })
}
