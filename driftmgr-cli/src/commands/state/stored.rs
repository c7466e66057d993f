//! `driftmgr state pull|history|diff|snapshot|lock|unlock`

use std::fmt::Write as _;

use driftmgr_core::backend::LockId;
use driftmgr_core::client::{HistoricVersion, Keeper, ManagedState, OpenOptions};
use driftmgr_core::configuration::BackendInput;
use driftmgr_core::report::text::{self, TextOptions, one_line};
use driftmgr_core::state::Comparison;
use driftmgr_core::{Context, Error, ErrorKind, Partial};

use crate::args::{
    StateDiff, StateHistory, StateLock, StatePull, StateSnapshot, StateUnlock, Stored,
};
use crate::commands::Call;
use crate::exit::{Exit, Failure};
use crate::output::{Render, Wanted, emit, pretty};
use crate::session;
use crate::survey;
use crate::ui::printer::Printer;

/// The state that is meant.
pub(in crate::commands) async fn manage(
    call: &Call<'_>,
    cx: &Context,
    target: &str,
    workspace: Option<&str>,
    backend_config: Vec<BackendInput>,
) -> Result<ManagedState, Error> {
    let options = OpenOptions {
        workspace: workspace.map(str::to_owned),
        variables: call.variables.clone(),
        backend_config,
        ..OpenOptions::default()
    };
    let client = survey::client(call, cx)?;
    client.manage_with(target, &options).await
}

pub(super) async fn stored(
    call: &Call<'_>,
    cx: &Context,
    which: &Stored,
) -> Result<ManagedState, Error> {
    let workspace = which.workspace.as_deref();
    manage(call, cx, &which.file, workspace, which.backend.inputs()).await
}

pub(super) fn pull(args: &StatePull, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let bytes = session::run(call.global, printer, None, |cx| async move {
        let state = stored(call, &cx, &args.stored).await?;
        match &args.version {
            Some(version) => Ok(state.state(Some(version)).await?.state().to_bytes()),
            None => match state.pull().await? {
                Some(bytes) => Ok(bytes.to_vec()),
                None => Err(state.absent()),
            },
        }
    })?;
    printer.bytes(&bytes)?;
    Ok(Exit::Ok)
}

struct Past(Vec<HistoricVersion>);

impl Render for Past {
    fn text(&self, _: &TextOptions) -> String {
        let mut text = String::new();
        for version in &self.0 {
            let when = version
                .modified
                .and_then(|time| jiff::Timestamp::try_from(time).ok())
                .map_or_else(
                    || "-".to_owned(),
                    |t| t.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
                );
            let who = match version.kept_by {
                Keeper::Backend if version.latest => "current",
                Keeper::Backend => "backend",
                Keeper::Backup => "this machine",
            };
            let size = version
                .size
                .map_or_else(|| "-".to_owned(), |n| n.to_string());
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "{when:<20}  {size:>10}  {who:<12}  {}",
                one_line(&version.id)
            );
        }
        text
    }

    fn json(&self) -> Result<String, Error> {
        pretty(&self.0)
    }
}

pub(super) fn history(
    args: &StateHistory,
    call: &Call<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let past = session::run(call.global, printer, None, |cx| async move {
        stored(call, &cx, &args.stored).await?.versions().await
    })?;
    emit(printer, &Wanted::from(&args.output), &[], &Past(past))?;
    Ok(Exit::Ok)
}

struct Between {
    names: [String; 2],
    found: Partial<Comparison>,
}

impl Render for Between {
    fn text(&self, options: &TextOptions) -> String {
        let [before, after] = &self.names;
        let (found, problems) = (&self.found.value, &self.found.problems);
        text::comparison(found, problems, [before, after], options)
    }

    fn json(&self) -> Result<String, Error> {
        pretty(&self.found.value)
    }
}

pub(super) fn diff(args: &StateDiff, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let found = session::run(call.global, printer, None, |cx| async move {
        let state = stored(call, &cx, &args.stored).await?;
        state.diff(Some(&args.from), args.to.as_deref()).await
    })?;
    let to = args.to.clone().unwrap_or_else(|| "current".to_owned());
    let between = Between {
        names: [args.from.clone(), to],
        found,
    };
    emit(printer, &Wanted::from(&args.output), &[], &between)?;
    Ok(match args.detailed_exitcode {
        true if !between.found.value.is_empty() => Exit::Drift,
        true if !between.found.problems.is_empty() => Exit::Open,
        _ => Exit::Ok,
    })
}

pub(super) fn snapshot(
    args: &StateSnapshot,
    call: &Call<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let id = session::run(call.global, printer, None, |cx| async move {
        stored(call, &cx, &args.stored).await?.snapshot().await
    })?;
    printer.lines([id])?;
    Ok(Exit::Ok)
}

pub(super) fn lock(args: &StateLock, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let id = session::run(call.global, printer, None, |cx| async move {
        let state = stored(call, &cx, &args.stored).await?;
        if state.info().kind == "local" {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "a local lock ends with the program that holds it",
            )
            .with_hint("commands that change a state lock it themselves"));
        }
        state.lock(&args.reason, args.lock_timeout).await
    })?;
    printer.lines([id.to_string()])?;
    Ok(Exit::Ok)
}

pub(super) fn unlock(
    args: &StateUnlock,
    call: &Call<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    session::run(call.global, printer, None, |cx| async move {
        let state = stored(call, &cx, &args.stored).await?;
        state.unlock(&LockId(args.id.clone())).await
    })?;
    printer.note("The lock was given back.");
    Ok(Exit::Ok)
}
