//! The files that say what is not to be shown.

use std::io::ErrorKind as Io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use driftmgr_core::Error;
use driftmgr_core::client::DriftOptions;
use driftmgr_core::drift::ignore::{Baseline, DriftIgnore, Standpoint};
use driftmgr_core::drift::{DriftReport, Silencer, Sink};
use driftmgr_core::file::{self, Readers};

use crate::args::{Elsewhere, Ignoring, Reach, Survey, WriteBaseline};
use crate::commands::Call;
use crate::exit::Failure;
use crate::survey::{self, Surveyed};
use crate::ui::count;
use crate::ui::printer::Printer;

/// The file that is read without being named, in the current folder as driftctl has it.
const DRIFTIGNORE: &str = ".driftignore";

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    silencers: Vec<Arc<dyn Silencer>>,
    baseline: Option<Arc<Baseline>>,
    problems: Vec<Error>,
}

impl Silence {
    /// The files that the command line, the settings and the current folder name.
    pub(crate) fn read(args: &Ignoring, call: &Call<'_>) -> Result<Self, Error> {
        let mut silence = Self::default();
        if let Some((text, file)) = driftignore(args)? {
            let read = DriftIgnore::parse(&text, &file);
            silence.silencers.push(Arc::new(read.value));
            silence.problems.extend(read.problems);
        }
        let settings = &call.settings.drift;
        if let Some(file) = args.baseline.as_ref().or(settings.baseline.as_ref()) {
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

    /// After what the settings do not want to see.
    pub(crate) fn join(&self, options: &mut DriftOptions) {
        let silencers = self.silencers.iter().cloned();
        options.filter.silencers.extend(silencers);
    }

    /// What was wrong in the files is a problem of the report.
    pub(crate) fn report(&mut self, report: &mut DriftReport) {
        report.problems.append(&mut self.problems);
    }
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
    (args, elsewhere): (&Survey, &Elsewhere),
    sink: Option<Arc<dyn Sink>>,
) -> Result<Seen, Failure> {
    let mut silence = Silence::read(&args.ignoring, call)?;
    let mut options = survey::drift_options(call, &args.target, &args.exclude);
    options.sink = sink;
    silence.join(&mut options);
    let (mut surveyed, again) = survey::look(call, printer, targets, args, elsewhere, &options)?;
    silence.report(&mut surveyed.report);
    Ok(Seen {
        surveyed,
        known: silence.baseline,
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
    let mut silence = Silence::read(ignoring, call)?;
    let mut options = survey::drift_options(call, &[], &[]);
    silence.join(&mut options);
    let mut surveyed = survey::run(call, printer, reach, &[target.to_owned()], &options)?;
    silence.report(&mut surveyed.report);
    Ok(surveyed)
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
    let text = baseline.to_json();
    file::write("write the baseline", file, text.as_bytes(), Readers::Usual)?;
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
