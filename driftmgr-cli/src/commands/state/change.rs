//! `driftmgr state push|mv|rm|replace-provider|rollback|restore|migrate`

use std::fmt::Write as _;

use driftmgr_core::client::{ChangeOptions, Changed, ManagedState};
use driftmgr_core::report::text::{TextOptions, one_line};
use driftmgr_core::{Context, Error};

use crate::args::{
    Changing, StateMigrate, StateMv, StatePush, StateReplaceProvider, StateRestore, StateRm,
    StateRollback, Stored, inputs,
};
use crate::commands::Call;
use crate::exit::{Exit, Failure};
use crate::output::{Render, Wanted, emit, pretty};
use crate::session;
use crate::source::read_bytes;
use crate::ui::printer::Printer;

use super::stored::{manage, stored};

impl Render for Changed {
    fn text(&self, _: &TextOptions) -> String {
        let mut text = String::new();
        for change in &self.changes {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{}", one_line(&change.to_string()));
        }
        for target in &self.unmatched {
            let _ = writeln!(text, "nothing at {}", one_line(&target.to_string()));
        }
        let _ = match (self.written, self.serial_before) {
            (true, None) => writeln!(text, "Written with serial {}.", self.serial),
            (true, Some(before)) => writeln!(text, "Written: serial {before} -> {}.", self.serial),
            (false, Some(before)) if before == self.serial => {
                writeln!(text, "Nothing changes: serial {before} stays.")
            }
            (false, Some(before)) => writeln!(
                text,
                "Would be written: serial {before} -> {}. Nothing was changed.",
                self.serial
            ),
            (false, None) => writeln!(
                text,
                "Would be written with serial {}. Nothing was changed.",
                self.serial
            ),
        };
        if let Some(backup) = &self.backup {
            let _ = writeln!(text, "What was there is version {backup}.");
        }
        text
    }

    fn json(&self) -> Result<String, Error> {
        pretty(self)
    }
}

/// Opens the state, changes it and shows what that did.
fn run<W>(
    (which, changing, force): (&Stored, &Changing, bool),
    call: &Call<'_>,
    printer: &Printer,
    work: impl FnOnce(ManagedState, ChangeOptions) -> W,
) -> Result<Exit, Failure>
where
    W: Future<Output = Result<Changed, Error>>,
{
    let options = ChangeOptions {
        dry_run: changing.dry_run,
        lock_timeout: changing.lock_timeout,
        without_lock: changing.no_lock,
        force,
    };
    let changed = session::run(call.global, printer, None, |cx: Context| async move {
        work(stored(call, &cx, which).await?, options).await
    })?;
    emit(printer, &Wanted::from(&changing.output), &[], &changed)?;
    Ok(Exit::Ok)
}

pub(super) fn push(args: &StatePush, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let (_, bytes) = read_bytes(&args.source, "read the state")?;
    let how = (&args.stored, &args.changing, args.force);
    run(how, call, printer, |state, options| async move {
        state.push(&bytes, &options).await
    })
}

pub(super) fn restore(
    args: &StateRestore,
    call: &Call<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let (_, bytes) = read_bytes(&args.source, "read the state")?;
    let how = (&args.stored, &args.changing, args.force);
    run(how, call, printer, |state, options| async move {
        state.restore(&bytes, &options).await
    })
}

pub(super) fn rollback(
    args: &StateRollback,
    call: &Call<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let how = (&args.stored, &args.changing, false);
    run(how, call, printer, |state, options| async move {
        state.rollback(&args.version, &options).await
    })
}

pub(super) fn mv(args: &StateMv, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let how = (&args.stored, &args.changing, false);
    run(how, call, printer, |state, options| async move {
        state.mv(&args.from, &args.to, &options).await
    })
}

pub(super) fn rm(args: &StateRm, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let how = (&args.stored, &args.changing, false);
    run(how, call, printer, |state, options| async move {
        state.rm(&args.addresses, &options).await
    })
}

pub(super) fn replace_provider(
    args: &StateReplaceProvider,
    call: &Call<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let how = (&args.stored, &args.changing, false);
    run(how, call, printer, |state, options| async move {
        state.replace_provider(&args.from, &args.to, &options).await
    })
}

pub(super) fn migrate(
    args: &StateMigrate,
    call: &Call<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let how = (&args.stored, &args.changing, args.force);
    run(how, call, printer, |state, options| async move {
        let to = manage(
            call,
            state.context(),
            &args.to,
            args.to_workspace.as_deref(),
            inputs(&args.to_backend_config),
        );
        state.copy_to(&to.await?, &options).await
    })
}
