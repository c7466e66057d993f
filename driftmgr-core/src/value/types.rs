//! Types of Terraform's type system, as schemas and states write them in JSON.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use super::Value;
use crate::address::quote;

/// The type of a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// Known only with the value.
    Dynamic,
    /// `"bool"`.
    Bool,
    /// `"number"`.
    Number,
    /// `"string"`.
    String,
    /// `["list", T]`.
    List(Box<Type>),
    /// `["set", T]`.
    Set(Box<Type>),
    /// `["map", T]`.
    Map(Box<Type>),
    /// `["tuple", [T, …]]`.
    Tuple(Vec<Type>),
    /// `["object", {name: T, …}]`.
    Object(BTreeMap<String, Type>),
}

/// Why a JSON text is not a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a type of Terraform's: {0}")]
pub struct TypeError(String);

impl Type {
    /// Reads the JSON form of a type, such as `["map","string"]`. The third element of an object (names of optional
    /// attributes) says nothing about values and is dropped.
    pub fn from_json(json: &[u8]) -> Result<Self, TypeError> {
        let json: Json = serde_json::from_slice(json).map_err(|e| {
            TypeError(format!(
                "no JSON at line {} column {}",
                e.line(),
                e.column()
            ))
        })?;
        Self::from_json_value(&json)
    }

    /// [`Type::from_json`] for JSON that is parsed already.
    pub fn from_json_value(json: &Json) -> Result<Self, TypeError> {
        let wrong = |what: &str| Err(TypeError(what.to_owned()));
        match json {
            Json::String(name) => match name.as_str() {
                "dynamic" => Ok(Self::Dynamic),
                "bool" => Ok(Self::Bool),
                "number" => Ok(Self::Number),
                "string" => Ok(Self::String),
                other => wrong(&format!("unknown name {}", quote(other))),
            },
            Json::Array(parts) => match parts.as_slice() {
                [Json::String(kind), of] => Self::compound(kind, of),
                [Json::String(kind), of, Json::Array(_)] if kind == "object" => {
                    Self::compound(kind, of)
                }
                _ => wrong("an array is not [kind, what it holds]"),
            },
            _ => wrong("neither a name nor an array"),
        }
    }

    fn compound(kind: &str, of: &Json) -> Result<Self, TypeError> {
        match (kind, of) {
            ("list", of) => Ok(Self::list(Self::from_json_value(of)?)),
            ("set", of) => Ok(Self::set(Self::from_json_value(of)?)),
            ("map", of) => Ok(Self::map(Self::from_json_value(of)?)),
            ("tuple", Json::Array(of)) => of
                .iter()
                .map(Self::from_json_value)
                .collect::<Result<_, _>>()
                .map(Self::Tuple),
            ("object", Json::Object(of)) => of
                .iter()
                .map(|(name, of)| Ok((name.clone(), Self::from_json_value(of)?)))
                .collect::<Result<_, _>>()
                .map(Self::Object),
            ("tuple" | "object", _) => Err(TypeError(format!("{kind} without its elements"))),
            (other, _) => Err(TypeError(format!("unknown kind {}", quote(other)))),
        }
    }

    /// The JSON form.
    pub fn to_json(&self) -> Json {
        let pair = |kind: &str, of: Json| Json::Array(vec![Json::from(kind), of]);
        match self {
            Self::Dynamic => "dynamic".into(),
            Self::Bool => "bool".into(),
            Self::Number => "number".into(),
            Self::String => "string".into(),
            Self::List(of) => pair("list", of.to_json()),
            Self::Set(of) => pair("set", of.to_json()),
            Self::Map(of) => pair("map", of.to_json()),
            Self::Tuple(of) => pair("tuple", of.iter().map(Self::to_json).collect()),
            Self::Object(of) => {
                let of = of.iter().map(|(name, of)| (name.clone(), of.to_json()));
                pair("object", Json::Object(of.collect()))
            }
        }
    }

    /// A list of a type.
    pub fn list(of: Type) -> Self {
        Self::List(Box::new(of))
    }

    /// A set of a type.
    pub fn set(of: Type) -> Self {
        Self::Set(Box::new(of))
    }

    /// A map of a type.
    pub fn map(of: Type) -> Self {
        Self::Map(Box::new(of))
    }

    /// An object of these attributes.
    pub fn object<K: Into<String>>(attributes: impl IntoIterator<Item = (K, Type)>) -> Self {
        Self::Object(
            attributes
                .into_iter()
                .map(|(name, ty)| (name.into(), ty))
                .collect(),
        )
    }

