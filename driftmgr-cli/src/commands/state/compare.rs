//! `driftmgr state compare`

use driftmgr_core::report::Format;
use driftmgr_core::report::text::{self, TextOptions};
use driftmgr_core::state::Comparison;
use driftmgr_core::{Error, ErrorKind, Partial};

use crate::args::StateCompare;
use crate::commands::Call;
use crate::exit::{Exit, Failure};
use crate::output::{Render, Wanted, emit, pretty};
use crate::source::read_state;
use crate::survey;
use crate::ui::printer::Printer;

struct Compared {
    names: [String; 2],
    found: Partial<Comparison>,
}

impl Render for Compared {
    fn text(&self, options: &TextOptions) -> String {
        let [before, after] = &self.names;
        text::comparison(
            &self.found.value,
            &self.found.problems,
            [before, after],
            options,
        )
    }

    fn json(&self) -> Result<String, Error> {
        pretty(&self.found.value)
    }
}

pub(crate) fn run(
    args: &StateCompare,
    call: &Call<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let wanted = Wanted::of_report(&args.output, printer)?;
    match &args.file {
        Some(file) => with_reality(args, file, &wanted, call, printer),
        None => with_each_other(args, wanted, printer),
    }
}

fn with_reality(
    args: &StateCompare,
    file: &str,
    wanted: &Wanted,
    call: &Call<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let options = survey::drift_options(call, &[], &[]);
    let targets = [file.to_owned()];
    let surveyed = survey::run(call, printer, &args.reach, &targets, &options)?;
    emit(printer, wanted, &surveyed.folders, &surveyed)?;
    Ok(surveyed.exit(Exit::judged(&surveyed.report, &args.judge)))
}

fn with_each_other(
    args: &StateCompare,
    wanted: Wanted,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let wanted = wanted.without_report("two states are compared, without reality")?;
    let [before, after] = args.files.as_slice() else {
        let error = Error::new(ErrorKind::InvalidInput, "--files takes two state files")
            .with_hint("write --files OLD,NEW; --file FILE compares one state with reality");
        return Err(error.into());
    };
    if args.judge.fail_on.is_some() {
        let error = Error::new(
            ErrorKind::InvalidInput,
            "differences between two states have no severity for --fail-on",
        )
        .with_hint("use --detailed-exitcode");
        return Err(error.into());
    }
    let (before, after) = (read_state(before)?, read_state(after)?);
    let compared = Compared {
        found: before.compare(&after),
        names: [before, after].map(|state| state.name().to_owned()),
    };
    if wanted.format() == Format::Json {
        // The JSON form has no place for them.
        printer.problems(&compared.found.problems);
    }
    emit(printer, &wanted, &[], &compared)?;
    Ok(match args.judge.detailed_exitcode {
        true if !compared.found.value.is_empty() => Exit::Drift,
        true if !compared.found.problems.is_empty() => Exit::Open,
        _ => Exit::Ok,
    })
}
