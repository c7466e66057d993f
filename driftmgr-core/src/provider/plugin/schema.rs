//! What a provider says of its types, read into the library's own form.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use driftmgr_plugin::Message as _;
use driftmgr_plugin::cache::Schemas;

use super::handshake::Protocol;
use crate::provider::schema::{
    Attribute, AttributeType, Block, IdentitySchema, NestedBlock, Nesting, ProviderSchema,
    ResourceSchema,
};
use crate::value::Type;

/// Version of the form in which schemas are cached.
pub(crate) const CACHE_FORMAT: u32 = 1;
/// How deep blocks may nest; the largest providers stay below 20. Decoding, too, refuses what nests deeper than 100 messages.
const MAX_DEPTH: usize = 64;

/// Why the schemas of a provider cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SchemaError {
    #[error("the cached schemas were written by another version")]
    Format,
    #[error("the schemas cannot be decoded: {0}")]
    Decode(#[from] driftmgr_plugin::DecodeError),
    #[error("the schema of {place} has an attribute without a valid type: {name}")]
    Type { place: String, name: String },
    #[error("the schema of {place} nests {name} in an unknown way")]
    Nesting { place: String, name: String },
    #[error("the schema of {0} nests too deep")]
    Depth(String),
    #[error("the schema of {0} has a version below zero")]
    Version(String),
}

type Decoded<T> = Result<T, SchemaError>;

/// Reads both answers.
pub(crate) fn decode(schemas: &Schemas) -> Decoded<ProviderSchema> {
    if schemas.format != CACHE_FORMAT {
        return Err(SchemaError::Format);
    }
    match Protocol::from_number(schemas.protocol.into()) {
        Some(Protocol::V5) => v5::decode(schemas),
        Some(Protocol::V6) => v6::decode(schemas),
        None => Err(SchemaError::Format),
    }
}

fn version(place: &str, version: i64) -> Decoded<u64> {
    u64::try_from(version).map_err(|_| SchemaError::Version(place.to_owned()))
}

fn attribute_type(place: &str, name: &str, json: &[u8]) -> Decoded<Type> {
    Type::from_json(json).map_err(|_| SchemaError::Type {
        place: place.to_owned(),
        name: name.to_owned(),
    })
}

