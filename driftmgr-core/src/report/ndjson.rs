//! A stream of JSON objects, one a line, in the manner of the machine-readable user interface of Terraform and OpenTofu: the first line
//! says which version speaks, every line has `@level`, `@message`, `@module`, `@timestamp` and `type`, and readers pass over types that they
//! do not know (OpenTofu, website/docs/internals/machine-readable-ui.mdx). Described by `schemas/drift-stream.schema.json`.

use std::time::SystemTime;

use serde_json::{Map, Value as Json, json};

use super::render::{RenderOptions, microseconds};
use super::text::one_line;
use super::{json as machine, shown, text};
use crate::drift::{DriftReport, Finding, NotLookedAt, NotLookedAtKind, Severity};
use crate::error::Result;

/// Version of the stream: of Terraform's types in it as they are since 1.0, and of ours.
const UI: &str = "1.0";

/// The report, a line for each thing it says; the summary is the last line.
pub(super) fn stream(report: &DriftReport, options: &RenderOptions) -> Result<String> {
    let lines = Lines::new(options.timestamp);
    let mut out = lines.begin()?;
    for finding in &report.findings {
        out.push_str(&lines.found(finding)?);
    }
    for item in &report.not_looked_at {
        out.push_str(&lines.left_out(item)?);
    }
    out.push_str(&lines.end(report)?);
    Ok(out)
}

/// The lines of [`Format::Ndjson`](super::Format::Ndjson) one by one, for a report that is still being made: first [`Lines::begin`], then each
/// finding and each object that was not looked at, last [`Lines::end`]. Each text is whole lines.
#[derive(Debug, Clone, Copy)]
pub struct Lines {
    at: SystemTime,
}

impl Lines {
    /// Lines of this moment.
    pub fn new(at: SystemTime) -> Self {
        Self { at }
    }

    /// Which version speaks.
    ///
    /// # Errors
    /// `InvalidInput` for a time before the year -9999 or after 9999, as for all lines.
    pub fn begin(&self) -> Result<String> {
        let version = env!("CARGO_PKG_VERSION");
        let message = format!("driftmgr {version}");
        let fields = [
            ("driftmgr", json!(version)),
            ("format_version", json!(machine::FORMAT_VERSION)),
            ("ui", json!(UI)),
        ];
        self.line("info", &message, "version", fields)
    }

    /// A difference.
    ///
    /// # Errors
    /// Those of [`Lines::begin`].
    pub fn found(&self, finding: &Finding) -> Result<String> {
        let fields = [
            ("change", change(finding)),
            ("finding", machine::finding(finding)),
        ];
        let message = shown::headline(finding, false, 200);
        self.line(level(finding), &message, "resource_drift", fields)
    }

    /// An object that was not looked at.
    ///
    /// # Errors
    /// Those of [`Lines::begin`].
    pub fn left_out(&self, item: &NotLookedAt) -> Result<String> {
        let (level, verb) = match item.kind {
            NotLookedAtKind::Unverifiable => ("warn", "could not be looked at"),
            NotLookedAtKind::Skipped => ("info", "was skipped"),
        };
        let address = text::address(&item.address, item.deposed.as_deref());
        let message = format!("{address} {verb}: {}", one_line(&item.reason));
        let fields = [("not_looked_at", machine::not_looked_at(item))];
        self.line(level, &message, "not_looked_at", fields)
    }

    /// All that a report says beside its findings and what was not looked at: who answered, what went wrong, and the summary.
    ///
    /// # Errors
    /// Those of [`Lines::begin`].
    pub fn end(&self, report: &DriftReport) -> Result<String> {
        let mut out = String::new();
        for each in &report.providers {
            let message = format!("{} answered", each.address);
            let fields = [("provider", machine::provider(each))];
            out.push_str(&self.line("info", &message, "provider", fields)?);
        }
        for problem in &report.problems {
            let diagnostic = json!({
                "severity": "error",
                "summary": problem.message(),
                "detail": problem.hints().join("\n"),
            });
            let fields = [
                ("diagnostic", diagnostic),
                ("problem", machine::problem(problem)),
            ];
            let message = one_line(&problem.to_string());
            out.push_str(&self.line("error", &message, "diagnostic", fields)?);
        }
        let fields = [
            ("summary", json!(report.summary)),
            ("safe", json!(report.verdict().safe())),
        ];
        out.push_str(&self.line("info", &text::check(report), "summary", fields)?);
        Ok(out)
    }

