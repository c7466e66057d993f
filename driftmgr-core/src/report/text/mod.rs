//! Text for people: what a report says, in words that read without colour and fit the terminal. Nothing is printed here.
//!
//! Every string that comes from a state, a provider or a cloud is made harmless first (see [`one_line`]), and whatever is marked
//! sensitive stands as [`crate::redact::MASK`].

mod analyze;
mod change;
mod check;
mod compare;
mod drift;
mod explain;
mod finding;
mod inspect;
mod next;
mod not_looked_at;
mod page;
mod problem;
mod rules;
mod safe;
mod score;
mod section;
mod style;
mod value;

pub use analyze::{analysis, health};
pub use check::check;
pub use compare::comparison;
pub use drift::drift;
pub use explain::explain;
pub(in crate::report) use finding::{
    address, effect, finding, hidden_note, identity, kind_word, replaces, severity_word,
};
pub use inspect::inspect;
pub(crate) use page::count;
pub use problem::{error, problems};
pub use safe::{one_line, shell};
pub use section::{Section, sections};
pub use style::Style;
pub(in crate::report) use value::documents;

/// How a text is to look.
#[derive(Debug, Clone)]
pub struct TextOptions {
    /// Colours.
    pub style: Style,
    /// Cells in a line.
    pub width: usize,
    /// Values in full, however long.
    pub wide: bool,
    /// Every address where otherwise a count would do.
    pub every_address: bool,
    /// Targets that are root module folders, as the caller named them: commands that are suggested start there.
    pub folders: Vec<String>,
    /// Reality was taken from elsewhere, and no provider was asked: commands that ask one would answer another question.
    pub elsewhere: bool,
}

impl TextOptions {
    /// 100 cells, no colour.
    pub fn plain() -> Self {
        Self {
            style: Style::plain(),
            width: 100,
            wide: false,
            every_address: false,
            folders: Vec::new(),
            elsewhere: false,
        }
    }
}

impl Default for TextOptions {
    fn default() -> Self {
        Self::plain()
    }
}

/// A number of bytes for people: `512 B`, `12.3 kB`, `1.0 GB`. Decimal units.
pub fn size(bytes: u64) -> String {
    const STEP: u64 = 1000;
    if bytes < STEP {
        return format!("{bytes} B");
    }
    let mut unit = 1;
    for name in ["kB", "MB", "GB", "TB", "PB"] {
        unit *= STEP;
        // One decimal, rounded half up, without a detour over floats.
        let tenths = (bytes / (unit / 10) + (bytes % (unit / 10)) / (unit / 20)).max(10);
        if tenths < STEP * 10 || name == "PB" {
            return format!("{}.{} {name}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, want) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (12_345, "12.3 kB"),
            (12_350, "12.4 kB"),
            (999_999, "1.0 MB"),
            (10_000_000, "10.0 MB"),
            (u64::MAX, "18446.7 PB"),
        ] {
            assert_eq!(size(bytes), want);
        }
    }
}
