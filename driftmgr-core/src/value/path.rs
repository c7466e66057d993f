//! Where something stands inside a value, spelled as in Terraform expressions.

use std::collections::BTreeSet;
use std::fmt;

use super::Value;
use crate::address::quote;

/// One step into a value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// An attribute of an object: `.name`.
    Attribute(String),
    /// A key of a map: `["name"]`.
    Key(String),
    /// A position in a list or tuple: `[0]`.
    Index(usize),
    /// A member of a set, by its value.
    Element(Box<Value>),
}

/// The way from a resource's object to one part of it: `ingress[0].cidr_blocks[1]`, `tags["env"]`. Empty is the object itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// The object itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// The path of a top-level attribute.
    pub fn attribute_of_root(name: impl Into<String>) -> Self {
        Self(vec![Step::Attribute(name.into())])
    }

    /// This path and one step more.
    #[must_use]
    pub fn join(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The steps.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// True when `self` is `other` or stands above it. Attribute and map steps of the same name match each other, since a state
    /// does not tell objects from maps.
    pub fn contains(&self, other: &Path) -> bool {
        self.0.len() <= other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| a.matches(b))
    }
}

#[cfg(test)]
impl Path {
    /// Attributes by their names, and positions by their numbers.
    pub(crate) fn of_words(words: &[&str]) -> Self {
        let step = |word: &&str| match word.parse() {
            Ok(index) => Step::Index(index),
            Err(_) => Step::Attribute((*word).to_owned()),
        };
        Self(words.iter().map(step).collect())
    }
}

impl Step {
    /// The name of an attribute or key.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Attribute(name) | Self::Key(name) => Some(name),
            _ => None,
        }
    }

    fn matches(&self, other: &Step) -> bool {
        match (self.name(), other.name()) {
            (Some(a), Some(b)) => a == b,
            _ => self == other,
        }
    }
}

impl fmt::Display for Path {
    /// Members of sets are shown as `[…]`: their value can hold a secret. Reports that may show it use the masked form of the set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if i == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(name) => write!(f, "[{}]", quote(name))?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Element(_) => f.write_str("[…]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Path(vec![self.clone()]), f)
    }
}

/// Paths into one value, such as the sensitive ones. A path stands for everything below it too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PathSet(BTreeSet<Path>);

impl PathSet {
    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a path.
    pub fn insert(&mut self, path: Path) {
        self.0.insert(path);
    }

    /// Adds all of another set.
    pub fn extend(&mut self, other: &PathSet) {
        self.0.extend(other.0.iter().cloned());
    }

    /// True when the path, or one above it, is in the set.
    pub fn covers(&self, path: &Path) -> bool {
        self.0.iter().any(|p| p.contains(path))
    }

    /// True when the path, one above it or one below it is in the set: showing the value at `path` would show something marked.
    pub fn touches(&self, path: &Path) -> bool {
        self.0.iter().any(|p| p.contains(path) || path.contains(p))
    }

    /// The paths, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &Path> {
        self.0.iter()
    }
}

impl FromIterator<Path> for PathSet {
    fn from_iter<I: IntoIterator<Item = Path>>(paths: I) -> Self {
        Self(paths.into_iter().collect())
    }
}
