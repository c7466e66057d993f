//! What apply would do to an object of a natively read type.

use super::{clock, schemas};
use crate::provider::reader::{PlanRequest, Planned};
use crate::provider::schema::Block;
use crate::value::{Path, Value};

/// The plan: the proposed object, with everything that the provider would compute anew unknown.
pub(super) fn plan(block: &Block, request: &PlanRequest) -> Planned {
    let null = Value::Null;
    let value = |object: &Value, name: &str| object.attribute(name).unwrap_or(&null).clone();
    let changed = |name: &str| value(&request.proposed, name) != value(&request.prior, name);
    let creates = request.prior.is_null();
    // A certificate that is due is made anew.
    let due = value(&request.prior, clock::READY) == Value::Bool(true);
    let requires_replace: Vec<Path> = if creates {
        Vec::new()
    } else {
        let forcing = block.attributes.iter();
        let attributes = forcing
            .filter(|(name, a)| {
                (schemas::forces_replacement(name, a) && changed(name))
                    || (due && *name == clock::READY)
            })
            .map(|(name, _)| name);
        let blocks = block.blocks.keys().filter(|name| changed(name));
        attributes
            .chain(blocks)
            .map(|name| Path::attribute_of_root(name.clone()))
            .collect()
    };
    let anew = creates || !requires_replace.is_empty();
    let planned = block.attributes.iter().map(|(name, attribute)| {
        let configured = !value(&request.configuration, name).is_null();
        // `output` repeats `input`, so it follows it.
        let follows = name == "output" && changed("input");
        let planned = if attribute.computed && !configured && (anew || follows) {
            default(&request.type_name, name)
        } else {
            value(&request.proposed, name)
        };
        (name.clone(), planned)
    });
    let blocks = block.blocks.keys();
    let blocks = blocks.map(|name| (name.clone(), value(&request.proposed, name)));
    Planned {
        planned: Value::from_iter(planned.chain(blocks)),
        requires_replace,
    }
}

/// The value of a computed attribute that the configuration does not set: a constant, or known after apply.
fn default(type_name: &str, attribute: &str) -> Value {
    match (type_name, attribute) {
        ("local_file", "file_permission" | "directory_permission") => "0777".into(),
        ("local_sensitive_file", "file_permission" | "directory_permission") => "0700".into(),
        _ => Value::Unknown,
    }
}
