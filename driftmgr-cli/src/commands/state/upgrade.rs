//! `driftmgr state upgrade`

use driftmgr_core::{Error, ErrorKind};

use crate::args::StateUpgrade;
use crate::commands::Call;
use crate::exit::{Exit, Failure};
use crate::session;
use crate::source::read_state;
use crate::survey;
use crate::ui::printer::Printer;

pub(crate) fn run(
    args: &StateUpgrade,
    call: &Call<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let file = args.state.file.as_str();
    if !args.in_place {
        let stored = read_state(file)?;
        printer.bytes(&stored.upgrade())?;
        return Ok(Exit::Ok);
    }
    if file == "-" {
        let error = Error::new(
            ErrorKind::InvalidInput,
            "standard input cannot be upgraded in place",
        )
        .with_hint("name the file with --file, or leave --in-place out");
        return Err(error.into());
    }
    let done = session::run(call.global, printer, None, |cx| async move {
        survey::client(call, &cx)?.upgrade_state(file).await
    })?;
    match done {
        Some(from) => printer.note(&format!(
            "{file} was upgraded from format {from} to 4; the old state is {file}.backup"
        )),
        None => printer.note(&format!(
            "{file} is in format 4 already; nothing was written"
        )),
    }
    Ok(Exit::Ok)
}
