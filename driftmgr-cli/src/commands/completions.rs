//! `driftmgr completions`

use clap::CommandFactory as _;

use crate::args::{Cli, Completions};
use crate::exit::{Exit, Failure};
use crate::ui::printer::Printer;

pub(crate) fn run(args: &Completions, printer: &Printer) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "driftmgr", &mut script);
    printer.bytes(&script)?;
    Ok(Exit::Ok)
}
