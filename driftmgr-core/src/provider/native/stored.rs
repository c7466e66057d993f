//! A stored object in the schema of a native reader.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::error::{Error, ErrorKind, Result};
use crate::provider::schema::Block;
use crate::state::{RawAttributes, flatmap};
use crate::value::{Type, Value, json};

/// The stored object. Attributes that the schema does not have are dropped, as Terraform itself drops them: another version of
/// the provider stored them.
pub(super) fn object(attributes: &RawAttributes, block: &Block) -> Result<Value> {
    let stored = match attributes {
        RawAttributes::Json(raw) => {
            json::parse(raw.get()).map_err(|e| unreadable(e.to_string()))?
        }
        RawAttributes::Flatmap(flat) => expand(flat, block),
    };
    let Json::Object(mut entries) = stored else {
        return Err(unreadable("not an object".to_owned()));
    };
    entries
        .retain(|name, _| block.attributes.contains_key(name) || block.blocks.contains_key(name));
    json::decode_parsed(&Json::Object(entries), &block.implied_type())
        .map_err(|e| unreadable(e.to_string()))
}

fn unreadable(reason: String) -> Error {
    Error::new(
        ErrorKind::InvalidState,
        format!("the stored attributes cannot be read: {reason}"),
    )
}

/// Dotted keys from before Terraform 0.12. Maps of texts (`triggers.%`, `triggers.KEY`) may lack their count.
fn expand(flat: &BTreeMap<String, String>, block: &Block) -> Json {
    let text = |text: &String| Json::String(text.clone());
    let attribute = |(name, of): (&String, Type)| match of {
        Type::Map(_) => {
            let prefix = format!("{name}.");
            let known = flat.contains_key(&format!("{prefix}%"));
            let entries = flat.iter().filter_map(|(key, value)| {
                let key = key.strip_prefix(&prefix).filter(|key| *key != "%")?;
                Some((key.to_owned(), text(value)))
            });
            let entries: serde_json::Map<String, Json> = entries.collect();
            let present = known || !entries.is_empty();
            present.then(|| (name.clone(), Json::Object(entries)))
        }
        Type::String => flat.get(name).map(|value| (name.clone(), text(value))),
        of => {
            let whole = Type::object([(name.clone(), of)]);
            let value = flatmap::expand(flat, &whole);
            let value = value.attribute(name).filter(|value| !value.is_null())?;
            Some((name.clone(), json::encode(value)))
        }
    };
    let attributes = block.attributes.iter();
    let attributes = attributes.map(|(name, a)| (name, a.attribute_type.implied_type()));
    let blocks = block.blocks.iter();
    let blocks = blocks.map(|(name, nested)| (name, nested.implied_type()));
    attributes.chain(blocks).filter_map(attribute).collect()
}
