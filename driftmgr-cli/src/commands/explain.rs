//! `driftmgr explain`

use driftmgr_core::Error;
use driftmgr_core::client::Explanation;
use driftmgr_core::report::text::TextOptions;

use super::Call;
use crate::args::Explain;
use crate::exit::{Exit, Failure};
use crate::output::{Render, Wanted, emit, pretty};
use crate::session;
use crate::survey;
use crate::ui::printer::Printer;

impl Render for Explanation {
    fn text(&self, options: &TextOptions) -> String {
        self.text(options)
    }

    fn json(&self) -> Result<String, Error> {
        pretty(self)
    }
}

pub(crate) fn run(args: &Explain, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let open = survey::open_options(call, &args.reach);
    let options = survey::drift_options(call, &[], &[]);
    let explained = session::run(
        call.global,
        printer,
        call.settings.drift.timeout,
        |cx| async move {
            let client = survey::client(call, &cx)?;
            let stack = client.open_with(&args.target, &open).await?;
            let explained = stack.explain(&args.address.to_string(), &options).await?;
            survey::interrupted(&cx)?;
            Ok(explained)
        },
    )?;
    let folders = survey::folders(std::slice::from_ref(&args.target));
    emit(printer, &Wanted::from(&args.output), &folders, &explained)?;
    Ok(Exit::Ok)
}
