//! Values as JSON, as states and plans hold them: with a type, or as far as JSON itself tells.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::codec::{DecodeError, normalized};
use super::{Number, Step, Type, Value};

/// Reads a value of a type.
///
/// As in Terraform, a primitive may be written as another that converts to it (`"5"` is a number, `5` is a string, `"true"` is a
/// bool), null has every type, an attribute that an object does not mention is null, and a value of dynamic type is
/// `{"type": TYPE, "value": VALUE}`.
///
/// # Errors
/// When the text is no JSON, nests more than 127 levels deep, or does not have the type. An attribute that the type does not have
/// is an error too.
pub fn decode(text: &str, ty: &Type) -> Result<Value, DecodeError> {
    decode_parsed(&parse(text)?, ty)
}

/// [`decode`] for JSON that is parsed already.
pub fn decode_parsed(json: &Json, ty: &Type) -> Result<Value, DecodeError> {
    if json.is_null() {
        return Ok(Value::Null);
    }
    match (ty, json) {
        (Type::Dynamic, json) => dynamic(json),
        (Type::Bool, Json::Bool(b)) => Ok(Value::Bool(*b)),
        (Type::Bool, Json::String(text)) => match text.as_str() {
            "true" | "1" => Ok(Value::Bool(true)),
            "false" | "0" => Ok(Value::Bool(false)),
            _ => required(ty),
        },
        (Type::Number, Json::Number(n)) => number(n.as_str()),
        (Type::Number, Json::String(text)) => number(text),
        (Type::String, Json::String(text)) => Ok(Value::String(normalized(text.clone()))),
        (Type::String, Json::Number(n)) => Ok(Value::String(n.as_str().to_owned())),
        (Type::String, Json::Bool(b)) => Ok(Value::String(b.to_string())),
        (Type::List(of), Json::Array(items)) => elements(items, |_| of).map(Value::List),
        (Type::Set(of), Json::Array(items)) => elements(items, |_| of).map(Value::set),
        (Type::Tuple(of), Json::Array(items)) => tuple(items, of),
        (Type::Map(of), Json::Object(entries)) => {
            let entry = |(key, item): (&String, &Json)| {
                let item = decode_parsed(item, of).map_err(|e| e.inside(Step::Key(key.clone())))?;
                Ok((normalized(key.clone()), item))
            };
            entries
                .iter()
                .map(entry)
                .collect::<Result<_, _>>()
                .map(Value::Map)
        }
        (Type::Object(of), Json::Object(entries)) => object(entries, of),
        _ => required(ty),
    }
}

/// Reads a value without a type: arrays are lists and objects are maps, so that sets and dynamic values stay unrecognised.
///
/// # Errors
/// When the text is no JSON or nests more than 127 levels deep.
pub fn decode_untyped(text: &str) -> Result<Value, DecodeError> {
    Ok(untyped(parse(text)?))
}

/// [`decode_untyped`] for JSON that is parsed already.
pub fn untyped(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(b),
        Json::Number(n) => match n.as_str().parse::<Number>() {
            Ok(n) => Value::Number(n),
            // An exponent beyond 64 bits: no number that anything could compute with.
            Err(_) => Value::String(n.as_str().to_owned()),
        },
        Json::String(text) => Value::String(normalized(text)),
        Json::Array(items) => Value::List(items.into_iter().map(untyped).collect()),
        Json::Object(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, item)| (normalized(key), untyped(item)))
                .collect(),
        ),
    }
}

/// The JSON that [`decode`] reads back, as a state holds it: dynamic values with their type. An unknown value has no JSON form
/// and is written as null.
pub fn encode(value: &Value) -> Json {
    write(value, true)
}

/// The JSON of plans and of `show -json`: dynamic values without their type.
pub fn encode_plain(value: &Value) -> Json {
    write(value, false)
}

