//! The files that say what is not to be shown.

use std::io::ErrorKind as Io;
use std::path::PathBuf;

use driftmgr_core::drift::ignore::Baseline;

use crate::args::{Elsewhere, Ignoring, Survey, WriteBaseline};
use crate::commands::Call;
use crate::exit::Failure;
use crate::survey::{self, Surveyed};
use crate::ui::printer::Printer;

/// The file that is read without being named, in the current folder as driftctl has it.
const DRIFTIGNORE: &str = ".driftignore";

/// A report, with what stood in the baseline.
pub(crate) struct Seen {
    pub(crate) surveyed: Surveyed,
    pub(crate) known: Option<Baseline>,
    /// What to type to look again.
    pub(crate) again: Vec<String>,
}

/// Opens the targets and looks at them, with what is not to be shown. Lines that are wrong are problems of the report.
pub(crate) fn run(
    call: &Call<'_>,
    printer: &Printer,
    targets: &[String],
    args: &Survey,
    elsewhere: &Elsewhere,
) -> Result<Seen, Failure> {
    let baseline = args
        .ignoring
        .baseline
        .as_ref()
        .or(call.settings.drift.baseline.as_ref());
    let mut options = survey::drift_options(call, &args.target, &args.exclude);
    options.driftignore = driftignore(&args.ignoring);
    options.baseline = baseline.cloned();
    let known = baseline.map(Baseline::read).transpose()?;
    let (surveyed, again) = survey::look(call, printer, targets, args, elsewhere, &options)?;
    Ok(Seen {
        surveyed,
        // Its problems are the report's.
        known: known.map(|known| known.value),
        again,
    })
}

/// The file that was named, else the one in the current folder if there is one.
fn driftignore(args: &Ignoring) -> Option<PathBuf> {
    if args.no_driftignore {
        return None;
    }
    if args.driftignore.is_some() {
        return args.driftignore.clone();
    }
    let file = PathBuf::from(DRIFTIGNORE);
    let missing = file.metadata().is_err_and(|e| e.kind() == Io::NotFound);
    (!missing).then_some(file)
}

/// Writes down what is shown, when that was asked for.
pub(crate) fn write(
    args: &WriteBaseline,
    surveyed: &Surveyed,
    previous: Option<&Baseline>,
    printer: &Printer,
) -> Result<(), Failure> {
    let Some(file) = &args.write_baseline else {
        return Ok(());
    };
    let reason = args.reason.as_deref().unwrap_or_default();
    let baseline = surveyed.report.baseline(file, reason, previous)?;
    baseline.write()?;
    printer.note(&format!(
        "{} knows {} now",
        file.display(),
        count(baseline.len() as u64, "difference")
    ));
    if baseline.secret() > 0 {
        printer.note(&format!(
            "{} of secret values cannot be known by a file and will be shown again",
            count(baseline.secret(), "change")
        ));
    }
    Ok(())
}

fn count(n: u64, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {what}{s}")
}
