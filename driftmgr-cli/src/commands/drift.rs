//! `driftmgr drift`

use super::Call;
use crate::args::Drift;
use crate::exit::{Exit, Failure};
use crate::output::emit;
use crate::survey;
use crate::ui::printer::Printer;

pub(crate) fn run(args: &Drift, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let (surveyed, _) = survey::look(call, printer, &args.targets, &args.survey, &args.elsewhere)?;
    emit(printer, &args.output, &surveyed.folders, &surveyed)?;
    Ok(surveyed.exit(Exit::judged(&surveyed.report, &args.judge)))
}