fn write(value: &Value, typed: bool) -> Json {
    match value {
        Value::Null | Value::Unknown => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Number(n) => n
            .to_string()
            .parse()
            .map_or_else(|_| Json::String(n.to_string()), Json::Number),
        Value::String(text) => Json::String(text.clone()),
        Value::List(items) | Value::Set(items) => {
            items.iter().map(|item| write(item, typed)).collect()
        }
        Value::Map(entries) => entries
            .iter()
            .map(|(key, item)| (key.clone(), write(item, typed)))
            .collect(),
        Value::Dynamic(inner) if typed => Json::from_iter([
            ("value", write(&inner.1, typed)),
            ("type", inner.0.to_json()),
        ]),
        Value::Dynamic(inner) => write(&inner.1, typed),
    }
}

/// Parses JSON, with an error that says where and quotes nothing.
pub(crate) fn parse(text: &str) -> Result<Json, DecodeError> {
    serde_json::from_str(text).map_err(|e| {
        // The parser's own sentence can quote what it read.
        let problem = match e.classify() {
            serde_json::error::Category::Eof => "the JSON ends inside a value",
            _ if e.to_string().starts_with("recursion limit") => "the JSON is nested too deep",
            _ => "no valid JSON",
        };
        DecodeError::new(format!(
            "{problem}, at line {} column {}",
            e.line(),
            e.column()
        ))
    })
}

fn required(ty: &Type) -> Result<Value, DecodeError> {
    Err(DecodeError::new(format!("{} is required", ty.described())))
}

fn number(text: &str) -> Result<Value, DecodeError> {
    match text.parse() {
        Ok(n) => Ok(Value::Number(n)),
        Err(_) => required(&Type::Number),
    }
}

fn elements<'t>(items: &[Json], of: impl Fn(usize) -> &'t Type) -> Result<Vec<Value>, DecodeError> {
    let item = |(index, item)| {
        decode_parsed(item, of(index)).map_err(|e: DecodeError| e.inside(Step::Index(index)))
    };
    items.iter().enumerate().map(item).collect()
}

fn tuple(items: &[Json], of: &[Type]) -> Result<Value, DecodeError> {
    if items.len() != of.len() {
        return Err(DecodeError::new(format!(
            "a tuple of {} elements is required",
            of.len()
        )));
    }
    elements(items, |index| of.get(index).unwrap_or(&Type::Dynamic)).map(Value::List)
}

fn object(
    entries: &serde_json::Map<String, Json>,
    of: &BTreeMap<String, Type>,
) -> Result<Value, DecodeError> {
    let inside = |e: DecodeError, name: &str| e.inside(Step::Attribute(name.to_owned()));
    if let Some(name) = entries.keys().find(|name| !of.contains_key(*name)) {
        let error = DecodeError::new("the schema does not have this attribute");
        return Err(inside(error, name));
    }
    let attribute = |(name, of): (&String, &Type)| {
        let value = match entries.get(name) {
            Some(json) => decode_parsed(json, of).map_err(|e| inside(e, name))?,
            None => Value::Null,
        };
        Ok((name.clone(), value))
    };
    of.iter()
        .map(attribute)
        .collect::<Result<_, _>>()
        .map(Value::Map)
}

