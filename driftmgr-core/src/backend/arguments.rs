//! The arguments of a backend block with the types that Terraform gives them, each with the environment variables that stand in for it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::BackendSpec;
use crate::env::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::settings::nearest;

/// The arguments of a block, or of an object inside it.
pub(super) struct Arguments<'a> {
    values: BTreeMap<&'a str, &'a Json>,
    /// The name of the object with a dot, empty for the block itself.
    prefix: String,
    spec: &'a BackendSpec,
    environment: &'a Environment,
}

impl<'a> Arguments<'a> {
    /// The arguments of a backend block.
    ///
    /// # Errors
    /// `InvalidConfig` for a name that is not among these, with the one that was probably meant.
    pub(super) fn of(
        spec: &'a BackendSpec,
        environment: &'a Environment,
        known: &[&str],
    ) -> Result<Self> {
        let values = spec.config.iter();
        let values = values.map(|(name, value)| (name.as_str(), value.expose()));
        let this = Self {
            values: BTreeMap::new(),
            prefix: String::new(),
            spec,
            environment,
        };
        this.with(values, known)
    }

    /// The same place with these values.
    fn with(
        mut self,
        values: impl Iterator<Item = (&'a str, &'a Json)>,
        known: &[&str],
    ) -> Result<Self> {
        self.values = values.filter(|(_, value)| !value.is_null()).collect();
        let Some(name) = self.values.keys().find(|name| !known.contains(name)) else {
            return Ok(self);
        };
        let error = self.invalid(format!(
            "the {} backend has no argument `{}{}`",
            self.spec.kind.escape_debug(),
            self.prefix,
            name.escape_debug()
        ));
        Err(match nearest(name, known.iter().copied()) {
            Some(near) => error.with_hint(format!("did you mean `{}{near}`?", self.prefix)),
            None => error.with_hint(format!("it has: {}", known.join(", "))),
        })
    }

    /// An error of the configuration, with its place.
    pub(super) fn invalid(&self, reason: impl Into<String>) -> Error {
        Error::new(ErrorKind::InvalidConfig, reason).with("backend", &self.spec.origin)
    }

    /// The error of an argument that both programs follow and this library does not yet.
    pub(super) fn unsupported(&self, name: &str) -> Error {
        Error::new(
            ErrorKind::Unsupported,
            format!(
                "the {} backend's argument `{}{name}` is not supported",
                self.spec.kind.escape_debug(),
                self.prefix
            ),
        )
        .with("backend", &self.spec.origin)
    }

    fn wrong_type(&self, name: &str, wanted: &str) -> Error {
        self.invalid(format!(
            "the backend's argument `{}{name}` is not {wanted}",
            self.prefix
        ))
    }

