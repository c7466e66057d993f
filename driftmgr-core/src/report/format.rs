//! The formats of a drift report.

use jiff::Timestamp;

use super::text::TextOptions;
use super::{csv, github, gitlab, json, junit, markdown, ndjson, sarif, text};
use crate::drift::DriftReport;
use crate::error::{Error, ErrorKind, Result};

/// A format of a drift report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people, on a terminal or in a file.
    Text,
    /// The whole report: `schemas/drift-report.schema.json`.
    Json,
    /// One JSON object a line: `schemas/drift-events.schema.json`.
    Ndjson,
    /// For comments on a pull request.
    Markdown,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit's XML, for the test pages of continuous integration.
    Junit,
    /// GitHub's workflow commands, which become annotations.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// One row for each changed attribute.
    Csv,
}

impl Format {
    /// Every format.
    pub const ALL: &[Self] = &[
        Self::Text,
        Self::Json,
        Self::Ndjson,
        Self::Markdown,
        Self::Sarif,
        Self::Junit,
        Self::Github,
        Self::Gitlab,
        Self::Csv,
    ];

    /// The name on command lines and in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Markdown => "markdown",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Csv => "csv",
        }
    }
}

impl std::str::FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|format| format.name() == name);
        found.copied().ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.iter().map(|format| format.name()).collect();
            Error::new(
                ErrorKind::InvalidInput,
                format!("there is no report format `{name}`"),
            )
            .with_hint(format!("it is one of: {}", all.join(", ")))
        })
    }
}

/// How a report is rendered.
#[derive(Debug, Clone)]
pub struct RenderOptions {
    /// For [`Format::Text`].
    pub text: TextOptions,
    /// When the report was made, for the formats that say so. The report itself does not know.
    pub at: Timestamp,
}

impl Default for RenderOptions {
    /// Plain text, and no time: 1970.
    fn default() -> Self {
        Self {
            text: TextOptions::plain(),
            at: Timestamp::UNIX_EPOCH,
        }
    }
}

/// A report in a format. Secrets are masked in every one; hidden findings stand in `json`, `ndjson` and `csv`, and are counted elsewhere.
///
/// # Errors
/// `Unexpected` when the report cannot be serialised.
pub fn render(report: &DriftReport, format: Format, options: &RenderOptions) -> Result<Vec<u8>> {
    let text = match format {
        Format::Text => text::drift(report, &options.text),
        Format::Json => pretty(&json::drift(report))?,
        Format::Ndjson => ndjson::drift(report, options.at),
        Format::Markdown => markdown::drift(report),
        Format::Sarif => pretty(&sarif::drift(report))?,
        Format::Junit => junit::drift(report)?,
        Format::Github => github::drift(report),
        Format::Gitlab => pretty(&gitlab::drift(report))?,
        Format::Csv => csv::drift(report)?,
    };
    let mut bytes = text.into_bytes();
    if !bytes.ends_with(b"\n") {
        bytes.push(b'\n');
    }
    Ok(bytes)
}

fn pretty(value: &serde_json::Value) -> Result<String> {
    serde_json::to_string_pretty(value).map_err(|e| {
        Error::new(
            ErrorKind::Unexpected,
            format!("the report cannot be written as JSON: {e}"),
        )
    })
}
