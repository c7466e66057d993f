//! Values by key, and one layer over another.

use std::collections::BTreeMap;

use super::key::{KEYS, Key};
use super::origin::{Origin, Sourced};
use super::value::Setting;

/// Values of some keys, each with its origin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layer(BTreeMap<&'static str, Sourced<Setting>>);

impl Layer {
    /// The defaults.
    pub(super) fn defaults() -> Self {
        let mut layer = Self::default();
        let folder = std::path::Path::new("");
        for key in KEYS {
            // A test reads all of them, so that none is wrong here.
            let value = key.default.and_then(|text| {
                Setting::from_text(&key.kind, text, folder, &Origin::Default).ok()
            });
            if let Some(value) = value {
                layer.set(key, Sourced::new(value, Origin::Default));
            }
        }
        layer
    }

    pub(super) fn set(&mut self, key: &Key, value: Sourced<Setting>) {
        if let Some(key) = Key::find(key.name) {
            self.0.insert(key.name, value);
        }
    }

    /// The value of a key.
    pub fn get(&self, name: &str) -> Option<&Sourced<Setting>> {
        self.0.get(name)
    }

    /// The keys that are set, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Sourced<Setting>)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    /// This layer over another: a key is taken whole from the upper one that sets it.
    ///
    /// It is associative, and a layer without values changes nothing.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        let mut values = below.0;
        values.extend(self.0);
        Self(values)
    }
}
