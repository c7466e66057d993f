//! The `driftmgr` command line: a thin user of `driftmgr-core`. Arguments in, the library's answer out; no rule of the domain lives here.
#![forbid(unsafe_code)]

pub mod args;
pub mod argv;
mod commands;
mod exit;
mod ignoring;
mod output;
mod session;
mod settings;
mod source;
mod survey;
mod ui;
mod variables;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};
use driftmgr_core::Error;
use driftmgr_core::error::ErrorKind;

pub use exit::{Exit, Failure};

use args::Cli;
use ui::printer::Printer;

/// Runs the command that the arguments (program name first) ask for.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    run_to_exit(args).into()
}

/// The same for a host that ends its process itself, as those of other languages do.
pub fn run_to_exit(args: impl IntoIterator<Item = OsString>) -> Exit {
    let matches = match Cli::command().try_get_matches_from(argv::with_double_dashes(args)) {
        Ok(matches) => matches,
        Err(error) => return usage(&error),
    };
    let mut cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    // Settings are looked for where the work is done.
    let entered = enter(&cli);
    let read = settings::read(&cli, &matches);
    let printer = Printer::new(&cli.global, read.value.output.color);
    let level = read.value.app.log_level;
    if let Some(complaint) = ui::log::start(cli.global.verbose, level, printer.err_colour()) {
        printer.note(&complaint);
    }
    if let Err(failure) = entered {
        return end(Err(failure), &printer);
    }
    if !usable(&cli, &read.problems, &printer) {
        return Exit::Error;
    }
    let settings = read.value;
    for warning in settings.warnings() {
        printer.note(&format!("warning: {warning}"));
    }
    settings::settle(&mut cli, &matches, &settings);
    // Each line of the log says whose it is.
    let app = &settings.app;
    let span = tracing::error_span!(
        "run",
        app = app.name.as_deref(),
        environment = app.environment.as_deref()
    );
    let result = span.in_scope(|| {
        tracing::debug!(files = ?settings.files().collect::<Vec<_>>(), "settings were read");
        commands::run(&cli, &matches, &settings, &printer)
    });
    end(result, &printer)
}

/// Whether the settings can be worked with. Nobody gets another answer than the one that was asked for because of a typing error; only
/// `doctor` goes on, since it is asked when something is wrong.
fn usable(cli: &Cli, problems: &[Error], printer: &Printer) -> bool {
    if problems.is_empty() {
        return true;
    }
    if matches!(cli.command, Some(args::Command::Doctor(_))) {
        printer.problems(problems);
        return true;
    }
    printer.errors(problems);
    false
}

fn end(result: Result<Exit, Failure>, printer: &Printer) -> Exit {
    match result {
        Ok(exit) => exit,
        Err(Failure::BrokenPipe) => Exit::Ok,
        Err(Failure::Error(error)) if error.kind() == ErrorKind::Cancelled => {
            printer.note("interrupted");
            Exit::Interrupted
        }
        Err(Failure::Error(error)) => {
            printer.error(&error);
            Exit::Error
        }
    }
}

/// A wrong command line is an error like any other; clap's own code for it would read as drift.
fn usage(error: &clap::Error) -> Exit {
    // Help into a closed pipe is no error either.
    let _ = error.print();
    if error.use_stderr() {
        Exit::Error
    } else {
        Exit::Ok
    }
}

fn enter(cli: &Cli) -> Result<(), Failure> {
    let Some(dir) = &cli.global.chdir else {
        return Ok(());
    };
    std::env::set_current_dir(dir).map_err(|e| {
        let kind = match e.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::InvalidInput,
        };
        Failure::Error(
            Error::new(kind, format!("cannot work in the folder of --chdir: {e}"))
                .with("folder", dir.display())
                .with_hint("give a folder that exists; paths of targets start there"),
        )
    })
}
