//! Short ways to write schemas in tests.

use super::schema::{Attribute, AttributeType, Block, NestedBlock, Nesting};
use crate::value::Type;

/// An attribute of a type: `string`, `number`, … or the JSON of a compound one.
pub(crate) fn attribute(ty: &str) -> Attribute {
    let ty = match ty.parse() {
        Ok(ty) => ty,
        Err(_) => Type::from_json_value(&ty.into()).unwrap(),
    };
    bare(AttributeType::Plain(ty))
}

fn bare(attribute_type: AttributeType) -> Attribute {
    Attribute {
        attribute_type,
        required: false,
        optional: false,
        computed: false,
        sensitive: false,
        write_only: false,
    }
}

pub(crate) fn nested_attribute<const N: usize>(
    nesting: Nesting,
    attributes: [(&str, Attribute); N],
) -> Attribute {
    bare(AttributeType::Nested {
        nesting,
        attributes: block(attributes).attributes,
    })
    .optional()
}

pub(crate) fn block<const N: usize>(attributes: [(&str, Attribute); N]) -> Block {
    Block {
        attributes: attributes.map(|(n, a)| (n.to_owned(), a)).into(),
        blocks: Default::default(),
    }
}

pub(crate) fn nested(nesting: Nesting, block: Block) -> NestedBlock {
    NestedBlock { nesting, block }
}

impl Block {
    pub(crate) fn with(mut self, name: &str, nested: NestedBlock) -> Self {
        self.blocks.insert(name.to_owned(), nested);
        self
    }
}

impl Attribute {
    pub(crate) fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    pub(crate) fn optional(self) -> Self {
        Self {
            optional: true,
            ..self
        }
    }

    pub(crate) fn computed(self) -> Self {
        Self {
            computed: true,
            ..self
        }
    }

    pub(crate) fn sensitive(self) -> Self {
        Self {
            sensitive: true,
            ..self
        }
    }

    pub(crate) fn write_only(self) -> Self {
        Self {
            write_only: true,
            ..self
        }
    }
}
