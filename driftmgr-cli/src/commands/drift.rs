//! `driftmgr drift`

use std::sync::Arc;

use driftmgr_core::drift::Sink;
use driftmgr_core::report::Format;

use super::{Call, history};
use crate::args::{Drift, DriftCommand};
use crate::exit::{Exit, Failure};
use crate::ignoring;
use crate::output::{Wanted, emit, write_files};
use crate::ui::live::Live;
use crate::ui::printer::Printer;

pub(crate) fn run(args: &Drift, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    if let Some(DriftCommand::History(args)) = &args.command {
        return history::run(args, call, printer);
    }
    let wanted = Wanted::of_report(&args.output, printer)?;
    let live = (wanted.format() == Format::Ndjson).then(|| Arc::new(Live::new(printer)));
    let ignoring::Seen {
        surveyed, known, ..
    } = ignoring::run(
        call,
        printer,
        &args.targets,
        (&args.survey, &args.elsewhere),
        live.clone().map(|live| live as Arc<dyn Sink>),
    )?;
    ignoring::write(&args.write_baseline, &surveyed, known.as_ref(), printer)?;
    match live {
        // All but the end of it stands there already.
        Some(live) => {
            write_files(&wanted, &surveyed.folders, &surveyed)?;
            live.end(&surveyed.report)?;
        }
        None => emit(printer, &wanted, &surveyed.folders, &surveyed)?,
    }
    // Last, so that a history that cannot be written takes no answer away.
    if args.record.record || call.settings.history.enabled {
        history::record(args.record.history.as_deref(), &surveyed, call, printer)?;
    }
    Ok(surveyed.exit(Exit::judged(&surveyed.report, &args.judge)))
}
