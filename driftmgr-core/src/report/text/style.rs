//! Colours, as roles. Meaning never depends on them: every coloured thing is also a word or a sign.

use std::fmt::Display;

use anstyle::{AnsiColor, Style as Ansi};

/// What each part of a text looks like. [`Style::plain`] writes no escape codes at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    pub(crate) heading: Ansi,
    pub(crate) changed: Ansi,
    pub(crate) gone: Ansi,
    pub(crate) added: Ansi,
    pub(crate) good: Ansi,
    pub(crate) critical: Ansi,
    pub(crate) important: Ansi,
    pub(crate) quiet: Ansi,
    pub(crate) error: Ansi,
    pub(crate) hint: Ansi,
}

impl Style {
    /// Without escape codes.
    pub fn plain() -> Self {
        Self::default()
    }

    /// With the sixteen colours every terminal knows, so that the user's own palette applies.
    pub fn coloured() -> Self {
        let colour = |c: AnsiColor| c.on_default();
        Self {
            heading: Ansi::new().bold(),
            changed: colour(AnsiColor::Yellow),
            gone: colour(AnsiColor::Red),
            added: colour(AnsiColor::Green),
            good: colour(AnsiColor::Green),
            critical: colour(AnsiColor::Red).bold(),
            important: colour(AnsiColor::Yellow).bold(),
            quiet: Ansi::new().dimmed(),
            error: colour(AnsiColor::Red).bold(),
            hint: colour(AnsiColor::Cyan),
        }
    }
}

/// Text in a style. A plain style adds nothing.
pub(crate) fn paint(style: Ansi, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
