//! `driftmgr state list`

use driftmgr_core::Error;
use driftmgr_core::address::InstanceAddress;
use driftmgr_core::report::Format;
use driftmgr_core::report::text::{TextOptions, one_line};

use crate::args::StateList;
use crate::exit::{Exit, Failure};
use crate::output::{Render, Wanted, emit, pretty};
use crate::source::read_state;
use crate::ui::printer::Printer;

struct Listing(Vec<InstanceAddress>);

impl Render for Listing {
    fn text(&self, _: &TextOptions) -> String {
        self.0
            .iter()
            .map(|a| one_line(&a.to_string()) + "\n")
            .collect()
    }

    fn json(&self) -> Result<String, Error> {
        pretty(&self.0)
    }
}

pub(crate) fn run(args: &StateList, printer: &Printer) -> Result<Exit, Failure> {
    let stored = read_state(&args.state.file)?;
    if args.output.format() == Format::Text && args.output.output.is_empty() {
        // Addresses are spelled exactly, for whoever reads them from a pipe.
        printer.lines(stored.addresses(&args.addresses)?.map(|a| a.to_string()))?;
    } else {
        let listing = Listing(stored.list_only(&args.addresses)?);
        emit(printer, &Wanted::from(&args.output), &[], &listing)?;
    }
    Ok(Exit::Ok)
}