macro_rules! decoder {
    (mod $name:ident is $messages:ident, nested: $nested:path) => {
        mod $name {
            use driftmgr_plugin::$messages as messages;
            use messages::schema::nested_block::NestingMode;

            use super::*;

            pub(super) fn decode(schemas: &Schemas) -> Decoded<ProviderSchema> {
                let answer =
                    messages::get_provider_schema::Response::decode(schemas.schemas.clone())?;
                let identities = messages::get_resource_identity_schemas::Response::decode(
                    schemas.identities.clone(),
                )?;
                let mut identities = identities.identity_schemas;
                let provider = answer.provider.and_then(|schema| schema.block);
                let schema_optional = answer
                    .server_capabilities
                    .is_some_and(|c| c.get_provider_schema_optional);
                Ok(ProviderSchema {
                    provider: top(provider, "the provider")?,
                    resources: resources(answer.resource_schemas, &mut identities)?,
                    list_resources: answer
                        .list_resource_schemas
                        .into_iter()
                        .map(|(name, schema)| {
                            let block = top(schema.block, &name)?;
                            Ok((name, block))
                        })
                        .collect::<Decoded<_>>()?,
                    schema_optional,
                })
            }

            fn resources(
                schemas: HashMap<String, messages::Schema>,
                identities: &mut HashMap<String, messages::ResourceIdentitySchema>,
            ) -> Decoded<BTreeMap<String, Arc<ResourceSchema>>> {
                let resource = |(name, schema): (String, messages::Schema)| {
                    let identity = identities.remove(&name);
                    let schema = ResourceSchema {
                        version: version(&name, schema.version)?,
                        block: top(schema.block, &name)?,
                        identity: identity.map(|i| self::identity(&name, i)).transpose()?,
                    };
                    Ok((name, Arc::new(schema)))
                };
                schemas.into_iter().map(resource).collect()
            }

            fn identity(
                place: &str,
                schema: messages::ResourceIdentitySchema,
            ) -> Decoded<IdentitySchema> {
                let attributes = schema.identity_attributes.into_iter().map(|a| {
                    let ty = attribute_type(place, &a.name, &a.r#type)?;
                    Ok((a.name, (ty, a.required_for_import)))
                });
                Ok(IdentitySchema {
                    version: version(place, schema.version)?,
                    attributes: attributes.collect::<Decoded<_>>()?,
                })
            }

            fn top(block: Option<messages::schema::Block>, place: &str) -> Decoded<Block> {
                self::block(block.unwrap_or_default(), place, 0)
            }

            fn block(block: messages::schema::Block, place: &str, depth: usize) -> Decoded<Block> {
                if depth > MAX_DEPTH {
                    return Err(SchemaError::Depth(place.to_owned()));
                }
                let blocks = block.block_types.into_iter().map(|nested| {
                    let nesting = match nested.nesting() {
                        NestingMode::Single => Nesting::Single,
                        NestingMode::List => Nesting::List,
                        NestingMode::Set => Nesting::Set,
                        NestingMode::Map => Nesting::Map,
                        NestingMode::Group => Nesting::Group,
                        NestingMode::Invalid => {
                            return Err(SchemaError::Nesting {
                                place: place.to_owned(),
                                name: nested.type_name,
                            });
                        }
                    };
                    let inner = nested.block.unwrap_or_default();
                    let block = self::block(inner, place, depth + 1)?;
                    Ok((nested.type_name, NestedBlock { nesting, block }))
                });
                let blocks = blocks.collect::<Decoded<_>>()?;
                let attributes = attributes(block.attributes, place, depth)?;
                Ok(Block { attributes, blocks })
            }

            pub(super) fn attributes(
                attributes: Vec<messages::schema::Attribute>,
                place: &str,
                depth: usize,
            ) -> Decoded<BTreeMap<String, Attribute>> {
                let attribute = |mut a: messages::schema::Attribute| {
                    let attribute_type = match $nested(&mut a, place, depth)? {
                        Some(nested) => nested,
                        None => AttributeType::Plain(attribute_type(place, &a.name, &a.r#type)?),
                    };
                    let attribute = Attribute {
                        attribute_type,
                        required: a.required,
                        optional: a.optional,
                        computed: a.computed,
                        sensitive: a.sensitive,
                        write_only: a.write_only,
                    };
                    Ok((a.name, attribute))
                };
                attributes.into_iter().map(attribute).collect()
            }
        }
    };
}

decoder!(mod v5 is tfplugin5, nested: super::never_nested);
decoder!(mod v6 is tfplugin6, nested: super::nested);

type V5Attribute = driftmgr_plugin::tfplugin5::schema::Attribute;
type V6Attribute = driftmgr_plugin::tfplugin6::schema::Attribute;

/// Protocol 5 has nested blocks only.
fn never_nested(_: &mut V5Attribute, _: &str, _: usize) -> Decoded<Option<AttributeType>> {
    Ok(None)
}

fn nested(
    attribute: &mut V6Attribute,
    place: &str,
    depth: usize,
) -> Decoded<Option<AttributeType>> {
    use driftmgr_plugin::tfplugin6::schema::object::NestingMode;

    let Some(object) = attribute.nested_type.take() else {
        return Ok(None);
    };
    if depth > MAX_DEPTH {
        return Err(SchemaError::Depth(place.to_owned()));
    }
    let nesting = match object.nesting() {
        NestingMode::Single => Nesting::Single,
        NestingMode::List => Nesting::List,
        NestingMode::Set => Nesting::Set,
        NestingMode::Map => Nesting::Map,
        NestingMode::Invalid => {
            return Err(SchemaError::Nesting {
                place: place.to_owned(),
                name: attribute.name.clone(),
            });
        }
    };
    let attributes = v6::attributes(object.attributes, place, depth + 1)?;
    Ok(Some(AttributeType::Nested {
        nesting,
        attributes,
    }))
}
