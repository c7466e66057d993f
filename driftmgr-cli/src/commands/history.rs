//! `driftmgr drift history`, and keeping a run for it

mod text;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftmgr_core::drift::Selection;
use driftmgr_core::history::{
    History, HistoryStore, Looked, Moment, Question, Run, SqliteHistory, Wanted, answer,
    default_path,
};
use driftmgr_core::report::text::TextOptions;
use driftmgr_core::{Context, Error, ErrorKind};

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
    let only = Selection::new(&args.address, &[])?;
    let (shown, pruned) = session::run(call.global, printer, None, |cx| async move {
        let store = SqliteHistory::open_existing(
            &cx,
            file(
                &cx,
                args.history
                    .as_deref()
                    .or(call.settings.history.path.as_deref()),
            )?,
        )
        .await?;
        let now = cx.now();
        let mut pruned = None;
        if let Some(age) = args.prune {
            pruned = Some(store.prune(&cx, Moment::from(now).before(age)).await?);
        }
        let wanted = args.targets.iter().map(|target| Wanted {
            name: target.clone(),
            location: location(&cx, Path::new(target)),
        });
        let past = store.load(&cx, wanted.collect()).await?;
        let question = Question {
            since: args
                .since
                .map(|age| now.checked_sub(age).unwrap_or(std::time::UNIX_EPOCH)),
            only,
            timelines: !args.address.is_empty(),
            ..Question::new(now)
        };
        let shown = Shown {
            history: answer(&past, &question),
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
        let states: Vec<Looked<'_>> = surveyed
            .stacks
            .iter()
            .map(|stack| Looked {
                target: stack.label(),
                location: location(&cx, Path::new(stack.label())),
                state: stack.state(),
            })
            .collect();
        let run = Run::of(&surveyed.report, &states, &surveyed.made);
        let store: Arc<dyn HistoryStore> = Arc::new(
            SqliteHistory::open(
                &cx,
                file(&cx, path.or(call.settings.history.path.as_deref()))?,
            )
            .await?,
        );
        let recorded = store.record(&cx, run.value).await?;
        let mut problems = run.problems;
        problems.extend(recorded.problems);
        Ok(problems)
    })?;
    printer.problems(&problems);
    Ok(())
}

fn file(cx: &Context, path: Option<&Path>) -> Result<PathBuf, Error> {
    let environment = cx.environment();
    match path {
        Some(path) => Ok(environment.current_dir().join(path)),
        None => default_path(environment).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                "there is no home folder to keep the history in",
            )
            .with_hint("name a file with --history, or set XDG_STATE_HOME")
        }),
    }
}

/// Where a target is, in a way that means the same from every folder.
fn location(cx: &Context, target: &Path) -> String {
    let path = cx.environment().current_dir().join(target);
    // What is no longer there can still be asked about.
    let path = path.canonicalize().unwrap_or_else(|_| {
        std::path::absolute(&path).map_or(path.clone(), |p| p.components().collect())
    });
    path.display().to_string()
}
