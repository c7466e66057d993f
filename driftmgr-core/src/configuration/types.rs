//! Type constraints of variables, and the conversion of values to them.

use std::collections::BTreeMap;

use super::syntax::{Expression, Node, NodeKind};
use crate::value::Value;

/// A declared type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TypeConstraint {
    /// `any`.
    #[default]
    Any,
    /// `string`.
    String,
    /// `number`.
    Number,
    /// `bool`.
    Bool,
    /// `list(T)`.
    List(Box<TypeConstraint>),
    /// `set(T)`.
    Set(Box<TypeConstraint>),
    /// `map(T)`.
    Map(Box<TypeConstraint>),
    /// `tuple([T, …])`.
    Tuple(Vec<TypeConstraint>),
    /// `object({name = T, …})`.
    Object(BTreeMap<String, ObjectAttribute>),
}

/// An attribute of an object type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectAttribute {
    /// Its type.
    pub constraint: TypeConstraint,
    /// It may be left out.
    pub optional: bool,
    /// Its value when left out; literals only.
    pub default: Option<Value>,
}

/// Why a value does not have a type. It names types and attributes, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ConversionError(pub(crate) String);

impl TypeConstraint {
    /// Reads a type expression; `Err` names what is not a type.
    pub(crate) fn parse(expression: &Expression) -> Result<Self, ConversionError> {
        match expression.as_reference().as_deref() {
            // Before 0.12, types were words in quotes.
            Some("list") => Ok(Self::List(Box::default())),
            Some("map") => Ok(Self::Map(Box::default())),
            Some("set") => Ok(Self::Set(Box::default())),
            _ => match &expression.node.kind {
                // The JSON spelling, and quoted types of old.
                NodeKind::Literal(Value::String(text)) => {
                    let file = super::syntax::SourceFile::new("", text);
                    let inner = super::syntax::parse_expression(&file)
                        .map_err(|_| ConversionError("not a type".to_owned()))?;
                    Self::of_node(&inner.node)
                }
                _ => Self::of_node(&expression.node),
            },
        }
    }

    fn of_node(node: &Node) -> Result<Self, ConversionError> {
        let wrong = |what: &str| ConversionError(format!("{what} is not a type"));
        match &node.kind {
            NodeKind::Variable(name) => match name.as_str() {
                "any" => Ok(Self::Any),
                "string" => Ok(Self::String),
                "number" => Ok(Self::Number),
                "bool" => Ok(Self::Bool),
                "list" => Ok(Self::List(Box::default())),
                "set" => Ok(Self::Set(Box::default())),
                "map" => Ok(Self::Map(Box::default())),
                other => Err(wrong(&format!("`{other}`"))),
            },
            NodeKind::Call(call) => {
                let [argument] = call.arguments.as_slice() else {
                    return Err(wrong("a type constructor without exactly one argument"));
                };
                match call.name.as_str() {
                    "list" => Ok(Self::List(Box::new(Self::of_node(argument)?))),
                    "set" => Ok(Self::Set(Box::new(Self::of_node(argument)?))),
                    "map" => Ok(Self::Map(Box::new(Self::of_node(argument)?))),
                    "tuple" => match &argument.kind {
                        NodeKind::Array(items) => items
                            .iter()
                            .map(Self::of_node)
                            .collect::<Result<_, _>>()
                            .map(Self::Tuple),
                        _ => Err(wrong("a tuple without a list of types")),
                    },
                    "object" => match &argument.kind {
                        NodeKind::Object(items) => items
                            .iter()
                            .map(|(key, value)| {
                                let name = match &key.kind {
                                    NodeKind::Literal(Value::String(name)) => name.clone(),
                                    _ => return Err(wrong("an attribute without a name")),
                                };
                                Ok((name, ObjectAttribute::of_node(value)?))
                            })
                            .collect::<Result<_, _>>()
                            .map(Self::Object),
                        _ => Err(wrong("an object without attributes")),
                    },
                    other => Err(wrong(&format!("`{other}(…)`"))),
                }
            }
            _ => Err(wrong("the expression")),
        }
    }

    /// True where Terraform takes a value from the environment or command line as it stands, without reading it as an expression.
    pub(crate) fn is_primitive(&self) -> bool {
        matches!(self, Self::String | Self::Number | Self::Bool)
    }

