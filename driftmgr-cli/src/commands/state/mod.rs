//! `driftmgr state …`

mod analyze;
mod change;
mod compare;
mod inspect;
mod list;
pub(super) mod stored;
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
        State::Pull(args) => stored::pull(args, call, printer),
        State::History(args) => stored::history(args, call, printer),
        State::Diff(args) => stored::diff(args, call, printer),
        State::Snapshot(args) => stored::snapshot(args, call, printer),
        State::Lock(args) => stored::lock(args, call, printer),
        State::Unlock(args) => stored::unlock(args, call, printer),
        State::Push(args) => change::push(args, call, printer),
        State::Restore(args) => change::restore(args, call, printer),
        State::Migrate(args) => change::migrate(args, call, printer),
        State::Rollback(args) => change::rollback(args, call, printer),
        State::Mv(args) => change::mv(args, call, printer),
        State::Rm(args) => change::rm(args, call, printer),
        State::ReplaceProvider(args) => change::replace_provider(args, call, printer),
    }
}
