//! `driftmgr state …`

mod inspect;
mod list;

use crate::args::State;
use crate::exit::{Exit, Failure};
use crate::ui::printer::Printer;

pub(crate) fn run(command: &State, printer: &Printer) -> Result<Exit, Failure> {
    match command {
        State::List(args) => list::run(args, printer),
        State::Inspect(args) => inspect::run(args, printer),
    }
}
