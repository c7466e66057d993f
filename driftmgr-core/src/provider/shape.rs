//! What objects of a schema look like: their type, the empty object, and which parts are secret or never stored.

use std::collections::BTreeMap;

use super::schema::{Attribute, AttributeType, Block, IdentitySchema, NestedBlock, Nesting};
use crate::value::{NestedShape, Path, PathSet, Shape, Step, Type, Value};

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

    /// What a comparison of two objects needs to know.
    pub fn comparison_shape(&self) -> Shape {
        let attributes = self.attributes.iter();
        let blocks = self.blocks.iter().map(|(name, nested)| {
            let shape = NestedShape {
                keyed: nested.nesting == Nesting::Map,
                shape: nested.block.comparison_shape(),
            };
            (name.clone(), shape)
        });
        Shape {
            attributes: attributes
                .map(|(name, a)| (name.clone(), a.attribute_type.implied_type()))
                .collect(),
            blocks: blocks.collect(),
        }
    }

    /// The object that an empty configuration block stands for. Providers refuse an object that is not whole.
    pub fn empty_object(&self) -> Value {
        let attributes = self.attributes.keys().map(|n| (n.clone(), Value::Null));
        let blocks = self.blocks.iter();
        let blocks = blocks.map(|(name, b)| (name.clone(), b.empty_value()));
        Value::from_iter(attributes.chain(blocks))
    }
}

/// Attributes and nested blocks of one object, wherever it stands: in a block or in an attribute with nested attributes.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) attributes: &'a BTreeMap<String, Attribute>,
    pub(crate) blocks: Option<&'a BTreeMap<String, NestedBlock>>,
}

/// What a schema says about one entry of an object.
#[derive(Clone, Copy)]
pub(crate) enum Field<'a> {
    /// An attribute that is a value as a whole.
    Plain(&'a Attribute),
    /// An attribute with nested attributes.
    Nested(&'a Attribute, Nesting, Fields<'a>),
    /// Nested blocks.
    Block(Nesting, Fields<'a>),
}

impl<'a> Field<'a> {
    /// The attribute, when it is not a nested block.
    pub(crate) fn attribute(self) -> Option<&'a Attribute> {
        match self {
            Self::Plain(attribute) | Self::Nested(attribute, ..) => Some(attribute),
            Self::Block(..) => None,
        }
    }
}

impl<'a> Fields<'a> {
    /// All entries that the schema has, attributes first.
    pub(crate) fn iter(self) -> impl Iterator<Item = (&'a str, Field<'a>)> {
        let attributes = self.attributes.iter().map(|(name, attribute)| {
            let field = match &attribute.attribute_type {
                AttributeType::Plain(_) => Field::Plain(attribute),
                AttributeType::Nested {
                    nesting,
                    attributes,
                } => Field::Nested(
                    attribute,
                    *nesting,
                    Fields {
                        attributes,
                        blocks: None,
                    },
                ),
            };
            (name.as_str(), field)
        });
        let blocks = self.blocks.into_iter().flatten();
        let blocks = blocks.map(|(name, nested)| {
            let field = Field::Block(nested.nesting, nested.block.fields());
            (name.as_str(), field)
        });
        attributes.chain(blocks)
    }

    /// The object with every attribute replaced for which `replace` has something else; the rest is entered and kept. What the
    /// schema does not have stays.
    pub(crate) fn map_attributes(
        self,
        object: &Value,
        replace: &impl Fn(&Attribute) -> Option<Value>,
    ) -> Value {
        let Value::Map(entries) = object else {
            return object.clone();
        };
        let mut entries = entries.clone();
        for (name, field) in self.iter() {
            let Some(value) = entries.get_mut(name) else {
                continue;
            };
            if let Some(replacement) = field.attribute().and_then(replace) {
                *value = replacement;
                continue;
            }
            if let Field::Nested(_, nesting, fields) | Field::Block(nesting, fields) = field {
                *value =
                    nesting.map_objects(value, |object| fields.map_attributes(object, replace));
            }
        }
        Value::Map(entries)
    }

    fn add_sensitive(self, object: &Value, at: &Path, paths: &mut PathSet) {
        let Value::Map(entries) = object else { return };
        for (name, field) in self.iter() {
            let Some(value) = entries.get(name) else {
                continue;
            };
            let at = at.join(Step::Attribute(name.to_owned()));
            if field.attribute().is_some_and(|a| a.sensitive) {
                paths.insert(at);
                continue;
            }
            let (nesting, fields) = match field {
                Field::Plain(_) => continue,
                Field::Nested(_, nesting, fields) | Field::Block(nesting, fields) => {
                    (nesting, fields)
                }
            };
            match (nesting, value) {
                (Nesting::Single | Nesting::Group, object) => {
                    fields.add_sensitive(object, &at, paths)
                }
                (Nesting::Map, Value::Map(objects)) => {
                    for (key, object) in objects {
                        fields.add_sensitive(object, &at.join(Step::Key(key.clone())), paths);
                    }
                }
                (_, Value::Set(members)) => {
                    // A path into a set would have to quote the member, and so the secret.
                    let mut inside = PathSet::default();
                    for member in members {
                        fields.add_sensitive(member, &Path::root(), &mut inside);
                    }
                    if !inside.is_empty() {
                        paths.insert(at);
                    }
                }
                (_, Value::List(objects)) => {
                    for (index, object) in objects.iter().enumerate() {
                        fields.add_sensitive(object, &at.join(Step::Index(index)), paths);
                    }
                }
                _ => {}
            }
        }
    }
}

impl Nesting {
    /// The value with each object in it changed.
    pub(crate) fn map_objects(self, value: &Value, change: impl Fn(&Value) -> Value) -> Value {
        match (self, value) {
            (Self::Single | Self::Group, object) => change(object),
            (Self::Map, Value::Map(objects)) => Value::Map(
                objects
                    .iter()
                    .map(|(key, object)| (key.clone(), change(object)))
                    .collect(),
            ),
            (_, Value::List(objects)) => Value::List(objects.iter().map(change).collect()),
            (_, Value::Set(members)) => Value::set(members.iter().map(change)),
            // Null, unknown, or not what the schema says.
            (_, other) => other.clone(),
        }
    }
}

impl Block {
    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields {
            attributes: &self.attributes,
            blocks: Some(&self.blocks),
        }
    }

    /// The object with every attribute, nested ones included, replaced for which `replace` has something else.
    pub fn map_attributes(
        &self,
        object: &Value,
        replace: impl Fn(&Attribute) -> Option<Value>,
    ) -> Value {
        self.fields().map_attributes(object, &replace)
    }

    /// The object with null in all write-only attributes, as a state stores it.
    pub fn strip_write_only(&self, object: &Value) -> Value {
        self.map_attributes(object, |a| a.write_only.then_some(Value::Null))
    }

    /// The parts of an object that the schema calls sensitive. A sensitive attribute in a member of a set marks the whole set.
    pub fn sensitive_paths(&self, object: &Value) -> PathSet {
        let mut paths = PathSet::default();
        self.fields()
            .add_sensitive(object, &Path::root(), &mut paths);
        paths
    }
}

#[cfg(test)]
#[path = "shape_tests.rs"]
mod tests;
