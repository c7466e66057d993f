//! `driftmgr workspace list|show|new|delete`

use driftmgr_core::client::{ChangeOptions, ManagedState};
use driftmgr_core::report::text::{TextOptions, one_line};
use driftmgr_core::{Context, Error};
use serde::Serialize;

use super::Call;
use super::state::stored::manage;
use crate::args::{
    Module, Reach, Workspace, WorkspaceDelete, WorkspaceDrift, WorkspaceList, WorkspaceNew,
    WorkspaceShow, Workspaces,
};
use crate::exit::{Exit, Failure};
use crate::ignoring;
use crate::output::{Render, Wanted, emit, pretty};
use crate::session;
use crate::ui::printer::Printer;

pub(crate) fn run(
    command: &Workspaces,
    call: &Call<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let Some(command) = &command.command else {
        return drift(&command.drift, call, printer);
    };
    match command {
        Workspace::List(args) => list(args, call, printer),
        Workspace::Show(args) => show(args, call, printer),
        Workspace::New(args) => new(args, call, printer),
        Workspace::Delete(args) => delete(args, call, printer),
    }
}

#[derive(Serialize)]
struct Listed {
    selected: String,
    workspaces: Vec<String>,
}

impl Render for Listed {
    /// As `terraform workspace list` does.
    fn text(&self, _: &TextOptions) -> String {
        let line = |name: &String| {
            let mark = if *name == self.selected { '*' } else { ' ' };
            format!("{mark} {}\n", one_line(name))
        };
        self.workspaces.iter().map(line).collect()
    }

    fn json(&self) -> Result<String, Error> {
        pretty(self)
    }
}

/// Drift in each workspace that has a state, as one report.
fn drift(args: &WorkspaceDrift, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let wanted = Wanted::of_report(&args.output, printer)?;
    let reach = Reach {
        all_workspaces: args.reach.workspace.is_none(),
        ..args.reach.clone()
    };
    let which = (&reach, &args.ignoring);
    let surveyed = ignoring::run_one(call, printer, &args.path, which)?;
    emit(printer, &wanted, &surveyed.folders, &surveyed)?;
    Ok(surveyed.exit(Exit::judged(&surveyed.report, &args.judge)))
}

async fn of(call: &Call<'_>, cx: &Context, module: &Module) -> Result<ManagedState, Error> {
    manage(call, cx, &module.path, None, module.backend.inputs()).await
}

fn list(args: &WorkspaceList, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let found = session::run(call.global, printer, None, |cx| async move {
        let state = of(call, &cx, &args.module).await?;
        Ok(Listed {
            selected: state.workspace().to_owned(),
            workspaces: state.workspaces().await?,
        })
    })?;
    emit(printer, &Wanted::from(&args.output), &[], &found)?;
    Ok(Exit::Ok)
}

fn show(args: &WorkspaceShow, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let name = session::run(call.global, printer, None, |cx| async move {
        let state = of(call, &cx, &args.module).await?;
        Ok(state.workspace().to_owned())
    })?;
    printer.lines([name])?;
    Ok(Exit::Ok)
}

fn options(args: &WorkspaceNew, force: bool) -> ChangeOptions {
    ChangeOptions {
        lock_timeout: args.lock_timeout,
        without_lock: args.no_lock,
        force,
        ..ChangeOptions::default()
    }
}

fn new(args: &WorkspaceNew, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    session::run(call.global, printer, None, |cx| async move {
        let state = of(call, &cx, &args.module).await?;
        state
            .create_workspace(&args.name, &options(args, false))
            .await
    })?;
    printer.note(&format!("Workspace {} was made.", one_line(&args.name)));
    Ok(Exit::Ok)
}

fn delete(args: &WorkspaceDelete, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let WorkspaceDelete { which, force } = args;
    let backup = session::run(call.global, printer, None, |cx| async move {
        let state = of(call, &cx, &which.module).await?;
        state
            .delete_workspace(&which.name, &options(which, *force))
            .await
    })?;
    let name = one_line(&which.name);
    printer.note(&match backup {
        Some(backup) => format!("Workspace {name} was deleted; what it held is version {backup}."),
        None => format!("Workspace {name} was deleted; it held no state."),
    });
    Ok(Exit::Ok)
}
