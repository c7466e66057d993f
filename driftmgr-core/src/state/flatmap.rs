//! Attributes from before Terraform 0.12: one map of dotted keys to strings, `a.#` counting lists and sets, `a.%` counting maps.

use std::collections::BTreeMap;

use crate::value::{Type, Value};

/// How Terraform 0.11 spelled what is known only after apply.
const UNKNOWN: &str = "74D93920-ED26-11E3-AC10-0800200C9A66";

type Flat = BTreeMap<String, String>;

/// Expands a flatmap by the type of the whole object.
///
/// What the flatmap does not mention is null, a set's hashes are dropped, and text becomes a number or boolean where the type says so; text
/// that is none stays text, so that nothing is lost.
pub fn expand(flat: &BTreeMap<String, String>, ty: &Type) -> Value {
    match ty {
        Type::Object(attributes) => Value::Map(
            attributes
                .iter()
                .map(|(name, ty)| (name.clone(), typed(flat, name, ty)))
                .collect(),
        ),
        _ => expand_untyped(flat),
    }
}

fn typed(flat: &Flat, key: &str, ty: &Type) -> Value {
    match ty {
        Type::Bool | Type::Number | Type::String => {
            flat.get(key).map_or(Value::Null, |text| scalar(text, ty))
        }
        Type::Dynamic => untyped(flat, key),
        Type::Map(of) => {
            let Some(count) = flat.get(&format!("{key}.%")) else {
                return Value::Null;
            };
            if count == UNKNOWN {
                return Value::Unknown;
            }
            // A key of a map may hold dots; nothing but scalars stands in a flatmap's maps.
            let prefix = format!("{key}.");
            under(flat, &prefix)
                .filter(|(name, _)| *name != "%")
                .map(|(name, text)| (name.to_owned(), scalar(text, of)))
                .collect()
        }
        Type::List(of) | Type::Set(of) => {
            let Some(count) = flat.get(&format!("{key}.#")) else {
                return Value::Null;
            };
            if count == UNKNOWN {
                return Value::Unknown;
            }
            let elements = steps(flat, key)
                .into_iter()
                .map(|step| typed(flat, &format!("{key}.{step}"), of));
            match ty {
                Type::Set(_) => Value::set(elements),
                _ => Value::List(elements.collect()),
            }
        }
        Type::Tuple(types) => Value::List(
            steps(flat, key)
                .into_iter()
                .enumerate()
                .map(|(i, step)| {
                    typed(
                        flat,
                        &format!("{key}.{step}"),
                        types.get(i).unwrap_or(&Type::Dynamic),
                    )
                })
                .collect(),
        ),
        Type::Object(attributes) => Value::Map(
            attributes
                .iter()
                .map(|(name, ty)| (name.clone(), typed(flat, &format!("{key}.{name}"), ty)))
                .collect(),
        ),
    }
}

fn scalar(text: &str, ty: &Type) -> Value {
    if text == UNKNOWN {
        return Value::Unknown;
    }
    let converted = match (ty, text) {
        // Terraform 0.11 stored an unset number or boolean as an empty string.
        (Type::Bool | Type::Number, "") => Some(Value::Null),
        (Type::Bool, "true" | "1") => Some(Value::Bool(true)),
        (Type::Bool, "false" | "0") => Some(Value::Bool(false)),
        (Type::Number, text) => text.parse().ok().map(Value::Number),
        _ => None,
    };
    converted.unwrap_or_else(|| text.into())
}

/// Expands a flatmap by its own counts alone: `.#` makes a list, `.%` a map, more than one part without a count an object. All scalars
/// stay text, since `"1"` may be a number or not.
pub fn expand_untyped(flat: &BTreeMap<String, String>) -> Value {
    let mut names: Vec<&str> = flat
        .keys()
        .filter_map(|key| key.split('.').next())
        .collect();
    names.dedup();
    names
        .into_iter()
        .map(|name| (name, untyped(flat, name)))
        .collect()
}