    fn line<const N: usize>(
        &self,
        level: &str,
        message: &str,
        ty: &str,
        fields: [(&str, Json); N],
    ) -> Result<String> {
        let mut line = Map::new();
        line.insert("@level".to_owned(), level.into());
        line.insert("@message".to_owned(), message.into());
        line.insert("@module".to_owned(), "driftmgr".into());
        line.insert("@timestamp".to_owned(), microseconds(self.at)?.into());
        line.insert("type".to_owned(), ty.into());
        for (name, value) in fields {
            line.insert(name.to_owned(), value);
        }
        Ok(format!("{}\n", Json::Object(line)))
    }
}

fn level(finding: &Finding) -> &'static str {
    match (&finding.hidden, finding.severity) {
        (Some(_), _) => "debug",
        (None, Severity::Critical) => "error",
        (None, Severity::Important) => "warn",
        (None, Severity::Informational) => "info",
    }
}

/// The change as Terraform's own `resource_drift` lines have it.
fn change(finding: &Finding) -> Json {
    let address = &finding.address;
    let resource = &address.resource;
    let module = match resource.module.is_root() {
        true => String::new(),
        false => resource.module.to_string(),
    };
    let local = match module.is_empty() {
        true => address.to_string(),
        false => address
            .to_string()
            .split_off(module.len().saturating_add(1)),
    };
    let key = match &address.key {
        None => Json::Null,
        Some(crate::address::InstanceKey::Int(i)) => json!(i),
        Some(crate::address::InstanceKey::String(s)) => json!(s),
    };
    let mut change = json!({
        "resource": {
            "addr": address.to_string(),
            "module": module,
            "resource": local,
            "implied_provider": finding.provider.source.provider_type,
            "resource_type": resource.resource_type,
            "resource_name": resource.name,
            "resource_key": key,
        },
        "action": match finding.kind {
            crate::drift::Kind::Missing => "delete",
            crate::drift::Kind::Modified => "update",
            crate::drift::Kind::Moved => "move",
        },
    });
    if let (Some(previous), Some(change)) = (&finding.previous_address, change.as_object_mut()) {
        change.insert(
            "previous_resource".to_owned(),
            json!({"addr": previous.to_string()}),
        );
    }
    change
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::report::testing::{SECRET, full, hostile};

    fn lines(report: &DriftReport) -> Vec<Json> {
        let options = RenderOptions::new(
            SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_001),
        );
        let text = stream(report, &options).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn each_thing_the_report_says_is_a_line() {
        let report = full();
        let lines = lines(&report);
        let count = |ty: &str| lines.iter().filter(|l| l["type"] == ty).count();
        assert_eq!(lines[0]["type"], "version");
        assert_eq!(lines.last().unwrap()["type"], "summary");
        assert_eq!(count("resource_drift"), report.findings.len());
        assert_eq!(count("not_looked_at"), report.not_looked_at.len());
        assert_eq!(count("diagnostic"), report.problems.len());
        for line in &lines {
            assert_eq!(line["@timestamp"], "2023-11-14T22:13:20.000001Z");
            for name in ["@level", "@message", "@module", "type"] {
                assert!(line[name].is_string(), "{name} in {line}");
            }
        }
        let levels: Vec<_> = lines
            .iter()
            .filter(|l| l["type"] == "resource_drift")
            .map(|l| l["@level"].as_str().unwrap())
            .collect();
        assert_eq!(levels, ["error", "debug", "warn", "warn"]);
    }

    #[test]
    fn no_text_breaks_a_line_and_no_secret_gets_out() {
        let options = RenderOptions::new(SystemTime::UNIX_EPOCH);
        let text = stream(&hostile(), &options).unwrap();
        assert!(!text.contains(SECRET));
        assert_eq!(text.lines().count(), lines(&hostile()).len());
        let drifted = &lines(&full())[3];
        let module = &drifted["change"]["resource"]["module"];
        assert!(module == "" || module.as_str().unwrap().starts_with("module."));
    }
}