fn dynamic(json: &Json) -> Result<Value, DecodeError> {
    let wrong = || DecodeError::new("a value of dynamic type is not {\"type\": …, \"value\": …}");
    let entries = json.as_object().ok_or_else(wrong)?;
    let (Some(ty), Some(value), 2) = (entries.get("type"), entries.get("value"), entries.len())
    else {
        return Err(wrong());
    };
    let ty = Type::from_json_value(ty).map_err(|e| DecodeError::new(e.to_string()))?;
    let value = decode_parsed(value, &ty)?;
    Ok(match ty {
        Type::Dynamic => value,
        ty => Value::Dynamic(Box::new((ty, value))),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::generate::{typed_value, value_type};

    fn decoded(text: &str, ty: &str) -> Result<Value, String> {
        decode(text, &ty.parse().unwrap()).map_err(|e| e.to_string())
    }

    #[test]
    fn primitives_convert_as_in_terraform() {
        let number = |text: &str| Ok(Value::Number(text.parse().unwrap()));
        assert_eq!(decoded("5", r#""number""#), number("5"));
        assert_eq!(decoded(r#""5""#, r#""number""#), number("5"));
        assert_eq!(decoded("5.0", r#""string""#), Ok("5.0".into()));
        assert_eq!(decoded("true", r#""string""#), Ok("true".into()));
        assert_eq!(decoded(r#""1""#, r#""bool""#), Ok(true.into()));
        assert_eq!(decoded(r#""false""#, r#""bool""#), Ok(false.into()));
        for (text, ty) in [
            ("1", "bool"),
            (r#""True""#, "bool"),
            ("true", "number"),
            (r#""one""#, "number"),
            ("[]", "string"),
            ("{}", "string"),
        ] {
            assert!(decoded(text, &format!("\"{ty}\"")).is_err(), "{text} {ty}");
        }
    }

    #[test]
    fn numbers_stay_exact() {
        for text in [
            "123456789012345678901234567890",
            "0.1000000000000000055511151231257827",
            "1e+401",
            "-0.5",
        ] {
            let value = decode(text, &Type::Number).unwrap();
            assert_eq!(encode(&value).to_string(), text);
            assert_eq!(decode_untyped(text).unwrap(), value);
        }
    }

    #[test]
    fn objects_are_completed_and_never_widened() {
        let ty = r#"["object",{"a":"string","b":["list","bool"]}]"#;
        let whole = Value::from_iter([("a", "x".into()), ("b", Value::Null)]);
        assert_eq!(decoded(r#"{"a":"x"}"#, ty), Ok(whole));
        assert_eq!(
            decoded(r#"{"a":"x","c":1}"#, ty),
            Err("c: the schema does not have this attribute".into())
        );
        assert_eq!(
            decoded(r#"{"b":[true,"secret"]}"#, ty),
            Err("b[1]: a bool is required".into())
        );
        assert!(decoded("[1]", r#"["tuple",[]]"#).is_err());
    }

    #[test]
    fn dynamic_values_carry_their_type() {
        let text = r#"{"value":["a"],"type":["list","string"]}"#;
        let value = decoded(text, r#""dynamic""#).unwrap();
        assert_eq!(
            value,
            Value::Dynamic(Box::new((
                Type::list(Type::String),
                Value::List(vec!["a".into()])
            )))
        );
        assert_eq!(encode(&value).to_string(), text);
        assert_eq!(encode_plain(&value).to_string(), r#"["a"]"#);
        for text in [
            "1",
            "{}",
            r#"{"type":"string"}"#,
            r#"{"type":"x","value":1}"#,
        ] {
            assert!(decoded(text, r#""dynamic""#).is_err(), "{text}");
        }
    }

    #[test]
    fn untyped_lists_stay_lists() {
        assert_eq!(
            decode_untyped(r#"{"b":[2,1,null],"a":{"x":true}}"#).unwrap(),
            Value::from_iter([
                ("a", Value::from_iter([("x", true)])),
                (
                    "b",
                    Value::List(vec![2i64.into(), 1i64.into(), Value::Null])
                ),
            ])
        );
    }

    #[test]
    fn bad_json_is_placed_and_not_quoted() {
        for (text, want) in [
            (
                "{\"a\":\n \"secret",
                "the JSON ends inside a value, at line 2 column 8",
            ),
            ("[secret]", "no valid JSON, at line 1 column 2"),
        ] {
            assert_eq!(decode_untyped(text).unwrap_err().to_string(), want);
        }
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        let error = decode_untyped(&deep).unwrap_err().to_string();
        assert!(error.starts_with("the JSON is nested too deep"), "{error}");
    }

    proptest! {
        #[test]
        fn round_trip((ty, value) in value_type().prop_flat_map(typed_value)) {
            let text = encode(&value).to_string();
            prop_assert!(decode(&text, &ty).unwrap() == value);
        }

        #[test]
        fn untyped_text_survives((_, value) in value_type().prop_flat_map(typed_value)) {
            let json = encode(&value);
            prop_assert!(encode(&decode_untyped(&json.to_string()).unwrap()) == json);
        }

        #[test]
        fn arbitrary_text_never_panics(ty in value_type(), text in "[\\[\\]{}\",:0-9a-z\\\\ ]{0,40}") {
            let _ = decode(&text, &ty);
            let _ = decode_untyped(&text);
        }
    }
}
