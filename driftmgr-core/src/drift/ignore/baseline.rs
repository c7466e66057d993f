//! What is known today: a list of differences that are not to be shown again until they change.
//!
//! The file is JSON. Its `entries` name a difference each: `target`, `address`, `deposed`, `kind`, `path`, and in `difference` a SHA-256
//! over all of these and both values, so that the same attribute with another value is another difference. No value stands in the file, and
//! changes of secrets are no part of it at all: even a salted hash of a short secret can be guessed, so they are shown every time.
//! Deletions and critical changes may stand in it; the report then says that they are known, and shows them.
//!
//! Targets are kept relative to the file's folder, so that the file means the same on another machine and from another working directory.

use std::collections::BTreeSet;
use std::path::{Component, Path as FilePath, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::outcome::{Origin, RuleOutcome, Tally, each, is_managed};
use super::rule::day;
use crate::drift::fingerprint::{digest, fingerprint};
use crate::drift::model::{AttributeChange, DriftReport, Finding, Hidden, Kind};
use crate::drift::noise::Silencer;
use crate::error::{Error, ErrorKind, Partial, Result};
use crate::value::{Value, json};

/// The name of the rule in reports.
const RULE: &str = "baseline";

/// Version of the file's form.
const FORMAT_VERSION: &str = "1.0";

/// From where targets are named, and where the baseline's file lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standpoint {
    /// The working directory of the run, absolute.
    pub current_dir: PathBuf,
    /// The baseline's file, as the caller named it.
    pub file: PathBuf,
}

impl Standpoint {
    /// The target relative to the file's folder, with `/` between the names.
    fn portable(&self, target: &str) -> String {
        if target.contains("://") {
            return target.to_owned();
        }
        let file = plain(&self.current_dir.join(&self.file));
        let (folder, _) = file.split_at(file.len().saturating_sub(1));
        let target = plain(&self.current_dir.join(target));
        let common = folder
            .iter()
            .zip(&target)
            .take_while(|(a, b)| a == b)
            .count();
        let up = folder.iter().skip(common).map(|_| "..".to_owned());
        let down = target.into_iter().skip(common);
        let names: Vec<String> = up.chain(down).collect();
        if names.is_empty() {
            ".".to_owned()
        } else {
            names.join("/")
        }
    }
}

/// The names of an absolute path, without `.` and `..`.
fn plain(path: &FilePath) -> Vec<String> {
    let mut names = Vec::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(names.pop()),
            Component::Normal(name) => names.push(name.to_string_lossy().into_owned()),
            Component::Prefix(prefix) => {
                names.push(prefix.as_os_str().to_string_lossy().into_owned());
            }
            Component::RootDir | Component::CurDir => {}
        }
    }
    names
}

/// Differences that are known.
#[derive(Debug, Clone)]
pub struct Baseline {
    standpoint: Standpoint,
    entries: Vec<Entry>,
    /// Changes of secrets that were met when it was made, and are not part of it.
    secret: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Entry {
    target: String,
    address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deposed: Option<String>,
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    difference: String,
    since: String,
    reason: String,
}

#[derive(Deserialize)]
struct File<'a> {
    format_version: String,
    #[serde(borrow)]
    entries: Vec<&'a RawValue>,
}

impl Baseline {
    /// Reads the text of a file. An entry that is wrong hides nothing and is a problem with file and line; a text that is no baseline at
    /// all is one problem.
    pub fn parse(text: &str, standpoint: Standpoint) -> Partial<Self> {
        let name = standpoint.file.display().to_string();
        let mut read = Partial::complete(Self {
            standpoint,
            entries: Vec::new(),
            secret: 0,
        });
        let file: File<'_> = match serde_json::from_str(text) {
            Ok(file) => file,
            Err(error) => {
                let origin = Origin::new(name, error.line());
                let message = format!("the baseline cannot be read: {error}");
                read.problems.push(origin.error(message).with_hint(
                    "write it anew: driftmgr drift --write-baseline FILE --reason TEXT",
                ));
                return read;
            }
        };
        if file.format_version.split('.').next() != FORMAT_VERSION.split('.').next() {
            let message = format!(
                "the baseline has format version {}, and this version reads {FORMAT_VERSION}",
                file.format_version
            );
            read.problems
                .push(Error::new(ErrorKind::Unsupported, message).with("file", name));
            return read;
        }
        for raw in file.entries {
            // Where a part of the text begins inside of it.
            let at = (raw.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
            let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
            match entry(raw, &Origin::new(&name, line)) {
                Ok(entry) => read.value.entries.push(entry),
                Err(error) => read.problems.push(error),
            }
        }
        read
    }

    /// All that a report shows, and what `previous` hides of it, with the reason and date of `previous` where it knows the difference
    /// already. What `previous` knows of states and objects that were not looked at stays in it. What other rules hide is no part of it, and neither are changes of secrets ([`Baseline::secret`]).
    ///
    /// # Errors
    /// `InvalidInput` without a reason, or with a time outside of the calendar.
    pub fn of(
        report: &DriftReport,
        reason: &str,
        now: SystemTime,
        standpoint: Standpoint,
        previous: Option<&Baseline>,
    ) -> Result<Self> {
        let invalid = |message: &str| Error::new(ErrorKind::InvalidInput, message);
        if reason.trim().is_empty() {
            return Err(invalid("a baseline has no reason")
                .with_hint("say why the differences are expected"));
        }
        let since = day(now).ok_or_else(|| invalid("the clock shows no date"))?;
        let mut baseline = Self {
            standpoint,
            entries: Vec::new(),
            secret: 0,
        };
        for (finding, change) in each(report) {
            let hidden = change.map_or(&finding.hidden, |c| &c.hidden);
            if hidden.as_ref().is_some_and(|h| h.rule != RULE) {
                continue;
            }
            if change.is_some_and(|c| c.sensitive) {
                baseline.secret += 1;
                continue;
            }
            let fresh = baseline.entry(finding, change, since.to_string(), reason.trim());
            let known = previous.and_then(|previous| {
                let key = previous.difference(finding, change);
                let entry = previous.entries.iter().find(|e| e.difference == key)?;
                Some((entry.since.clone(), entry.reason.clone()))
            });
            let (since, reason) = known.unwrap_or((fresh.since, fresh.reason));
            baseline.entries.push(Entry {
                since,
                reason,
                ..fresh
            });
        }
        if let Some(previous) = previous {
            let open = previous.unanswered(report);
            baseline.entries.extend(open.into_iter().cloned());
        }
        baseline.entries.sort();
        baseline.entries.dedup();
        Ok(baseline)
    }

