//! The native spelling. The grammar is `hcl-edit`'s, which also limits nesting; this lowers its tree into ours.

use std::ops::Range;
use std::sync::Arc;

use hcl_edit::Span as _;
use hcl_edit::expr::{self as hcl, Expression as Hcl, TraversalOperator};
use hcl_edit::structure::Structure;
use hcl_edit::template::{Directive, Element, Strip, Template};

use super::source::{SourceFile, Span};
use super::syntax_error;
use super::tree::{
    Attribute, BinaryOperator, Block, Body, Call, Expression, For, Node, NodeKind, Part, Step,
    normal,
};
use crate::error::Error;
use crate::value::{Number, Value};

pub(super) fn parse_body(file: &Arc<SourceFile>) -> Result<Body, Error> {
    let body = hcl_edit::parser::parse_body(file.text()).map_err(|e| parse_error(file, &e))?;
    Ok(Lowering::of(file).body(&body))
}

pub(super) fn parse_expression(file: &Arc<SourceFile>) -> Result<Expression, Error> {
    let parsed = hcl_edit::parser::parse_expr(file.text()).map_err(|e| parse_error(file, &e))?;
    Ok(Lowering::of(file).expression(&parsed))
}

pub(super) fn parse_template(file: &Arc<SourceFile>) -> Result<Expression, Error> {
    let parsed =
        hcl_edit::parser::parse_template(file.text()).map_err(|e| parse_error(file, &e))?;
    let span = Span {
        start: 0,
        end: file.text().len(),
    };
    Ok(Expression {
        file: Arc::clone(file),
        node: Lowering::of(file).with_lines().template(&parsed, span),
    })
}

/// Reads text that stands inside a string of the JSON spelling; every node gets the span of that string.
pub(super) fn parse_embedded_template(
    file: &Arc<SourceFile>,
    text: &str,
    span: Span,
) -> Result<Node, Error> {
    let parsed = hcl_edit::parser::parse_template(text)
        .map_err(|e| syntax_error(file, span.start, e.message()))?;
    let lowering = Lowering {
        file,
        within: Some(span),
        by_line: false,
    };
    Ok(lowering.template(&parsed, span))
}

fn parse_error(file: &SourceFile, error: &hcl_edit::parser::Error) -> Error {
    syntax_error(file, error.location().offset(), error.message())
}

struct Lowering<'a> {
    file: &'a Arc<SourceFile>,
    within: Option<Span>,
    /// Inside of a heredoc or a template file.
    by_line: bool,
}

impl<'a> Lowering<'a> {
    fn of(file: &'a Arc<SourceFile>) -> Self {
        Self {
            file,
            within: None,
            by_line: false,
        }
    }

    fn with_lines(&self) -> Self {
        Self {
            by_line: true,
            ..*self
        }
    }

    fn span(&self, range: Option<Range<usize>>) -> Span {
        self.within
            .unwrap_or_else(|| range.map(Span::from).unwrap_or_default())
    }

