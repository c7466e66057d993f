//! Types of outputs in JSON: `"string"`, `["list","string"]`, `["object",{"a":"bool"}]`.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::value::Type;

/// The type; `None` for what is none.
pub(super) fn read(json: &Json) -> Option<Type> {
    let Json::Array(parts) = json else {
        return match json.as_str()? {
            "bool" => Some(Type::Bool),
            "number" => Some(Type::Number),
            "string" => Some(Type::String),
            "dynamic" => Some(Type::Dynamic),
            _ => None,
        };
    };
    // An object may name its optional attributes in a third part.
    let (name, of) = match parts.as_slice() {
        [name, of] | [name, of, _] => (name.as_str()?, of),
        _ => return None,
    };
    Some(match name {
        "list" => Type::List(Box::new(read(of)?)),
        "set" => Type::Set(Box::new(read(of)?)),
        "map" => Type::Map(Box::new(read(of)?)),
        "tuple" => Type::Tuple(of.as_array()?.iter().map(read).collect::<Option<_>>()?),
        "object" => {
            let attributes: Option<BTreeMap<_, _>> = of
                .as_object()?
                .iter()
                .map(|(name, ty)| Some((name.clone(), read(ty)?)))
                .collect();
            Type::Object(attributes?)
        }
        _ => return None,
    })
}

/// The type as JSON.
pub(super) fn write(ty: &Type) -> Json {
    match ty {
        Type::Dynamic => "dynamic".into(),
        Type::Bool => "bool".into(),
        Type::Number => "number".into(),
        Type::String => "string".into(),
        Type::List(of) => json!(["list", write(of)]),
        Type::Set(of) => json!(["set", write(of)]),
        Type::Map(of) => json!(["map", write(of)]),
        Type::Tuple(of) => json!(["tuple", of.iter().map(write).collect::<Vec<_>>()]),
        Type::Object(of) => {
            let of: serde_json::Map<_, _> = of.iter().map(|(k, t)| (k.clone(), write(t))).collect();
            json!(["object", of])
        }
    }
}
