//! `driftmgr state inspect`

use driftmgr_core::Error;
use driftmgr_core::report::text::{self, TextOptions};
use driftmgr_core::state::Secrets;

use crate::args::StateInspect;
use crate::exit::{Exit, Failure};
use crate::output::{Render, Wanted, emit, pretty};
use crate::source::{StoredState, read_state};
use crate::ui::printer::Printer;

impl Render for StoredState {
    fn text(&self, options: &TextOptions) -> String {
        let bytes = u64::try_from(self.bytes.len()).ok();
        text::inspect(&self.state, &self.name, bytes, options)
    }

    /// What `terraform show -json` prints, values included: whoever asks for a state's representation has the state.
    fn json(&self) -> Result<String, Error> {
        let view = self.state.json_view(Secrets::Revealed);
        pretty(&view.map_err(|e| e.with("file", &self.name))?)
    }
}

pub(crate) fn run(args: &StateInspect, printer: &Printer) -> Result<Exit, Failure> {
    let stored = read_state(&args.state.file)?;
    emit(printer, &Wanted::from(&args.output), &[], &stored)?;
    Ok(Exit::Ok)
}