    fn body(&self, body: &hcl_edit::structure::Body) -> Body {
        let mut lowered = Body::default();
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => lowered.attributes.push(Attribute {
                    name: attribute.key.to_string(),
                    value: self.expression(&attribute.value),
                }),
                Structure::Block(block) => lowered.blocks.push(Block {
                    block_type: block.ident.value().to_string(),
                    labels: block.labels.iter().map(|l| l.as_str().to_owned()).collect(),
                    body: self.body(&block.body),
                    location: self.file.location(self.span(block.ident.span()).start),
                }),
            }
        }
        lowered
    }

    fn expression(&self, expression: &Hcl) -> Expression {
        Expression {
            file: Arc::clone(self.file),
            node: self.node(expression),
        }
    }

    fn boxed(&self, expression: &Hcl) -> Box<Node> {
        Box::new(self.node(expression))
    }

    fn node(&self, expression: &Hcl) -> Node {
        let span = self.span(expression.span());
        let kind = match expression {
            Hcl::Null(_) => NodeKind::Literal(Value::Null),
            Hcl::Bool(value) => NodeKind::Literal(Value::Bool(*value.value())),
            Hcl::Number(number) => NodeKind::Literal(self.number(number)),
            Hcl::String(text) => NodeKind::Literal(Value::String(normal(text.value()))),
            Hcl::Array(items) => NodeKind::Array(items.iter().map(|i| self.node(i)).collect()),
            Hcl::Object(object) => NodeKind::Object(
                object
                    .iter()
                    .map(|(key, value)| (self.object_key(key), self.node(value.expr())))
                    .collect(),
            ),
            Hcl::StringTemplate(template) => {
                let quoted = Self {
                    by_line: false,
                    ..*self
                };
                return quoted.parts_node(template.iter(), span);
            }
            Hcl::HeredocTemplate(heredoc) if self.is_entangled(heredoc, span) => {
                NodeKind::Unsupported(
                    "an indented heredoc with `%{` or `~` is not supported here; `<<` without `-` is",
                )
            }
            Hcl::HeredocTemplate(heredoc) => {
                return self.with_lines().template(&heredoc.template, span);
            }
            Hcl::Parenthesis(inner) => self.node(inner.inner()).kind,
            Hcl::Variable(name) => NodeKind::Variable(name.value().to_string()),
            Hcl::Conditional(conditional) => NodeKind::Conditional(Box::new([
                self.node(&conditional.cond_expr),
                self.node(&conditional.true_expr),
                self.node(&conditional.false_expr),
            ])),
            Hcl::FuncCall(call) => NodeKind::Call(Box::new(Call {
                name: function_name(&call.name),
                arguments: call.args.iter().map(|a| self.node(a)).collect(),
                expand_final: call.args.expand_final(),
            })),
            Hcl::Traversal(traversal) => NodeKind::Traversal(
                self.boxed(&traversal.expr),
                traversal
                    .operators
                    .iter()
                    .map(|o| (self.step(o.value()), self.span(o.span())))
                    .collect(),
            ),
            Hcl::UnaryOp(operation) => match operation.operator.value() {
                hcl::UnaryOperator::Neg => NodeKind::Negate(self.boxed(&operation.expr)),
                hcl::UnaryOperator::Not => NodeKind::Not(self.boxed(&operation.expr)),
            },
            Hcl::BinaryOp(operation) => NodeKind::Binary(
                binary_operator(*operation.operator.value()),
                Box::new([
                    self.node(&operation.lhs_expr),
                    self.node(&operation.rhs_expr),
                ]),
            ),
            Hcl::ForExpr(each) => NodeKind::For(Box::new(For {
                key_variable: each.intro.key_var.as_ref().map(|k| k.value().to_string()),
                value_variable: each.intro.value_var.value().to_string(),
                collection: self.node(&each.intro.collection_expr),
                key: each.key_expr.as_ref().map(|k| self.node(k)),
                value: self.node(&each.value_expr),
                grouping: each.grouping,
                condition: each.cond.as_ref().map(|c| self.node(&c.expr)),
            })),
        };
        Node { span, kind }
    }

    /// In an indented heredoc, Terraform takes the indentation off after `~` has stripped whitespace, and inside of directives too;
    /// the parser does so before and outside of them. The results differ.
    fn is_entangled(&self, heredoc: &hcl_edit::template::HeredocTemplate, span: Span) -> bool {
        self.file.slice(span).starts_with("<<-")
            && heredoc.template.iter().any(|element| match element {
                Element::Literal(_) => false,
                Element::Interpolation(inner) => inner.strip != Strip::None,
                Element::Directive(_) => true,
            })
    }

    /// From the digits as written: the parser's own number type is not exact.
    fn number(&self, number: &hcl_edit::Formatted<hcl_edit::Number>) -> Value {
        let written: Option<Number> = number
            .as_repr()
            .and_then(|repr| repr.split_whitespace().collect::<String>().parse().ok());
        written
            .or_else(|| number.value().to_string().parse().ok())
            .map_or(Value::Null, Value::Number)
    }

    fn object_key(&self, key: &hcl::ObjectKey) -> Node {
        match key {
            hcl::ObjectKey::Ident(name) => {
                Node::literal(self.span(name.span()), name.value().as_str())
            }
            hcl::ObjectKey::Expression(expression) => self.node(expression),
        }
    }

    fn step(&self, operator: &TraversalOperator) -> Step {
        match operator {
            TraversalOperator::AttrSplat(_) => Step::AttributeSplat,
            TraversalOperator::FullSplat(_) => Step::FullSplat,
            TraversalOperator::GetAttr(name) => Step::Attribute(name.value().to_string()),
            TraversalOperator::Index(index) => Step::Index(self.node(index)),
            TraversalOperator::LegacyIndex(index) => Step::Index(Node::literal(
                self.span(index.span()),
                Number::from(*index.value()),
            )),
        }
    }

    fn template(&self, template: &Template, span: Span) -> Node {
        self.parts_node(template.iter(), span)
    }

    /// A template without any expression is a literal.
    fn parts_node<'t>(&self, elements: impl Iterator<Item = &'t Element>, span: Span) -> Node {
        let elements: Vec<&Element> = elements.collect();
        let parts = self.parts(&elements, false, false);
        let kind = match parts.as_slice() {
            [] => NodeKind::Literal(Value::from("")),
            [Part::Literal(text)] => NodeKind::Literal(Value::String(text.clone())),
            _ => NodeKind::Template(parts),
        };
        Node { span, kind }
    }

    /// `trim_first` and `trim_last` say that the markers around these elements have a `~` on the inner side.
    fn parts(&self, elements: &[&Element], trim_first: bool, trim_last: bool) -> Vec<Part> {
        let strip_of = |at: Option<usize>| {
            at.and_then(|at| elements.get(at))
                .map_or((false, false), |e| outer_strip(e))
        };
        elements
            .iter()
            .enumerate()
            .map(|(at, element)| match element {
                Element::Literal(text) => {
                    let before = match at {
                        0 => trim_first,
                        _ => strip_of(at.checked_sub(1)).1,
                    };
                    let after = match at + 1 == elements.len() {
                        true => trim_last,
                        false => strip_of(Some(at + 1)).0,
                    };
                    let mut text = text.value().as_str();
                    if before {
                        text = self.strip_start(text);
                    }
                    if after {
                        text = self.strip_end(text);
                    }
                    Part::Literal(normal(text))
                }
                Element::Interpolation(inner) => Part::Interpolation(self.node(&inner.expr)),
                Element::Directive(directive) => self.directive(directive),
            })
            .collect()
    }

    /// `~` strips the whitespace of one literal, and where text has lines of its own each line is one.
    fn strip_start<'t>(&self, text: &'t str) -> &'t str {
        let line = match self.by_line {
            true => text.find('\n').map_or(text.len(), |at| at + 1),
            false => text.len(),
        };
        let (first, rest) = text.split_at_checked(line).unwrap_or((text, ""));
        let kept = first.trim_start().len() + rest.len();
        text.get(text.len() - kept..).unwrap_or_default()
    }

    fn strip_end<'t>(&self, text: &'t str) -> &'t str {
        let line = match self.by_line {
            true => text
                .strip_suffix('\n')
                .unwrap_or(text)
                .rfind('\n')
                .map_or(0, |at| at + 1),
            false => 0,
        };
        let (before, last) = text.split_at_checked(line).unwrap_or(("", text));
        text.get(..before.len() + last.trim_end().len())
            .unwrap_or_default()
    }

    fn directive(&self, directive: &Directive) -> Part {
        let inner = |template: &Template, before: Strip, after: Strip| {
            let elements: Vec<&Element> = template.iter().collect();
            self.parts(&elements, before.strip_end(), after.strip_start())
        };
        match directive {
            Directive::If(choice) => {
                let last = choice.endif_expr.strip;
                let middle = choice.else_expr.as_ref().map_or(last, |e| e.strip);
                Part::If {
                    condition: self.node(&choice.if_expr.cond_expr),
                    then: inner(&choice.if_expr.template, choice.if_expr.strip, middle),
                    otherwise: choice
                        .else_expr
                        .as_ref()
                        .map(|e| inner(&e.template, e.strip, last))
                        .unwrap_or_default(),
                }
            }
            Directive::For(each) => {
                let head = &each.for_expr;
                Part::For {
                    key_variable: head.key_var.as_ref().map(|k| k.value().to_string()),
                    value_variable: head.value_var.value().to_string(),
                    collection: self.node(&head.collection_expr),
                    body: inner(&head.template, head.strip, each.endfor_expr.strip),
                }
            }
        }
    }
}

