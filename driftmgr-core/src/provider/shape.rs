//! What objects of a schema look like: their type, the empty object, and which parts are secret or never stored.

use std::collections::BTreeMap;

use super::schema::{Attribute, AttributeType, Block, IdentitySchema, NestedBlock, Nesting};
use crate::value::{Type, Value};

impl Nesting {
    /// The type of objects of type `object` that are arranged like this.
    fn arrange(self, object: Type) -> Type {
        match self {
            Self::Single | Self::Group => object,
            Self::List => Type::list(object),
            Self::Set => Type::set(object),
            Self::Map => Type::map(object),
        }
    }
}

impl AttributeType {
    /// The type of its values.
    pub fn implied_type(&self) -> Type {
        match self {
            Self::Plain(ty) => ty.clone(),
            Self::Nested {
                nesting,
                attributes,
            } => nesting.arrange(object_type(attributes, &BTreeMap::new())),
        }
    }
}

fn object_type(
    attributes: &BTreeMap<String, Attribute>,
    blocks: &BTreeMap<String, NestedBlock>,
) -> Type {
    let attributes = attributes
        .iter()
        .map(|(name, a)| (name.clone(), a.attribute_type.implied_type()));
    let blocks = blocks
        .iter()
        .map(|(name, b)| (name.clone(), b.implied_type()));
    Type::object(attributes.chain(blocks))
}

impl NestedBlock {
    /// The type of the value that stands for all blocks of this name.
    pub fn implied_type(&self) -> Type {
        self.nesting.arrange(self.block.implied_type())
    }

    /// The value when the configuration has no such block: an empty collection, null for a single block, nulls for a group.
    pub fn empty_value(&self) -> Value {
        match self.nesting {
            Nesting::Single => Value::Null,
            Nesting::Group => self.block.empty_object(),
            Nesting::List => Value::List(Vec::new()),
            Nesting::Set => Value::set([]),
            Nesting::Map => Value::Map(BTreeMap::new()),
        }
    }
}

impl IdentitySchema {
    /// The type of an identity.
    pub fn implied_type(&self) -> Type {
        let attributes = self.attributes.iter();
        Type::object(attributes.map(|(name, (ty, _))| (name.clone(), ty.clone())))
    }
}

impl Block {
    /// The type of an object of this shape: attributes, and nested blocks by their nesting.
    pub fn implied_type(&self) -> Type {
        object_type(&self.attributes, &self.blocks)
    }

    /// The object that an empty configuration block stands for. Providers refuse an object that is not whole.
    pub fn empty_object(&self) -> Value {
        let attributes = self.attributes.keys().map(|n| (n.clone(), Value::Null));
        let blocks = self.blocks.iter();
        let blocks = blocks.map(|(name, b)| (name.clone(), b.empty_value()));
        Value::from_iter(attributes.chain(blocks))
    }
}
