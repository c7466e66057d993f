//! One run, as far as the history keeps it: which objects were looked at, and what was found. No attribute value is in it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::fingerprint::{digest, fingerprint};
use super::moment::Moment;
use super::timeline::FindingState;
use crate::address::{InstanceAddress, ResourceMode};
use crate::drift::{Circumstances, DriftReport, Finding, Kind, NotLookedAtKind, Sensitivity};
use crate::error::{Error, ErrorKind, Partial};
use crate::state::State;

/// What became of one object in one run. The higher ones win where a state holds two objects with the same address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Looked at, and as the state says.
    Same,
    /// Left out by the caller.
    Skipped,
    /// Looked at; it differs only in ways that were not shown.
    Hidden,
    /// Looked at, and as the state says but for its address.
    Moved,
    /// It could not be looked at: the answer is open.
    Unverifiable,
    /// Looked at, and it differs.
    Modified,
    /// Looked at, and not there.
    Missing,
}

impl Outcome {
    /// Reality was seen, so the run says something about the object.
    pub fn looked_at(self) -> bool {
        !matches!(self, Self::Skipped | Self::Unverifiable)
    }

    /// Reality differs visibly.
    pub fn drifted(self) -> bool {
        matches!(self, Self::Modified | Self::Missing)
    }

    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Skipped => "skipped",
            Self::Hidden => "hidden",
            Self::Moved => "moved",
            Self::Unverifiable => "unverifiable",
            Self::Modified => "modified",
            Self::Missing => "missing",
        }
    }
}

/// Objects of one state by what became of them. Data sources are left out: each plan reads them anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// As the state says.
    pub same: u64,
    /// Different, visibly.
    pub modified: u64,
    /// Not there.
    pub missing: u64,
    /// Only at another address.
    pub moved: u64,
    /// Different in ways that were not shown.
    pub hidden: u64,
    /// Could not be looked at.
    pub unverifiable: u64,
    /// Left out by the caller.
    pub skipped: u64,
}

impl Counts {
    fn add(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Same => &mut self.same,
            Outcome::Skipped => &mut self.skipped,
            Outcome::Hidden => &mut self.hidden,
            Outcome::Moved => &mut self.moved,
            Outcome::Unverifiable => &mut self.unverifiable,
            Outcome::Modified => &mut self.modified,
            Outcome::Missing => &mut self.missing,
        } += 1;
    }
}

/// One difference of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenFinding {
    /// Its stable id: 64 hex digits.
    pub id: String,
    /// How reality differs.
    pub kind: Kind,
    /// The attribute, without keys of sets; empty for the object as a whole.
    pub path: String,
    /// How much it matters, and whether it was shown.
    pub state: FindingState,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its address in the state.
    pub address: InstanceAddress,
    /// The key of a deposed object.
    pub deposed: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// What was found, each once, sorted by id.
    pub findings: Vec<SeenFinding>,
}

/// One state of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The state's lineage; empty where it has none.
    pub lineage: String,
    /// Where the state was found.
    pub location: String,
    /// Its serial.
    pub serial: u64,
    /// Every managed object of the state, sorted by address.
    pub objects: Vec<Seen>,
}

impl Look {
    /// What identifies the state over runs: its lineage, or its place where it has none.
    pub fn origin(&self) -> &str {
        if self.lineage.is_empty() {
            &self.location
        } else {
            &self.lineage
        }
    }

    /// Objects by what became of them.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for object in &self.objects {
            counts.add(object.outcome);
        }
        counts
    }
}

/// One run over one or many states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// When it began.
    pub started: Moment,
    /// When it ended: what it says, it says of this moment.
    pub ended: Moment,
    /// The version of the library that made it.
    pub version: String,
    /// How much was shown.
    pub sensitivity: Sensitivity,
    /// How many problems the report named.
    pub problems: u64,
    /// The states, each origin once, sorted by it.
    pub looks: Vec<Look>,
}

/// A state that a report is about.
#[derive(Debug, Clone)]
pub struct Looked<'a> {
    /// The target, as the report names it.
    pub target: &'a str,
    /// Where it is, in a way that means the same in later runs: an absolute path or a URL without secrets.
    pub location: String,
    /// The state that was compared.
    pub state: &'a State,
}

