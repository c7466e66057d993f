//! Runs written down in few words.

use std::time::{Duration, SystemTime};

use crate::context::Context;
use crate::drift::{Kind, Sensitivity, Severity, digest};
use crate::env::Environment;
use crate::history::{
    FindingState, FindingStatus, History, HistoryStore, Look, Moment, Outcome, Question, Run, Seen,
    SeenFinding, SqliteHistory, TrackedFinding, answer,
};

pub(super) fn context() -> Context {
    Context::new(Environment::default())
}

/// So many minutes after the beginning.
pub(super) fn minute(n: i64) -> Moment {
    Moment::from_millis(n * 60_000)
}

pub(super) fn time(n: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(n * 60)
}

fn id(parts: &[&str]) -> String {
    let digits = digest("history-tests", parts.iter().copied());
    format!("v1-{}", &digits[..32])
}

/// An object with its outcome. A word for the finding follows: `size` is an attribute, `size*` is a hidden one.
pub(super) fn object(lineage: &str, address: &str, outcome: Outcome, paths: &[&str]) -> Seen {
    let kind = match outcome {
        Outcome::Missing => Kind::Missing,
        Outcome::Moved => Kind::Moved,
        _ => Kind::Modified,
    };
    let mut findings: Vec<SeenFinding> = paths
        .iter()
        .map(|path| {
            let (path, hidden) = path.strip_suffix('*').map_or((*path, false), |p| (p, true));
            SeenFinding {
                id: id(&[lineage, address, kind.as_str(), path]),
                kind,
                path: path.to_owned(),
                state: FindingState {
                    severity: Severity::Important,
                    hidden,
                },
            }
        })
        .collect();
    findings.sort_by(|a, b| a.id.cmp(&b.id));
    Seen {
        address: address.parse().unwrap(),
        deposed: None,
        outcome,
        findings,
    }
}

pub(super) fn look(lineage: &str, objects: Vec<Seen>) -> Look {
    Look {
        lineage: lineage.to_owned(),
        location: format!("/infra/{lineage}"),
        serial: 7,
        objects,
    }
}

pub(super) fn run(ended: Moment, looks: Vec<Look>) -> Run {
    Run {
        started: Moment::from_millis(ended.millis() - 1000),
        ended,
        version: "0.1.0".to_owned(),
        sensitivity: Sensitivity::Medium,
        problems: 0,
        looks,
    }
}

/// What one run says of the object `demo.a` of state `l`: `=` in sync, `~` its size differs, `-` gone, `?` not looked at,
/// `s` left out, `h` its size differs and that is hidden, ` ` not in the state.
pub(super) fn sign(sign: char) -> Look {
    let of = |outcome, paths: &[&str]| vec![object("l", "demo.a", outcome, paths)];
    look(
        "l",
        match sign {
            '=' => of(Outcome::Same, &[]),
            '~' => of(Outcome::Modified, &["size"]),
            '-' => of(Outcome::Missing, &[""]),
            '?' => of(Outcome::Unverifiable, &[]),
            's' => of(Outcome::Skipped, &[]),
            'h' => of(Outcome::Hidden, &["size*"]),
            _ => Vec::new(),
        },
    )
}

/// A history in which `demo.a` went through these signs, one run a minute from minute 1 on.
pub(super) async fn history(signs: &str) -> SqliteHistory {
    let cx = context();
    let store = SqliteHistory::in_memory(&cx).await.unwrap();
    for (minute_before, each) in (0..).zip(signs.chars()) {
        let run = run(minute(minute_before + 1), vec![sign(each)]);
        let recorded = store.record(&cx, run).await.unwrap();
        assert!(recorded.new && recorded.problems.is_empty(), "{recorded:?}");
    }
    store
}

/// What such a history says at a minute.
pub(super) async fn asked(store: &SqliteHistory, question: &Question) -> History {
    answer(&store.load(&context(), Vec::new()).await.unwrap(), question)
}

pub(super) async fn said(signs: &str) -> History {
    let now = signs.chars().count() as u64 + 1;
    asked(&history(signs).await, &Question::new(time(now))).await
}

/// The finding about `size`.
pub(super) fn size(history: &History) -> &TrackedFinding {
    let mut about = history.findings.iter().filter(|f| f.path == "size");
    let first = about.next().unwrap();
    assert!(about.next().is_none());
    first
}

pub(super) fn statuses(history: &History) -> Vec<FindingStatus> {
    history.findings.iter().map(|f| f.status).collect()
}
