//! The two streams. Everything a command says goes through here.

use std::io::{IsTerminal as _, Write as _};

use anstream::{AutoStream, ColorChoice};
use driftmgr_core::Error;
use driftmgr_core::report::text::{self, Style, TextOptions};
use driftmgr_core::settings::Colour;

use super::color::{self, Surroundings};
use crate::args::Global;
use crate::exit::Failure;

/// Cells in a line when the output is no terminal.
const DEFAULT_WIDTH: usize = 100;

/// Where a command writes: data on standard output, talk on standard error.
pub(crate) struct Printer {
    out_colour: bool,
    err_colour: bool,
    out_terminal: bool,
    width: usize,
    quiet: u8,
    verbose: u8,
}

impl Printer {
    pub(crate) fn new(global: &Global, colour: Colour) -> Self {
        let around = Surroundings::from_process();
        let out_terminal = std::io::stdout().is_terminal();
        let columns = || std::env::var("COLUMNS").ok()?.parse::<u16>().ok();
        let width = terminal_size::terminal_size_of(std::io::stdout())
            .map(|(width, _)| width.0)
            .filter(|width| *width > 0)
            .or_else(columns)
            .map_or(DEFAULT_WIDTH, usize::from);
        Self {
            out_colour: color::wanted(global, around, colour, out_terminal),
            err_colour: color::wanted(global, around, colour, std::io::stderr().is_terminal()),
            out_terminal,
            width,
            quiet: global.quiet,
            verbose: global.verbose,
        }
    }

    pub(crate) fn err_colour(&self) -> bool {
        self.err_colour
    }

    pub(crate) fn quiet(&self) -> u8 {
        self.quiet
    }

    pub(crate) fn verbose(&self) -> u8 {
        self.verbose
    }

    pub(crate) fn out_is_terminal(&self) -> bool {
        self.out_terminal
    }

    /// How text on standard output looks.
    pub(crate) fn text(&self, wide: bool) -> TextOptions {
        TextOptions {
            style: style(self.out_colour),
            width: self.width,
            wide,
            every_address: wide || self.verbose > 0,
            folders: Vec::new(),
            ..TextOptions::plain()
        }
    }

    fn talk_options(&self) -> TextOptions {
        TextOptions {
            style: style(self.err_colour),
            width: self.width,
            ..TextOptions::plain()
        }
    }

    /// Data for people, already harmless for a terminal.
    pub(crate) fn data(&self, text: &str) -> Result<(), Failure> {
        let choice = if self.out_colour {
            ColorChoice::Always
        } else {
            ColorChoice::Never
        };
        let mut out = AutoStream::new(std::io::stdout().lock(), choice);
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }

    /// Data for programs, byte for byte. On a terminal, characters that it would act on are spelled as JSON escapes.
    pub(crate) fn json(&self, text: &str) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        if self.out_terminal {
            out.write_all(json_for_terminal(text).as_bytes())?;
        } else {
            out.write_all(text.as_bytes())?;
        }
        if !text.ends_with('\n') {
            out.write_all(b"\n")?;
        }
        Ok(out.flush()?)
    }

    /// Lines for people and programs alike, such as addresses: as they are for a program, harmless on a terminal.
    pub(crate) fn lines(&self, lines: impl IntoIterator<Item = String>) -> Result<(), Failure> {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        for line in lines {
            if self.out_terminal {
                writeln!(out, "{}", text::one_line(&line))?;
            } else {
                writeln!(out, "{line}")?;
            }
        }
        Ok(out.flush()?)
    }

    /// Bytes for programs.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        out.write_all(bytes)?;
        Ok(out.flush()?)
    }

    /// A remark that a script does not need.
    pub(crate) fn note(&self, message: &str) {
        if self.quiet == 0 {
            self.talk(&format!("{}\n", text::one_line(message)));
        }
    }

    /// A hint what to do next.
    pub(crate) fn hint(&self, message: &str) {
        self.note(&format!("hint: {message}"));
    }

    /// Problems that did not end the work.
    pub(crate) fn problems(&self, problems: &[Error]) {
        if self.quiet < 2 {
            self.talk(&text::problems(problems, &self.talk_options()));
        }
    }

    /// The error that ends the command. It is said however quiet.
    pub(crate) fn error(&self, error: &Error) {
        self.talk(&text::error(error, &self.talk_options()));
    }

    /// Several errors that end the command together.
    pub(crate) fn errors(&self, errors: &[Error]) {
        for error in errors {
            self.error(error);
        }
    }

    fn talk(&self, text: &str) {
        let choice = if self.err_colour {
            ColorChoice::Always
        } else {
            ColorChoice::Never
        };
        // When nobody listens on standard error there is nobody to tell that.
        let _ = AutoStream::new(std::io::stderr().lock(), choice).write_all(text.as_bytes());
    }
}

fn style(colour: bool) -> Style {
    if colour {
        Style::coloured()
    } else {
        Style::plain()
    }
}

/// JSON escapes C0 controls anyway; the rest of what a terminal may act on can only stand inside strings.
pub(super) fn json_for_terminal(json: &str) -> String {
    json.split_inclusive('\n')
        .map(|line| match line.strip_suffix('\n') {
            Some(line) => text::one_line(line) + "\n",
            None => text::one_line(line),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_the_same_json() {
        let json = "{\n  \"a\": \"\u{9b}31m\u{202e}x\"\n}";
        let shown = json_for_terminal(json);
        assert_eq!(shown, "{\n  \"a\": \"\\u009b31m\\u202ex\"\n}");
        let parse = |t: &str| serde_json::from_str::<serde_json::Value>(t).unwrap();
        assert_eq!(parse(json), parse(&shown));
    }
}
