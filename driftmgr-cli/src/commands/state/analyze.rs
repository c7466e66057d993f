//! `driftmgr state analyze`

use driftmgr_core::client::StateAnalysis;
use driftmgr_core::drift::DriftReport;
use driftmgr_core::report::text::{self, TextOptions};
use driftmgr_core::{Error, ErrorKind};

use crate::args::StateAnalyze;
use crate::commands::Call;
use crate::exit::{Exit, Failure};
use crate::output::{Render, Wanted, emit, pretty};
use crate::source::read_state;
use crate::survey;
use crate::ui::printer::Printer;

impl Render for StateAnalysis {
    fn text(&self, options: &TextOptions) -> String {
        let mut out = text::analysis(&self.state, &self.health, &self.analysis, options);
        out.push('\n');
        match &self.drift {
            Some(report) => out.push_str(&text::drift(report, options)),
            None => out.push_str("Drift was not looked at (--offline).\n"),
        }
        out
    }

    fn json(&self) -> Result<String, Error> {
        pretty(self)
    }

    fn report(&self) -> Option<&DriftReport> {
        self.drift.as_ref()
    }
}

pub(crate) fn run(
    args: &StateAnalyze,
    call: &Call<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let file = args.state.file.as_str();
    let mut wanted = Wanted::of_report(&args.output, printer)?;
    if args.offline {
        wanted = wanted.without_report("drift is not looked at with --offline")?;
    }
    if file == "-" && !args.offline {
        let error = Error::new(
            ErrorKind::InvalidInput,
            "a state from standard input belongs to no folder that providers could work in",
        )
        .with_hint("add --offline, or name the file with --file");
        return Err(error.into());
    }
    let analysis = read_state(file)?.analyze();
    let (analysis, exit) = if args.offline {
        // Whoever asks for more than "done" learns that drift was not looked at.
        let asked = args.judge.detailed_exitcode || args.judge.fail_on.is_some();
        (analysis, if asked { Exit::Open } else { Exit::Ok })
    } else {
        let options = survey::drift_options(call, &[], &[]);
        let targets = [file.to_owned()];
        let surveyed = survey::run(call, printer, &args.reach, &targets, &options)?;
        let exit = surveyed.exit(Exit::judged(&surveyed.report, &args.judge));
        (analysis.with_drift(surveyed.report), exit)
    };
    emit(printer, &wanted, &[], &analysis)?;
    Ok(exit)
}
