//! `driftmgr state inspect`

use driftmgr_core::Error;
use driftmgr_core::report::text::{self, TextOptions};

use crate::args::StateInspect;
use crate::exit::{Exit, Failure};
use crate::output::{Render, emit};
use crate::source::{StoredState, read_state};
use crate::ui::printer::Printer;

impl Render for StoredState {
    fn text(&self, options: &TextOptions) -> String {
        let bytes = u64::try_from(self.bytes.len()).ok();
        text::inspect(&self.state, &self.name, bytes, options)
    }

    fn json(&self) -> Result<String, Error> {
        Err(Error::new(
            driftmgr_core::ErrorKind::Unsupported,
            "the JSON representation of a state is not built yet",
        ))
    }
}

pub(crate) fn run(args: &StateInspect, printer: &Printer) -> Result<Exit, Failure> {
    let stored = read_state(&args.state.file)?;
    emit(printer, &args.output, &[], &stored)?;
    Ok(Exit::Ok)
}
