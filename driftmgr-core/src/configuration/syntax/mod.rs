//! From text to a syntax tree, for the native and the JSON spelling of the language.

mod json;
mod native;
mod source;
mod tree;

use std::sync::Arc;

pub use source::Location;
pub(crate) use source::{SourceFile, Span};
pub use tree::{Attribute, Block, Body, Expression};
pub(crate) use tree::{BinaryOperator, Call, For, Node, NodeKind, Part, Step, to_text};

use crate::error::{Error, ErrorKind};

/// Reads a file by its spelling, which the name tells.
pub(crate) fn parse_file(file: &Arc<SourceFile>) -> Result<Body, Error> {
    if is_json(file.path()) {
        json::parse_body(file)
    } else {
        native::parse_body(file)
    }
}

/// True for the JSON spelling.
pub(crate) fn is_json(path: &std::path::Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("json"))
}

/// Reads one expression, such as the text of a variable given on the command line.
pub(crate) fn parse_expression(file: &Arc<SourceFile>) -> Result<Expression, Error> {
    native::parse_expression(file)
}

/// Reads a template, such as a file for `templatefile`.
pub(crate) fn parse_template(file: &Arc<SourceFile>) -> Result<Expression, Error> {
    native::parse_template(file)
}

/// Reads a file of variable values: attributes only, whatever the spelling.
pub(crate) fn parse_values(file: &Arc<SourceFile>) -> Result<Body, Error> {
    if is_json(file.path()) {
        json::parse_values(file)
    } else {
        native::parse_body(file)
    }
}

/// Reads what stands in an `encryption` block, in either spelling: JSON begins with a brace.
pub(crate) fn parse_encryption(file: &Arc<SourceFile>) -> Result<Body, Error> {
    if file.text().trim_start().starts_with('{') {
        json::parse_encryption(file)
    } else {
        native::parse_body(file)
    }
}

fn syntax_error(file: &SourceFile, offset: usize, reason: &str) -> Error {
    let place = file.location(offset);
    Error::new(
        ErrorKind::InvalidConfig,
        format!("the configuration cannot be read: {reason}"),
    )
    .with("file", place.file.display())
    .with("line", place.line)
    .with("column", place.column)
    .with_hint("`terraform validate` shows the same place with its surroundings")
}
