//! Opening targets and holding them against reality.

pub(crate) mod elsewhere;

use std::time::SystemTime;

use driftmgr_core::backend::layers::BackendOptions;
use driftmgr_core::client::{Against, Client, DriftOptions, OpenOptions, Stack};
use driftmgr_core::drift::DriftReport;
use driftmgr_core::report::{json, text};
use driftmgr_core::{Context, Error, ErrorKind};

use crate::args::{Elsewhere, Reach, Survey};
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
    /// What was looked at.
    pub(crate) stacks: Vec<Stack>,
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
        // Not all commands know what is known already; those that do name the file.
        baseline: None,
        ..DriftOptions::from_settings(call.settings, SystemTime::now())
    }
}

/// A client with the settings of the run.
pub(crate) fn client(call: &Call<'_>, cx: &Context) -> Result<Client, Error> {
    Client::builder()
        .context(cx.clone())
        .settings(call.settings.clone())
        .backend_options(BackendOptions {
            read_only: call.global.read_only,
            ..BackendOptions::default()
        })
        .build()
}

/// How targets are opened.
pub(crate) fn open_options(call: &Call<'_>, reach: &Reach) -> OpenOptions {
    OpenOptions {
        workspace: reach.workspace.clone(),
        variables: call.variables.clone(),
        backend_config: reach.backend.inputs(),
        every_workspace: reach.all_workspaces,
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
    let against = elsewhere::read(elsewhere)?;
    let none_named = positional.is_empty() && survey.file.is_empty() && survey.files.is_empty();
    // A plan holds the state that it was made from.
    let targets = if none_named && matches!(against, Against::Plan(..)) {
        Vec::new()
    } else {
        targets(positional, survey)
    };
    elsewhere::suits(&against, &targets)?;
    let reach = Reach {
        all_workspaces: survey.all_workspaces,
        ..survey.reach.clone()
    };
    let surveyed = run_with(call, printer, &reach, (&targets, &against), options)?;
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
        (targets, &Against::Providers),
        options,
    )
}

fn run_with(
    call: &Call<'_>,
    printer: &Printer,
    reach: &Reach,
    (targets, against): (&[String], &Against),
    options: &DriftOptions,
) -> Result<Surveyed, Failure> {
    let open = open_options(call, reach);
    session::run(
        call.global,
        printer,
        call.settings.drift.timeout,
        |cx| async move {
            let client = client(call, &cx)?;
            let found = client
                .detect_drift_against(targets, against, &open, options)
                .await?;
            interrupted(&cx)?;
            Ok(Surveyed {
                failed: !found.unopened.is_empty(),
                folders: folders(targets),
                elsewhere: found.asked_elsewhere,
                report: found.report,
                stacks: found.stacks,
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
