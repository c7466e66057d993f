//! The JSON Schema of `driftmgr.yaml`, for editors. It follows from the list of keys.

use serde_json::{Map, Value as Json, json};

use super::entries::{Field, Shape};
use super::key::{KEYS, Key, Kind};

/// What `driftmgr config schema` prints, and what `schemas/driftmgr-settings.schema.json` holds.
pub fn schema() -> Json {
    let mut root = block("Settings of driftmgr, in the file driftmgr.yaml.");
    for key in KEYS {
        insert(&mut root, key.name, key);
    }
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "driftmgr.yaml",
    });
    if let (Some(schema), Json::Object(root)) = (schema.as_object_mut(), root) {
        schema.extend(root);
    }
    schema
}

/// A block of keys; one without keys sets nothing.
fn block(about: &str) -> Json {
    json!({
        "description": about,
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {},
    })
}

fn insert(into: &mut Json, name: &str, key: &Key) {
    let Some(properties) = into.get_mut("properties").and_then(Json::as_object_mut) else {
        return;
    };
    match name.split_once('.') {
        None => {
            properties.insert(name.to_owned(), described(key));
        }
        Some((first, rest)) => {
            let below = properties
                .entry(first)
                .or_insert_with(|| block(&format!("Keys of `{first}`.")));
            insert(below, rest, key);
        }
    }
}

fn described(key: &Key) -> Json {
    let mut schema = Map::new();
    let later = if key.has_effect {
        ""
    } else {
        ". It has no effect yet"
    };
    schema.insert(
        "description".to_owned(),
        format!("{}{later}.", key.about).into(),
    );
    schema.extend(kind(&key.kind));
    if let Some(default) = key.default {
        let default = match key.kind {
            Kind::Flag | Kind::Whole { .. } => serde_json::from_str(default).unwrap_or(Json::Null),
            _ => default.into(),
        };
        schema.insert("default".to_owned(), default);
    }
    Json::Object(schema)
}

const FILLED: &str = r"\S";
const DURATION: &str = r"^[0-9]+$|^([0-9]+(h|m|s|ms))+$";
const DAY: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$";

fn kind(kind: &Kind) -> Map<String, Json> {
    let schema = match kind {
        Kind::Text | Kind::Path => json!({"type": "string", "pattern": FILLED}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Whole { least, most } => {
            json!({"type": "integer", "minimum": least, "maximum": most})
        }
        Kind::Duration => {
            json!({"type": ["string", "integer"], "minimum": 1, "pattern": DURATION})
        }
        Kind::Word(words) => json!({"enum": words}),
        Kind::Texts => {
            json!({"type": "array", "items": {"type": "string", "pattern": FILLED}})
        }
        Kind::Entries {
            fields,
            needs_one_of,
        } => json!({"type": "array", "items": entry(fields, needs_one_of)}),
    };
    match schema {
        Json::Object(schema) => schema,
        _ => Map::new(),
    }
}

fn entry(fields: &[Field], needs_one_of: &[&str]) -> Json {
    let properties: Map<String, Json> = fields
        .iter()
        .map(|field| {
            let mut schema = shape(&field.shape);
            schema.insert("description".to_owned(), format!("{}.", field.about).into());
            (field.name.to_owned(), Json::Object(schema))
        })
        .collect();
    let required = fields.iter().filter(|f| f.required).map(|f| f.name);
    let mut schema = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "required": required.collect::<Vec<_>>(),
    });
    if let (Some(schema), false) = (schema.as_object_mut(), needs_one_of.is_empty()) {
        let each = needs_one_of.iter().map(|name| json!({"required": [name]}));
        schema.insert("anyOf".to_owned(), each.collect());
    }
    schema
}

fn shape(shape: &Shape) -> Map<String, Json> {
    let schema = match shape {
        Shape::Text => json!({"type": "string", "pattern": FILLED}),
        Shape::Texts => {
            json!({"type": "array", "items": {"type": "string", "pattern": FILLED}})
        }
        Shape::Word(words) => json!({"enum": words}),
        Shape::Day => json!({"type": "string", "pattern": DAY}),
        Shape::Block => json!({"type": "object"}),
    };
    match schema {
        Json::Object(schema) => schema,
        _ => Map::new(),
    }
}
