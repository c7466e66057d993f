//! A finding and a change for tests, with nothing in them that nobody asked for.

use super::model::{AttributeChange, Class, Finding, Kind, Severity};
use super::severity::Category;
use crate::value::{Path, Value};

/// An important finding without values and changes.
pub(crate) fn finding(target: &str, address: &str, kind: Kind) -> Finding {
    Finding {
        fingerprint: String::new(),
        target: target.to_owned(),
        address: address.parse().unwrap(),
        previous_address: None,
        deposed: None,
        provider: "provider[\"registry.terraform.io/acme/demo\"]"
            .parse()
            .unwrap(),
        kind,
        class: Class::Material,
        severity: Severity::Important,
        category: Category::Other,
        reasons: Vec::new(),
        effect: None,
        changes: Vec::new(),
        before: Value::Null,
        after: None,
        sensitive: Default::default(),
        declared: None,
        hidden: None,
    }
}

/// An important change that apply would undo.
pub(crate) fn change(path: Path) -> AttributeChange {
    AttributeChange {
        fingerprint: String::new(),
        path,
        before: None,
        after: None,
        sensitive: false,
        material: true,
        severity: Severity::Important,
        category: Category::Other,
        reason: String::new(),
        configured: None,
        noise: None,
        hidden: None,
    }
}
