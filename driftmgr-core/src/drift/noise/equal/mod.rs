//! The built-in comparators: which differences mean nothing.
//!
//! | comparator | rules | what | certainty |
//! |---|---|---|---|
//! | [`Absent`] | `equal-empty` | null, `""`, `[]`, `{}` for each other | known, proven where the provider agrees |
//! | [`Spelling`] | `equal-json`, `equal-policy`, `equal-set`, `equal-cidr`, … | one value in two spellings, by a table of types and paths, or by shape | proven by shape, known by the table, presumed by a name |
//! | [`EchoedTags`] | `equal-default-tags` | `tags_all` follows `tags` | proven, known |
//! | [`SystemTags`] | `system-tag` | tags that the cloud sets | known |
//! | [`Moving`] | `computed` | timestamps and counters that only the provider sets | known by type, presumed by name |
//!
//! None of them looks at what is shown, and none of their reasons holds a value.

mod absent;
mod format;
mod moving;
mod place;
mod rules;
mod spelling;
mod tags;

use std::sync::Arc;

use super::compare::{Certainty, Comparators, Noise};

pub use format::Format;
pub use rules::EqualityRule;

pub(super) use place::{at, names};
pub(super) use spelling::Spelling;

impl Comparators {
    /// What is known of formats, resource types and clouds.
    pub fn builtin() -> Self {
        Self(vec![
            Arc::new(absent::Absent),
            Arc::new(Spelling::builtin()),
            Arc::new(tags::EchoedTags),
            Arc::new(tags::SystemTags),
            Arc::new(moving::Moving),
        ])
    }

    /// These, asked after users' rules.
    #[must_use]
    pub fn with_rules(mut self, rules: Vec<EqualityRule>) -> Self {
        if !rules.is_empty() {
            self.0.insert(0, Arc::new(Spelling::of_rules(rules)));
        }
        self
    }
}

impl Default for Comparators {
    /// The built-in ones.
    fn default() -> Self {
        Self::builtin()
    }
}

fn noise(rule: &str, reason: &str, certainty: Certainty) -> Noise {
    Noise {
        rule: rule.to_owned(),
        reason: reason.to_owned(),
        certainty,
    }
}

#[cfg(test)]
mod tests;
