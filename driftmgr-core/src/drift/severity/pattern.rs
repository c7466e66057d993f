//! Patterns over resource types and attribute names: `*` stands for any run of characters, `|` separates alternatives.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::drift) struct Pattern(Vec<Alternative>);

/// Most are plain words, and hundreds of them are compared for each change.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Alternative {
    Word(String),
    Starred(String),
}

impl Alternative {
    fn new(text: &str) -> Self {
        if text.contains('*') {
            Self::Starred(text.to_owned())
        } else {
            Self::Word(text.to_owned())
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Word(word) => word == text,
            Self::Starred(pattern) => fits(pattern, text),
        }
    }
}

impl Serialize for Pattern {
    /// As it is written.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let texts: Vec<&str> = self.alternatives().collect();
        serializer.serialize_str(&texts.join("|"))
    }
}

impl Pattern {
    pub(in crate::drift) fn any() -> Self {
        Self(vec![Alternative::new("*")])
    }

    /// The texts between the bars.
    pub(in crate::drift) fn alternatives(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|alternative| match alternative {
            Alternative::Word(text) | Alternative::Starred(text) => text.as_str(),
        })
    }

    /// Whether the whole text fits.
    pub(in crate::drift) fn matches(&self, text: &str) -> bool {
        self.0.iter().any(|alternative| alternative.matches(text))
    }

    /// Whether the dotted names, or the first few of them, fit.
    pub(in crate::drift) fn covers(&self, names: &str) -> bool {
        let ends = names
            .match_indices('.')
            .map(|(at, _)| at)
            .chain([names.len()]);
        ends.filter_map(|end| names.get(..end))
            .any(|prefix| self.matches(prefix))
    }
}

fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            let cuts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            cuts.filter_map(|at| rest.get(at..))
                .any(|rest| fits(tail, rest))
        }),
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.split('|').any(|a| a.trim().is_empty()) {
            return Err(serde::de::Error::custom(
                "a pattern has no empty alternative",
            ));
        }
        let alternatives = text.split('|').map(|a| Alternative::new(a.trim()));
        Ok(Self(alternatives.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        serde_json::from_value(text.into()).unwrap()
    }

    #[test]
    fn stars_and_alternatives() {
        assert!(pattern("aws_*|google_x").matches("aws_vpc"));
        assert!(pattern("aws_*|google_x").matches("google_x"));
        assert!(!pattern("aws_*").matches("xaws_vpc"));
        assert!(pattern("*_policy").matches("aws_iam_policy"));
        assert!(pattern("a*b*c").matches("aXXbYYc"));
        assert!(!pattern("a*b*c").matches("aXXcYY"));
    }

    #[test]
    fn a_path_covers_what_is_below_it() {
        assert!(pattern("tags").covers("tags.env"));
        assert!(pattern("*.cidr_blocks").covers("ingress.cidr_blocks"));
        assert!(!pattern("tags").covers("tags_all"));
        assert!(!pattern("ingress.cidr_blocks").covers("ingress"));
    }
}
