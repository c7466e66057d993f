//! A value of a setting, and how a text becomes one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::duration::{format_duration, parse_duration};
use super::entries::Entry;
use super::key::Kind;
use super::origin::{Origin, Sourced};

/// The longest duration: what is longer is a typing error, and a clock must be able to add it.
pub(super) const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// A value of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// Text, or one of a few words.
    Text(String),
    /// True or false.
    Flag(bool),
    /// A whole number.
    Whole(u64),
    /// A duration.
    Duration(Duration),
    /// A path; relative ones start from the folder of the file, or from the working folder.
    Path(PathBuf),
    /// Texts, each with its place.
    Texts(Vec<Sourced<String>>),
    /// Rules.
    Entries(Vec<Entry>),
}

impl Serialize for Setting {
    /// As JSON has it: durations as `1h30m`, lists of texts without their places.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Whole(number) => serializer.serialize_u64(*number),
            Self::Duration(duration) => serializer.serialize_str(&format_duration(*duration)),
            Self::Path(path) => serializer.serialize_str(&path.to_string_lossy()),
            Self::Texts(texts) => serializer.collect_seq(texts.iter().map(|t| &t.value)),
            Self::Entries(entries) => serializer.collect_seq(entries),
        }
    }
}

impl Setting {
    /// Reads the text of a variable, a flag or a default. Lists are separated by commas.
    ///
    /// `Err` holds what was expected.
    pub(super) fn from_text(
        kind: &Kind,
        text: &str,
        folder: &Path,
        origin: &Origin,
    ) -> Result<Self, String> {
        let text = text.trim();
        let read = match kind {
            Kind::Text => (!text.is_empty()).then(|| Self::Text(text.to_owned())),
            Kind::Flag => match text.to_ascii_lowercase().as_str() {
                "true" | "1" => Some(Self::Flag(true)),
                "false" | "0" => Some(Self::Flag(false)),
                _ => None,
            },
            Kind::Whole { .. } => text.parse().ok().and_then(|number| kind.whole(number)),
            Kind::Duration => parse_duration(text).and_then(|duration| kind.duration(duration)),
            Kind::Word(words) => words
                .iter()
                .find(|word| **word == text.to_ascii_lowercase())
                .map(|word| Self::Text((*word).to_owned())),
            Kind::Path => (!text.is_empty()).then(|| Self::Path(folder.join(text))),
            Kind::Texts => {
                let each = text.split(',').map(str::trim).filter(|t| !t.is_empty());
                let each = each.map(|t| Sourced::new(t.to_owned(), origin.clone()));
                Some(Self::Texts(each.collect()))
            }
            Kind::Entries { .. } => text.is_empty().then(|| Self::Entries(Vec::new())),
        };
        read.ok_or_else(|| kind.expected())
    }
}
