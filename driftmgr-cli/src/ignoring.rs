//! The files that say what is not to be shown.

use std::io::ErrorKind as Io;
use std::path::PathBuf;
use std::sync::Arc;

use driftmgr_core::client::DriftOptions;
use driftmgr_core::drift::Sink;
use driftmgr_core::drift::ignore::Baseline;

use crate::args::{Elsewhere, Ignoring, Reach, Survey, WriteBaseline};
use crate::commands::Call;
use crate::exit::Failure;
use crate::survey::{self, Surveyed};
use crate::ui::count;
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
    (args, elsewhere): (&Survey, &Elsewhere),
    sink: Option<Arc<dyn Sink>>,
) -> Result<Seen, Failure> {
    let mut options = options(call, &args.ignoring);
    options.targets.clone_from(&args.target);
    options.exclude.clone_from(&args.exclude);
    options.sink = sink;
    let known = options.baseline.as_ref().map(Baseline::read).transpose()?;
    let (surveyed, again) = survey::look(call, printer, targets, args, elsewhere, &options)?;
    Ok(Seen {
        surveyed,
        // Its problems are the report's.
        known: known.map(|known| known.value),
        again,
    })
}

/// One target, with what is not to be shown.
pub(crate) fn run_one(
    call: &Call<'_>,
    printer: &Printer,
    target: &str,
    (reach, ignoring): (&Reach, &Ignoring),
) -> Result<Surveyed, Failure> {
    let options = options(call, ignoring);
    survey::run(call, printer, reach, &[target.to_owned()], &options)
}

/// How drift is looked for, with the files that the command line, the settings and the current folder name.
pub(crate) fn options(call: &Call<'_>, args: &Ignoring) -> DriftOptions {
    let known = args.baseline.as_ref();
    DriftOptions {
        driftignore: driftignore(args),
        baseline: known.or(call.settings.drift.baseline.as_ref()).cloned(),
        ..survey::drift_options(call, &[], &[])
    }
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
