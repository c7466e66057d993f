//! Lists and maps.

use std::collections::BTreeMap;

use unicode_segmentation::UnicodeSegmentation;

use super::arguments::{Arguments, boolean_of};
use super::conversion::unify;
use super::{Answer, Error, wrong};
use crate::configuration::evaluate::arithmetic;
use crate::configuration::syntax::{BinaryOperator, to_text};
use crate::value::{Number, Value};

/// More elements than any configuration has.
const MAX_ELEMENTS: usize = 1024;

pub(super) fn call(name: &str, arguments: &Arguments<'_>) -> Option<Answer> {
    Some(match name {
        "length" => length(arguments),
        "alltrue" => every(arguments, true),
        "anytrue" => every(arguments, false),
        "chunklist" => chunk_list(arguments),
        "coalesce" => unify(arguments.all().to_vec()).and_then(|all| {
            all.into_iter()
                .find(|v| !v.is_null() && v.as_str() != Some(""))
                .ok_or_else(|| wrong("every argument is null or empty"))
        }),
        "coalescelist" => arguments
            .all()
            .iter()
            .find(|v| v.as_elements().is_some_and(|items| !items.is_empty()))
            .cloned()
            .ok_or_else(|| wrong("every list is empty")),
        "compact" => on_list(arguments, |items| {
            let full = |v: &&Value| !v.is_null() && v.as_str() != Some("");
            let text = |v: &Value| {
                to_text(v)
                    .map(Value::String)
                    .ok_or_else(|| wrong("a list of strings is needed"))
            };
            items.iter().filter(full).map(text).collect()
        }),
        "concat" => (0..arguments.all().len())
            .map(|at| Ok(arguments.list(at)?.to_vec()))
            .collect::<Result<Vec<_>, _>>()
            .map(|lists| Value::List(lists.concat())),
        "contains" => contains(arguments),
        "distinct" => on_list(arguments, |items| {
            let mut out: Vec<Value> = Vec::new();
            for item in unify(items.to_vec())? {
                if !out.contains(&item) {
                    out.push(item);
                }
            }
            Ok(out)
        }),
        "element" => element(arguments),
        "flatten" => on_list(arguments, |items| {
            let mut out = Vec::new();
            flatten(items, &mut out);
            Ok(out)
        }),
        "index" => index(arguments),
        "keys" => arguments
            .count(1..=1)
            .and_then(|()| arguments.map(0))
            .map(|m| Value::List(m.keys().map(|k| Value::from(k.as_str())).collect())),
        "values" => arguments
            .count(1..=1)
            .and_then(|()| arguments.map(0))
            .map(|m| Value::List(m.values().cloned().collect())),
        "list" => unify(arguments.all().to_vec()).map(Value::List),
        "lookup" => lookup(arguments),
        "matchkeys" => match_keys(arguments),
        "merge" => merge(arguments),
        "one" => one(arguments),
        "range" => range(arguments),
        "reverse" => on_list(arguments, |items| Ok(items.iter().rev().cloned().collect())),
        "slice" => slice(arguments),
        "sort" => arguments.count(1..=1).and_then(|()| {
            let mut items = arguments.strings(0)?;
            items.sort();
            Ok(Value::List(items.into_iter().map(Value::String).collect()))
        }),
        "transpose" => transpose(arguments),
        "zipmap" => zip_map(arguments),
        _ => return None,
    })
}

fn on_list(
    arguments: &Arguments<'_>,
    compute: impl FnOnce(&[Value]) -> Result<Vec<Value>, Error>,
) -> Answer {
    arguments.count(1..=1)?;
    compute(arguments.list(0)?).map(Value::List)
}

fn length(arguments: &Arguments<'_>) -> Answer {
    arguments.count(1..=1)?;
    let length = match arguments.value(0)? {
        Value::String(text) => text.graphemes(true).count(),
        Value::List(items) | Value::Set(items) => items.len(),
        Value::Map(entries) => entries.len(),
        other => return Err(wrong(format!("a {} has no length", other.kind_name()))),
    };
    Ok(Value::Number(Number::from(length as u64)))
}

/// `alltrue`, or with `all` false `anytrue`. Null counts as false.
fn every(arguments: &Arguments<'_>, all: bool) -> Answer {
    arguments.count(1..=1)?;
    let flags = arguments
        .list(0)?
        .iter()
        .map(|item| match item {
            Value::Null => Ok(false),
            item => boolean_of(item),
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Value::Bool(match all {
        true => flags.iter().all(|f| *f),
        false => flags.iter().any(|f| *f),
    }))
}

fn chunk_list(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=2)?;
    let items = arguments.list(0)?;
    let chunks = match arguments.size(1)? {
        0 if items.is_empty() => Vec::new(),
        0 => vec![Value::List(items.to_vec())],
        size => items
            .chunks(size)
            .map(|c| Value::List(c.to_vec()))
            .collect(),
    };
    Ok(Value::List(chunks))
}

