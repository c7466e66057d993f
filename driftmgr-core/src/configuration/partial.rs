//! What stands beside a backend block: arguments that are given when a folder is initialised (`-backend-config`).
//! <https://developer.hashicorp.com/terraform/language/backend#partial-configuration>

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde_json::Value as Json;

use super::build::problem_at;
use super::load::read_source;
use super::syntax::{Body, Expression, SourceFile, parse_expression, parse_values};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::value::json;

/// Text arguments whose value can begin like an expression.
const TEXTS: [&str; 1] = ["credentials"];

/// One `-backend-config`. The order of several counts: later ones win.
///
/// `"bucket=states".parse()` is a value, and text without `=` is a file, as both programs take it.
#[derive(Clone, PartialEq, Eq)]
pub enum BackendInput {
    /// `NAME=VALUE`: the text itself, or an expression where it begins with `{` or `[`.
    Value {
        /// The argument.
        name: String,
        /// Its value; it can be a secret.
        value: String,
    },
    /// A file of arguments, in HCL or JSON, relative to the working folder.
    File(PathBuf),
}

impl FromStr for BackendInput {
    type Err = Infallible;

    fn from_str(text: &str) -> std::result::Result<Self, Infallible> {
        Ok(match text.split_once('=') {
            Some((name, value)) => Self::Value {
                name: name.trim().to_owned(),
                value: value.to_owned(),
            },
            None => Self::File(PathBuf::from(text)),
        })
    }
}

impl fmt::Debug for BackendInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { name, .. } => write!(f, "Value({name})"),
            Self::File(path) => write!(f, "File({})", path.display()),
        }
    }
}

/// An argument of a backend, and what gave it.
pub(crate) struct BackendArgument {
    pub(crate) name: String,
    pub(crate) value: Json,
    pub(crate) origin: String,
}

impl BackendInput {
    /// The arguments that it gives.
    ///
    /// # Errors
    /// `InvalidConfig` for a file that is none of arguments, `InvalidInput` for a value that is no expression; the kinds of [`Error::io`].
    pub(crate) fn arguments(&self, cx: &Context) -> Result<Vec<BackendArgument>> {
        match self {
            Self::Value { name, value } => Ok(vec![BackendArgument {
                name: name.clone(),
                value: read_value(name, value)?,
                origin: "-backend-config".to_owned(),
            }]),
            Self::File(path) => read_file(&cx.environment().current_dir().join(path), path),
        }
    }
}

fn read_value(name: &str, text: &str) -> Result<Json> {
    let is_expression = text.trim_start().starts_with(['{', '[']) && !TEXTS.contains(&name);
    if !is_expression {
        return Ok(Json::String(text.to_owned()));
    }
    let source = SourceFile::new(format!("<-backend-config {name}>"), text);
    // The error of the parser could show a part of the value.
    let literal = parse_expression(&source).ok().and_then(|e| plain(&e));
    literal.ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidInput,
            format!("the value given for the backend's argument `{name}` is not a literal"),
        )
        .with_hint("lists and objects are given as in the configuration: `[\"a\"]`, `{a = 1}`")
    })
}

fn plain(expression: &Expression) -> Option<Json> {
    expression.as_literal().map(|v| json::encode_plain(&v))
}

fn read_file(path: &Path, shown: &Path) -> Result<Vec<BackendArgument>> {
    let body = parse_values(&read_source(path, shown)?)?;
    let mut found = Vec::new();
    for attribute in &body.attributes {
        found.push(BackendArgument {
            name: attribute.name.clone(),
            value: literal(&attribute.name, &attribute.value)?,
            origin: attribute.value.location().to_string(),
        });
    }
    for block in &body.blocks {
        let object = object(&block.body)?;
        let same = found.iter_mut().find(|it| it.name == block.block_type);
        match same {
            Some(BackendArgument {
                value: Json::Array(all),
                ..
            }) => all.push(object),
            _ => found.push(BackendArgument {
                name: block.block_type.clone(),
                value: Json::Array(vec![object]),
                origin: block.location.to_string(),
            }),
        }
    }
    Ok(found)
}

/// What stands in a block, with each block in it as a list of objects.
fn object(body: &Body) -> Result<Json> {
    let mut map = serde_json::Map::new();
    for attribute in &body.attributes {
        let value = literal(&attribute.name, &attribute.value)?;
        map.insert(attribute.name.clone(), value);
    }
    for block in &body.blocks {
        let inner = object(&block.body)?;
        match map.get_mut(&block.block_type) {
            Some(Json::Array(all)) => all.push(inner),
            _ => {
                map.insert(block.block_type.clone(), Json::Array(vec![inner]));
            }
        }
    }
    Ok(Json::Object(map))
}

fn literal(name: &str, value: &Expression) -> Result<Json> {
    plain(value).ok_or_else(|| {
        problem_at(
            &value.location(),
            format!("the value of `{name}` is not a literal"),
        )
        .with_hint("a file of backend arguments knows no variables and no functions")
    })
}
