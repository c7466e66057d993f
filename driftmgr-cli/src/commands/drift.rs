//! `driftmgr drift`

use super::Call;
use crate::args::Drift;
use crate::exit::{Exit, Failure};
use crate::ignoring;
use crate::output::emit;
use crate::survey;
use crate::ui::printer::Printer;

pub(crate) fn run(args: &Drift, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let targets = survey::targets(&args.targets, &args.survey);
    let (surveyed, known) = ignoring::run(call, printer, &args.survey, &targets)?;
    ignoring::write(&args.write_baseline, &surveyed, known.as_deref(), printer)?;
    emit(printer, &args.output, &surveyed.folders, &surveyed)?;
    Ok(surveyed.exit(Exit::judged(&surveyed.report, &args.judge)))
}