fn untyped(flat: &Flat, key: &str) -> Value {
    if let Some(count) = flat.get(&format!("{key}.%")) {
        if count == UNKNOWN {
            return Value::Unknown;
        }
        let prefix = format!("{key}.");
        return under(flat, &prefix)
            .filter(|(name, _)| *name != "%")
            .map(|(name, text)| (name, scalar(text, &Type::String)))
            .collect();
    }
    if let Some(count) = flat.get(&format!("{key}.#")) {
        if count == UNKNOWN {
            return Value::Unknown;
        }
        let elements = steps(flat, key).into_iter();
        return Value::List(
            elements
                .map(|step| untyped(flat, &format!("{key}.{step}")))
                .collect(),
        );
    }
    if let Some(text) = flat.get(key) {
        return scalar(text, &Type::String);
    }
    steps(flat, key)
        .into_iter()
        .map(|step| (step, untyped(flat, &format!("{key}.{step}"))))
        .collect()
}

fn under<'a>(flat: &'a Flat, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    flat.range(prefix.to_owned()..)
        .take_while(move |(key, _)| key.starts_with(prefix))
        .filter_map(move |(key, text)| Some((key.strip_prefix(prefix)?, text.as_str())))
}

/// The next steps below a key, once each: indices of a list in order, hashes of a set, names.
fn steps<'a>(flat: &'a Flat, key: &str) -> Vec<&'a str> {
    let prefix = format!("{key}.");
    let mut steps: Vec<&str> = Vec::new();
    for (name, _) in flat
        .range(prefix.clone()..)
        .take_while(|(k, _)| k.starts_with(&prefix))
    {
        let step = name
            .get(prefix.len()..)
            .and_then(|rest| rest.split('.').next())
            .unwrap_or_default();
        if step != "#" && step != "%" {
            steps.push(step);
        }
    }
    steps.sort_unstable_by_key(|step| (step.parse::<u64>().unwrap_or(u64::MAX), *step));
    steps.dedup();
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(entries: &[(&str, &str)]) -> Flat {
        entries
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn by_type() {
        let flat = flat(&[
            ("id", "x"),
            ("count", "3"),
            ("on", "true"),
            ("unset", ""),
            ("list.#", "11"),
            ("list.0", "a"),
            ("list.2", "c"),
            ("list.10", "k"),
            ("tags.%", "2"),
            ("tags.a.b", "dotted"),
            ("tags.c", "d"),
            ("disk.#", "1"),
            ("disk.4123.size", "10"),
            ("later", UNKNOWN),
        ]);
        let string = || Box::new(Type::String);
        let ty = Type::object([
            ("id", Type::String),
            ("count", Type::Number),
            ("on", Type::Bool),
            ("unset", Type::Number),
            ("list", Type::List(string())),
            ("tags", Type::Map(string())),
            (
                "disk",
                Type::Set(Box::new(Type::object([("size", Type::Number)]))),
            ),
            ("absent", Type::Map(string())),
            ("later", Type::String),
        ]);
        let value = expand(&flat, &ty);
        let of = |name: &str| value.attribute(name).cloned().unwrap();
        assert_eq!(of("count"), Value::from(3));
        assert_eq!(of("on"), Value::Bool(true));
        assert_eq!(of("unset"), Value::Null);
        assert_eq!(of("absent"), Value::Null);
        assert_eq!(of("later"), Value::Unknown);
        assert_eq!(
            of("list"),
            Value::List(vec!["a".into(), "c".into(), "k".into()])
        );
        assert_eq!(
            of("tags"),
            Value::from_iter([("a.b", "dotted"), ("c", "d")])
        );
        assert_eq!(
            of("disk"),
            Value::set([Value::from_iter([("size", 10i64)])])
        );
    }

    #[test]
    fn by_its_own_counts() {
        let flat = flat(&[
            ("id", "x"),
            ("empty.#", "0"),
            ("none.%", "0"),
            ("config.#", "1"),
            ("config.345.workspaces.#", "1"),
            ("config.345.workspaces.0.%", "1"),
            ("config.345.workspaces.0.name", "test"),
        ]);
        let value = expand_untyped(&flat);
        assert_eq!(value.attribute("empty"), Some(&Value::List(Vec::new())));
        assert_eq!(value.attribute("none"), Some(&Value::Map(BTreeMap::new())));
        let config = value
            .attribute("config")
            .and_then(Value::as_elements)
            .unwrap();
        let workspaces = config[0].attribute("workspaces").unwrap();
        assert_eq!(
            workspaces,
            &Value::List(vec![Value::from_iter([("name", "test")])])
        );
    }
}
