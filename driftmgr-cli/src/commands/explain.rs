//! `driftmgr explain`

mod facts;

use driftmgr_core::address::InstanceAddress;
use driftmgr_core::client::Stack;
use driftmgr_core::drift::DriftReport;
use driftmgr_core::report::json;
use driftmgr_core::report::text::{self, TextOptions, shell};
use driftmgr_core::{Error, ErrorKind};

use super::Call;
use crate::args::Explain;
use crate::exit::{Exit, Failure};
use crate::ignoring::Silence;
use crate::output::{Render, Wanted, emit, pretty};
use crate::session;
use crate::survey;
use crate::ui::printer::Printer;

struct Explained {
    address: InstanceAddress,
    facts: facts::Facts,
    report: DriftReport,
}

impl Render for Explained {
    fn text(&self, options: &TextOptions) -> String {
        text::explain(&self.address, &self.facts.sections(), &self.report, options)
    }

    fn json(&self) -> Result<String, Error> {
        pretty(&serde_json::json!({
            "address": self.address,
            "facts": self.facts,
            "report": json::drift(&self.report),
        }))
    }
}

pub(crate) fn run(args: &Explain, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let open = survey::open_options(call, &args.reach);
    let mut silence = Silence::read(&args.ignoring, call)?;
    let mut options = survey::drift_options(call, &[args.address.to_string()], &[]);
    silence.join(&mut options);
    let explained = session::run(
        call.global,
        printer,
        call.settings.drift.timeout,
        |cx| async move {
            let client = survey::client(call, &cx)?;
            let stack = client.open_with(&args.target, &open).await?;
            if stack.state().objects(&args.address).next().is_none() {
                return Err(unknown(&stack, &args.address));
            }
            let mut report = client
                .detect_drift(std::slice::from_ref(&stack), &options)
                .await?;
            survey::interrupted(&cx)?;
            // The rest of the state was left out on purpose; that is no news here.
            report.not_looked_at.retain(|n| n.address == args.address);
            silence.report(&mut report);
            Ok(Explained {
                facts: facts::Facts::gather(&cx, &stack, &args.address, &open.variables, &report),
                address: args.address.clone(),
                report,
            })
        },
    )?;
    let folders = [args.target.clone()].into_iter();
    let folders: Vec<String> = folders
        .filter(|t| std::path::Path::new(t).is_dir())
        .collect();
    emit(printer, &Wanted::from(&args.output), &folders, &explained)?;
    Ok(Exit::Ok)
}

/// An error that shows which instances there are.
fn unknown(stack: &Stack, address: &InstanceAddress) -> Error {
    let path = stack.state_path().display().to_string();
    let error = Error::new(
        ErrorKind::NotFound,
        format!("{address} is not in the state"),
    )
    .with("state", &path);
    let near: Vec<String> = stack
        .state()
        .list()
        .iter()
        .filter(|a| a.resource == address.resource)
        .take(5)
        .map(|a| shell(&a.to_string()))
        .collect();
    if near.is_empty() {
        error.with_hint(format!(
            "driftmgr state list --file {} lists what is",
            shell(&path)
        ))
    } else {
        error.with_hint(format!("the state has {}", near.join(", ")))
    }
}
