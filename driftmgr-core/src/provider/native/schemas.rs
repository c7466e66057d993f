//! Schemas of the natively read types, as the newest published versions of their providers have them.

use std::sync::Arc;

use crate::provider::schema::{Attribute, AttributeType, Block, ProviderSchema, ResourceSchema};
use crate::value::Type;

/// All types with a native reader.
pub(super) const TYPES: [&str; 4] = [
    "local_file",
    "local_sensitive_file",
    "null_resource",
    "terraform_data",
];

/// True for the types whose reality is a file.
pub(super) fn is_file(type_name: &str) -> bool {
    type_name.starts_with("local_")
}

/// True for an attribute whose change destroys the object and creates it anew.
pub(super) fn forces_replacement(name: &str, attribute: &Attribute) -> bool {
    // Everything that a configuration can set, but for the one value that a `terraform_data` carries along.
    (attribute.required || attribute.optional) && name != "input"
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
        block([
            ("id", text().computed()),
            ("triggers", of(Type::map(Type::String)).optional()),
        ]),
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
    let resources = types.map(|(name, block)| {
        let schema = ResourceSchema {
            version: 0,
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
