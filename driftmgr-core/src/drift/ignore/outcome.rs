//! What became of each rule over a whole report.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::address::ResourceMode;
use crate::drift::model::{AttributeChange, DriftReport, Finding, NotLookedAt};
use crate::drift::noise::may_be_hidden;
use crate::error::{Error, ErrorKind};

/// Where a rule is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Origin {
    /// The file, as the caller named it.
    pub file: String,
    /// The line, from 1; `None` when the rule does not stand in a line.
    pub line: Option<usize>,
}

impl Origin {
    /// A line of a file.
    pub fn new(file: impl Into<String>, line: usize) -> Self {
        Self {
            file: file.into(),
            line: Some(line),
        }
    }

    /// An error about what is written there.
    pub(super) fn error(&self, message: impl Into<String>) -> Error {
        let error = Error::new(ErrorKind::InvalidConfig, message).with("file", &self.file);
        match self.line {
            Some(line) => error.with("line", line),
            None => error,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// How a rule fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleStatus {
    /// It speaks of something in the report that may be hidden.
    Active,
    /// It speaks of nothing in the report.
    Dead,
    /// Its time is over, so it hides nothing any more.
    Expired,
    /// It speaks of nothing but what is always shown: deletions, moves, critical changes.
    Refused,
    /// It speaks of nothing in the report, but of something that was not looked at.
    Unseen,
}

/// One rule of a user, and what it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleOutcome {
    /// What kind of rule: `ignore`, `ignore_tags`, `driftignore` or `baseline`. Changes that it hides name the same word.
    pub rule: String,
    /// Where it is written.
    pub origin: Origin,
    /// How many changes it speaks of and may hide, whether or not another rule hides them too.
    pub hidden: u64,
    /// How it fared.
    pub status: RuleStatus,
    /// The last day on which it holds, as `2026-12-31`; `None` for good.
    pub until: Option<String>,
    /// What it speaks of and does not apply to, since it is always shown: addresses, with the path of a change.
    pub refused: Vec<String>,
    /// Parts of the rule that are needed no more: entries of a baseline.
    pub unneeded: Vec<String>,
}

/// Every finding with each of its changes; one without changes comes alone.
pub(super) fn each(
    report: &DriftReport,
) -> impl Iterator<Item = (&Finding, Option<&AttributeChange>)> {
    report.findings.iter().flat_map(|finding| {
        let alone = finding.changes.is_empty().then_some((finding, None));
        let changes = finding.changes.iter().map(move |c| (finding, Some(c)));
        alone.into_iter().chain(changes)
    })
}

/// Counts for one rule.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    matched: bool,
    unseen: bool,
    hidden: u64,
    refused: Vec<String>,
}

impl Tally {
    /// Counts for a rule that is a predicate.
    pub(super) fn of(
        report: &DriftReport,
        speaks_of: impl Fn(&Finding, Option<&AttributeChange>) -> bool,
        may_speak_of: impl Fn(&NotLookedAt) -> bool,
    ) -> Self {
        let mut tally = Self::default();
        for (finding, change) in each(report).filter(|(f, c)| speaks_of(f, *c)) {
            tally.add(finding, change);
        }
        if report.not_looked_at.iter().any(may_speak_of) {
            tally.unseen();
        }
        tally
    }

    /// The rule speaks of this.
    pub(super) fn add(&mut self, finding: &Finding, change: Option<&AttributeChange>) {
        self.matched = true;
        match change {
            Some(change) if may_be_hidden(finding, change) => self.hidden += 1,
            _ => self.refused.push(named(finding, change)),
        }
    }

    /// The rule speaks of this, and another one takes it back.
    pub(super) fn overruled(&mut self) {
        self.matched = true;
    }

    /// The rule may speak of something that was not looked at.
    pub(super) fn unseen(&mut self) {
        self.unseen = true;
    }

    pub(super) fn outcome(self, rule: &str, origin: Origin) -> RuleOutcome {
        let status = if self.hidden > 0 {
            RuleStatus::Active
        } else if !self.refused.is_empty() {
            RuleStatus::Refused
        } else if self.matched {
            RuleStatus::Active
        } else if self.unseen {
            RuleStatus::Unseen
        } else {
            RuleStatus::Dead
        };
        RuleOutcome {
            rule: rule.to_owned(),
            origin,
            hidden: self.hidden,
            status,
            until: None,
            refused: self.refused,
            unneeded: Vec::new(),
        }
    }
}

/// True for what could have been a finding: data sources never are.
pub(super) fn is_managed(unseen: &NotLookedAt) -> bool {
    unseen.address.resource.mode == ResourceMode::Managed
}

/// A finding or one of its changes, for people.
pub(super) fn named(finding: &Finding, change: Option<&AttributeChange>) -> String {
    let deposed = finding
        .deposed
        .as_ref()
        .map(|key| format!(" (deposed object {key})"))
        .unwrap_or_default();
    let path = change
        .map(|c| format!(" {}", c.path.display_masked(&finding.sensitive)))
        .unwrap_or_default();
    format!("{}{deposed}{path}", finding.address)
}
