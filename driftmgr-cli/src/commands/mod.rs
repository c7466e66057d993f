//! One module for each verb.

mod check;
mod completions;
mod config;
mod doctor;
mod drift;
mod explain;
mod history;
mod ignore;
mod man;
mod report;
mod snapshot;
mod state;
mod status;
mod version;
mod workspace;

use clap::{ArgMatches, CommandFactory as _};

use driftmgr_core::configuration::VariableInput;
use driftmgr_core::settings::{Settings, Sources};

use crate::args::{Cli, Command, Global};
use crate::exit::{Exit, Failure};
use crate::settings;
use crate::ui::printer::Printer;
use crate::variables;

/// What every command that reaches for reality needs beside its own arguments.
pub(crate) struct Call<'a> {
    pub(crate) global: &'a Global,
    pub(crate) variables: Vec<VariableInput>,
    pub(crate) settings: &'a Settings,
    pub(crate) sources: Sources,
}

pub(crate) fn run(
    cli: &Cli,
    matches: &ArgMatches,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let Some(command) = &cli.command else {
        if cli.version {
            return version::run(cli, printer);
        }
        // Asked for nothing: say what there is, and do not call it success.
        eprint_help();
        return Ok(Exit::Error);
    };
    let call = Call {
        global: &cli.global,
        variables: variables::given(matches)?,
        settings,
        sources: settings::sources(cli, matches),
    };
    match command {
        Command::Check(args) => check::run(args, &call, printer),
        Command::Drift(args) => drift::run(args, &call, printer),
        Command::State(command) => state::run(command, &call, printer),
        Command::Workspace(command) => workspace::run(command, &call, printer),
        Command::Ignore(command) => ignore::run(command, &call, printer),
        Command::Snapshot(command) => snapshot::run(command, &call, printer),
        Command::Report(command) => report::run(command, printer),
        Command::Explain(args) => explain::run(args, &call, printer),
        Command::Config(command) => config::run(command, &call, printer),
        Command::Doctor(args) => doctor::run(args, &call, printer),
        Command::Status(args) => status::run(args, &call, printer),
        Command::Completions(args) => completions::run(args, printer),
        Command::Man(args) => man::run(args, printer),
    }
}

fn eprint_help() {
    use std::io::Write as _;
    let help = Cli::command().render_help();
    let _ = write!(anstream::stderr(), "{}", help.ansi());
}