impl Run {
    /// What the history keeps of a report. The states tell which objects were in sync, as the report only counts those.
    ///
    /// A lineage is one history. Where two states of a run share one, the state with the higher serial is taken, and a problem names
    /// the other.
    pub fn of(report: &DriftReport, states: &[Looked<'_>], made: &Circumstances) -> Partial<Self> {
        let mut looks: BTreeMap<String, (&str, Look)> = BTreeMap::new();
        let mut problems = Vec::new();
        let mut states: Vec<&Looked<'_>> = states.iter().collect();
        states.sort_by(|a, b| (b.state.serial, a.target).cmp(&(a.state.serial, b.target)));
        for each in states {
            let look = look(report, each);
            if let Some((first, _)) = looks.get(look.origin()) {
                problems.push(shared_lineage(each, first));
            } else {
                looks.insert(look.origin().to_owned(), (each.target, look));
            }
        }
        Partial {
            value: Self {
                started: made.started.into(),
                ended: made.ended.into(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                sensitivity: made.sensitivity,
                problems: report.problems.len() as u64,
                looks: looks.into_values().map(|(_, look)| look).collect(),
            },
            problems,
        }
    }

    /// An id that follows from the content, 32 hex digits: the same run has the same id however often it is recorded.
    pub fn id(&self) -> String {
        let mut parts = vec![
            self.started.millis().to_string(),
            self.ended.millis().to_string(),
            self.version.clone(),
            format!("{:?}", self.sensitivity),
            self.problems.to_string(),
        ];
        for look in &self.looks {
            parts.extend([
                look.lineage.clone(),
                look.location.clone(),
                look.serial.to_string(),
                look.objects.len().to_string(),
            ]);
            for object in &look.objects {
                parts.extend([
                    object.address.to_string(),
                    object.deposed.clone().unwrap_or_default(),
                    object.outcome.as_str().to_owned(),
                    object.findings.len().to_string(),
                ]);
                for finding in &object.findings {
                    parts.extend([finding.id.clone(), format!("{:?}", finding.state)]);
                }
            }
        }
        let mut id = digest(parts.iter().map(String::as_str));
        id.truncate(32);
        id
    }
}

fn shared_lineage(left_out: &Looked<'_>, kept: &str) -> Error {
    Error::new(
        ErrorKind::Conflict,
        "the state is not recorded: it has the same lineage as another one of this run, so it is a copy of it",
    )
    .with("target", left_out.target)
    .with("lineage", &left_out.state.lineage)
    .with("recorded instead", kept)
    .with_hint("look at one of the two; a state that was copied to begin a new stack needs its own lineage")
}

fn look(report: &DriftReport, looked: &Looked<'_>) -> Look {
    let mut look = Look {
        lineage: looked.state.lineage.clone(),
        location: looked.location.clone(),
        serial: looked.state.serial,
        objects: Vec::new(),
    };
    let origin = look.origin().to_owned();
    let mut objects: BTreeMap<(InstanceAddress, Option<String>), Seen> = BTreeMap::new();
    let mut note = |address: &InstanceAddress, deposed: &Option<String>, outcome| {
        let seen = objects
            .entry((address.clone(), deposed.clone()))
            .or_insert_with(|| Seen {
                address: address.clone(),
                deposed: deposed.clone(),
                outcome,
                findings: Vec::new(),
            });
        seen.outcome = seen.outcome.max(outcome);
    };
    for (resource, instance) in looked.state.instances() {
        if resource.address.mode == ResourceMode::Managed {
            let address = resource.instance_address(instance);
            note(&address, &instance.deposed, Outcome::Same);
        }
    }
    for left_out in report
        .not_looked_at
        .iter()
        .filter(|n| n.target == looked.target)
    {
        if left_out.address.resource.mode == ResourceMode::Managed {
            let outcome = match left_out.kind {
                NotLookedAtKind::Unverifiable => Outcome::Unverifiable,
                NotLookedAtKind::Skipped => Outcome::Skipped,
            };
            note(&left_out.address, &left_out.deposed, outcome);
        }
    }
    let findings: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|f| f.target == looked.target)
        .collect();
    for finding in &findings {
        let outcome = match (&finding.hidden, finding.kind) {
            (Some(_), _) => Outcome::Hidden,
            (None, Kind::Modified) => Outcome::Modified,
            (None, Kind::Missing) => Outcome::Missing,
            (None, Kind::Moved) => Outcome::Moved,
        };
        note(finding.state_address(), &finding.deposed, outcome);
    }
    for finding in findings {
        let key = (finding.state_address().clone(), finding.deposed.clone());
        if let Some(seen) = objects.get_mut(&key) {
            add_findings(&origin, finding, &mut seen.findings);
        }
    }
    look.objects = objects.into_values().collect();
    look
}

/// One entry for each attribute that differs, or one for the object where no attribute is named.
fn add_findings(origin: &str, finding: &Finding, into: &mut Vec<SeenFinding>) {
    let whole = FindingState {
        severity: finding.severity,
        hidden: finding.hidden.is_some(),
    };
    // `Path`'s own spelling shows no member of a set, so no value comes into the history.
    let mut parts: Vec<(String, FindingState)> = finding
        .changes
        .iter()
        .map(|change| {
            let state = FindingState {
                severity: change.severity,
                hidden: change.hidden.is_some(),
            };
            (change.path.to_string(), state)
        })
        .collect();
    if parts.is_empty() || finding.kind != Kind::Modified {
        parts = vec![(String::new(), whole)];
    }
    let address = finding.state_address().to_string();
    for (path, state) in parts {
        let id = fingerprint(
            origin,
            &address,
            finding.deposed.as_deref(),
            kind_word(finding.kind),
            &path,
        );
        match into.iter_mut().find(|known| known.id == id) {
            Some(known) => known.state = known.state.worse(state),
            None => into.push(SeenFinding {
                id,
                kind: finding.kind,
                path,
                state,
            }),
        }
    }
    into.sort_by(|a, b| a.id.cmp(&b.id));
}

pub(super) fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Missing => "missing",
        Kind::Modified => "modified",
        Kind::Moved => "moved",
    }
}
