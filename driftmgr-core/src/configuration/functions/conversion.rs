//! Conversions between types, and marks.

use super::arguments::Arguments;
use super::{Answer, Error, wrong};
use crate::configuration::syntax::to_text;
use crate::configuration::types::{to_bool, to_number, to_string};
use crate::value::Value;

pub(super) fn call(name: &str, arguments: &Arguments<'_>) -> Option<Answer> {
    Some(match name {
        "tostring" => keep_null(arguments, |v| {
            to_string(v)
                .map(Value::String)
                .map_err(|e| wrong(e.to_string()))
        }),
        "tonumber" => keep_null(arguments, |v| {
            to_number(v).map_err(|e| wrong(e.to_string()))
        }),
        "tobool" => keep_null(arguments, |v| to_bool(v).map_err(|e| wrong(e.to_string()))),
        "tolist" => keep_null(arguments, |v| match v.as_elements() {
            Some(items) => unify(items.to_vec()).map(Value::List),
            None => Err(wrong("a list is needed")),
        }),
        "toset" => keep_null(arguments, |v| match v.as_elements() {
            Some(items) => unify(items.to_vec()).map(Value::set),
            None => Err(wrong("a list is needed")),
        }),
        "tomap" => keep_null(arguments, |v| match v.as_map() {
            Some(entries) => {
                let (keys, values): (Vec<_>, Vec<_>) = entries.clone().into_iter().unzip();
                Ok(keys.into_iter().zip(unify(values)?).collect())
            }
            None => Err(wrong("a map is needed")),
        }),
        // What is marked as sensitive stays so for the whole evaluation; unmarking would only make it less careful.
        "sensitive" | "nonsensitive" => keep_null(arguments, |v| Ok(v.clone())),
        "ephemeralasnull" => keep_null(arguments, |v| Ok(v.clone())),
        _ => return None,
    })
}

fn keep_null(arguments: &Arguments<'_>, convert: impl FnOnce(&Value) -> Answer) -> Answer {
    arguments.count(1..=1)?;
    match arguments.value(0)? {
        Value::Null => Ok(Value::Null),
        value => convert(value),
    }
}

/// Elements of a list, set or map have one type: where one is text, the others become text.
pub(super) fn unify(items: Vec<Value>) -> Result<Vec<Value>, Error> {
    let primitive = |v: &Value| to_text(v).is_some() || v.is_null();
    let mut kinds = items.iter().filter(|v| !v.is_null()).map(Value::kind_name);
    let first = kinds.next();
    if kinds.all(|kind| Some(kind) == first) || !items.iter().all(primitive) {
        return Ok(items);
    }
    if !items.iter().any(|v| v.as_str().is_some()) {
        return Err(wrong("the elements have no common type"));
    }
    Ok(items
        .into_iter()
        .map(|v| to_text(&v).map_or(Value::Null, Value::String))
        .collect())
}
