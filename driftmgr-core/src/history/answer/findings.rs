//! Findings over time: since when, until when, how often.

use serde::Serialize;

use super::recent;
use crate::address::InstanceAddress;
use crate::drift::{Kind, Severity};
use crate::history::moment::Moment;
use crate::history::store::{FindingHistory, ObjectHistory, PastLook, TargetHistory};
use crate::history::timeline::FindingState;

/// Fewer goings than this in the time asked about are no flapping.
const FLAPS: u64 = 2;

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingStatus {
    /// It was there when its object was last looked at.
    Open,
    /// The object was looked at, and the difference was gone.
    Resolved,
    /// The state dropped the object while the difference was there, and nobody saw it gone. An object that comes to the same address
    /// later is another one.
    LeftState,
}

/// How often a finding came and went while its object was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct FlapCount {
    /// From looked at without it to there.
    pub came: u64,
    /// From there to looked at without it.
    pub went: u64,
}

/// A finding with its past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrackedFinding {
    /// Its stable id.
    pub id: String,
    /// Where its state was found last.
    pub target: String,
    /// The object's address in the state.
    pub address: InstanceAddress,
    /// The key of a deposed object.
    pub deposed: Option<String>,
    /// How reality differs.
    pub kind: Kind,
    /// The attribute; empty for the object as a whole.
    pub path: String,
    /// How much it matters, as it was last seen.
    pub severity: Severity,
    /// It was not shown when it was last seen.
    pub hidden: bool,
    /// What became of it.
    pub status: FindingStatus,
    /// The run that first saw it, ever.
    pub first_seen: Moment,
    /// The run that last saw it.
    pub last_seen: Moment,
    /// Runs that saw it, ever.
    pub times_seen: u64,
    /// Since when it is there without having been gone; `None` when it is over.
    pub open_since: Option<Moment>,
    /// Seconds since then; `None` when it is over.
    pub age_seconds: Option<u64>,
    /// When it was over, and `None` while it is open.
    pub ended: Option<Moment>,
    /// When the object was last looked at. Later than `last_seen` for what is over, never for what is open.
    pub last_looked_at: Moment,
    /// How often it came and went in the time asked about.
    pub transitions: FlapCount,
    /// It went at least twice in that time.
    pub flapping: bool,
}

/// A finding's way through the looks at its state.
#[derive(Debug)]
pub(in crate::history) struct Track {
    pub(in crate::history) first_seen: Moment,
    pub(in crate::history) last_seen: Moment,
    pub(in crate::history) state: FindingState,
    pub(in crate::history) times: u64,
    pub(in crate::history) open_since: Option<Moment>,
    status: FindingStatus,
    ended: Option<Moment>,
    last_looked_at: Moment,
    came: Vec<Moment>,
    went: Vec<Moment>,
}

/// What one look says of a finding.
enum Sight {
    There(FindingState),
    /// Looked at, and not there.
    Gone,
    /// The object was not looked at.
    Unknown,
    /// The state does not have the object.
    NoObject,
}

fn sights<'a>(
    looks: &'a [PastLook],
    object: &'a ObjectHistory,
    finding: &'a FindingHistory,
) -> impl Iterator<Item = (Moment, Sight)> + 'a {
    let moments = || looks.iter().map(|look| look.at);
    let outcomes = object.outcomes.at_each(moments());
    let states = finding.states.at_each(moments());
    moments().zip(outcomes.zip(states)).map(|(at, seen)| {
        let sight = match seen {
            (_, Some(state)) => Sight::There(state),
            (None, None) => Sight::NoObject,
            (Some(outcome), None) if outcome.looked_at() => Sight::Gone,
            (Some(_), None) => Sight::Unknown,
        };
        (at, sight)
    })
}

