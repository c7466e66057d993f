//! Which workspaces of an organization a block means, and the names that a root module has for them.

use std::collections::{BTreeMap, BTreeSet};

use crate::backend::WorkspaceName;
use crate::error::{Error, ErrorKind, Result};

/// The workspaces of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mapping {
    /// `remote`: the workspace `default` is this one.
    Default(String),
    /// `remote`: all whose names begin so; the rest is the name.
    Prefix(String),
    /// `cloud`: this one, under its own name.
    Name(String),
    /// `cloud`: all with these tags, under their own names.
    Tags(BTreeSet<String>),
    /// `cloud`: the same with tags that are keys with values.
    KeyValues(BTreeMap<String, String>),
}

impl Mapping {
    pub(super) fn has_several(&self) -> bool {
        !matches!(self, Self::Default(_) | Self::Name(_))
    }

    /// What it is, for people.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Default(name) | Self::Name(name) => name.clone(),
            Self::Prefix(prefix) => format!("{prefix}*"),
            Self::Tags(tags) => {
                let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
                format!("* ({})", tags.join(", "))
            }
            Self::KeyValues(tags) => {
                let tags: Vec<String> = tags.iter().map(|(k, v)| format!("{k}={v}")).collect();
                format!("* ({})", tags.join(", "))
            }
        }
    }

    /// The name of a workspace on the server.
    ///
    /// # Errors
    /// `Unsupported` for another one where there is one only, `InvalidInput` for `default` where there is none.
    pub(super) fn on_server(&self, workspace: &WorkspaceName) -> Result<String> {
        let name = workspace.as_str();
        match self {
            Self::Default(only) if workspace.is_default() => Ok(only.clone()),
            // A folder that was not initialised has no other name for it.
            Self::Name(only) if workspace.is_default() || only == name => Ok(only.clone()),
            Self::Default(only) | Self::Name(only) => Err(Error::new(
                ErrorKind::Unsupported,
                format!("the backend has one workspace, `{only}`"),
            )
            .with("workspace", workspace)
            .with_hint("for several, its `workspaces` need `prefix` (remote) or `tags` (cloud)")),
            _ if workspace.is_default() => Err(Error::new(
                ErrorKind::InvalidInput,
                "this backend has no workspace `default`",
            )
            .with_hint("select one with `terraform workspace select`, or by TF_WORKSPACE")),
            // A name that has the prefix already is not given another one.
            Self::Prefix(prefix) if !name.starts_with(prefix.as_str()) => {
                Ok(format!("{prefix}{name}"))
            }
            _ => Ok(name.to_owned()),
        }
    }

    /// The name that a root module has for a workspace of the server; `None` for one that is not meant.
    pub(super) fn in_module(&self, on_server: &str) -> Option<WorkspaceName> {
        match self {
            Self::Prefix(prefix) => on_server.strip_prefix(prefix.as_str())?.parse().ok(),
            _ => on_server.parse().ok(),
        }
    }
}
