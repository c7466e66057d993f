//! `driftmgr state inspect`

use driftmgr_core::Error;
use driftmgr_core::client::StoredState;
use driftmgr_core::report::text::TextOptions;
use driftmgr_core::state::Secrets;

use crate::args::StateInspect;
use crate::exit::{Exit, Failure};
use crate::output::{Render, Wanted, emit, pretty};
use crate::source::read_state;
use crate::ui::printer::Printer;

impl Render for StoredState {
    fn text(&self, options: &TextOptions) -> String {
        self.text(options)
    }

    /// What `terraform show -json` prints, values included: whoever asks for a state's representation has the state.
    fn json(&self) -> Result<String, Error> {
        pretty(&self.view(Secrets::Revealed)?)
    }
}

pub(crate) fn run(args: &StateInspect, printer: &Printer) -> Result<Exit, Failure> {
    let stored = read_state(&args.state.file)?;
    emit(printer, &Wanted::from(&args.output), &[], &stored)?;
    Ok(Exit::Ok)
}
