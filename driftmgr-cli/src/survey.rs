//! Opening targets and holding them against reality.

use driftmgr_core::client::{Client, DriftOptions, OpenOptions, Stack};
use driftmgr_core::drift::DriftReport;
use driftmgr_core::report::{json, text};
use driftmgr_core::{Context, Error, ErrorKind};
use futures::future::join_all;

use crate::args::{Reach, Survey};
use crate::commands::Call;
use crate::exit::{Exit, Failure};
use crate::output::{Render, pretty};
use crate::session;
use crate::ui::printer::Printer;

/// A report, and what the targets were.
pub(crate) struct Surveyed {
    pub(crate) report: DriftReport,
    /// Some targets could not be opened; they are among the report's problems.
    pub(crate) failed: bool,
    /// Targets that are folders.
    pub(crate) folders: Vec<String>,
}

impl Surveyed {
    /// The exit code, unless a target could not be opened: that is an error, whatever the others gave.
    pub(crate) fn exit(&self, found: Exit) -> Exit {
        if self.failed { Exit::Error } else { found }
    }
}

impl Render for Surveyed {
    fn text(&self, options: &text::TextOptions) -> String {
        text::drift(&self.report, options)
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

/// Which instances, and how reality is reached.
pub(crate) fn drift_options(reach: &Reach, target: &[String], exclude: &[String]) -> DriftOptions {
    let defaults = DriftOptions::default();
    DriftOptions {
        parallelism: reach.parallelism.map_or(defaults.parallelism, usize::from),
        plugins: !reach.no_plugins,
        targets: target.to_vec(),
        exclude: exclude.to_vec(),
        ..defaults
    }
}

/// How targets are opened.
pub(crate) fn open_options(call: &Call<'_>, reach: &Reach) -> OpenOptions {
    OpenOptions {
        workspace: reach.workspace.clone(),
        variables: call.variables.clone(),
    }
}

/// Opens the targets and looks at them. One target that cannot be opened is the error; among several it is a problem of the report.
pub(crate) fn run(
    call: &Call<'_>,
    printer: &Printer,
    reach: &Reach,
    targets: &[String],
    options: &DriftOptions,
) -> Result<Surveyed, Failure> {
    let open = open_options(call, reach);
    session::run(call.global, printer, reach.timeout, |cx| async move {
        let client = Client::builder().context(cx.clone()).build()?;
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
        let mut report = client.detect_drift(&stacks, options).await?;
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
        })
    })
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
