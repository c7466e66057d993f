//! `driftmgr --version`

use driftmgr_core::client::version;

use crate::args::Cli;
use crate::exit::{Exit, Failure};
use crate::output::pretty;
use crate::ui::printer::Printer;

pub(crate) fn run(cli: &Cli, printer: &Printer) -> Result<Exit, Failure> {
    if cli.json {
        printer.json(&pretty(&version())?)?;
    } else {
        printer.data(concat!("driftmgr ", env!("CARGO_PKG_VERSION"), "\n"))?;
    }
    Ok(Exit::Ok)
}
