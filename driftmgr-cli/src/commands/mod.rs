//! One module for each verb.

mod completions;
mod doctor;
mod man;
mod state;
mod version;

use clap::{ArgMatches, CommandFactory as _};

use crate::args::{Cli, Command};
use crate::exit::{Exit, Failure};
use crate::ui::printer::Printer;

pub(crate) fn run(cli: &Cli, matches: &ArgMatches, printer: &Printer) -> Result<Exit, Failure> {
    let Some(command) = &cli.command else {
        if cli.version {
            return version::run(cli, printer);
        }
        // Asked for nothing: say what there is, and do not call it success.
        eprint_help();
        return Ok(Exit::Error);
    };
    match command {
        Command::State(command) => state::run(command, printer),
        Command::Doctor(args) => doctor::run(args, printer),
        Command::Completions(args) => completions::run(args, printer),
        Command::Man(args) => man::run(args, printer),
    }
}

fn eprint_help() {
    use std::io::Write as _;
    let help = Cli::command().render_help();
    let _ = write!(anstream::stderr(), "{}", help.ansi());
}
