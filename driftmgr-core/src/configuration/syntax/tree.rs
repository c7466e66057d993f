//! The syntax tree that both spellings of the language, native and JSON, are read into.

use std::fmt;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization as _;

use super::source::{Location, SourceFile, Span};
use crate::value::Value;

/// An expression that has not been evaluated, with the file it stands in.
#[derive(Clone)]
pub struct Expression {
    pub(crate) file: Arc<SourceFile>,
    pub(crate) node: Node,
}

impl Expression {
    /// Where it begins.
    pub fn location(&self) -> Location {
        self.file.location(self.node.span.start)
    }

    /// The value when it is a literal without any reference, and `None` otherwise.
    pub fn as_literal(&self) -> Option<Value> {
        self.node.as_literal()
    }

    /// A reference or keyword as written: `aws.west`, `null_resource.a`, `all`. The JSON spelling puts these in strings.
    pub(crate) fn as_reference(&self) -> Option<String> {
        self.node.as_reference(&self.file)
    }

    pub(crate) fn with_node(&self, node: &Node) -> Self {
        Self {
            file: Arc::clone(&self.file),
            node: node.clone(),
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({})", self.location())
    }
}

/// A node of an expression.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: NodeKind,
}

#[derive(Clone)]
pub(crate) enum NodeKind {
    Literal(Value),
    Template(Vec<Part>),
    Array(Vec<Node>),
    Object(Vec<(Node, Node)>),
    Variable(String),
    Traversal(Box<Node>, Vec<(Step, Span)>),
    Call(Box<Call>),
    Conditional(Box<[Node; 3]>),
    Not(Box<Node>),
    Negate(Box<Node>),
    Binary(BinaryOperator, Box<[Node; 2]>),
    For(Box<For>),
    /// What is read but not understood here; its value is unknown, for this reason.
    Unsupported(&'static str),
}

#[derive(Clone)]
pub(crate) enum Step {
    Attribute(String),
    Index(Node),
    AttributeSplat,
    FullSplat,
}

#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) arguments: Vec<Node>,
    /// The last argument ends in `...`.
    pub(crate) expand_final: bool,
}

#[derive(Clone)]
pub(crate) struct For {
    pub(crate) key_variable: Option<String>,
    pub(crate) value_variable: String,
    pub(crate) collection: Node,
    /// Present when the result is an object.
    pub(crate) key: Option<Node>,
    pub(crate) value: Node,
    pub(crate) grouping: bool,
    pub(crate) condition: Option<Node>,
}

/// A piece of a template. Whitespace that `~` strips is already gone from the literals.
#[derive(Clone)]
pub(crate) enum Part {
    Literal(String),
    Interpolation(Node),
    If {
        condition: Node,
        then: Vec<Part>,
        otherwise: Vec<Part>,
    },
    For {
        key_variable: Option<String>,
        value_variable: String,
        collection: Node,
        body: Vec<Part>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum BinaryOperator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    And,
    Or,
}

impl Node {
    pub(crate) fn literal(span: Span, value: impl Into<Value>) -> Self {
        Self {
            span,
            kind: NodeKind::Literal(value.into()),
        }
    }

    pub(crate) fn as_literal(&self) -> Option<Value> {
        match &self.kind {
            NodeKind::Literal(value) => Some(value.clone()),
            NodeKind::Array(items) => items
                .iter()
                .map(Self::as_literal)
                .collect::<Option<_>>()
                .map(Value::List),
            NodeKind::Object(items) => items
                .iter()
                .map(|(key, value)| {
                    let key = key.as_literal()?;
                    Some((key.as_str()?.to_owned(), value.as_literal()?))
                })
                .collect::<Option<_>>()
                .map(Value::Map),
            _ => None,
        }
    }

    pub(crate) fn as_reference(&self, file: &SourceFile) -> Option<String> {
        match &self.kind {
            NodeKind::Variable(name) => Some(name.clone()),
            NodeKind::Traversal(..) => Some(file.slice(self.span).trim().to_owned()),
            NodeKind::Literal(Value::String(text)) => Some(text.clone()),
            // `"${aws.west}"`, as Terraform 0.11 wanted it.
            NodeKind::Template(parts) => match parts.as_slice() {
                [Part::Interpolation(node)] => node.as_reference(file),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Text in the form in which Terraform keeps all text: Unicode's NFC.
pub(super) fn normal(text: &str) -> String {
    text.nfc().collect()
}

pub(crate) fn to_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Attributes and blocks.
#[derive(Debug, Clone, Default)]
pub struct Body {
    /// Attributes in the order of the file.
    pub attributes: Vec<Attribute>,
    /// Blocks in the order of the file.
    pub blocks: Vec<Block>,
}

/// `name = value`.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// The name.
    pub name: String,
    /// The value.
    pub value: Expression,
}

/// `type "label" { … }`.
#[derive(Debug, Clone)]
pub struct Block {
    /// The word before the labels.
    pub block_type: String,
    /// The labels.
    pub labels: Vec<String>,
    /// What stands between the braces.
    pub body: Body,
    /// Where it begins.
    pub location: Location,
}

impl Body {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&Expression> {
        self.attributes
            .iter()
            .find(|a| a.name == name)
            .map(|a| &a.value)
    }

    /// The blocks of one type.
    pub fn blocks_of<'a>(&'a self, block_type: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks
            .iter()
            .filter(move |b| b.block_type == block_type)
    }

    /// The literal text of an attribute; numbers and booleans become text, as everywhere in the language.
    pub(crate) fn string(&self, name: &str) -> Option<String> {
        to_text(&self.attribute(name)?.as_literal()?)
    }
}
