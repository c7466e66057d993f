//! One result in as many formats and places as were asked for.

use std::path::PathBuf;
use std::time::SystemTime;

use driftmgr_core::drift::DriftReport;
use driftmgr_core::file::{self, Readers};
use driftmgr_core::report::text::TextOptions;
use driftmgr_core::report::{Format, RenderOptions, Repository, render};
use driftmgr_core::{Error, ErrorKind};

use crate::args::{Output, OutputFile, ReportOutput};
use crate::exit::Failure;
use crate::ui::printer::Printer;

/// A result that can be shown.
pub(crate) trait Render {
    /// For people.
    fn text(&self, options: &TextOptions) -> String;
    /// For programs, laid out.
    fn json(&self) -> Result<String, Error>;
    /// What all other formats are made of; `None` when this result has none of them.
    fn report(&self) -> Option<&DriftReport> {
        None
    }
}

/// What was asked for.
pub(crate) struct Wanted {
    format: Format,
    files: Vec<OutputFile>,
    wide: bool,
}

impl From<&Output> for Wanted {
    fn from(output: &Output) -> Self {
        Self {
            format: output.format(),
            files: output.output.clone(),
            wide: output.wide,
        }
    }
}

impl Wanted {
    /// Refuses what cannot be done before any work is: the work may take long.
    pub(crate) fn of_report(output: &ReportOutput, printer: &Printer) -> Result<Self, Error> {
        let format = output.format();
        if format.is_binary() && printer.out_is_terminal() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!("{format} is no text, and standard output is a terminal"),
            )
            .with_hint(format!("write --output {format}=FILE")));
        }
        Ok(Self {
            format,
            files: output.output.clone(),
            wide: output.wide,
        })
    }

    /// Refuses formats of drift reports where there will be no report.
    pub(crate) fn without_report(self, why: &str) -> Result<Self, Error> {
        let files = self.files.iter().map(|f| f.format);
        match std::iter::once(self.format).chain(files).find(of_reports) {
            Some(format) => Err(no_report(format).with("because", why)),
            None => Ok(self),
        }
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }
}

fn of_reports(format: &Format) -> bool {
    !Format::OF_EVERY_RESULT.contains(format)
}

fn no_report(format: Format) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!("{format} is a form of drift reports, and this result holds none"),
    )
    .with_hint("write it as text or json")
}

/// Shows a result on standard output and writes the files that were asked for, files first: they exist when the reader sees the end.
pub(crate) fn emit(
    printer: &Printer,
    wanted: &Wanted,
    folders: &[String],
    result: &impl Render,
) -> Result<(), Failure> {
    write_files(wanted, folders, result)?;
    let text = TextOptions {
        folders: folders.to_vec(),
        ..printer.text(wanted.wide)
    };
    match wanted.format {
        Format::Text => printer.data(&result.text(&text)),
        format => {
            let bytes = bytes(result, format, render_options(text))?;
            match String::from_utf8(bytes) {
                Ok(text) if !format.is_binary() => printer.json(&text),
                Ok(text) => printer.bytes(text.as_bytes()),
                Err(bytes) => printer.bytes(bytes.as_bytes()),
            }
        }
    }
}

/// Writes the files that were asked for.
pub(crate) fn write_files(
    wanted: &Wanted,
    folders: &[String],
    result: &impl Render,
) -> Result<(), Failure> {
    for file in &wanted.files {
        let text = TextOptions {
            folders: folders.to_vec(),
            wide: wanted.wide,
            every_address: true,
            ..TextOptions::plain()
        };
        let bytes = bytes(result, file.format, render_options(text))?;
        file::write("write the result", &file.path, &bytes, Readers::Usual)?;
    }
    Ok(())
}

fn render_options(text: TextOptions) -> RenderOptions {
    RenderOptions {
        text,
        repository: repository(),
        ..RenderOptions::new(SystemTime::now())
    }
}

fn bytes(result: &impl Render, format: Format, options: RenderOptions) -> Result<Vec<u8>, Error> {
    let mut text = match format {
        Format::Text => result.text(&options.text),
        Format::Json => result.json()?,
        format => {
            let report = result.report().ok_or_else(|| no_report(format))?;
            return render(report, format, &options);
        }
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text.into_bytes())
}

/// The repository around the working folder: code hosts want to know files from its top.
fn repository() -> Option<Repository> {
    let working_directory = std::env::current_dir().ok()?;
    let root: PathBuf = working_directory
        .ancestors()
        .find(|folder| folder.join(".git").exists())?
        .to_owned();
    Some(Repository {
        root,
        working_directory,
    })
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
