//! `driftmgr state analyze`

use std::time::SystemTime;

use driftmgr_core::drift::DriftReport;
use driftmgr_core::report::json;
use driftmgr_core::report::text::{self, TextOptions};
use driftmgr_core::state::{Analysis, Health, HealthInputs};
use driftmgr_core::{Error, ErrorKind};

use crate::args::StateAnalyze;
use crate::commands::Call;
use crate::exit::{Exit, Failure};
use crate::ignoring;
use crate::output::{Render, Wanted, emit, pretty};
use crate::source::read_state;
use crate::survey::Surveyed;
use crate::ui::printer::Printer;

struct Analyzed {
    name: String,
    health: Health,
    analysis: Analysis,
    /// `None` when drift was left out on request.
    drift: Option<Surveyed>,
}

impl Render for Analyzed {
    fn text(&self, options: &TextOptions) -> String {
        let mut out = text::analysis(&self.name, &self.health, &self.analysis, options);
        out.push('\n');
        match &self.drift {
            Some(surveyed) => out.push_str(&surveyed.text(options)),
            None => out.push_str("Drift was not looked at (--offline).\n"),
        }
        out
    }

    fn json(&self) -> Result<String, Error> {
        pretty(&serde_json::json!({
            "state": self.name,
            "health": self.health,
            "analysis": self.analysis,
            "offline": self.drift.is_none(),
            "drift": self.drift.as_ref().map(|d| json::drift(&d.report)),
        }))
    }

    fn report(&self) -> Option<&DriftReport> {
        self.drift.as_ref().map(|d| &d.report)
    }
}

pub(crate) fn run(
    args: &StateAnalyze,
    call: &Call<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let file = args.state.file.as_str();
    let mut wanted = Wanted::of_report(&args.output, printer)?;
    if args.offline {
        wanted = wanted.without_report("drift is not looked at with --offline")?;
    }
    let from_input = file == "-";
    if from_input && !args.offline {
        let error = Error::new(
            ErrorKind::InvalidInput,
            "a state from standard input belongs to no folder that providers could work in",
        )
        .with_hint("add --offline, or name the file with --file");
        return Err(error.into());
    }
    let stored = read_state(file)?;
    let inputs = HealthInputs {
        bytes: u64::try_from(stored.bytes.len()).unwrap_or(u64::MAX),
        age: if from_input { None } else { age(file) },
        is_local: !from_input,
        // Terraform keeps one backup beside a local state, and no versions.
        versioning: (!from_input).then_some(false),
    };
    let drift = if args.offline {
        None
    } else {
        let how = (&args.reach, &args.ignoring);
        Some(ignoring::run_one(call, printer, file, how)?)
    };
    let analyzed = Analyzed {
        health: stored.state.health(&inputs),
        analysis: stored.state.analyze(),
        name: stored.name,
        drift,
    };
    emit(printer, &wanted, &[], &analyzed)?;
    Ok(match &analyzed.drift {
        Some(surveyed) => surveyed.exit(Exit::judged(&surveyed.report, &args.judge)),
        // Whoever asks for more than "done" learns that drift was not looked at.
        None if args.judge.detailed_exitcode || args.judge.fail_on.is_some() => Exit::Open,
        None => Exit::Ok,
    })
}

fn age(file: &str) -> Option<std::time::Duration> {
    let modified = std::fs::metadata(file).and_then(|m| m.modified()).ok()?;
    SystemTime::now().duration_since(modified).ok()
}
