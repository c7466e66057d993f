//! `driftmgr doctor`: what this machine offers. Names of credentials, never their values.

mod machine;
mod target;

use driftmgr_core::report::text::{self, Section, TextOptions};
use driftmgr_core::settings::Settings;
use driftmgr_core::{Context, Error};
use serde::Serialize;

use super::Call;
use crate::args::Doctor;
use crate::exit::{Exit, Failure};
use crate::output::{Render, Wanted, emit, pretty};
use crate::ui::printer::Printer;

/// Everything the command finds out.
#[derive(Debug, Serialize)]
struct Diagnosis {
    settings: Used,
    machine: machine::Machine,
    targets: Vec<target::TargetFacts>,
}

/// The settings that apply.
#[derive(Debug, Serialize)]
struct Used {
    files: Vec<String>,
    name: Option<String>,
    environment: Option<String>,
}

impl Used {
    fn of(settings: &Settings) -> Self {
        Self {
            files: settings.files().map(|f| f.display().to_string()).collect(),
            name: settings.app.name.clone(),
            environment: settings.app.environment.clone(),
        }
    }

    fn section(&self) -> Section {
        let mut section = Section::new("Settings");
        match self.files.split_first() {
            None => section.row("files", "none; driftmgr config show lists what holds"),
            Some((first, rest)) => {
                section.row("files", first);
                rest.iter()
                    .fold(&mut section, |section, file| section.row("", file))
            }
        };
        for (label, text) in [("project", &self.name), ("environment", &self.environment)] {
            if let Some(text) = text {
                section.row(label, text);
            }
        }
        section
    }
}

impl Render for Diagnosis {
    fn text(&self, options: &TextOptions) -> String {
        let mut sections: Vec<Section> = self.machine.sections();
        sections.push(self.settings.section());
        for target in &self.targets {
            sections.extend(target.sections(options.every_address));
        }
        text::sections(&sections, options)
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
    let diagnosis = Diagnosis {
        settings: Used::of(call.settings),
        machine: machine::Machine::examine(&cx),
        targets: targets
            .iter()
            .map(|t| target::TargetFacts::examine(&cx, t))
            .collect::<Result<_, _>>()?,
    };
    emit(printer, &Wanted::from(&args.output), &[], &diagnosis)?;
    Ok(Exit::Ok)
}
