//! The arguments of a backend block, each with the environment variable that stands in for it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::backend::BackendSpec;
use crate::env::Environment;
use crate::error::{Error, ErrorKind, Result};

/// Reads the arguments of one block. An argument wins over its variable, as in both programs.
pub(super) struct Arguments<'a> {
    spec: &'a BackendSpec,
    environment: &'a Environment,
}

impl<'a> Arguments<'a> {
    /// The arguments of a block.
    ///
    /// # Errors
    /// `InvalidConfig` for an argument that is not among the known ones, with the one that was probably meant.
    pub(super) fn new(
        spec: &'a BackendSpec,
        environment: &'a Environment,
        known: &[&str],
    ) -> Result<Self> {
        let this = Self { spec, environment };
        let unknown = spec.config.keys().find(|n| !known.contains(&n.as_str()));
        let Some(name) = unknown else {
            return Ok(this);
        };
        let error = this.invalid(format!(
            "the {} backend has no argument `{}`",
            spec.kind.escape_debug(),
            name.escape_debug()
        ));
        let distance = |k: &&&str| strsim::damerau_levenshtein(k, name);
        Err(match known.iter().min_by_key(distance) {
            Some(near) if distance(&near) <= near.len() / 3 => {
                error.with_hint(format!("did you mean `{near}`?"))
            }
            _ => error.with_hint(format!("it has: {}", known.join(", "))),
        })
    }

    /// An error about the block.
    pub(super) fn invalid(&self, reason: impl Into<String>) -> Error {
        Error::new(ErrorKind::InvalidConfig, reason).with("backend", &self.spec.origin)
    }

    fn json(&self, name: &str) -> Option<&'a Json> {
        let value = self.spec.config.get(name)?.expose();
        (!value.is_null()).then_some(value)
    }

    /// Text. An empty argument is given and empty; an empty variable is not set.
    ///
    /// # Errors
    /// `InvalidConfig` for anything but text.
    pub(super) fn text(&self, name: &str, variable: &str) -> Result<Option<String>> {
        match self.json(name) {
            None => Ok(self.environment.get(variable).map(str::to_owned)),
            Some(Json::String(text)) => Ok(Some(text.clone())),
            // Terraform turns these into text.
            Some(scalar @ (Json::Number(_) | Json::Bool(_))) => Ok(Some(scalar.to_string())),
            Some(_) => {
                Err(self.invalid(format!("the backend's argument `{name}` is not a string")))
            }
        }
    }

    /// A whole number, not negative.
    ///
    /// # Errors
    /// `InvalidConfig` for anything else, naming the argument or the variable that holds it.
    pub(super) fn number(&self, name: &str, variable: &str, default: u32) -> Result<u32> {
        let (text, place) = match self.json(name) {
            Some(Json::String(text)) => (text.clone(), format!("the backend's argument `{name}`")),
            Some(other) => (
                other.to_string(),
                format!("the backend's argument `{name}`"),
            ),
            None => match self.environment.get(variable) {
                Some(text) => (text.to_owned(), variable.to_owned()),
                None => return Ok(default),
            },
        };
        text.trim()
            .parse()
            .map_err(|_| self.invalid(format!("{place} is not a whole number")))
    }

    /// Yes or no, without a variable.
    ///
    /// # Errors
    /// `InvalidConfig` for anything else.
    pub(super) fn flag(&self, name: &str) -> Result<bool> {
        match self.json(name) {
            None => Ok(false),
            Some(Json::Bool(flag)) => Ok(*flag),
            Some(Json::String(text)) if text == "true" => Ok(true),
            Some(Json::String(text)) if text == "false" => Ok(false),
            Some(_) => Err(self.invalid(format!(
                "the backend's argument `{name}` is neither true nor false"
            ))),
        }
    }

    /// Names with text, sorted by name, without a variable.
    ///
    /// # Errors
    /// `InvalidConfig` for anything else.
    pub(super) fn map(&self, name: &str) -> Result<BTreeMap<String, String>> {
        let invalid = || {
            self.invalid(format!(
                "the backend's argument `{name}` is not a map of strings"
            ))
        };
        match self.json(name) {
            None => Ok(BTreeMap::new()),
            Some(Json::Object(map)) => map
                .iter()
                .map(|(key, value)| match value {
                    Json::String(text) => Ok((key.clone(), text.clone())),
                    Json::Number(_) | Json::Bool(_) => Ok((key.clone(), value.to_string())),
                    _ => Err(invalid()),
                })
                .collect(),
            Some(_) => Err(invalid()),
        }
    }
}
