//! Text for people: what a report says, in words that read without colour and fit the terminal. Nothing is printed here.
//!
//! Every string that comes from a state, a provider or a cloud is made harmless first (see [`one_line`]), and whatever is marked
//! sensitive stands as [`crate::redact::MASK`].

mod change;
mod check;
mod drift;
mod finding;
mod next;
mod not_looked_at;
mod page;
mod problem;
mod safe;
mod section;
mod style;
mod value;

pub use check::check;
pub use drift::drift;
pub use problem::{error, problems};
pub use safe::{one_line, shell};
pub use section::{Section, sections};
pub use style::Style;

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
        }
    }
}

impl Default for TextOptions {
    fn default() -> Self {
        Self::plain()
    }
}
