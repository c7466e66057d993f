//! `driftmgr drift history`, and keeping a run for it

mod text;

use std::path::{Path, PathBuf};

use driftmgr_core::Error;
use driftmgr_core::client::{HistoryQuestion, RunHistory};
use driftmgr_core::drift::Selection;
use driftmgr_core::history::History;
use driftmgr_core::report::text::TextOptions;

use super::Call;
use crate::args::DriftHistory;
use crate::exit::{Exit, Failure};
use crate::output::{self, Render, emit, pretty};
use crate::session;
use crate::survey::Surveyed;
use crate::ui::printer::Printer;

struct Shown {
    history: History,
    current_dir: PathBuf,
}

impl Render for Shown {
    fn text(&self, options: &TextOptions) -> String {
        text::history(&self.history, &self.current_dir, options)
    }

    fn json(&self) -> Result<String, Error> {
        pretty(&self.history)
    }
}

pub(crate) fn run(
    args: &DriftHistory,
    call: &Call<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    // Before anything is forgotten.
    Selection::new(&args.address, &[])?;
    let question = HistoryQuestion {
        targets: args.targets.iter().map(PathBuf::from).collect(),
        since: args.since,
        addresses: args.address.clone(),
    };
    let (shown, pruned) = session::run(call.global, printer, None, |cx| async move {
        let history = RunHistory::open_existing(&cx, file(args.history.as_deref(), call)).await?;
        let mut pruned = None;
        if let Some(age) = args.prune {
            pruned = Some(history.prune(age).await?);
        }
        let shown = Shown {
            history: history.ask(&question).await?,
            current_dir: cx.environment().current_dir().to_owned(),
        };
        Ok((shown, pruned))
    })?;
    if let Some(pruned) = pruned {
        printer.note(&format!(
            "forgot {} old runs, and {} findings that were over by then",
            pruned.runs, pruned.findings
        ));
    }
    emit(printer, &output::Wanted::from(&args.output), &[], &shown)?;
    Ok(Exit::Ok)
}

/// Keeps what was found.
pub(crate) fn record(
    path: Option<&Path>,
    surveyed: &Surveyed,
    call: &Call<'_>,
    printer: &Printer,
) -> Result<(), Failure> {
    let problems = session::run(call.global, printer, None, |cx| async move {
        let history = RunHistory::open(&cx, file(path, call)).await?;
        let recorded = history.record(&surveyed.report, &surveyed.stacks).await?;
        Ok(recorded.problems)
    })?;
    printer.problems(&problems);
    Ok(())
}

/// The file that was named, else that of the settings.
fn file<'a>(named: Option<&'a Path>, call: &Call<'a>) -> Option<&'a Path> {
    named.or(call.settings.history.path.as_deref())
}
