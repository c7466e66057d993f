//! `driftmgr status`: can the states be reached, and with what. Names of credentials, never their values.

use driftmgr_core::Error;
use driftmgr_core::client::{OpenOptions, Status};
use driftmgr_core::report::text::TextOptions;

use super::Call;
use crate::args;
use crate::exit::{Exit, Failure};
use crate::output::{Render, Wanted, emit, pretty};
use crate::session;
use crate::survey;
use crate::ui::printer::Printer;

impl Render for Status {
    fn text(&self, options: &TextOptions) -> String {
        self.text(options)
    }

    fn json(&self) -> Result<String, Error> {
        pretty(self)
    }
}

pub(crate) fn run(
    args: &args::Status,
    call: &Call<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let default = [".".to_owned()];
    let targets = if args.targets.is_empty() {
        &default[..]
    } else {
        &args.targets
    };
    let options = OpenOptions {
        workspace: args.workspace.clone(),
        variables: call.variables.clone(),
        backend_config: args.backend.inputs(),
        ..OpenOptions::default()
    };
    let status = session::run(call.global, printer, None, |cx| async move {
        survey::client(call, &cx)?.status(targets, &options).await
    })?;
    emit(printer, &Wanted::from(&args.output), &[], &status)?;
    Ok(if status.is_good() {
        Exit::Ok
    } else {
        Exit::Error
    })
}
