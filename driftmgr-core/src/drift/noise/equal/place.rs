//! Where in an object and in its schema a change stands.

use crate::provider::{Attribute, AttributeType, Block};
use crate::value::{Path, Step, Type, Value};

/// The value at the steps. Members of sets cannot be stepped into.
pub(in crate::drift::noise) fn at<'a>(root: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    steps.iter().try_fold(root, |value, step| {
        let value = match value {
            Value::Dynamic(inner) => &inner.1,
            other => other,
        };
        match step {
            Step::Attribute(name) | Step::Key(name) => value.attribute(name),
            Step::Index(index) => value.as_elements()?.get(*index),
            Step::Element(_) => None,
        }
    })
}

/// Attribute names and keys from the top, joined by dots.
pub(in crate::drift::noise) fn names(steps: &[Step]) -> String {
    let names: Vec<&str> = steps.iter().filter_map(Step::name).collect();
    names.join(".")
}

/// The schema's attribute at the path or, for a part of a value, above it.
pub(in crate::drift::noise) fn attribute<'a>(
    block: &'a Block,
    path: &Path,
) -> Option<&'a Attribute> {
    let mut here = (&block.attributes, Some(&block.blocks));
    let mut found = None;
    for name in path.steps().iter().filter_map(Step::name) {
        if let Some(attribute) = here.0.get(name) {
            found = Some(attribute);
            match &attribute.attribute_type {
                AttributeType::Nested { attributes, .. } => here = (attributes, None),
                AttributeType::Plain(_) => return found,
            }
        } else if let Some(nested) = here.1.and_then(|blocks| blocks.get(name)) {
            here = (&nested.block.attributes, Some(&nested.block.blocks));
        } else {
            return found;
        }
    }
    found
}

/// The type of what stands at the steps of an object of this type; dynamic where the schema does not say.
pub(in crate::drift::noise) fn type_at<'a>(root: &'a Type, steps: &[Step]) -> &'a Type {
    steps.iter().fold(root, |ty, step| match step {
        Step::Attribute(name) | Step::Key(name) => entry(ty, name),
        Step::Index(_) | Step::Element(_) => element(ty),
    })
}

pub(in crate::drift::noise) fn entry<'a>(ty: &'a Type, name: &str) -> &'a Type {
    match ty {
        Type::Map(of) => of,
        Type::Object(of) => of.get(name).unwrap_or(&Type::Dynamic),
        _ => &Type::Dynamic,
    }
}

pub(in crate::drift::noise) fn element(ty: &Type) -> &Type {
    match ty {
        Type::List(of) | Type::Set(of) => of,
        _ => &Type::Dynamic,
    }
}
