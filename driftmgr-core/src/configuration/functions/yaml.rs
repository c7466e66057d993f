//! YAML as Terraform writes it (block style, quoted strings) and reads it (the JSON-like part of YAML 1.2).

use std::collections::BTreeMap;

use yaml_rust2::{Yaml, YamlLoader};

use super::encoding::quote;
use super::{Answer, Error, wrong};
use crate::configuration::syntax::to_text;
use crate::value::{Number, Value, forbidden_in_yaml};

/// Deeper documents are an attack.
const MAX_DEPTH: usize = 100;

pub(super) fn encode(value: &Value) -> Result<String, Error> {
    let mut out = String::new();
    block(value, 0, &mut out)?;
    // A plain scalar alone needs a mark for its end.
    if matches!(value, Value::Null | Value::Bool(_) | Value::Number(_)) {
        out.push_str("...\n");
    }
    Ok(out)
}

/// Writes a value at the beginning of a line, or after `- `.
fn block(value: &Value, indent: usize, out: &mut String) -> Result<(), Error> {
    let pad = "  ".repeat(indent);
    match value {
        Value::Map(entries) if !entries.is_empty() => {
            for (at, (key, item)) in entries.iter().enumerate() {
                if at > 0 {
                    out.push_str(&pad);
                }
                out.push_str(&quote(key)?);
                out.push(':');
                match item {
                    Value::Map(inner) if !inner.is_empty() => {
                        out.push('\n');
                        out.push_str(&"  ".repeat(indent + 1));
                        block(item, indent + 1, out)?;
                    }
                    // Lists stand at the level of their key.
                    Value::List(inner) | Value::Set(inner) if !inner.is_empty() => {
                        out.push('\n');
                        out.push_str(&pad);
                        block(item, indent, out)?;
                    }
                    _ => {
                        out.push(' ');
                        scalar(item, indent + 1, out)?;
                    }
                }
            }
        }
        Value::List(items) | Value::Set(items) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(&pad);
                }
                out.push_str("- ");
                block(item, indent + 1, out)?;
            }
        }
        _ => scalar(value, indent, out)?,
    }
    Ok(())
}

fn scalar(value: &Value, indent: usize, out: &mut String) -> Result<(), Error> {
    match value {
        Value::Null => out.push_str("null"),
        Value::List(_) | Value::Set(_) => out.push_str("[]"),
        Value::Map(_) => out.push_str("{}"),
        Value::String(text) if text.contains('\n') => {
            let (body, chomp) = match text.strip_suffix('\n') {
                Some(body) if body.ends_with('\n') => (body, "+"),
                Some(body) => (body, ""),
                None => (text.as_str(), "-"),
            };
            let lead = if body.starts_with(' ') { "2" } else { "" };
            out.push_str(&format!("|{lead}{chomp}"));
            let pad = "  ".repeat(indent.max(1));
            for line in body.split('\n') {
                out.push('\n');
                if !line.is_empty() {
                    out.push_str(&pad);
                    out.push_str(line);
                }
            }
        }
        Value::String(text) => out.push_str(&plain_quote(text)?),
        other => out.push_str(&to_text(other).ok_or_else(|| wrong("the value is not known"))?),
    }
    out.push('\n');
    Ok(())
}

/// YAML's double quotes; unlike JSON as Go writes it, without escapes for markup.
fn plain_quote(text: &str) -> Result<String, Error> {
    serde_json::to_string(text).map_err(|_| wrong("the text cannot be quoted"))
}

pub(super) fn decode(text: &str) -> Answer {
    if nesting(text) > MAX_DEPTH {
        return Err(wrong("the YAML is nested too deep"));
    }
    if forbidden_in_yaml(text).is_some() {
        return Err(wrong("not YAML: control characters are not allowed"));
    }
    let documents = YamlLoader::load_from_str(text)
        .map_err(|e| wrong(format!("not YAML (line {})", e.marker().line())))?;
    match documents.as_slice() {
        [] => Err(wrong("there is no YAML document")),
        [document] => from_yaml(document, 0),
        _ => Err(wrong("only one YAML document is allowed")),
    }
}

/// At least as deep as the document can be nested: the parser is recursive and has no limit of its own.
fn nesting(text: &str) -> usize {
    let mut open = 0usize;
    let mut deepest = 0;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        // `- - - x` nests without indentation.
        let marks = line.matches("- ").count() + line.matches("? ").count();
        for c in line.chars() {
            match c {
                '[' | '{' => open += 1,
                ']' | '}' => open = open.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(open + marks + indent / 2);
        }
    }
    deepest
}

/// Words that YAML 1.1, which Terraform reads, takes for booleans, nulls, times and merges, and YAML 1.2 for text.
fn is_ambiguous(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "<<",
    ];
    let begins_as_date = text.len() >= 8
        && text
            .get(..4)
            .is_some_and(|year| year.bytes().all(|b| b.is_ascii_digit()))
        && text.as_bytes().get(4) == Some(&b'-');
    begins_as_date || WORDS.contains(&text.to_ascii_lowercase().as_str())
}

fn from_yaml(yaml: &Yaml, depth: usize) -> Answer {
    if depth > MAX_DEPTH {
        return Err(wrong("the YAML is nested too deep"));
    }
    match yaml {
        Yaml::Null => Ok(Value::Null),
        Yaml::Boolean(flag) => Ok(Value::Bool(*flag)),
        Yaml::Integer(number) => Ok(Value::Number(Number::from(*number))),
        Yaml::Real(text) => Ok(text
            .parse()
            .map_or_else(|_| Value::from(text.as_str()), Value::Number)),
        Yaml::String(text) if is_ambiguous(text) => Err(Error::Unknowable(
            "`yamldecode` of a word that YAML versions read differently".to_owned(),
        )),
        Yaml::String(text) => Ok(Value::from(text.as_str())),
        Yaml::Array(items) => items
            .iter()
            .map(|item| from_yaml(item, depth + 1))
            .collect::<Result<_, _>>()
            .map(Value::List),
        Yaml::Hash(entries) => entries
            .iter()
            .map(|(key, item)| {
                let key = to_text(&from_yaml(key, depth + 1)?)
                    .ok_or_else(|| wrong("a key in the YAML is not text"))?;
                Ok((key, from_yaml(item, depth + 1)?))
            })
            .collect::<Result<BTreeMap<_, _>, Error>>()
            .map(Value::Map),
        Yaml::Alias(_) | Yaml::BadValue => Err(wrong("the YAML has something that is not data")),
    }
}
