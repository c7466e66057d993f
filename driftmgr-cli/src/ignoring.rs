//! The files that say what is not to be shown.

use std::io::ErrorKind as Io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use driftmgr_core::Error;
use driftmgr_core::drift::Silencer;
use driftmgr_core::drift::ignore::{Baseline, DriftIgnore, Standpoint};

use crate::args::{Elsewhere, Ignoring, Survey, WriteBaseline};
use crate::commands::Call;
use crate::exit::Failure;
use crate::survey::{self, Surveyed};
use crate::ui::printer::Printer;

/// The file that is read without being named, in the current folder as driftctl has it.
const DRIFTIGNORE: &str = ".driftignore";

/// What was read.
#[derive(Debug, Default)]
struct Silence {
    silencers: Vec<Arc<dyn Silencer>>,
    baseline: Option<Arc<Baseline>>,
    problems: Vec<Error>,
}

/// A report, with what stood in the baseline.
pub(crate) struct Seen {
    pub(crate) surveyed: Surveyed,
    pub(crate) known: Option<Arc<Baseline>>,
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
    let silence = read(&args.ignoring, baseline.map(PathBuf::as_path))?;
    let mut options = survey::drift_options(call, &args.target, &args.exclude);
    options.filter.silencers.extend(silence.silencers);
    let (mut surveyed, again) = survey::look(call, printer, targets, args, elsewhere, &options)?;
    surveyed.report.problems.extend(silence.problems);
    Ok(Seen {
        surveyed,
        known: silence.baseline,
        again,
    })
}

fn read(args: &Ignoring, baseline: Option<&Path>) -> Result<Silence, Error> {
    let mut silence = Silence::default();
    if let Some((text, file)) = driftignore(args)? {
        let read = DriftIgnore::parse(&text, &file);
        silence.silencers.push(Arc::new(read.value));
        silence.problems.extend(read.problems);
    }
    if let Some(file) = baseline {
        let text = std::fs::read_to_string(file).map_err(|e| {
            Error::io("read the baseline", file, e)
                .with_hint("driftmgr drift --write-baseline FILE --reason TEXT writes one")
        })?;
        let read = Baseline::parse(&text, standpoint(file)?);
        let baseline = Arc::new(read.value);
        silence.silencers.push(baseline.clone());
        silence.baseline = Some(baseline);
        silence.problems.extend(read.problems);
    }
    Ok(silence)
}

fn driftignore(args: &Ignoring) -> Result<Option<(String, String)>, Error> {
    let named = args.driftignore.as_deref();
    if args.no_driftignore {
        return Ok(None);
    }
    let file = named.unwrap_or(Path::new(DRIFTIGNORE));
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some((text, file.display().to_string()))),
        Err(error) if named.is_none() && error.kind() == Io::NotFound => Ok(None),
        Err(error) => Err(Error::io("read the list of what to ignore", file, error)),
    }
}

fn standpoint(file: &Path) -> Result<Standpoint, Error> {
    let current_dir = std::env::current_dir()
        .map_err(|e| Error::io("name the current folder", Path::new("."), e))?;
    Ok(Standpoint {
        current_dir,
        file: file.to_owned(),
    })
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
    let baseline = Baseline::of(
        &surveyed.report,
        reason,
        SystemTime::now(),
        standpoint(file)?,
        previous,
    )?;
    std::fs::write(file, baseline.to_json())
        .map_err(|e| Error::io("write the baseline", file, e))?;
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
