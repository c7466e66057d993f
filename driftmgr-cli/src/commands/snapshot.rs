//! `driftmgr snapshot`

use std::fmt::Write as _;

use driftmgr_core::Error;
use driftmgr_core::backend::shown_target;
use driftmgr_core::client::{FoundCounts, SnapshotInfo};
use driftmgr_core::report::text::{TextOptions, one_line};

use super::Call;
use crate::args::{Snapshot, SnapshotSave, SnapshotShow};
use crate::exit::{Exit, Failure};
use crate::output::{Render, Wanted, emit, pretty};
use crate::session;
use crate::survey;
use crate::ui::printer::Printer;

pub(crate) fn run(command: &Snapshot, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    match command {
        Snapshot::Save(args) => save(args, call, printer),
        Snapshot::Show(args) => show(args, printer),
    }
}

fn save(args: &SnapshotSave, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let reach = &args.survey.reach;
    let targets = survey::targets(&args.targets, &args.survey);
    let options = survey::drift_options(call, &args.survey.target, &args.survey.exclude);
    let open = survey::open_options(call, reach);
    let (snapshot, report) = session::run(
        call.global,
        printer,
        call.settings.drift.timeout,
        |cx| async move {
            let client = survey::client(call, &cx)?;
            let mut stacks = Vec::new();
            for target in &targets {
                // A snapshot without one of its states would look like one that was never asked for it.
                let stack = client.open_with(target, &open).await;
                stacks.push(stack.map_err(|error| match error.context_value("target") {
                    Some(_) => error,
                    None => error.with("target", shown_target(target.as_ref())),
                })?);
            }
            let taken = client.snapshot(&stacks, &options).await?;
            survey::interrupted(&cx)?;
            Ok(taken)
        },
    )?;
    snapshot.write(&args.to)?;
    printer.problems(&report.problems);
    let info = snapshot.info();
    printer.data(&format!(
        "Saved {}: {}.\n",
        one_line(&args.to.display().to_string()),
        counts(info.objects(), info.targets.len())
    ))?;
    Ok(Exit::Ok)
}

fn show(args: &SnapshotShow, printer: &Printer) -> Result<Exit, Failure> {
    let snapshot = survey::elsewhere::read_snapshot(&args.file)?;
    emit(printer, &Wanted::from(&args.output), &[], &snapshot.info())?;
    Ok(Exit::Ok)
}

fn counts(objects: FoundCounts, states: usize) -> String {
    let plural = |n: usize, word: &str| match n {
        1 => format!("1 {word}"),
        n => format!("{n} {word}s"),
    };
    let mut text = format!(
        "{} of {}",
        plural(objects.all(), "object"),
        plural(states, "state")
    );
    if objects.absent > 0 {
        let _ = write!(text, ", {} of them gone", objects.absent);
    }
    if objects.unreadable > 0 {
        let _ = write!(text, ", {} could not be looked at", objects.unreadable);
    }
    text
}

impl Render for SnapshotInfo {
    fn text(&self, _: &TextOptions) -> String {
        let mut out = format!(
            "Snapshot of {}, taken from {} to {} by driftmgr {}\n",
            counts(self.objects(), self.targets.len()),
            one_line(&self.created_at),
            one_line(&self.finished_at),
            one_line(&self.driftmgr_version),
        );
        for target in &self.targets {
            let _ = writeln!(
                out,
                "\n{}  serial {}, {}",
                one_line(&target.target),
                target.serial,
                counts(target.objects, 1)
            );
            for provider in &target.providers {
                let version = provider.version.as_deref().unwrap_or("of unknown version");
                let _ = writeln!(
                    out,
                    "  answered by {} {} ({})",
                    one_line(&provider.address),
                    one_line(version),
                    one_line(&provider.origin)
                );
            }
            for open in &target.not_looked_at {
                let deposed = open.deposed.as_ref();
                let deposed = deposed.map_or_else(String::new, |key| format!(" (deposed {key})"));
                let _ = writeln!(
                    out,
                    "  not looked at: {}: {}",
                    one_line(&format!("{}{deposed}", open.address)),
                    one_line(&open.reason)
                );
            }
        }
        out
    }

    fn json(&self) -> Result<String, Error> {
        pretty(self)
    }
}
