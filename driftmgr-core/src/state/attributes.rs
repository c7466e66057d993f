//! The stored attributes of an instance, parsed when they are asked for.

use base64::Engine as _;
use serde_json::Value as Json;

use super::model::{Instance, RawAttributes};
use super::raw::RawJson;
use super::{flatmap, read};
use crate::address::ProviderConfigAddress;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Type, Value, json};

fn untyped(raw: &RawJson) -> Result<Value> {
    json::decode_untyped(raw.get()).map_err(|cause| {
        let message = format!("the attributes cannot be read: {cause}");
        Error::new(ErrorKind::InvalidState, message).with_operation("state.attributes")
    })
}

/// Values of dynamic type stand in a state as `{"value":…,"type":…}`. Providers of their own have blocks that look the same but for the type,
/// which is then a word; so a word counts only where the schema is known to be dynamic, in what is built into Terraform.
fn unwrapped(value: Value, builtin: bool) -> Value {
    match value {
        Value::Map(mut entries) => {
            let ty = entries.get("type").map(json::encode_plain);
            let is_type =
                |ty: &Json| (builtin || ty.is_array()) && Type::from_json_value(ty).is_ok();
            if entries.len() == 2
                && ty.as_ref().is_some_and(is_type)
                && let Some(inner) = entries.remove("value")
            {
                return inner;
            }
            let entries = entries.into_iter();
            Value::Map(entries.map(|(k, v)| (k, unwrapped(v, builtin))).collect())
        }
        Value::List(items) => Value::List(
            items
                .into_iter()
                .map(|item| unwrapped(item, builtin))
                .collect(),
        ),
        other => other,
    }
}

impl Instance {
    /// The attributes without a schema: objects and maps are maps, sets and tuples are lists, and a flatmap is expanded by its own
    /// counts.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] when the attributes are no object, or nest more than 128 levels deep.
    pub fn attributes_untyped(&self) -> Result<Value> {
        let value = match &self.attributes {
            RawAttributes::Json(raw) => untyped(raw)?,
            RawAttributes::Flatmap(map) => flatmap::expand_untyped(map),
        };
        match value {
            Value::Map(_) => Ok(value),
            other => Err(Error::new(
                ErrorKind::InvalidState,
                format!("the attributes are a {} and no object", other.kind_name()),
            )
            .with_operation("state.attributes")),
        }
    }

    /// The same with values of dynamic type unwrapped, so that paths into it are those of `sensitive_attributes`.
    pub(crate) fn attributes_plain(
        &self,
        provider: Option<&ProviderConfigAddress>,
    ) -> Result<Value> {
        let attributes = self.attributes_untyped()?;
        let builtin = provider.is_some_and(|p| p.source.is_builtin());
        Ok(match (&self.attributes, attributes) {
            (RawAttributes::Json(_), Value::Map(entries)) => {
                let entries = entries.into_iter();
                Value::Map(entries.map(|(k, v)| (k, unwrapped(v, builtin))).collect())
            }
            (_, attributes) => attributes,
        })
    }

    /// The identifier that most providers give an object: its attribute `id`, when that is text or a number.
    pub fn id(&self) -> Option<String> {
        match &self.attributes {
            RawAttributes::Flatmap(map) => map.get("id").cloned(),
            RawAttributes::Json(raw) => {
                let attributes = read::json::object(raw.get()).ok()?;
                let mut attributes = attributes.fields.iter().rev();
                let (_, id) = attributes.find(|(name, _)| name == "id")?;
                match serde_json::from_str(id).ok()? {
                    Json::String(id) => Some(id),
                    Json::Number(id) => Some(id.to_string()),
                    _ => None,
                }
            }
        }
    }

    /// The provider's private data, decoded; empty when there is none.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] when it is not base64.
    pub fn private_bytes(&self) -> Result<Vec<u8>> {
        let text = self.private.as_deref().unwrap_or_default();
        base64::engine::general_purpose::STANDARD
            .decode(text)
            .map_err(|_| {
                Error::new(ErrorKind::InvalidState, "the private data is not base64")
                    .with_operation("state.private")
            })
    }
}
