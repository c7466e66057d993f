//! Opening targets and holding them against reality.

pub(crate) mod elsewhere;

use std::time::SystemTime;

use driftmgr_core::client::{Client, DriftOptions, OpenOptions, Stack};
use driftmgr_core::drift::DriftReport;
use driftmgr_core::history::Circumstances;
use driftmgr_core::report::{json, text};
use driftmgr_core::{Context, Error, ErrorKind};
use futures::future::join_all;

use crate::args::{Elsewhere, Reach, Survey};
use crate::commands::Call;
use crate::exit::{Exit, Failure};
use crate::output::{Render, pretty};
use crate::session;
use crate::ui::printer::Printer;
use elsewhere::Witness;

/// A report, and what the targets were.
pub(crate) struct Surveyed {
    pub(crate) report: DriftReport,
    /// Some targets could not be opened; they are among the report's problems.
    pub(crate) failed: bool,
    /// Targets that are folders.
    pub(crate) folders: Vec<String>,
    /// What was looked at.
    pub(crate) stacks: Vec<Stack>,
    /// When and how.
    pub(crate) made: Circumstances,
    /// No provider was asked.
    pub(crate) elsewhere: bool,
}

impl Surveyed {
    /// The exit code, unless a target could not be opened: that is an error, whatever the others gave.
    pub(crate) fn exit(&self, found: Exit) -> Exit {
        if self.failed { Exit::Error } else { found }
    }
}

impl Render for Surveyed {
    fn text(&self, options: &text::TextOptions) -> String {
        let options = text::TextOptions {
            elsewhere: self.elsewhere,
            ..options.clone()
        };
        text::drift(&self.report, &options)
    }

    fn json(&self) -> Result<String, Error> {
        pretty(&json::drift(&self.report))
    }

    fn report(&self) -> Option<&DriftReport> {
        Some(&self.report)
    }
}

/// All targets of a command line; the current folder when there is none.
pub(crate) fn targets(positional: &[String], survey: &Survey) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for target in positional.iter().chain(&survey.file).chain(&survey.files) {
        if !all.contains(target) {
            all.push(target.clone());
        }
    }
    if all.is_empty() {
        all.push(".".to_owned());
    }
    all
}

/// Which instances, and how reality is reached. Flags are part of the settings.
pub(crate) fn drift_options(
    call: &Call<'_>,
    target: &[String],
    exclude: &[String],
) -> DriftOptions {
    DriftOptions {
        targets: target.to_vec(),
        exclude: exclude.to_vec(),
        ..DriftOptions::from_settings(call.settings, SystemTime::now())
    }
}

/// A client with the settings of the run.
pub(crate) fn client(call: &Call<'_>, cx: &Context) -> Result<Client, Error> {
    Client::builder()
        .context(cx.clone())
        .settings(call.settings.clone())
        .build()
}

/// How targets are opened.
pub(crate) fn open_options(call: &Call<'_>, reach: &Reach) -> OpenOptions {
    OpenOptions {
        workspace: reach.workspace.clone(),
        variables: call.variables.clone(),
    }
}

/// Opens the targets of a command line and holds them against reality, or against what stands in for it. `targets` are those that were
/// typed, and what to look at again.
pub(crate) fn look(
    call: &Call<'_>,
    printer: &Printer,
    positional: &[String],
    survey: &Survey,
    elsewhere: &Elsewhere,
    options: &DriftOptions,
) -> Result<(Surveyed, Vec<String>), Failure> {
    let witness = Witness::read(elsewhere)?;
    let none_named = positional.is_empty() && survey.file.is_empty() && survey.files.is_empty();
    let targets = if none_named && witness.needs_no_target() {
        Vec::new()
    } else {
        targets(positional, survey)
    };
    witness.suits(&targets)?;
    let surveyed = run_with(call, printer, &survey.reach, (&targets, &witness), options)?;
    let again = elsewhere.words().into_iter().map(str::to_owned);
    Ok((surveyed, targets.into_iter().chain(again).collect()))
}

/// Opens the targets and looks at them. One target that cannot be opened is the error; among several it is a problem of the report.
pub(crate) fn run(
    call: &Call<'_>,
    printer: &Printer,
    reach: &Reach,
    targets: &[String],
    options: &DriftOptions,
) -> Result<Surveyed, Failure> {
    run_with(
        call,
        printer,
        reach,
        (targets, &Witness::Providers),
        options,
    )
}

fn run_with(
    call: &Call<'_>,
    printer: &Printer,
    reach: &Reach,
    (targets, witness): (&[String], &Witness),
    options: &DriftOptions,
) -> Result<Surveyed, Failure> {
    let open = open_options(call, reach);
    session::run(
        call.global,
        printer,
        call.settings.drift.timeout,
        |cx| async move {
            let started = cx.now();
            let client = client(call, &cx)?;
            let opened = join_all(targets.iter().map(|t| client.open_with(t, &open))).await;
            let mut stacks: Vec<Stack> = Vec::new();
            let mut failures = Vec::new();
            for (target, stack) in targets.iter().zip(opened) {
                match stack {
                    Ok(stack) => stacks.push(stack),
                    Err(error) => failures.push((target, error)),
                }
            }
            if stacks.is_empty() && failures.len() == 1 {
                return Err(failures.swap_remove(0).1);
            }
            let failed = !failures.is_empty();
            // Without any stack that was asked for, there is nothing to hold against anything.
            let witness = match stacks.is_empty() && !targets.is_empty() {
                true => &Witness::Providers,
                false => witness,
            };
            let mut report = witness.ask(&client, &stacks, options).await?;
            interrupted(&cx)?;
            let failures =
                failures
                    .into_iter()
                    .map(|(target, error)| match error.context_value("target") {
                        Some(_) => error,
                        None => error.with("target", target),
                    });
            report.problems.extend(failures);
            Ok(Surveyed {
                report,
                failed,
                folders: folders(targets),
                elsewhere: !matches!(witness, Witness::Providers),
                stacks,
                made: Circumstances {
                    started,
                    ended: cx.now(),
                    sensitivity: options.filter.sensitivity,
                },
            })
        },
    )
}

/// A report that Ctrl-C cut short is not what was asked for.
pub(crate) fn interrupted(cx: &Context) -> Result<(), Error> {
    if cx.cancellation().is_cancelled() {
        return Err(Error::new(ErrorKind::Cancelled, "interrupted"));
    }
    Ok(())
}

/// The targets that are folders.
pub(crate) fn folders(targets: &[String]) -> Vec<String> {
    targets
        .iter()
        .filter(|t| std::path::Path::new(t).is_dir())
        .cloned()
        .collect()
}
