//! Values and paths as JSON that reads back as what it was, without any schema.
//!
//! Null, booleans, strings and lists stand for themselves. Everything else is an object with one key that says what it is: `map`, `set`, `number`
//! (its exact text), `unknown`, or `dynamic` with its type.

use serde_json::{Value as Json, json};

use crate::value::{Path, Step, Type, Value};

pub(super) fn write(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Unknown => json!({"unknown": true}),
        Value::Bool(b) => Json::Bool(*b),
        Value::Number(n) => json!({"number": n.to_string()}),
        Value::String(text) => Json::String(text.clone()),
        Value::List(items) => items.iter().map(write).collect(),
        Value::Set(members) => json!({"set": members.iter().map(write).collect::<Json>()}),
        Value::Map(entries) => {
            let entries: serde_json::Map<String, Json> = entries
                .iter()
                .map(|(name, value)| (name.clone(), write(value)))
                .collect();
            json!({"map": entries})
        }
        Value::Dynamic(inner) => json!({"dynamic": [inner.0.to_json(), write(&inner.1)]}),
    }
}

/// `None` for what [`write`] does not write.
pub(super) fn read(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(read).collect::<Option<_>>()?),
        Json::Number(_) => return None,
        Json::Object(entries) => {
            let (kind, inner) = entries.iter().next().filter(|_| entries.len() == 1)?;
            match (kind.as_str(), inner) {
                ("unknown", _) => Value::Unknown,
                ("number", Json::String(text)) => Value::Number(text.parse().ok()?),
                ("set", Json::Array(members)) => {
                    Value::set(members.iter().map(read).collect::<Option<Vec<_>>>()?)
                }
                ("map", Json::Object(entries)) => Value::Map(
                    entries
                        .iter()
                        .map(|(name, value)| Some((name.clone(), read(value)?)))
                        .collect::<Option<_>>()?,
                ),
                ("dynamic", Json::Array(pair)) => match pair.as_slice() {
                    [ty, value] => {
                        let ty = Type::from_json_value(ty).ok()?;
                        Value::Dynamic(Box::new((ty, read(value)?)))
                    }
                    _ => return None,
                },
                _ => return None,
            }
        }
    })
}

pub(super) fn write_path(path: &Path) -> Json {
    path.steps()
        .iter()
        .map(|step| match step {
            Step::Attribute(name) => json!({"attribute": name}),
            Step::Key(key) => json!({"key": key}),
            Step::Index(index) => json!({"index": index}),
            Step::Element(member) => json!({"member": write(member)}),
        })
        .collect()
}

pub(super) fn read_path(json: &Json) -> Option<Path> {
    let step = |json: &Json| {
        let (kind, inner) = json.as_object()?.iter().next()?;
        Some(match (kind.as_str(), inner) {
            ("attribute", Json::String(name)) => Step::Attribute(name.clone()),
            ("key", Json::String(key)) => Step::Key(key.clone()),
            ("index", index) => Step::Index(usize::try_from(index.as_u64()?).ok()?),
            ("member", member) => Step::Element(Box::new(read(member)?)),
            _ => return None,
        })
    };
    let steps = json.as_array()?.iter().map(step);
    steps.collect::<Option<Vec<_>>>().map(Path)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::generate::{typed_value, value_type};

    proptest! {
        #[test]
        fn a_value_reads_back((_, value) in value_type().prop_flat_map(typed_value)) {
            prop_assert!(read(&write(&value)) == Some(value.clone()));
            let path = Path(vec![Step::Attribute("a".into()), Step::Key("k".into()), Step::Index(3), Step::Element(Box::new(value))]);
            prop_assert!(read_path(&write_path(&path)) == Some(path));
        }
    }

    #[test]
    fn what_was_never_written_is_not_read() {
        for text in [
            "1",
            r#"{"a":1,"b":2}"#,
            "{}",
            r#"{"number":"x"}"#,
            r#"{"dynamic":[1]}"#,
        ] {
            assert!(read(&text.parse().unwrap()).is_none(), "{text}");
        }
    }
}