/// Follows a finding through the looks; `None` when it was never seen.
pub(in crate::history) fn track(
    looks: &[PastLook],
    object: &ObjectHistory,
    finding: &FindingHistory,
) -> Option<Track> {
    let mut track = finding.carried.map(|carried| Track {
        first_seen: carried.first_seen,
        last_seen: carried.last_seen,
        state: carried.state,
        times: carried.times,
        open_since: carried.open_since,
        status: match carried.open_since {
            Some(_) => FindingStatus::Open,
            None => FindingStatus::LeftState,
        },
        ended: carried.open_since.is_none().then_some(carried.last_seen),
        last_looked_at: carried.last_seen,
        came: Vec::new(),
        went: Vec::new(),
    });
    // Before it was first seen: whether somebody looked.
    let mut looked = false;
    for (at, sight) in sights(looks, object, finding) {
        match (sight, &mut track) {
            (Sight::There(state), None) => {
                track = Some(Track {
                    first_seen: at,
                    last_seen: at,
                    state,
                    times: 1,
                    open_since: Some(at),
                    status: FindingStatus::Open,
                    ended: None,
                    last_looked_at: at,
                    came: if looked { vec![at] } else { Vec::new() },
                    went: Vec::new(),
                });
            }
            (Sight::There(state), Some(track)) => track.there(at, state),
            (Sight::Gone, Some(track)) => track.gone(at),
            (Sight::NoObject, Some(track)) => track.left(at),
            (Sight::Gone, None) => looked = true,
            (Sight::Unknown, _) | (Sight::NoObject, None) => {}
        }
    }
    track
}

impl Track {
    fn there(&mut self, at: Moment, state: FindingState) {
        if self.status == FindingStatus::Resolved {
            self.came.push(at);
        }
        if self.status != FindingStatus::Open {
            self.open_since = Some(at);
        }
        self.status = FindingStatus::Open;
        self.ended = None;
        self.last_seen = at;
        self.last_looked_at = at;
        self.state = state;
        self.times += 1;
    }

    fn gone(&mut self, at: Moment) {
        self.last_looked_at = at;
        if self.status == FindingStatus::Open {
            self.went.push(at);
            self.end(FindingStatus::Resolved, at);
        }
    }

    fn left(&mut self, at: Moment) {
        if self.status == FindingStatus::Open {
            self.end(FindingStatus::LeftState, at);
        }
    }

    fn end(&mut self, status: FindingStatus, at: Moment) {
        self.status = status;
        self.open_since = None;
        self.ended = Some(at);
    }
}

/// Findings that are open, or were over since then.
pub(super) fn tracked(
    past: &[TargetHistory],
    now: Moment,
    since: Option<Moment>,
) -> Vec<TrackedFinding> {
    let mut all = Vec::new();
    for target in past {
        for object in &target.objects {
            for finding in &object.findings {
                let Some(track) = track(&target.looks, object, finding) else {
                    continue;
                };
                if track.ended.is_some_and(|ended| !recent(ended, since)) {
                    continue;
                }
                all.push(shown(target, object, finding, &track, now, since));
            }
        }
    }
    all.sort_by(|a, b| {
        (&a.target, &a.address, &a.deposed, a.kind, &a.path, &a.id)
            .cmp(&(&b.target, &b.address, &b.deposed, b.kind, &b.path, &b.id))
    });
    all
}

fn shown(
    target: &TargetHistory,
    object: &ObjectHistory,
    finding: &FindingHistory,
    track: &Track,
    now: Moment,
    since: Option<Moment>,
) -> TrackedFinding {
    let lately = |moments: &[Moment]| moments.iter().filter(|at| recent(**at, since)).count();
    let transitions = FlapCount {
        came: lately(&track.came) as u64,
        went: lately(&track.went) as u64,
    };
    TrackedFinding {
        id: finding.id.clone(),
        target: target.location().to_owned(),
        address: object.address.clone(),
        deposed: object.deposed.clone(),
        kind: finding.kind,
        path: finding.path.clone(),
        severity: track.state.severity,
        hidden: track.state.hidden,
        status: track.status,
        first_seen: track.first_seen,
        last_seen: track.last_seen,
        times_seen: track.times,
        open_since: track.open_since,
        age_seconds: track.open_since.map(|since| now.seconds_since(since)),
        ended: track.ended,
        last_looked_at: track.last_looked_at,
        transitions,
        flapping: transitions.went >= FLAPS,
    }
}
