//! Strings: cutting, joining, searching, case.

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::arguments::Arguments;
use super::{Answer, Error, format, wrong};
use crate::value::Value;

pub(super) fn call(name: &str, arguments: &Arguments<'_>) -> Option<Answer> {
    Some(match name {
        "lower" => one(arguments, |s| s.chars().map(lower).collect()),
        "upper" => one(arguments, |s| s.chars().map(upper).collect()),
        "title" => one(arguments, title),
        "chomp" => one(arguments, |s| s.trim_end_matches(['\r', '\n']).to_owned()),
        "trimspace" => one(arguments, |s| s.trim().to_owned()),
        "strrev" => one(arguments, |s| s.graphemes(true).rev().collect()),
        "trim" => two(arguments, |s, set| {
            Value::from(s.trim_matches(|c| set.contains(c)))
        }),
        "trimprefix" => two(arguments, |s, prefix| {
            Value::from(s.strip_prefix(prefix).unwrap_or(s))
        }),
        "trimsuffix" => two(arguments, |s, suffix| {
            Value::from(s.strip_suffix(suffix).unwrap_or(s))
        }),
        "startswith" => two(arguments, |s, prefix| Value::Bool(s.starts_with(prefix))),
        "endswith" => two(arguments, |s, suffix| Value::Bool(s.ends_with(suffix))),
        "strcontains" => two(arguments, |s, part| Value::Bool(s.contains(part))),
        "split" => two(arguments, split),
        "join" => join(arguments),
        "indent" => indent(arguments),
        "substr" => substr(arguments),
        "replace" => replace(arguments),
        "regex" => regex(arguments),
        "regexall" => regex_all(arguments),
        "format" => format::format(arguments),
        "formatlist" => format::format_list(arguments),
        _ => return None,
    })
}

fn one(arguments: &Arguments<'_>, compute: impl FnOnce(&str) -> String) -> Answer {
    arguments.count(1..=1)?;
    Ok(Value::String(compute(&arguments.string(0)?)))
}

fn two(arguments: &Arguments<'_>, compute: impl FnOnce(&str, &str) -> Value) -> Answer {
    arguments.count(2..=2)?;
    Ok(compute(&arguments.string(0)?, &arguments.string(1)?))
}

/// Character by character, as Go does: what becomes two characters, such as `ß`, stays.
fn upper(c: char) -> char {
    single(c.to_uppercase(), c)
}

fn lower(c: char) -> char {
    single(c.to_lowercase(), c)
}

fn single(mut changed: impl ExactSizeIterator<Item = char>, original: char) -> char {
    match changed.len() {
        1 => changed.next().unwrap_or(original),
        _ => original,
    }
}

/// Upper-cases the first letter of each word; a word begins after anything but letters, digits and underscores.
fn title(text: &str) -> String {
    let mut inside = false;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        out.push(if inside { c } else { upper(c) });
        inside = c.is_alphanumeric() || c == '_';
    }
    out
}

fn split(separator: &str, text: &str) -> Value {
    if separator.is_empty() {
        return Value::List(text.chars().map(|c| Value::from(c.to_string())).collect());
    }
    Value::List(text.split(separator).map(Value::from).collect())
}

fn join(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=usize::MAX)?;
    let mut parts = Vec::new();
    for at in 1..arguments.all().len() {
        parts.extend(arguments.strings(at)?);
    }
    Ok(Value::String(parts.join(&arguments.string(0)?)))
}

fn indent(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=2)?;
    let spaces = arguments.size(0)?;
    if spaces > 10_000 {
        return Err(wrong("the indentation is too deep"));
    }
    let break_and_indent = format!("\n{}", " ".repeat(spaces));
    Ok(Value::String(
        arguments.string(1)?.replace('\n', &break_and_indent),
    ))
}

fn substr(arguments: &Arguments<'_>) -> Answer {
    arguments.count(3..=3)?;
    let text = arguments.string(0)?;
    let (offset, length) = (arguments.integer(1)?, arguments.integer(2)?);
    if length < -1 {
        return Err(wrong("the length is -1 or more"));
    }
    let clusters: Vec<&str> = text.graphemes(true).collect();
    let total = i64::try_from(clusters.len()).unwrap_or(i64::MAX);
    let start = if offset < 0 {
        offset.saturating_add(total).max(0)
    } else {
        offset
    };
    let count = if length < 0 { total } else { length };
    let position = |n: i64| usize::try_from(n).unwrap_or_default();
    Ok(Value::String(
        clusters
            .into_iter()
            .skip(position(start))
            .take(position(count))
            .collect(),
    ))
}

fn compile(pattern: &str) -> Result<Regex, Error> {
    Regex::new(pattern).map_err(|_| wrong("the pattern is not a regular expression"))
}

fn replace(arguments: &Arguments<'_>) -> Answer {
    arguments.count(3..=3)?;
    let (text, search, with) = (
        arguments.string(0)?,
        arguments.string(1)?,
        arguments.string(2)?,
    );
    // Between slashes it is a regular expression.
    let pattern = search
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'))
        .filter(|_| search.len() > 1);
    Ok(Value::String(match pattern {
        Some(pattern) => compile(pattern)?
            .replace_all(&text, with.as_str())
            .into_owned(),
        None => text.replace(&search, &with),
    }))
}

/// What a match gives: the text, or the groups as a list, or named groups as a map.
fn captures(pattern: &Regex, found: &regex::Captures<'_>) -> Answer {
    let group = |at: usize| {
        found
            .get(at)
            .map_or(Value::Null, |part| Value::from(part.as_str()))
    };
    let names: Vec<Option<&str>> = pattern.capture_names().skip(1).collect();
    if names.is_empty() {
        return Ok(group(0));
    }
    if names.iter().all(Option::is_none) {
        return Ok(Value::List((1..=names.len()).map(group).collect()));
    }
    names
        .iter()
        .zip(1..)
        .map(|(name, at)| match name {
            Some(name) => Ok(((*name).to_owned(), group(at))),
            None => Err(wrong("the pattern mixes named and unnamed groups")),
        })
        .collect::<Result<_, _>>()
        .map(Value::Map)
}

fn regex(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=2)?;
    let pattern = compile(&arguments.string(0)?)?;
    match pattern.captures(&arguments.string(1)?) {
        Some(found) => captures(&pattern, &found),
        None => Err(wrong("the pattern does not match")),
    }
}

fn regex_all(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=2)?;
    let pattern = compile(&arguments.string(0)?)?;
    pattern
        .captures_iter(&arguments.string(1)?)
        .map(|found| captures(&pattern, &found))
        .collect::<Result<_, _>>()
        .map(Value::List)
}
