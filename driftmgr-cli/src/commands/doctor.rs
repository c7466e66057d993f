//! `driftmgr doctor`: what this machine offers. Names of credentials, never their values.

use driftmgr_core::backend::BackendRegistry;
use driftmgr_core::client::Diagnosis;
use driftmgr_core::report::text::TextOptions;
use driftmgr_core::{Context, Error};

use super::Call;
use crate::args::Doctor;
use crate::exit::{Exit, Failure};
use crate::output::{Render, Wanted, emit, pretty};
use crate::ui::printer::Printer;

impl Render for Diagnosis {
    fn text(&self, options: &TextOptions) -> String {
        self.text(options)
    }

    fn json(&self) -> Result<String, Error> {
        pretty(self)
    }
}

pub(crate) fn run(args: &Doctor, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let cx = Context::from_process();
    let default = [".".to_owned()];
    let targets = if args.targets.is_empty() {
        &default[..]
    } else {
        &args.targets
    };
    // Without a client: settings that cannot be followed are no reason not to look.
    let backends = BackendRegistry::builtin();
    let diagnosis = Diagnosis::examine(&cx, call.settings, &backends, targets)?;
    emit(printer, &Wanted::from(&args.output), &[], &diagnosis)?;
    Ok(Exit::Ok)
}