    /// The type that a value without declared type has: lists are tuples and maps are objects, as literals are in Terraform's
    /// language. A null has the dynamic type.
    pub fn infer(value: &Value) -> Self {
        match value {
            Value::Null | Value::Unknown => Self::Dynamic,
            Value::Bool(_) => Self::Bool,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::String,
            Value::List(items) => Self::Tuple(items.iter().map(Self::infer).collect()),
            Value::Set(items) => {
                let mut types = items.iter().map(Self::infer);
                let first = types.next().unwrap_or(Self::Dynamic);
                let same = types.all(|ty| ty == first);
                Self::set(if same { first } else { Self::Dynamic })
            }
            Value::Map(entries) => Self::object(
                entries
                    .iter()
                    .map(|(name, value)| (name.clone(), Self::infer(value))),
            ),
            Value::Dynamic(inner) => inner.0.clone(),
        }
    }

    /// What it is, with its article, for messages: `a list`, `an object`.
    pub(crate) fn described(&self) -> &'static str {
        match self {
            Self::Dynamic => "a value",
            Self::Bool => "a bool",
            Self::Number => "a number",
            Self::String => "a string",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map",
            Self::Tuple(_) => "a tuple",
            Self::Object(_) => "an object",
        }
    }
}

/// True for what Terraform's language takes as a name without quotes.
pub(crate) fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

impl fmt::Display for Type {
    /// As Terraform's language writes it: `map(string)`, `object({a=string})`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dynamic => f.write_str("any"),
            Self::Bool => f.write_str("bool"),
            Self::Number => f.write_str("number"),
            Self::String => f.write_str("string"),
            Self::List(of) => write!(f, "list({of})"),
            Self::Set(of) => write!(f, "set({of})"),
            Self::Map(of) => write!(f, "map({of})"),
            Self::Tuple(of) => {
                f.write_str("tuple([")?;
                for (i, of) in of.iter().enumerate() {
                    write!(f, "{}{of}", if i == 0 { "" } else { "," })?;
                }
                f.write_str("])")
            }
            Self::Object(of) => {
                f.write_str("object({")?;
                for (i, (name, of)) in of.iter().enumerate() {
                    let comma = if i == 0 { "" } else { "," };
                    if is_identifier(name) {
                        write!(f, "{comma}{name}={of}")?;
                    } else {
                        write!(f, "{comma}{}={of}", quote(name))?;
                    }
                }
                f.write_str("})")
            }
        }
    }
}

impl FromStr for Type {
    type Err = TypeError;

    /// Reads the JSON form, not the one of `Display`.
    fn from_str(json: &str) -> Result<Self, TypeError> {
        Self::from_json(json.as_bytes())
    }
}

impl Serialize for Type {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Type {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        Self::from_json_value(&json).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_writes_and_shows() {
        for (json, shown) in [
            (r#""dynamic""#, "any"),
            (r#"["list","string"]"#, "list(string)"),
            (r#"["set",["map","number"]]"#, "set(map(number))"),
            (
                r#"["tuple",["bool",["tuple",[]]]]"#,
                "tuple([bool,tuple([])])",
            ),
            (
                r#"["object",{"a":"string","b c":["list","bool"]}]"#,
                r#"object({a=string,"b c"=list(bool)})"#,
            ),
        ] {
            let ty: Type = json.parse().unwrap();
            assert_eq!(ty.to_string(), shown);
            assert_eq!(serde_json::to_string(&ty).unwrap(), json);
            assert_eq!(serde_json::from_str::<Type>(json).unwrap(), ty);
        }
    }

    #[test]
    fn optional_attributes_are_dropped() {
        let ty: Type = r#"["object",{"a":"string"},["a"]]"#.parse().unwrap();
        assert_eq!(ty, Type::object([("a", Type::String)]));
    }

    #[test]
    fn refuses_the_rest() {
        let deep = format!(
            "{}\"string\"{}",
            r#"["list","#.repeat(9000),
            "]".repeat(9000)
        );
        for json in [
            "",
            "null",
            "[]",
            r#""text""#,
            r#"["list"]"#,
            r#"["list","string","string"]"#,
            r#"["list","string",["a"]]"#,
            r#"["bag","string"]"#,
            r#"["tuple",{}]"#,
            r#"["object",["a"]]"#,
            r#"["object",{},{}]"#,
            &deep,
        ] {
            assert!(json.parse::<Type>().is_err(), "{json}");
        }
    }

    #[test]
    fn infers_what_a_literal_has() {
        let value: Value = [
            ("list", Value::List(vec![1.into(), "a".into()])),
            ("set", Value::set(["a".into(), "b".into()])),
            ("null", Value::Null),
        ]
        .into_iter()
        .collect();
        assert_eq!(
            Type::infer(&value).to_string(),
            "object({list=tuple([number,string]),null=any,set=set(string)})"
        );
    }
}
