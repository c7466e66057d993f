//! The formats there are.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind};

/// A form in which a drift report can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// For people, on a terminal.
    Text,
    /// For programs: one document, described by `schemas/drift-report.schema.json`.
    Json,
    /// For programs: one JSON object a line, in the manner of Terraform's machine-readable user interface.
    Ndjson,
    /// For people, as a comment on a pull request.
    Markdown,
    /// For people: one page that needs nothing else.
    Html,
    /// Code scanning: SARIF 2.1.0.
    Sarif,
    /// Test reports: JUnit XML.
    Junit,
    /// Annotations: GitHub's workflow commands.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// Tables: one row for each change of an attribute, RFC 4180.
    Csv,
    /// Data frames: the rows of [`Format::Csv`] as an Arrow IPC file.
    #[cfg(feature = "columnar")]
    Arrow,
    /// Data frames: the rows of [`Format::Csv`] as a Parquet file.
    #[cfg(feature = "columnar")]
    Parquet,
}

impl Format {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Text,
        Self::Json,
        Self::Ndjson,
        Self::Markdown,
        Self::Html,
        Self::Sarif,
        Self::Junit,
        Self::Github,
        Self::Gitlab,
        Self::Csv,
        #[cfg(feature = "columnar")]
        Self::Arrow,
        #[cfg(feature = "columnar")]
        Self::Parquet,
    ];

    /// Those of every result, whether or not it is about drift: the words of the setting `output.format`.
    pub const OF_EVERY_RESULT: &'static [Self] = &[Self::Text, Self::Json];

    /// The name, as the command line and the bindings spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Csv => "csv",
            #[cfg(feature = "columnar")]
            Self::Arrow => "arrow",
            #[cfg(feature = "columnar")]
            Self::Parquet => "parquet",
        }
    }

    /// What it is for, in a few words.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Text => "for people, on a terminal",
            Self::Json => "for programs, one document",
            Self::Ndjson => "for programs, one JSON object a line",
            Self::Markdown => "a comment on a pull request",
            Self::Html => "one page that needs nothing else",
            Self::Sarif => "code scanning, SARIF 2.1.0",
            Self::Junit => "test reports, JUnit XML",
            Self::Github => "annotations of GitHub Actions",
            Self::Gitlab => "GitLab's code quality report",
            Self::Csv => "a table, one row for each changed attribute",
            #[cfg(feature = "columnar")]
            Self::Arrow => "the same table as an Arrow IPC file",
            #[cfg(feature = "columnar")]
            Self::Parquet => "the same table as a Parquet file",
        }
    }

    /// The media type (RFC 6838).
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Text | Self::Github => "text/plain; charset=utf-8",
            Self::Json | Self::Gitlab => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
            Self::Sarif => "application/sarif+json",
            Self::Junit => "application/xml",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            #[cfg(feature = "columnar")]
            Self::Arrow => "application/vnd.apache.arrow.file",
            #[cfg(feature = "columnar")]
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// True for bytes that are no text: nothing for a terminal.
    pub fn is_binary(self) -> bool {
        match self {
            #[cfg(feature = "columnar")]
            Self::Arrow | Self::Parquet => true,
            _ => false,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = Error;

    /// # Errors
    /// `InvalidInput` for a word that names no format of this build.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .iter()
            .copied()
            .find(|format| format.name() == text)
            .ok_or_else(|| {
                let names: Vec<&str> = Self::ALL.iter().map(|f| f.name()).collect();
                let message = match text {
                    "arrow" | "parquet" => {
                        "this build has no such format: it was made without `--features columnar`"
                    }
                    _ => "there is no such format",
                };
                Error::new(ErrorKind::InvalidInput, message)
                    .with("format", text)
                    .with_hint(format!("one of {}", names.join(", ")))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_has_the_words_of_the_command_line() {
        use crate::settings::OutputFormat;
        let names: Vec<&str> = Format::OF_EVERY_RESULT.iter().map(|f| f.name()).collect();
        assert_eq!(names, OutputFormat::WORDS);
    }

    #[test]
    fn every_format_has_a_name_of_its_own() {
        for format in Format::ALL {
            assert_eq!(format.name().parse::<Format>().unwrap(), *format);
            assert!(!format.purpose().is_empty() && format.media_type().contains('/'));
        }
        let error = "pdf".parse::<Format>().unwrap_err();
        assert!(error.hints().concat().contains("sarif"), "{error}");
    }
}
