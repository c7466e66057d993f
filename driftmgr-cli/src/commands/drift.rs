//! `driftmgr drift`

use super::{Call, history};
use crate::args::{Drift, DriftCommand};
use crate::exit::{Exit, Failure};
use crate::ignoring;
use crate::output::{Wanted, emit};
use crate::ui::printer::Printer;

pub(crate) fn run(args: &Drift, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    if let Some(DriftCommand::History(args)) = &args.command {
        return history::run(args, call, printer);
    }
    let wanted = Wanted::of_report(&args.output, printer)?;
    let ignoring::Seen {
        surveyed, known, ..
    } = ignoring::run(call, printer, &args.targets, &args.survey, &args.elsewhere)?;
    ignoring::write(&args.write_baseline, &surveyed, known.as_ref(), printer)?;
    emit(printer, &wanted, &surveyed.folders, &surveyed)?;
    // Last, so that a history that cannot be written takes no answer away.
    if args.record.record || call.settings.history.enabled {
        history::record(args.record.history.as_deref(), &surveyed, call, printer)?;
    }
    Ok(surveyed.exit(Exit::judged(&surveyed.report, &args.judge)))
}
