//! One report in any format.

use std::time::SystemTime;

use super::places::Repository;
use super::text::TextOptions;
use super::{Format, csv, github, gitlab, html, json, junit, markdown, ndjson, sarif, text};
use crate::drift::DriftReport;
use crate::error::{Error, ErrorKind, Result};

/// How a report is written.
#[derive(Debug, Clone)]
pub struct RenderOptions {
    /// The look of [`Format::Text`].
    pub text: TextOptions,
    /// When the report was made. Formats with a place for it show it.
    pub timestamp: SystemTime,
    /// Show hidden findings and changes also in formats that only count them: markdown, SARIF, JUnit, GitHub and GitLab.
    pub hidden: bool,
    /// Where the files of the report stand in their repository; without it they are named as the report names them.
    pub repository: Option<Repository>,
    /// Which comment [`Format::Markdown`] is, when several reports comment on one pull request: part of its hidden marker.
    pub comment: String,
    /// The most characters of [`Format::Markdown`].
    pub markdown_characters: usize,
    /// The most results of [`Format::Sarif`].
    pub sarif_results: usize,
}

impl RenderOptions {
    /// The longest comment that GitHub takes.
    pub const GITHUB_COMMENT: usize = 65_536;
    /// As many results of a run as GitHub's code scanning shows; it refuses a run with more than 25,000.
    pub const GITHUB_RESULTS: usize = 5_000;

    /// Plain text, GitHub's limits, hidden findings only counted.
    pub fn new(timestamp: SystemTime) -> Self {
        Self {
            text: TextOptions::plain(),
            timestamp,
            hidden: false,
            repository: None,
            comment: "report".to_owned(),
            markdown_characters: Self::GITHUB_COMMENT,
            sarif_results: Self::GITHUB_RESULTS,
        }
    }

    /// The time in UTC, as RFC 3339 with microseconds.
    pub(super) fn time(&self) -> Result<String> {
        microseconds(self.timestamp)
    }

    /// The time in UTC, to the second.
    pub(super) fn second(&self) -> Result<String> {
        Ok(format!("{:.0}", instant(self.timestamp)?))
    }
}

/// The time in UTC, as RFC 3339 with microseconds.
pub(super) fn microseconds(time: SystemTime) -> Result<String> {
    Ok(format!("{:.6}", instant(time)?))
}

fn instant(time: SystemTime) -> Result<jiff::Timestamp> {
    jiff::Timestamp::try_from(time).map_err(|e| {
        Error::new(
            ErrorKind::InvalidInput,
            format!("the report's time is out of range: {e}"),
        )
    })
}

/// The report in a format. The same report and options give the same bytes.
///
/// # Errors
/// `InvalidInput` for a time before the year -9999 or after 9999.
pub fn render(report: &DriftReport, format: Format, options: &RenderOptions) -> Result<Vec<u8>> {
    let text = match format {
        Format::Text => text::drift(report, &options.text),
        Format::Json => laid_out(&json::drift(report))?,
        Format::Ndjson => ndjson::stream(report, options)?,
        Format::Markdown => markdown::comment(report, options),
        Format::Html => html::page(report, options)?,
        Format::Sarif => laid_out(&sarif::log(report, options)?)?,
        Format::Junit => junit::suites(report, options)?,
        Format::Github => github::annotations(report, options),
        Format::Gitlab => laid_out(&gitlab::code_quality(report, options))?,
        Format::Csv => csv::table(report)?,
        #[cfg(feature = "columnar")]
        Format::Arrow => return super::columnar::arrow(report),
        #[cfg(feature = "columnar")]
        Format::Parquet => return super::columnar::parquet(report),
    };
    Ok(text.into_bytes())
}

fn laid_out(json: &serde_json::Value) -> Result<String> {
    let mut text = serde_json::to_string_pretty(json).map_err(|e| {
        Error::new(
            ErrorKind::Unexpected,
            format!("the report cannot be written as JSON: {e}"),
        )
    })?;
    text.push('\n');
    Ok(text)
}
