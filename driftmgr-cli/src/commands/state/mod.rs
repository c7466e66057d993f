//! `driftmgr state …`

mod analyze;
mod compare;
mod inspect;
mod list;
mod upgrade;

use super::Call;
use crate::args::State;
use crate::exit::{Exit, Failure};
use crate::ui::printer::Printer;

pub(crate) fn run(command: &State, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    match command {
        State::List(args) => list::run(args, printer),
        State::Inspect(args) => inspect::run(args, printer),
        State::Compare(args) => compare::run(args, call, printer),
        State::Upgrade(args) => upgrade::run(args, call, printer),
        State::Analyze(args) => analyze::run(args, call, printer),
    }
}
