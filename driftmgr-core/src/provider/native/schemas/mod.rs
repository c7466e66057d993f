//! Schemas of the natively read types, as the newest published versions of their providers have them.

mod random;
mod time;
mod tls;

use std::sync::Arc;

use crate::provider::schema::{Attribute, AttributeType, Block, ProviderSchema, ResourceSchema};
use crate::value::Type;

pub(super) use random::random;
pub(super) use time::time;
pub(super) use tls::tls;

/// All types with a native reader.
pub(super) const TYPES: [&str; 22] = [
    "local_file",
    "local_sensitive_file",
    "null_resource",
    "random_bytes",
    "random_id",
    "random_integer",
    "random_password",
    "random_pet",
    "random_shuffle",
    "random_string",
    "random_uuid",
    "random_uuid4",
    "random_uuid7",
    "terraform_data",
    "time_offset",
    "time_rotating",
    "time_sleep",
    "time_static",
    "tls_cert_request",
    "tls_locally_signed_cert",
    "tls_private_key",
    "tls_self_signed_cert",
];

/// True for the types whose reality is a file.
pub(super) fn is_file(type_name: &str) -> bool {
    type_name.starts_with("local_")
}

/// True for an attribute whose change destroys the object and creates it anew: everything that a configuration can set, but for the value
/// that a `terraform_data` carries along, and for times from which others are computed anew in place.
pub(super) fn forces_replacement(name: &str, attribute: &Attribute) -> bool {
    let in_place = matches!(
        name,
        "input" | "early_renewal_hours" | "base_rfc3339" | "create_duration" | "destroy_duration"
    );
    let moves = name.starts_with("offset_") || name.starts_with("rotation_");
    (attribute.required || attribute.optional) && !in_place && !moves
}

pub(super) fn local() -> ProviderSchema {
    let common = [
        ("filename", text().required()),
        ("file_permission", text().optional().computed()),
        ("directory_permission", text().optional().computed()),
        ("source", text().optional()),
        ("id", text().computed()),
        ("content_md5", text().computed()),
        ("content_sha1", text().computed()),
        ("content_sha256", text().computed()),
        ("content_base64sha256", text().computed()),
        ("content_sha512", text().computed()),
        ("content_base64sha512", text().computed()),
    ];
    let plain = [
        ("content", text().optional()),
        ("content_base64", text().optional()),
        ("sensitive_content", text().optional().secret()),
    ];
    let sensitive = [
        ("content", text().optional().secret()),
        ("content_base64", text().optional().secret()),
    ];
    provider([
        ("local_file", block(common.clone().into_iter().chain(plain))),
        (
            "local_sensitive_file",
            block(common.into_iter().chain(sensitive)),
        ),
    ])
}

pub(super) fn null() -> ProviderSchema {
    provider([(
        "null_resource",
        block([("id", text().computed()), ("triggers", map().optional())]),
    )])
}

pub(super) fn builtin() -> ProviderSchema {
    provider([(
        "terraform_data",
        block([
            ("id", text().computed()),
            ("input", of(Type::Dynamic).optional()),
            ("output", of(Type::Dynamic).computed()),
            ("triggers_replace", of(Type::Dynamic).optional()),
        ]),
    )])
}

fn provider<const N: usize>(types: [(&str, Block); N]) -> ProviderSchema {
    versioned(types.map(|(name, block)| (name, 0, block)))
}

/// Resource types with the versions of their schemas.
fn versioned<const N: usize>(types: [(&str, u64, Block); N]) -> ProviderSchema {
    let resources = types.map(|(name, version, block)| {
        let schema = ResourceSchema {
            version,
            block,
            identity: None,
        };
        (name.to_owned(), Arc::new(schema))
    });
    ProviderSchema {
        resources: resources.into(),
        schema_optional: true,
        ..ProviderSchema::default()
    }
}

fn block(attributes: impl IntoIterator<Item = (&'static str, Flags)>) -> Block {
    let attributes = attributes.into_iter();
    Block {
        attributes: attributes.map(|(n, f)| (n.to_owned(), f.0)).collect(),
        ..Block::default()
    }
}

#[derive(Clone)]
struct Flags(Attribute);

fn text() -> Flags {
    of(Type::String)
}

fn number() -> Flags {
    of(Type::Number)
}

fn boolean() -> Flags {
    of(Type::Bool)
}

fn texts() -> Flags {
    of(Type::list(Type::String))
}

fn map() -> Flags {
    of(Type::map(Type::String))
}

fn of(ty: Type) -> Flags {
    Flags(Attribute {
        attribute_type: AttributeType::Plain(ty),
        required: false,
        optional: false,
        computed: false,
        sensitive: false,
        write_only: false,
    })
}

impl Flags {
    fn required(mut self) -> Self {
        self.0.required = true;
        self
    }

    fn optional(mut self) -> Self {
        self.0.optional = true;
        self
    }

    fn computed(mut self) -> Self {
        self.0.computed = true;
        self
    }

    fn secret(mut self) -> Self {
        self.0.sensitive = true;
        self
    }
}
