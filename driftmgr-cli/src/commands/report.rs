//! `driftmgr report …`

use driftmgr_core::drift::DriftReport;
use driftmgr_core::report::json;
use driftmgr_core::report::text::{self, TextOptions};
use driftmgr_core::{Error, ErrorKind};

use crate::args::{Report, ReportConvert};
use crate::exit::{Exit, Failure};
use crate::output::{Render, Wanted, emit, pretty};
use crate::source::read_bytes;
use crate::survey;
use crate::ui::printer::Printer;

struct Stored(DriftReport);

impl Render for Stored {
    fn text(&self, options: &TextOptions) -> String {
        text::drift(&self.0, options)
    }

    fn json(&self) -> Result<String, Error> {
        pretty(&json::drift(&self.0))
    }

    fn report(&self) -> Option<&DriftReport> {
        Some(&self.0)
    }
}

pub(crate) fn run(command: &Report, printer: &Printer) -> Result<Exit, Failure> {
    match command {
        Report::Convert(args) => convert(args, printer),
    }
}

fn convert(args: &ReportConvert, printer: &Printer) -> Result<Exit, Failure> {
    let wanted = Wanted::of_report(&args.output, printer)?;
    let (name, bytes) = read_bytes(&args.file, "read the report")?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Error::new(ErrorKind::InvalidInput, "the report is not UTF-8 text").with("file", &name)
    })?;
    let report = DriftReport::from_json(&text).map_err(|e| e.with("file", &name))?;
    let mut targets: Vec<String> = report.findings.iter().map(|f| f.target.clone()).collect();
    targets.sort();
    targets.dedup();
    emit(
        printer,
        &wanted,
        &survey::folders(&targets),
        &Stored(report),
    )?;
    Ok(Exit::Ok)
}
