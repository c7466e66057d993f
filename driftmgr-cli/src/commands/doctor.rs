//! `driftmgr doctor`: what this machine offers. Names of credentials, never their values.

mod machine;
mod target;

use driftmgr_core::report::text::{self, Section, TextOptions};
use driftmgr_core::{Context, Error};
use serde::Serialize;

use crate::args::Doctor;
use crate::exit::{Exit, Failure};
use crate::output::{Render, Wanted, emit, pretty};
use crate::ui::printer::Printer;

/// Everything the command finds out.
#[derive(Debug, Serialize)]
struct Diagnosis {
    machine: machine::Machine,
    targets: Vec<target::TargetFacts>,
}

impl Render for Diagnosis {
    fn text(&self, options: &TextOptions) -> String {
        let mut sections: Vec<Section> = self.machine.sections();
        for target in &self.targets {
            sections.extend(target.sections(options.every_address));
        }
        text::sections(&sections, options)
    }

    fn json(&self) -> Result<String, Error> {
        pretty(self)
    }
}

pub(crate) fn run(args: &Doctor, printer: &Printer) -> Result<Exit, Failure> {
    let cx = Context::from_process();
    let default = [".".to_owned()];
    let targets = if args.targets.is_empty() {
        &default[..]
    } else {
        &args.targets
    };
    let diagnosis = Diagnosis {
        machine: machine::Machine::examine(&cx),
        targets: targets
            .iter()
            .map(|t| target::TargetFacts::examine(&cx, t))
            .collect::<Result<_, _>>()?,
    };
    emit(printer, &Wanted::from(&args.output), &[], &diagnosis)?;
    Ok(Exit::Ok)
}
