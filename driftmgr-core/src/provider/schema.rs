//! Schemas of providers and their resource types, equal for protocol 5 and 6.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::value::Type;

/// All that a provider says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProviderSchema {
    /// The provider configuration block.
    pub provider: Block,
    /// Managed resource types.
    pub resources: BTreeMap<String, Arc<ResourceSchema>>,
    /// Types that can be listed, with the block that configures the listing.
    pub list_resources: BTreeMap<String, Block>,
    /// A process may skip the schema call when it is known (`get_provider_schema_optional`).
    pub schema_optional: bool,
}

/// The schema of one resource type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResourceSchema {
    /// Version of stored objects of this type.
    pub version: u64,
    /// The shape of an object.
    pub block: Block,
    /// What identifies an object, if the type has an identity.
    pub identity: Option<IdentitySchema>,
}

/// The schema of a resource identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentitySchema {
    /// Version of stored identities.
    pub version: u64,
    /// The attributes with their types; the flag says that it is required for an import.
    pub attributes: BTreeMap<String, (Type, bool)>,
}

/// A block: attributes and nested blocks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block {
    /// Attributes by name.
    pub attributes: BTreeMap<String, Attribute>,
    /// Nested blocks by name.
    pub blocks: BTreeMap<String, NestedBlock>,
}

/// An attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its type, or the attributes nested in it (protocol 6).
    pub attribute_type: AttributeType,
    /// The configuration must set it.
    pub required: bool,
    /// The configuration may set it.
    pub optional: bool,
    /// The provider sets it (when the configuration does not).
    pub computed: bool,
    /// Its value is a secret.
    pub sensitive: bool,
    /// It is never stored.
    pub write_only: bool,
}

/// What an attribute holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeType {
    /// A value of a type.
    Plain(Type),
    /// Nested attributes, each with its own flags (protocol 6).
    Nested {
        /// How the objects are arranged.
        nesting: Nesting,
        /// The attributes of each object.
        attributes: BTreeMap<String, Attribute>,
    },
}

/// How nested objects are arranged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nesting {
    /// At most one object; null when absent.
    Single,
    /// A list of objects.
    List,
    /// A set of objects.
    Set,
    /// A map of objects.
    Map,
    /// Always one object, of nulls when absent (blocks only).
    Group,
}

/// A nested block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NestedBlock {
    /// How the objects are arranged.
    pub nesting: Nesting,
    /// The shape of each.
    pub block: Block,
}
