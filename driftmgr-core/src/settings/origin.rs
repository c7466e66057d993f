//! Where a value comes from.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::error::{Error, ErrorKind};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// Nobody set it.
    #[default]
    Default,
    /// A file.
    File {
        /// The file; relative to the working folder when it lies there.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The character in the line, from 1.
        column: usize,
    },
    /// An environment variable.
    Variable {
        /// Its name.
        name: String,
    },
    /// A flag on the command line, or whatever else stands over the environment.
    Flag {
        /// As it is typed, such as `--timeout`.
        name: String,
    },
}

impl Origin {
    /// An error about what stands there.
    pub fn error(&self, message: impl Into<String>) -> Error {
        let error = Error::new(ErrorKind::InvalidConfig, message);
        match self {
            Self::Default => error,
            Self::File { file, line, column } => error
                .with("file", file.display())
                .with("line", line)
                .with("column", column),
            Self::Variable { name } => error.with("variable", name),
            Self::Flag { name } => error.with("flag", name),
        }
    }
}

impl fmt::Display for Origin {
    /// `default`, `driftmgr.yaml:4`, `DRIFTMGR_WORKERS` or `--timeout`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file, line, .. } => write!(f, "{}:{line}", file.display()),
            Self::Variable { name } | Self::Flag { name } => f.write_str(name),
        }
    }
}

/// A value with its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// A value from there.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }
}