    /// Converts as Terraform does when a value is assigned to a variable.
    pub(crate) fn convert(&self, value: Value) -> Result<Value, ConversionError> {
        if matches!(value, Value::Null | Value::Unknown) {
            return Ok(value);
        }
        match self {
            Self::Any => Ok(value),
            Self::String => to_string(&value).map(Value::String),
            Self::Number => to_number(&value),
            Self::Bool => to_bool(&value),
            Self::List(inner) => Ok(Value::List(inner.elements(value)?)),
            Self::Set(inner) => Ok(Value::set(inner.elements(value)?)),
            Self::Map(inner) => match value {
                Value::Map(entries) => entries
                    .into_iter()
                    .map(|(key, value)| Ok((key, inner.convert(value)?)))
                    .collect::<Result<_, _>>()
                    .map(Value::Map),
                other => Err(mismatch("map", &other)),
            },
            Self::Tuple(types) => match value {
                Value::List(items) if items.len() == types.len() => items
                    .into_iter()
                    .zip(types)
                    .map(|(item, ty)| ty.convert(item))
                    .collect::<Result<_, _>>()
                    .map(Value::List),
                Value::List(_) => Err(ConversionError("the tuple has another length".to_owned())),
                other => Err(mismatch("tuple", &other)),
            },
            Self::Object(attributes) => match value {
                Value::Map(mut entries) => attributes
                    .iter()
                    .map(|(name, attribute)| {
                        let value = entries.remove(name);
                        Ok((name.clone(), attribute.convert(name, value)?))
                    })
                    .collect::<Result<_, _>>()
                    .map(Value::Map),
                other => Err(mismatch("object", &other)),
            },
        }
    }

    fn elements(&self, value: Value) -> Result<Vec<Value>, ConversionError> {
        match value {
            Value::List(items) | Value::Set(items) => {
                items.into_iter().map(|item| self.convert(item)).collect()
            }
            other => Err(mismatch("list", &other)),
        }
    }
}

impl ObjectAttribute {
    fn of_node(node: &Node) -> Result<Self, ConversionError> {
        if let NodeKind::Call(call) = &node.kind
            && call.name == "optional"
        {
            let first = call
                .arguments
                .first()
                .ok_or_else(|| ConversionError("`optional()` is not a type".to_owned()))?;
            return Ok(Self {
                constraint: TypeConstraint::of_node(first)?,
                optional: true,
                default: call.arguments.get(1).and_then(Node::as_literal),
            });
        }
        Ok(Self {
            constraint: TypeConstraint::of_node(node)?,
            optional: false,
            default: None,
        })
    }

    fn convert(&self, name: &str, value: Option<Value>) -> Result<Value, ConversionError> {
        let given = value.unwrap_or_default();
        match (&given, &self.default) {
            (Value::Null, Some(default)) => self.constraint.convert(default.clone()),
            (Value::Null, None) if self.optional => Ok(Value::Null),
            (Value::Null, None) => Err(ConversionError(format!("attribute `{name}` is required"))),
            _ => self.constraint.convert(given),
        }
    }
}

fn mismatch(wanted: &str, value: &Value) -> ConversionError {
    ConversionError(format!("a {wanted} is needed, not a {}", value.kind_name()))
}

/// Numbers and booleans become text; the rest does not.
pub(crate) fn to_string(value: &Value) -> Result<String, ConversionError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        other => Err(mismatch("string", other)),
    }
}

pub(crate) fn to_number(value: &Value) -> Result<Value, ConversionError> {
    match value {
        Value::Number(_) => Ok(value.clone()),
        Value::String(text) => text
            .parse()
            .map(Value::Number)
            .map_err(|_| ConversionError("a number is needed".to_owned())),
        other => Err(mismatch("number", other)),
    }
}

pub(crate) fn to_bool(value: &Value) -> Result<Value, ConversionError> {
    match value {
        Value::Bool(_) => Ok(value.clone()),
        Value::String(text) => match text.as_str() {
            "true" | "1" => Ok(Value::Bool(true)),
            "false" | "0" => Ok(Value::Bool(false)),
            _ => Err(ConversionError("a bool is needed".to_owned())),
        },
        other => Err(mismatch("bool", other)),
    }
}
