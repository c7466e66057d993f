//! One result in as many formats and places as were asked for.

use std::io::Write as _;

use driftmgr_core::drift::DriftReport;
use driftmgr_core::report::text::TextOptions;
use driftmgr_core::report::{self, RenderOptions, render};
use driftmgr_core::{Error, ErrorKind};

use crate::args::{Format, Output, OutputFile};
use crate::exit::Failure;
use crate::ui::printer::Printer;

/// A result that can be shown in every format.
pub(crate) trait Render {
    /// For people.
    fn text(&self, options: &TextOptions) -> String;
    /// For programs, laid out.
    fn json(&self) -> Result<String, Error>;
    /// The drift report that it is, which has more formats.
    fn report(&self) -> Option<&DriftReport> {
        None
    }
}

/// One of the formats that only drift reports have.
fn special(result: &impl Render, format: Format) -> Result<String, Error> {
    let Some(report) = result.report() else {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            format!(
                "only drift reports have the format {}",
                report::Format::from(format).name()
            ),
        )
        .with_hint("this command has the formats text and json"));
    };
    let options = RenderOptions {
        at: jiff::Timestamp::now(),
        ..RenderOptions::default()
    };
    let bytes = render(report, format.into(), &options)?;
    String::from_utf8(bytes).map_err(|e| Error::new(ErrorKind::Unexpected, e.to_string()))
}

/// Shows a result on standard output and writes the files that were asked for, files first: they exist when the reader sees the end.
pub(crate) fn emit(
    printer: &Printer,
    output: &Output,
    folders: &[String],
    result: &impl Render,
) -> Result<(), Failure> {
    for file in &output.output {
        write(file, output.wide, folders, result)?;
    }
    match output.format() {
        Format::Json => printer.json(&result.json()?),
        Format::Text => {
            let mut options = printer.text(output.wide);
            options.folders = folders.to_vec();
            printer.data(&result.text(&options))
        }
        other => printer.data(&special(result, other)?),
    }
}

fn write(
    file: &OutputFile,
    wide: bool,
    folders: &[String],
    result: &impl Render,
) -> Result<(), Error> {
    let mut bytes = match file.format {
        Format::Json => result.json()?,
        Format::Text => result.text(&TextOptions {
            wide,
            every_address: true,
            folders: folders.to_vec(),
            ..TextOptions::plain()
        }),
        other => special(result, other)?,
    };
    if !bytes.ends_with('\n') {
        bytes.push('\n');
    }
    std::fs::File::create(&file.path)
        .and_then(|mut f| f.write_all(bytes.as_bytes()))
        .map_err(|e| Error::io("write the result", &file.path, e))
}

/// JSON laid out for reading.
pub(crate) fn pretty(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string_pretty(value).map_err(|e| {
        Error::new(
            ErrorKind::Unexpected,
            format!("the result cannot be written as JSON: {e}"),
        )
    })
}