    /// From where it names targets, and its file.
    pub fn standpoint(&self) -> &Standpoint {
        &self.standpoint
    }

    /// How many differences it knows.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when it knows none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many changes of secrets were left out when it was made.
    pub fn secret(&self) -> u64 {
        self.secret
    }

    /// The text of the file, the same for the same differences.
    pub fn to_json(&self) -> String {
        let file = serde_json::json!({"format_version": FORMAT_VERSION, "entries": self.entries});
        format!("{file:#}\n")
    }

    fn entry(
        &self,
        finding: &Finding,
        change: Option<&AttributeChange>,
        since: String,
        reason: &str,
    ) -> Entry {
        Entry {
            target: self.standpoint.portable(&finding.target),
            address: finding.address.to_string(),
            deposed: finding.deposed.clone(),
            kind: finding.kind,
            path: change.map(|c| c.path.to_string()),
            difference: self.difference(finding, change),
            since,
            reason: reason.to_owned(),
        }
    }

    /// What tells a difference from every other one.
    fn difference(&self, finding: &Finding, change: Option<&AttributeChange>) -> String {
        let side = |value: Option<&Value>| {
            // Nothing there and null are two things.
            value.map_or_else(String::new, |value| json::encode(value).to_string())
        };
        // Two copies of a state, with one lineage, are two things here.
        let name = fingerprint(&self.standpoint.portable(&finding.target), finding, change);
        let (before, after) = match change {
            Some(change) => (side(change.before.as_ref()), side(change.after.as_ref())),
            None => Default::default(),
        };
        digest("driftmgr-baseline-1", [&*name, &before, &after])
    }

    /// The entries about which a report says nothing: their state is not part of it, or their object was not looked at.
    fn unanswered(&self, report: &DriftReport) -> BTreeSet<&Entry> {
        let targets = report
            .targets
            .iter()
            .map(|surveyed| self.standpoint.portable(&surveyed.target));
        let targets: BTreeSet<String> = targets.collect();
        let unseen: BTreeSet<(String, String)> = report
            .not_looked_at
            .iter()
            .filter(|unseen| is_managed(unseen))
            .map(|n| (self.standpoint.portable(&n.target), n.address.to_string()))
            .collect();
        let open = self.entries.iter().filter(|entry| {
            !targets.contains(&entry.target)
                || unseen.contains(&(entry.target.clone(), entry.address.clone()))
        });
        open.collect()
    }

    fn knows(&self, finding: &Finding, change: Option<&AttributeChange>) -> Option<&Entry> {
        if change.is_some_and(|c| c.sensitive) {
            return None;
        }
        let key = self.difference(finding, change);
        self.entries.iter().find(|entry| entry.difference == key)
    }
}

fn entry(raw: &RawValue, origin: &Origin) -> Result<Entry> {
    let wrong = |message: String| {
        origin
            .error(message)
            .with_hint("an entry has target, address, kind, path, difference, since and reason")
    };
    let entry: Entry = serde_json::from_str(raw.get())
        .map_err(|e| wrong(format!("an entry of the baseline cannot be read: {e}")))?;
    if entry.reason.trim().is_empty() {
        return Err(wrong("an entry of the baseline has no reason".to_owned()));
    }
    if entry.since.parse::<jiff::civil::Date>().is_err() {
        return Err(wrong(format!(
            "`since: {}` of the baseline is no day: expected one such as 2026-12-31",
            entry.since
        )));
    }
    Ok(entry)
}

impl Silencer for Baseline {
    fn silences(&self, finding: &Finding, change: &AttributeChange) -> Option<Hidden> {
        let entry = self.knows(finding, Some(change))?;
        Some(Hidden {
            rule: RULE.to_owned(),
            reason: format!("known since {}: {}", entry.since, entry.reason),
        })
    }

    fn outcomes(&self, report: &DriftReport) -> Vec<RuleOutcome> {
        let mut tally = Tally::default();
        let mut met = BTreeSet::new();
        for (finding, change) in each(report) {
            if let Some(entry) = self.knows(finding, change) {
                tally.add(finding, change);
                met.insert(&entry.difference);
            }
        }
        let open = self.unanswered(report);
        let mut unneeded = Vec::new();
        for entry in self.entries.iter().filter(|e| !met.contains(&e.difference)) {
            if open.contains(entry) {
                tally.unseen();
                continue;
            }
            let path = entry.path.as_ref().map(|p| format!(" {p}"));
            unneeded.push(format!("{}{}", entry.address, path.unwrap_or_default()));
        }
        unneeded.sort();
        unneeded.dedup();
        let origin = Origin {
            file: self.standpoint.file.display().to_string(),
            line: None,
        };
        let outcome = tally.outcome(RULE, origin);
        vec![RuleOutcome {
            unneeded,
            ..outcome
        }]
    }
}
