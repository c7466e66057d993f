//! The one JSON form of every result: the one that `--format json` prints, for every language.

use std::time::SystemTime;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use crate::backend::{RawState, StateVersion};
use crate::drift::{DriftItem, DriftReport, Finding, NotLookedAt, Score, SurveyedProvider};
use crate::error::{Error, Result};
use crate::history::{Pruned, Recorded};
use crate::report::json;
use crate::settings::Settings;

impl Serialize for DriftReport {
    /// As `driftmgr drift --format json` prints it; `schemas/drift-report.schema.json` describes it. Secrets are masked.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json::drift(self).serialize(serializer)
    }
}

impl Serialize for Finding {
    /// An entry of `resource_drift` in a report. Secrets are masked.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json::finding(self).serialize(serializer)
    }
}

impl Serialize for NotLookedAt {
    /// An entry of `not_looked_at` in a report.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json::not_looked_at(self).serialize(serializer)
    }
}

impl Serialize for SurveyedProvider {
    /// An entry of `providers` in a report.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json::provider(self).serialize(serializer)
    }
}

impl Serialize for DriftItem {
    /// `{"type": "finding", "finding": {…}}`; the types are those of [`DriftItem::word`].
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("type", self.word())?;
        match self {
            Self::Looked(looked) => map.serialize_entry(self.word(), looked)?,
            Self::Finding(finding) => map.serialize_entry(self.word(), finding)?,
            Self::NotLookedAt(item) => map.serialize_entry(self.word(), item)?,
            Self::Report(report) => map.serialize_entry(self.word(), report)?,
        }
        map.end()
    }
}

impl Serialize for Score {
    /// `score` of a report.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json::score(self).serialize(serializer)
    }
}

impl Serialize for Error {
    /// An entry of `problems` in a report: `{"kind", "message", "place": {…}, "hints": […]}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json::problem(self).serialize(serializer)
    }
}

impl Serialize for Settings {
    /// As `driftmgr config show --format json` prints them; `schemas/config.schema.json` describes it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json().serialize(serializer)
    }
}

impl Serialize for Recorded {
    /// `{"id", "new", "problems"}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::json!({"id": self.id, "new": self.new, "problems": self.problems})
            .serialize(serializer)
    }
}

impl Serialize for Pruned {
    /// `{"runs", "findings"}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::json!({"runs": self.runs, "findings": self.findings}).serialize(serializer)
    }
}

impl Serialize for StateVersion {
    /// `{"id", "modified", "size", "latest"}`; the time is in RFC 3339, the size in bytes.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::json!({
            "id": self.id,
            "modified": self.modified.and_then(moment),
            "size": self.size,
            "latest": self.latest,
        })
        .serialize(serializer)
    }
}

impl Serialize for RawState {
    /// What is known of the bytes, without them: `{"bytes", "etag", "version", "modified"}`; `bytes` is their number.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::json!({
            "bytes": self.bytes.len(),
            "etag": self.etag,
            "version": self.version,
            "modified": self.modified.and_then(moment),
        })
        .serialize(serializer)
    }
}

/// [`moment`], as a field is written.
pub(super) fn moment_of<S: Serializer>(
    time: &Option<SystemTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    time.and_then(moment).serialize(serializer)
}

/// In RFC 3339, in UTC.
fn moment(time: SystemTime) -> Option<String> {
    jiff::Timestamp::try_from(time).ok().map(|t| t.to_string())
}

impl Error {
    /// `{"kind", "message", "place": {…}, "hints": […]}`. `kind` is a word of [`crate::ErrorKind::as_str`].
    ///
    /// ```
    /// use driftmgr_core::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::NotFound, "there is no state").with("file", "prod.tfstate");
    /// assert_eq!(error.to_json()["place"]["file"], "prod.tfstate");
    /// ```
    pub fn to_json(&self) -> Json {
        json::problem(self)
    }
}

impl DriftReport {
    /// As `driftmgr drift --format json` prints it; `schemas/drift-report.schema.json` describes it. Secrets are masked.
    pub fn to_json(&self) -> Json {
        json::drift(self)
    }

    /// Reads a report that [`DriftReport::to_json`] or `driftmgr drift --format json` wrote. Masked values stay masked.
    ///
    /// # Errors
    /// - `InvalidInput` for a text that is no such report, with line and column where it can be said.
    /// - `Unsupported` for one of another major version.
    ///
    /// ```
    /// use driftmgr_core::drift::DriftReport;
    ///
    /// # fn main() -> driftmgr_core::Result<()> {
    /// let text = DriftReport::default().to_json().to_string();
    /// assert_eq!(DriftReport::from_json(&text)?.summary.checked, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_json(text: &str) -> Result<Self> {
        json::read(text)
    }
}
