//! What each program says of a case, held against the label.

use serde_json::Value;

use super::case::{Case, Label};
use super::lab::entry;

/// What driftmgr says of an object.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// The object could be looked at.
    pub(super) looked_at: bool,
    /// It is shown.
    pub(super) shown: bool,
    /// It is gone.
    pub(super) deleted: bool,
    /// Paths of its changes, with the rule that hides each.
    pub(super) changes: Vec<(String, Option<String>)>,
}

impl Seen {
    pub(super) fn of(report: &Value, address: &str) -> Self {
        let looked_at = entry(&report["not_looked_at"], address).is_none();
        let Some(entry) = entry(&report["resource_drift"], address) else {
            return Self {
                looked_at,
                ..Self::default()
            };
        };
        let drift = &entry["drift"];
        let changes = drift["changes"].as_array().unwrap().iter().map(|change| {
            (
                change["path"].as_str().unwrap().to_owned(),
                change["hidden"]["rule"].as_str().map(str::to_owned),
            )
        });
        Self {
            looked_at,
            shown: drift["hidden"].is_null(),
            deleted: drift["kind"] == "missing",
            changes: changes.collect(),
        }
    }

    /// The case's change is shown.
    fn shows(&self, case: &Case) -> bool {
        self.shown
            && (self.deleted
                || self
                    .changes
                    .iter()
                    .any(|(path, hidden)| hidden.is_none() && case.is_about(path)))
    }

    /// Changes that are shown and that the case has not made.
    fn false_alarms(&self, case: &Case) -> Vec<&str> {
        let changes = self.changes.iter();
        changes
            .filter(|(path, hidden)| hidden.is_none() && !case.is_about(path))
            .map(|(path, _)| path.as_str())
            .collect()
    }
}

/// A case with everything that was said of it.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) case: Case,
    /// `plan -refresh-only` lists the object.
    pub(super) refresh_shows: bool,
    /// A full plan would change the object.
    pub(super) plan_shows: bool,
    pub(super) low: Seen,
    pub(super) medium: Seen,
    pub(super) high: Seen,
}

impl Judged {
    /// The case's own change is shown by default.
    pub(super) fn shown(&self) -> bool {
        match self.case.label {
            Label::Noise => self.medium.shown,
            Label::Real | Label::Informational => self.medium.shows(&self.case),
        }
    }

    /// Why driftmgr is wrong about the case.
    pub(super) fn fault(&self) -> Option<String> {
        let case = &self.case;
        let mut faults = Vec::new();
        let levels = [
            ("low", &self.low),
            ("medium", &self.medium),
            ("high", &self.high),
        ];
        for (name, seen) in levels {
            if !seen.looked_at {
                faults.push(format!("not looked at ({name})"));
            }
            let shown = seen.shows(case);
            match case.label {
                Label::Real if !shown => {
                    faults.push(format!("hidden at {name}: {:?}", seen.changes))
                }
                Label::Informational if shown != (name == "high") => {
                    faults.push(format!("shown is {shown} at {name}: {:?}", seen.changes));
                }
                _ => {}
            }
            let alarms = seen.false_alarms(case);
            if name != "high" && !alarms.is_empty() {
                faults.push(format!("noise shown at {name}: {alarms:?}"));
            }
        }
        (!faults.is_empty()).then(|| {
            format!(
                "{} ({}): {}",
                case.name,
                case.label.word(),
                faults.join("; ")
            )
        })
    }

    /// Changes of attributes that the case has not made, with the rule that hides each by default.
    pub(super) fn noise(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let changes = self.medium.changes.iter();
        changes
            .filter(|(path, _)| !self.case.is_about(path))
            .map(|(path, hidden)| (path.as_str(), hidden.as_deref()))
    }
}

/// A part of a number of things.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Share {
    pub(super) part: usize,
    pub(super) of: usize,
}

/// How many of the attribute changes that are noise are hidden by default.
pub(super) fn hidden_share(judged: &[&Judged]) -> Share {
    let mut share = Share::default();
    for (_, hidden) in judged.iter().flat_map(|j| j.noise()) {
        share.of += 1;
        share.part += usize::from(hidden.is_some());
    }
    share
}
