//! `driftmgr snapshot`

use std::fmt::Write as _;

use driftmgr_core::drift::Snapshot as Taken;
use driftmgr_core::drift::snapshot::{Found, SnapshotTarget};
use driftmgr_core::report::text::{TextOptions, one_line};
use driftmgr_core::{Error, ErrorKind};
use serde_json::{Value as Json, json};

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
                    None => error.with("target", target),
                })?);
            }
            let taken = client.snapshot(&stacks, &options).await?;
            survey::interrupted(&cx)?;
            Ok(taken)
        },
    )?;
    snapshot.save(&args.to)?;
    printer.problems(&report.problems);
    printer.data(&format!(
        "Saved {}: {}.\n",
        one_line(&args.to.display().to_string()),
        counts(&snapshot.targets)
    ))?;
    Ok(Exit::Ok)
}

struct Shown {
    snapshot: Taken,
}

fn show(args: &SnapshotShow, printer: &Printer) -> Result<Exit, Failure> {
    let snapshot = survey::elsewhere::read_snapshot(&args.file)?;
    emit(
        printer,
        &Wanted::from(&args.output),
        &[],
        &Shown { snapshot },
    )?;
    Ok(Exit::Ok)
}

fn count(targets: &[SnapshotTarget], is: impl Fn(&Found) -> bool) -> usize {
    let objects = targets.iter().flat_map(|t| &t.objects);
    objects.filter(|o| is(&o.found)).count()
}

fn counts(targets: &[SnapshotTarget]) -> String {
    let plural = |n: usize, word: &str| match n {
        1 => format!("1 {word}"),
        n => format!("{n} {word}s"),
    };
    let all = count(targets, |_| true);
    let mut text = format!(
        "{} of {}",
        plural(all, "object"),
        plural(targets.len(), "state")
    );
    let gone = count(targets, |f| matches!(f, Found::Absent { .. }));
    let open = count(targets, |f| matches!(f, Found::Unreadable { .. }));
    if gone > 0 {
        let _ = write!(text, ", {gone} of them gone");
    }
    if open > 0 {
        let _ = write!(text, ", {open} could not be looked at");
    }
    text
}

/// Address and reason of each object that could not be looked at.
fn open(target: &SnapshotTarget) -> impl Iterator<Item = (&str, Option<&str>, &str)> {
    target
        .objects
        .iter()
        .filter_map(|object| match &object.found {
            Found::Unreadable { reason, .. } => Some((
                object.address.as_str(),
                object.deposed.as_deref(),
                reason.as_str(),
            )),
            _ => None,
        })
}

impl Render for Shown {
    fn text(&self, _: &TextOptions) -> String {
        let snapshot = &self.snapshot;
        let mut out = format!(
            "Snapshot of {}, taken from {} to {} by driftmgr {}\n",
            counts(&snapshot.targets),
            one_line(&snapshot.created_at),
            one_line(&snapshot.finished_at),
            one_line(&snapshot.driftmgr_version),
        );
        for target in &snapshot.targets {
            let _ = writeln!(
                out,
                "\n{}  serial {}, {}",
                one_line(&target.target),
                target.serial,
                counts(std::slice::from_ref(target))
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
            for (address, deposed, reason) in open(target) {
                let deposed = deposed.map_or_else(String::new, |key| format!(" (deposed {key})"));
                let _ = writeln!(
                    out,
                    "  not looked at: {}: {}",
                    one_line(&format!("{address}{deposed}")),
                    one_line(reason)
                );
            }
        }
        out
    }

    fn json(&self) -> Result<String, Error> {
        let snapshot = &self.snapshot;
        let target = |target: &SnapshotTarget| -> Result<Json, Error> {
            let one = std::slice::from_ref(target);
            let open: Vec<Json> = open(target)
                .map(|(address, deposed, reason)| {
                    json!({"address": address, "deposed": deposed, "reason": reason})
                })
                .collect();
            let providers = serde_json::to_value(&target.providers).map_err(|e| {
                Error::new(ErrorKind::Unexpected, "the snapshot cannot be shown").with_source(e)
            })?;
            Ok(json!({
                "target": target.target,
                "lineage": target.lineage,
                "serial": target.serial,
                "providers": providers,
                "objects": {
                    "present": count(one, |f| matches!(f, Found::Present { .. })),
                    "absent": count(one, |f| matches!(f, Found::Absent { .. })),
                    "unreadable": open.len(),
                },
                "not_looked_at": open,
            }))
        };
        let targets: Result<Vec<Json>, Error> = snapshot.targets.iter().map(target).collect();
        pretty(&json!({
            "driftmgr_snapshot": snapshot.driftmgr_snapshot,
            "driftmgr_version": snapshot.driftmgr_version,
            "created_at": snapshot.created_at,
            "finished_at": snapshot.finished_at,
            "targets": targets?,
        }))
    }
}