/// Whether an element strips what stands before and after it.
fn outer_strip(element: &Element) -> (bool, bool) {
    match element {
        Element::Literal(_) => (false, false),
        Element::Interpolation(inner) => (inner.strip.strip_start(), inner.strip.strip_end()),
        Element::Directive(directive) => match directive.as_ref() {
            Directive::If(choice) => (
                choice.if_expr.strip.strip_start(),
                choice.endif_expr.strip.strip_end(),
            ),
            Directive::For(each) => (
                each.for_expr.strip.strip_start(),
                each.endfor_expr.strip.strip_end(),
            ),
        },
    }
}

/// With its namespace; `core::` is where Terraform's own functions also live.
fn function_name(name: &hcl::FuncName) -> String {
    let full: Vec<&str> = name
        .namespace
        .iter()
        .chain(std::iter::once(&name.name))
        .map(|part| part.value().as_str())
        .collect();
    match full.as_slice() {
        ["core", name] => (*name).to_owned(),
        _ => full.join("::"),
    }
}

fn binary_operator(operator: hcl::BinaryOperator) -> BinaryOperator {
    match operator {
        hcl::BinaryOperator::Eq => BinaryOperator::Equal,
        hcl::BinaryOperator::NotEq => BinaryOperator::NotEqual,
        hcl::BinaryOperator::LessEq => BinaryOperator::LessEqual,
        hcl::BinaryOperator::GreaterEq => BinaryOperator::GreaterEqual,
        hcl::BinaryOperator::Less => BinaryOperator::Less,
        hcl::BinaryOperator::Greater => BinaryOperator::Greater,
        hcl::BinaryOperator::Plus => BinaryOperator::Add,
        hcl::BinaryOperator::Minus => BinaryOperator::Subtract,
        hcl::BinaryOperator::Mul => BinaryOperator::Multiply,
        hcl::BinaryOperator::Div => BinaryOperator::Divide,
        hcl::BinaryOperator::Mod => BinaryOperator::Modulo,
        hcl::BinaryOperator::And => BinaryOperator::And,
        hcl::BinaryOperator::Or => BinaryOperator::Or,
    }
}
