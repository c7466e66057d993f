//! `driftmgr drift`

use super::Call;
use crate::args::Drift;
use crate::exit::{Exit, Failure};
use crate::output::{Wanted, emit};
use crate::survey;
use crate::ui::printer::Printer;

pub(crate) fn run(args: &Drift, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let wanted = Wanted::of_report(&args.output, printer)?;
    let targets = survey::targets(&args.targets, &args.survey);
    let options = survey::drift_options(
        &args.survey.reach,
        &args.survey.target,
        &args.survey.exclude,
    );
    let surveyed = survey::run(call, printer, &args.survey.reach, &targets, &options)?;
    emit(printer, &wanted, &surveyed.folders, &surveyed)?;
    Ok(surveyed.exit(Exit::judged(&surveyed.report, &args.judge)))
}