    /// Fails when more than one of these is set.
    pub(super) fn conflict(&self, names: &[&str]) -> Result<()> {
        let mut set = names.iter().filter(|name| self.has(name));
        match (set.next(), set.next()) {
            (Some(one), Some(other)) => Err(self.invalid(format!(
                "the backend's arguments `{0}{one}` and `{0}{other}` exclude each other",
                self.prefix
            ))),
            _ => Ok(()),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A string. An empty one counts as not set.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>> {
        Ok(self.exact_text(name)?.filter(|text| !text.is_empty()))
    }

    /// A string, the empty one included.
    pub(super) fn exact_text(&self, name: &str) -> Result<Option<String>> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.clone())),
            // As Terraform converts them.
            Some(Json::Number(number)) => Ok(Some(number.to_string())),
            Some(Json::Bool(value)) => Ok(Some(value.to_string())),
            Some(_) => Err(self.wrong_type(name, "a string")),
        }
    }

    /// A string; the first of these variables that is not empty stands in for an argument that is not set.
    pub(super) fn text_or(&self, name: &str, variables: &[&str]) -> Result<Option<String>> {
        Ok(self.text(name)?.or_else(|| self.variable(variables)))
    }

    /// The same, where an empty argument is set and keeps the variables out.
    pub(super) fn exact_text_or(&self, name: &str, variables: &[&str]) -> Result<Option<String>> {
        Ok(self.exact_text(name)?.or_else(|| self.variable(variables)))
    }

    /// The same, where what is empty in the end counts as not set.
    pub(super) fn filled_or(&self, name: &str, variables: &[&str]) -> Result<Option<String>> {
        let text = self.exact_text_or(name, variables)?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    fn variable(&self, names: &[&str]) -> Option<String> {
        let set = names.iter().find_map(|name| self.environment.get(name));
        set.map(str::to_owned)
    }

    /// A string that has to be there.
    pub(super) fn required(&self, name: &str) -> Result<String> {
        self.text(name)?.ok_or_else(|| {
            self.invalid(format!(
                "the backend's argument `{}{name}` is missing or empty",
                self.prefix
            ))
        })
    }

    /// Yes or no.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Json::Bool(value)) => Ok(Some(*value)),
            Some(Json::String(text)) => match text.as_str() {
                "true" | "1" => Ok(Some(true)),
                "false" | "0" => Ok(Some(false)),
                _ => Err(self.wrong_type(name, "true or false")),
            },
            Some(_) => Err(self.wrong_type(name, "true or false")),
        }
    }

    /// A whole number, not negative.
    pub(super) fn count(&self, name: &str) -> Result<Option<u32>> {
        let number = |text: String| text.trim().parse().ok();
        match self.exact_text(name)?.map(number) {
            None => Ok(None),
            Some(Some(number)) => Ok(Some(number)),
            Some(None) => Err(self.wrong_type(name, "a whole number")),
        }
    }

    /// The same; a variable stands in for an argument that is not set.
    pub(super) fn count_or(&self, name: &str, variable: &str) -> Result<Option<u32>> {
        if let Some(number) = self.count(name)? {
            return Ok(Some(number));
        }
        let text = self.environment.get(variable);
        let number = text.map(|text| text.trim().parse()).transpose();
        number.map_err(|_| self.invalid(format!("{variable} is not a whole number")))
    }

    /// Strings, a set or a list of them; `None` when they are not set.
    pub(super) fn texts<C: FromIterator<String>>(&self, name: &str) -> Result<Option<C>> {
        let wrong = || self.wrong_type(name, "a list of strings");
        match self.values.get(name) {
            None => Ok(None),
            Some(Json::Array(items)) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong))
                .collect::<Result<_>>()
                .map(Some),
            Some(_) => Err(wrong()),
        }
    }

    /// A list of strings in its order; `None` when it is not set. Elements without a value are empty.
    #[cfg(feature = "kubernetes")]
    pub(super) fn list(&self, name: &str) -> Result<Option<Vec<String>>> {
        let wrong = || self.wrong_type(name, "a list of strings");
        match self.values.get(name) {
            None => Ok(None),
            Some(Json::Array(items)) => items
                .iter()
                .map(|item| match item {
                    Json::Null => Ok(String::new()),
                    item => item.as_str().map(str::to_owned).ok_or_else(wrong),
                })
                .collect::<Result<_>>()
                .map(Some),
            Some(_) => Err(wrong()),
        }
    }

    /// A map of strings, empty when it is not set.
    pub(super) fn map(&self, name: &str) -> Result<BTreeMap<String, String>> {
        let wrong = || self.wrong_type(name, "a map of strings");
        match self.values.get(name) {
            None => Ok(BTreeMap::new()),
            Some(Json::Object(map)) => map
                .iter()
                .map(|(key, value)| match value {
                    Json::String(text) => Ok((key.clone(), text.clone())),
                    Json::Number(_) | Json::Bool(_) => Ok((key.clone(), value.to_string())),
                    _ => Err(wrong()),
                })
                .collect(),
            Some(_) => Err(wrong()),
        }
    }

    /// An object of arguments; a block is a list of one.
    pub(super) fn object(&self, name: &str, known: &[&str]) -> Result<Option<Arguments<'a>>> {
        let prefix = format!("{}{name}.", self.prefix);
        match self.values.get(name) {
            None => Ok(None),
            Some(Json::Array(blocks)) if blocks.is_empty() => Ok(None),
            Some(value) => {
                let map = match value {
                    Json::Object(map) => map,
                    Json::Array(blocks) => match blocks.as_slice() {
                        [Json::Object(map)] => map,
                        _ => return Err(self.wrong_type(name, "one block")),
                    },
                    _ => return Err(self.wrong_type(name, "an object")),
                };
                let values = map.iter().map(|(name, value)| (name.as_str(), value));
                let inside = Self {
                    values: BTreeMap::new(),
                    prefix,
                    ..*self
                };
                inside.with(values, known).map(Some)
            }
        }
    }
}
