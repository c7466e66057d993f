//! Terraform's functions on known values, one file for each family. Errors never show an argument: it can be a secret.
//!
//! `try`, `can`, `templatefile` and the like look at expressions and stand with the evaluator. Functions whose result is not
//! determined by their arguments, such as `timestamp`, cannot be known here.

mod arguments;
mod collection;
mod conversion;
mod date;
mod encoding;
mod filesystem;
mod format;
mod hash;
mod ip;
mod numeric;
mod set;
mod string;
#[cfg(test)]
mod tests;
mod yaml;

use std::path::{Path, PathBuf};

use arguments::Arguments;
#[cfg(test)]
pub(crate) use encoding::to_json;

use crate::value::Value;

/// Where relative paths and `~` lead.
#[derive(Clone, Copy)]
pub(crate) struct Folders<'a> {
    pub(crate) current: &'a Path,
    pub(crate) home: Option<&'a Path>,
}

impl Folders<'_> {
    /// A path as the filesystem functions take it.
    pub(crate) fn resolve(&self, path: &str) -> PathBuf {
        self.current.join(self.expand(path))
    }

    /// With the home folder in the place of a leading `~`.
    fn expand(&self, path: &str) -> PathBuf {
        match (path.strip_prefix('~'), self.home) {
            (Some(""), Some(home)) => home.to_owned(),
            (Some(rest), Some(home)) if rest.starts_with('/') => {
                home.join(rest.trim_start_matches('/'))
            }
            _ => PathBuf::from(path),
        }
    }
}

/// Why a call has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Error {
    /// The call is wrong.
    Wrong(String),
    /// The call is right and its value cannot be known here.
    Unknowable(String),
}

type Answer = Result<Value, Error>;

fn wrong(reason: impl Into<String>) -> Error {
    Error::Wrong(reason.into())
}

/// Calls a function with known arguments.
pub(crate) fn call(name: &str, arguments: &[Value], folders: &Folders<'_>) -> Answer {
    let arguments = Arguments(arguments);
    numeric::call(name, &arguments)
        .or_else(|| string::call(name, &arguments))
        .or_else(|| collection::call(name, &arguments))
        .or_else(|| set::call(name, &arguments))
        .or_else(|| conversion::call(name, &arguments))
        .or_else(|| encoding::call(name, &arguments))
        .or_else(|| filesystem::call(name, &arguments, folders))
        .or_else(|| date::call(name, &arguments))
        .or_else(|| hash::call(name, &arguments, folders))
        .or_else(|| ip::call(name, &arguments))
        .unwrap_or_else(|| Err(unknowable(name)))
}

fn unknowable(name: &str) -> Error {
    let why = match name {
        "timestamp" | "plantimestamp" | "uuid" | "bcrypt" => "gives another value each time",
        "rsadecrypt" | "base64gzip" | "base64gunzip" => "is not supported here",
        _ if name.starts_with("provider::") => "is a function of a provider",
        _ => return wrong("there is no such function"),
    };
    Error::Unknowable(format!("`{name}` {why}"))
}
