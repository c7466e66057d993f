//! JSON, YAML, CSV, base64 and URLs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::arguments::Arguments;
use super::{Answer, Error, wrong, yaml};
use crate::configuration::evaluate::from_json;
use crate::value::Value;

pub(super) fn call(name: &str, arguments: &Arguments<'_>) -> Option<Answer> {
    Some(match name {
        "base64encode" => text(arguments, |s| Ok(Value::from(STANDARD.encode(s)))),
        "base64decode" => text(arguments, |s| from_base64(s).map(Value::String)),
        "jsonencode" => arguments
            .count(1..=1)
            .and_then(|()| to_json(arguments.value(0)?))
            .map(Value::String),
        "jsondecode" => text(arguments, |s| {
            serde_json::from_str(s)
                .map(|json| from_json(&json))
                .map_err(|e| {
                    wrong(format!(
                        "not JSON (line {}, column {})",
                        e.line(),
                        e.column()
                    ))
                })
        }),
        "yamlencode" => arguments
            .count(1..=1)
            .and_then(|()| yaml::encode(arguments.value(0)?))
            .map(Value::String),
        "yamldecode" => text(arguments, yaml::decode),
        "csvdecode" => text(arguments, csv),
        "urlencode" => text(arguments, |s| {
            Ok(Value::String(
                url::form_urlencoded::byte_serialize(s.as_bytes())
                    .collect::<String>()
                    // The form encoding keeps `*`, and Go does not; Go keeps `~`.
                    .replace('*', "%2A")
                    .replace("%7E", "~"),
            ))
        }),
        "urldecode" => text(arguments, |s| {
            percent_encoding::percent_decode_str(&s.replace('+', " "))
                .decode_utf8()
                .map(|s| Value::from(s.as_ref()))
                .map_err(|_| wrong("the result is not UTF-8 text"))
        }),
        "textencodebase64" => text_encode(arguments),
        "textdecodebase64" => text_decode(arguments),
        _ => return None,
    })
}

fn text(arguments: &Arguments<'_>, compute: impl FnOnce(&str) -> Answer) -> Answer {
    arguments.count(1..=1)?;
    compute(&arguments.string(0)?)
}

fn bytes_of(encoded: &str) -> Result<Vec<u8>, Error> {
    STANDARD
        .decode(encoded)
        .map_err(|_| wrong("the text is not base64"))
}

fn from_base64(encoded: &str) -> Result<String, Error> {
    String::from_utf8(bytes_of(encoded)?).map_err(|_| wrong("the result is not UTF-8 text"))
}

/// Compact JSON with sorted keys; `<`, `>` and `&` are escaped, as Go does.
pub(crate) fn to_json(value: &Value) -> Result<String, Error> {
    let mut out = String::new();
    write_json(value, &mut out)?;
    Ok(out)
}

/// A JSON string, escaped as Go does.
pub(super) fn quote(text: &str) -> Result<String, Error> {
    let quoted = serde_json::to_string(text).map_err(|_| wrong("the text cannot be quoted"))?;
    Ok(quoted
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029"))
}

fn write_json(value: &Value, out: &mut String) -> Result<(), Error> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Unknown => return Err(wrong("the value is not known")),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => out.push_str(&quote(text)?),
        Value::List(items) | Value::Set(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_json(item, out)?;
            }
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            for (at, (key, item)) in entries.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&quote(key)?);
                out.push(':');
                write_json(item, out)?;
            }
            out.push('}');
        }
        Value::Dynamic(inner) => write_json(&inner.1, out)?,
    }
    Ok(())
}

fn csv(text: &str) -> Answer {
    let bad = |e: csv::Error| {
        let line = e.position().map_or(0, csv::Position::line);
        wrong(format!("not CSV (line {line})"))
    };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().map_err(bad)?.clone();
    let mut seen = std::collections::BTreeSet::new();
    if names.is_empty() || !names.iter().all(|name| seen.insert(name)) {
        return Err(wrong("the first line of a CSV names each column once"));
    }
    reader
        .records()
        .map(|record| {
            let record = record.map_err(bad)?;
            Ok(names.iter().zip(record.iter()).collect())
        })
        .collect::<Result<_, _>>()
        .map(Value::List)
}

fn encoding(name: &str) -> Result<String, Error> {
    let name = name.to_uppercase();
    match name.as_str() {
        "UTF-8" | "UTF-16LE" | "UTF-16BE" | "ISO-8859-1" | "US-ASCII" => Ok(name),
        _ => Err(Error::Unknowable(
            "that text encoding is not supported here".to_owned(),
        )),
    }
}

fn text_encode(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=2)?;
    let text = arguments.string(0)?;
    let limit = |max: u32| {
        text.chars()
            .map(|c| {
                u8::try_from(u32::from(c))
                    .ok()
                    .filter(|b| u32::from(*b) <= max)
            })
            .collect::<Option<Vec<u8>>>()
            .ok_or_else(|| wrong("a character does not exist in that encoding"))
    };
    let bytes = match encoding(&arguments.string(1)?)?.as_str() {
        "UTF-16LE" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "UTF-16BE" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        "ISO-8859-1" => limit(0xff)?,
        "US-ASCII" => limit(0x7f)?,
        _ => text.into_bytes(),
    };
    Ok(Value::from(STANDARD.encode(bytes)))
}

fn text_decode(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=2)?;
    let bytes = bytes_of(&arguments.string(0)?)?;
    let encoding = encoding(&arguments.string(1)?)?;
    let units = |combine: fn([u8; 2]) -> u16| -> Option<String> {
        let units: Option<Vec<u16>> = bytes
            .chunks(2)
            .map(|pair| pair.try_into().ok().map(combine))
            .collect();
        String::from_utf16(&units?).ok()
    };
    let text = match encoding.as_str() {
        "UTF-16LE" => units(u16::from_le_bytes),
        "UTF-16BE" => units(u16::from_be_bytes),
        "ISO-8859-1" => Some(bytes.iter().copied().map(char::from).collect()),
        _ => String::from_utf8(bytes.clone()).ok(),
    };
    text.map(Value::String)
        .ok_or_else(|| wrong("the bytes are not text in that encoding"))
}
