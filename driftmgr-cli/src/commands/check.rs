//! `driftmgr check`

use driftmgr_core::Error;
use driftmgr_core::drift::{DriftReport, Severity};
use driftmgr_core::report::text::{TextOptions, shell};
use driftmgr_core::report::{json, text};

use super::Call;
use crate::args::Check;
use crate::exit::{Exit, Failure};
use crate::ignoring;
use crate::output::{Render, Wanted, emit, pretty};
use crate::survey::Surveyed;
use crate::ui::printer::Printer;

struct Answer<'a> {
    surveyed: &'a Surveyed,
    exit: Exit,
}

impl Render for Answer<'_> {
    fn text(&self, _: &TextOptions) -> String {
        text::check(&self.surveyed.report) + "\n"
    }

    fn json(&self) -> Result<String, Error> {
        let report = &self.surveyed.report;
        let mut answer = json::check(report, report.verdict());
        if let Some(answer) = answer.as_object_mut() {
            answer.insert("exit".to_owned(), self.exit.code().into());
        }
        pretty(&answer)
    }

    fn report(&self) -> Option<&DriftReport> {
        Some(&self.surveyed.report)
    }
}

pub(crate) fn run(args: &Check, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let wanted = Wanted::of_report(&args.output, printer)?;
    let ignoring::Seen {
        surveyed, again, ..
    } = ignoring::run(
        call,
        printer,
        &args.targets,
        (&args.survey, &args.elsewhere),
        None,
    )?;
    let exit = surveyed.exit(Exit::of(&surveyed.report, Severity::Informational));
    // The answer has no room for them, and they are the reason when there is no answer.
    printer.problems(&surveyed.report.problems);
    let answer = Answer {
        surveyed: &surveyed,
        exit,
    };
    emit(printer, &wanted, &surveyed.folders, &answer)?;
    let again: Vec<String> = again.iter().map(|t| shell(t)).collect();
    match exit {
        Exit::Drift => printer.hint(&format!(
            "driftmgr drift {} shows what differs",
            again.join(" ")
        )),
        Exit::Open => printer.hint(&format!(
            "driftmgr drift {} shows what could not be looked at, and why",
            again.join(" ")
        )),
        _ => {}
    }
    Ok(exit)
}