fn contains(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=2)?;
    let wanted = arguments.value(1)?;
    Ok(Value::Bool(arguments.list(0)?.contains(wanted)))
}

fn element(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=2)?;
    let items = arguments.list(0)?;
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if length == 0 {
        return Err(wrong("the list is empty"));
    }
    let at = arguments.integer(1)?.rem_euclid(length);
    usize::try_from(at)
        .ok()
        .and_then(|at| items.get(at))
        .cloned()
        .ok_or_else(|| wrong("there is no such element"))
}

fn flatten(items: &[Value], into: &mut Vec<Value>) {
    for item in items {
        match item.as_elements() {
            Some(inner) => flatten(inner, into),
            None => into.push(item.clone()),
        }
    }
}

fn index(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=2)?;
    let wanted = arguments.value(1)?;
    arguments
        .list(0)?
        .iter()
        .position(|item| item == wanted)
        .map(|at| Value::Number(Number::from(at as u64)))
        .ok_or_else(|| wrong("the list has no such element"))
}

fn lookup(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=3)?;
    let found = arguments.map(0)?.get(&arguments.string(1)?);
    match found {
        Some(value) => Ok(value.clone()),
        None if arguments.given(2) => arguments.value(2).cloned(),
        None => Err(wrong("the map has no such key, and no default is given")),
    }
}

fn match_keys(arguments: &Arguments<'_>) -> Answer {
    arguments.count(3..=3)?;
    let (values, keys, wanted) = (arguments.list(0)?, arguments.list(1)?, arguments.list(2)?);
    if values.len() != keys.len() {
        return Err(wrong("there are not as many keys as values"));
    }
    Ok(Value::List(
        values
            .iter()
            .zip(keys)
            .filter(|(_, key)| wanted.contains(key))
            .map(|(value, _)| value.clone())
            .collect(),
    ))
}

fn merge(arguments: &Arguments<'_>) -> Answer {
    let mut out = BTreeMap::new();
    for (at, argument) in arguments.all().iter().enumerate() {
        if !argument.is_null() {
            let entries = arguments.map(at)?.iter();
            out.extend(entries.map(|(key, value)| (key.clone(), value.clone())));
        }
    }
    Ok(Value::Map(out))
}

fn one(arguments: &Arguments<'_>) -> Answer {
    arguments.count(1..=1)?;
    match arguments.list(0)? {
        [] => Ok(Value::Null),
        [only] => Ok(only.clone()),
        _ => Err(wrong("the list has more than one element")),
    }
}

fn range(arguments: &Arguments<'_>) -> Answer {
    arguments.count(1..=3)?;
    let zero = Number::from(0i64);
    let (start, end) = match arguments.given(1) {
        true => (arguments.number(0)?, arguments.number(1)?),
        false => (zero.clone(), arguments.number(0)?),
    };
    let step = match arguments.given(2) {
        true => arguments.number(2)?,
        false if end < start => Number::from(-1i64),
        false => Number::from(1i64),
    };
    if step == zero || (step > zero) != (end > start) && end != start {
        return Err(wrong("the step does not lead from the start to the end"));
    }
    let mut out = Vec::new();
    let mut at = start;
    while (step > zero && at < end) || (step < zero && at > end) {
        if out.len() >= MAX_ELEMENTS {
            return Err(wrong("there are more than 1024 numbers in the range"));
        }
        out.push(Value::Number(at.clone()));
        at = arithmetic(BinaryOperator::Add, &at, &step).map_err(wrong)?;
    }
    Ok(Value::List(out))
}

fn slice(arguments: &Arguments<'_>) -> Answer {
    arguments.count(3..=3)?;
    let items = arguments.list(0)?;
    items
        .get(arguments.size(1)?..arguments.size(2)?)
        .map(|part| Value::List(part.to_vec()))
        .ok_or_else(|| wrong("the list does not reach that far"))
}

fn transpose(arguments: &Arguments<'_>) -> Answer {
    arguments.count(1..=1)?;
    let mut out: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (key, names) in arguments.map(0)? {
        let names = std::slice::from_ref(names);
        for name in Arguments(names).strings(0)? {
            out.entry(name).or_default().push(Value::from(key.as_str()));
        }
    }
    Ok(out.into_iter().map(|(k, v)| (k, Value::List(v))).collect())
}

fn zip_map(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=2)?;
    let (keys, values) = (arguments.strings(0)?, arguments.list(1)?);
    if keys.len() != values.len() {
        return Err(wrong("there are not as many keys as values"));
    }
    Ok(keys.into_iter().zip(values.iter().cloned()).collect())
}
