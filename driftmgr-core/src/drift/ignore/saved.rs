//! Candidates for rules, from a report in its JSON form.

use serde::Deserialize;
use serde_json::Value as Json;

use super::path::PathPattern;
use super::suggest::Candidate;
use crate::drift::model::{Hidden, Kind, Severity};
use crate::drift::noise::Noise;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::MASK;
use crate::value::{Path, Step};

/// As much of a report as is needed here; see `schemas/drift-report.schema.json`.
#[derive(Deserialize)]
struct Saved {
    format_version: String,
    resource_drift: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    address: String,
    change: Sides,
    drift: Ours,
}

#[derive(Deserialize)]
struct Sides {
    before: Json,
    after: Json,
}

#[derive(Deserialize)]
struct Ours {
    kind: Kind,
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    path: String,
    severity: Severity,
    noise: Option<Noise>,
    hidden: Option<Hidden>,
}

impl Candidate {
    /// [`Candidate::of`] for a report that `driftmgr drift --format json` wrote.
    ///
    /// # Errors
    /// - `InvalidInput` for a text that is no such report, with line and column.
    /// - `Unsupported` for one of another major version.
    pub fn from_json(text: &str) -> Result<Vec<Self>> {
        let saved: Saved = serde_json::from_str(text).map_err(|e| {
            let message = format!("this is no drift report: {e}");
            Error::new(ErrorKind::InvalidInput, message)
                .with_hint("write one: driftmgr drift --output json=FILE")
        })?;
        if !saved.format_version.starts_with("1.") {
            let message = format!(
                "the report has format version {}, and this version reads 1",
                saved.format_version
            );
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let mut candidates = Vec::new();
        for entry in &saved.resource_drift {
            for change in entry.drift.changes.iter().filter(|c| entry.is_open(c)) {
                candidates.push(entry.candidate(change)?);
            }
        }
        Ok(candidates)
    }
}

impl Entry {
    fn is_open(&self, change: &Change) -> bool {
        let critical = change.severity == Severity::Critical && change.noise.is_none();
        self.drift.kind == Kind::Modified && change.hidden.is_none() && !critical
    }

    fn candidate(&self, change: &Change) -> Result<Candidate> {
        let id = match self.change.before.get("id") {
            Some(Json::String(id)) if id != MASK => Some(id.clone()),
            Some(Json::Number(id)) => Some(id.to_string()),
            _ => None,
        };
        let sides = [&self.change.before, &self.change.after];
        let no_path = || {
            let message = format!("`{}` of {} is no path", change.path, self.address);
            Error::new(ErrorKind::InvalidInput, message)
        };
        let path = path(&change.path, sides).ok_or_else(no_path)?;
        let candidate = Candidate::at(self.address.parse()?, id, &path);
        // What no rule can name cannot be proposed.
        PathPattern::new(&candidate.path).map_err(|_| no_path())?;
        Ok(candidate)
    }
}

/// The path that a report spells. The objects tell a key from a member of a set that is a string; positions are not told apart, since
/// rules do not name them.
fn path(text: &str, sides: [&Json; 2]) -> Option<Path> {
    let mut at = sides.map(Some);
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let Some(inside) = rest.strip_prefix('[') else {
            let name = match steps.is_empty() {
                true => rest,
                false => rest.strip_prefix('.')?,
            };
            let (name, after) = name.split_at(name.find(['.', '[']).unwrap_or(name.len()));
            at = at.map(|side| side?.get(name));
            steps.push(Step::Attribute(name.to_owned()));
            rest = after;
            continue;
        };
        let (content, after) = inside.split_at(end_of_brackets(inside)?);
        let in_array = at.iter().any(|side| side.is_some_and(Json::is_array));
        let key = quoted(content).filter(|_| !in_array);
        let index: usize = content.parse().unwrap_or_default();
        at = at.map(|side| match &key {
            Some(key) => side?.get(key),
            None => side?.get(index),
        });
        steps.push(key.map_or(Step::Index(index), Step::Key));
        rest = after.strip_prefix(']')?;
    }
    (!steps.is_empty()).then_some(Path(steps))
}

fn quoted(content: &str) -> Option<String> {
    let path = super::path::literal(&format!("x[{content}]"))?;
    match path.steps() {
        [_, Step::Key(key)] => Some(key.clone()),
        _ => None,
    }
}

/// Where the bracket closes that was open before the text.
fn end_of_brackets(text: &str) -> Option<usize> {
    let mut depth = 1usize;
    let mut in_quotes = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_quotes => escaped = true,
            '"' => in_quotes = !in_quotes,
            '[' | '{' | '(' if !in_quotes => depth += 1,
            ']' | '}' | ')' if !in_quotes => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}
