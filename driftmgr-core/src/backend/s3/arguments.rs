//! Arguments with the types that Terraform gives them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::backend::BackendSpec;
use crate::error::{Error, ErrorKind, Result};

/// The arguments of a block, or of an object inside it.
pub(super) struct Arguments<'a> {
    values: BTreeMap<&'a str, &'a Json>,
    /// The name of the object with a dot, empty for the block itself.
    prefix: String,
    origin: &'a str,
}

impl<'a> Arguments<'a> {
    /// The arguments of a backend block.
    ///
    /// # Errors
    /// `InvalidConfig` for a name that is not among these.
    pub(super) fn of(spec: &'a BackendSpec, known: &[&str]) -> Result<Self> {
        let values = spec.config.iter();
        let values = values.map(|(name, value)| (name.as_str(), value.expose()));
        Self::checked(values, String::new(), &spec.origin, known)
    }

    fn checked(
        values: impl Iterator<Item = (&'a str, &'a Json)>,
        prefix: String,
        origin: &'a str,
        known: &[&str],
    ) -> Result<Self> {
        let this = Self {
            values: values.filter(|(_, value)| !value.is_null()).collect(),
            prefix,
            origin,
        };
        match this.values.keys().find(|name| !known.contains(*name)) {
            None => Ok(this),
            Some(name) => {
                let error = this.invalid(format!(
                    "the s3 backend has no argument `{}{}`",
                    this.prefix,
                    name.escape_debug()
                ));
                Err(match nearest(name, known) {
                    Some(near) => error.with_hint(format!("did you mean `{}{near}`?", this.prefix)),
                    None => error,
                })
            }
        }
    }

    /// An error of the configuration, with its place.
    pub(super) fn invalid(&self, reason: impl Into<String>) -> Error {
        Error::new(ErrorKind::InvalidConfig, reason).with("backend", self.origin)
    }

    /// The error of an argument that both programs follow and this library does not yet.
    pub(super) fn unsupported(&self, name: &str) -> Error {
        Error::new(
            ErrorKind::Unsupported,
            format!(
                "the s3 backend's argument `{}{name}` is not supported",
                self.prefix
            ),
        )
        .with("backend", self.origin)
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

    /// A string that has to be there.
    pub(super) fn required(&self, name: &str) -> Result<String> {
        self.text(name)?.ok_or_else(|| {
            self.invalid(format!(
                "the backend's argument `{}{name}` is missing or empty",
                self.prefix
            ))
        })
    }

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
        match self.exact_text(name)? {
            None => Ok(None),
            Some(text) => match text.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(self.wrong_type(name, "a whole number")),
            },
        }
    }

    /// A set of strings; `None` when it is not set.
    pub(super) fn texts(&self, name: &str) -> Result<Option<BTreeSet<String>>> {
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

    /// A map of strings, empty when it is not set.
    pub(super) fn map(&self, name: &str) -> Result<BTreeMap<String, String>> {
        let wrong = || self.wrong_type(name, "a map of strings");
        match self.values.get(name) {
            None => Ok(BTreeMap::new()),
            Some(Json::Object(map)) => map
                .iter()
                .map(|(key, value)| {
                    let value = value.as_str().map(str::to_owned).ok_or_else(wrong)?;
                    Ok((key.clone(), value))
                })
                .collect(),
            Some(_) => Err(wrong()),
        }
    }

    /// An object of arguments.
    pub(super) fn object(&self, name: &str, known: &[&str]) -> Result<Option<Arguments<'a>>> {
        let prefix = format!("{}{name}.", self.prefix);
        match self.values.get(name) {
            None => Ok(None),
            Some(Json::Object(map)) => {
                let values = map.iter().map(|(name, value)| (name.as_str(), value));
                Self::checked(values, prefix, self.origin, known).map(Some)
            }
            Some(_) => Err(self.wrong_type(name, "an object")),
        }
    }
}

/// The name that was probably meant: the one with the fewest typing errors, when they are few.
fn nearest<'a>(word: &str, names: &[&'a str]) -> Option<&'a str> {
    let allowed = (word.len() / 3).max(1);
    names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), *name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}
