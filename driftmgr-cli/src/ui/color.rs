//! Whether there is colour. The command line wins, then the environment, then the settings, then what the stream is.

use driftmgr_core::settings::Colour;

use crate::args::{ColorWhen, Global};

/// What decides about colour, apart from the command line.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Surroundings {
    /// `NO_COLOR` is set to something (no-color.org).
    pub(crate) no_color: bool,
    /// `CLICOLOR_FORCE` is set to something but `0` (bixense.com/clicolors).
    pub(crate) force: bool,
    /// `TERM` is `dumb`.
    pub(crate) dumb: bool,
}

impl Surroundings {
    pub(crate) fn from_process() -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        Self {
            no_color: set("NO_COLOR"),
            force: std::env::var_os("CLICOLOR_FORCE").is_some_and(|v| !v.is_empty() && v != "0"),
            dumb: std::env::var_os("TERM").is_some_and(|v| v == "dumb"),
        }
    }
}

/// Whether a stream gets colour.
pub(crate) fn wanted(
    global: &Global,
    around: Surroundings,
    set: Colour,
    is_terminal: bool,
) -> bool {
    if global.no_color {
        return false;
    }
    match global.color {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto if around.no_color => false,
        ColorWhen::Auto if around.force => true,
        ColorWhen::Auto => match set {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => is_terminal && !around.dumb,
        },
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::Cli;

    #[test]
    fn flags_then_environment_then_terminal() {
        let none = Surroundings::default();
        let no = Surroundings {
            no_color: true,
            ..none
        };
        let force = Surroundings {
            force: true,
            ..none
        };
        let dumb = Surroundings { dumb: true, ..none };
        for (flags, around, terminal, want) in [
            ("", none, true, true),
            ("", none, false, false),
            ("", no, true, false),
            ("", force, false, true),
            ("", dumb, true, false),
            ("--color=always", no, false, true),
            ("--color=never", force, true, false),
            ("--no-color", force, true, false),
        ] {
            let args = ["driftmgr"].into_iter().chain(flags.split_terminator(' '));
            let global = Cli::parse_from(args).global;
            assert_eq!(
                wanted(&global, around, Colour::Auto, terminal),
                want,
                "{flags} {around:?}"
            );
        }
        for (set, flags, around, want) in [
            (Colour::Always, "", none, true),
            (Colour::Never, "", none, false),
            (Colour::Always, "", no, false),
            (Colour::Never, "", force, true),
            (Colour::Always, "--color=never", none, false),
            (Colour::Never, "--color=always", none, true),
            (Colour::Always, "", dumb, true),
        ] {
            let args = ["driftmgr"].into_iter().chain(flags.split_terminator(' '));
            let global = Cli::parse_from(args).global;
            let terminal = set == Colour::Never;
            assert_eq!(
                wanted(&global, around, set, terminal),
                want,
                "{set:?} {flags}"
            );
        }
    }
}
