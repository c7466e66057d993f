//! Giving runs back.

use std::collections::HashMap;

use rusqlite::{Connection, Row, params};

use super::codes;
use crate::error::{Error, ErrorKind};
use crate::history::moment::Moment;
use crate::history::run::Counts;
use crate::history::store::{
    Carried, FindingHistory, ObjectHistory, PastLook, PastRun, TargetHistory, Wanted,
};
use crate::history::timeline::Timeline;

/// The outer result is the database's; the inner one says that a target is not known.
pub(super) fn load(
    db: &Connection,
    wanted: &[Wanted],
) -> rusqlite::Result<Result<Vec<TargetHistory>, Error>> {
    let all: Vec<(i64, String)> = db
        .prepare("SELECT id, lineage FROM target ORDER BY origin")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut missing: Vec<&Wanted> = wanted.iter().collect();
    let mut found = Vec::new();
    let mut places = Vec::new();
    for (id, lineage) in all {
        let looks = looks(db, id)?;
        // A target whose only run was refused.
        let Some(last) = looks.last() else {
            continue;
        };
        places.push(last.location.clone());
        let is = |w: &Wanted| w.is(&lineage, looks.iter().map(|l| l.location.as_str()));
        if wanted.is_empty() || wanted.iter().any(is) {
            missing.retain(|w| !is(w));
            let objects = objects(db, id)?;
            found.push(TargetHistory {
                lineage,
                looks,
                objects,
            });
        }
    }
    if let Some(unknown) = missing.first() {
        return Ok(Err(unknown_target(&unknown.name, places)));
    }
    found.sort_by(|a, b| (a.location(), &a.lineage).cmp(&(b.location(), &b.lineage)));
    Ok(Ok(found))
}

fn unknown_target(target: &str, mut places: Vec<String>) -> Error {
    let error = Error::new(
        ErrorKind::NotFound,
        "no recorded run has looked at the target",
    )
    .with("target", target);
    places.sort();
    places.truncate(5);
    if places.is_empty() {
        error.with_hint("the history is empty; `driftmgr drift --record` adds a run")
    } else {
        error.with_hint(format!("the history has {}", places.join(", ")))
    }
}

pub(super) fn looks(db: &Connection, target: i64) -> rusqlite::Result<Vec<PastLook>> {
    db.prepare_cached(
        "SELECT l.at, r.name, r.started, r.ended, r.version, r.sensitivity, r.problems, l.location, l.serial,
            l.same, l.modified, l.missing, l.moved, l.hidden, l.unverifiable, l.skipped
        FROM look l JOIN run r ON r.id = l.run WHERE l.target = ?1 ORDER BY l.at",
    )?
    .query_map([target], look)?
    .collect()
}

fn look(row: &Row<'_>) -> rusqlite::Result<PastLook> {
    Ok(PastLook {
        at: codes::read_moment(row, 0)?,
        run: PastRun {
            id: row.get(1)?,
            started: codes::read_moment(row, 2)?,
            ended: codes::read_moment(row, 3)?,
            version: row.get(4)?,
            sensitivity: codes::read_sensitivity(row, 5)?,
            problems: codes::read_count(row, 6)?,
        },
        location: row.get(7)?,
        serial: codes::read_count(row, 8)?,
        counts: Counts {
            same: codes::read_count(row, 9)?,
            modified: codes::read_count(row, 10)?,
            missing: codes::read_count(row, 11)?,
            moved: codes::read_count(row, 12)?,
            hidden: codes::read_count(row, 13)?,
            unverifiable: codes::read_count(row, 14)?,
            skipped: codes::read_count(row, 15)?,
        },
    })
}

pub(super) fn objects(db: &Connection, target: i64) -> rusqlite::Result<Vec<ObjectHistory>> {
    let mut outcomes = timelines(
        db,
        "SELECT c.object, c.at, c.outcome FROM object_change c JOIN object o ON o.id = c.object
        WHERE o.target = ?1 ORDER BY c.object, c.at",
        target,
        codes::read_outcome,
    )?;
    let mut findings = findings(db, target)?;
    let mut objects: Vec<ObjectHistory> = db
        .prepare_cached("SELECT id, address, deposed FROM object WHERE target = ?1")?
        .query_map([target], |row| {
            let id: i64 = row.get(0)?;
            let deposed: String = row.get(2)?;
            Ok(ObjectHistory {
                address: codes::read_parsed(row, 1)?,
                deposed: Some(deposed).filter(|d| !d.is_empty()),
                outcomes: Timeline::new(outcomes.remove(&id).unwrap_or_default()),
                findings: findings.remove(&id).unwrap_or_default(),
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    objects.sort_by(|a, b| (&a.address, &a.deposed).cmp(&(&b.address, &b.deposed)));
    Ok(objects)
}

/// The changes of each timeline, by the id of what it is about.
type Changes<T> = HashMap<i64, Vec<(Moment, Option<T>)>>;

fn timelines<T>(
    db: &Connection,
    query: &str,
    target: i64,
    read: impl Fn(&Row<'_>, usize) -> rusqlite::Result<Option<T>>,
) -> rusqlite::Result<Changes<T>> {
    let mut all: Changes<T> = HashMap::new();
    let mut statement = db.prepare_cached(query)?;
    let mut rows = statement.query(params![target])?;
    while let Some(row) = rows.next()? {
        let change = (codes::read_moment(row, 1)?, read(row, 2)?);
        all.entry(row.get(0)?).or_default().push(change);
    }
    Ok(all)
}

fn findings(db: &Connection, target: i64) -> rusqlite::Result<HashMap<i64, Vec<FindingHistory>>> {
    let mut states = timelines(
        db,
        "SELECT c.finding, c.at, c.state FROM finding_change c JOIN finding f ON f.id = c.finding
        JOIN object o ON o.id = f.object WHERE o.target = ?1 ORDER BY c.finding, c.at",
        target,
        codes::read_state,
    )?;
    let mut all: HashMap<i64, Vec<FindingHistory>> = HashMap::new();
    let mut statement = db.prepare_cached(
        "SELECT f.object, f.id, f.name, f.kind, f.path, f.first_seen, f.last_seen, f.last_state, f.open_since, f.times
        FROM finding f JOIN object o ON o.id = f.object WHERE o.target = ?1 ORDER BY f.kind, f.path",
    )?;
    let mut rows = statement.query([target])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(1)?;
        let carried = match codes::read_optional_moment(row, 5)? {
            None => None,
            Some(first_seen) => codes::read_state(row, 7)?
                .map(|state| {
                    Ok::<_, rusqlite::Error>(Carried {
                        first_seen,
                        last_seen: codes::read_moment(row, 6)?,
                        state,
                        open_since: codes::read_optional_moment(row, 8)?,
                        times: codes::read_count(row, 9)?,
                    })
                })
                .transpose()?,
        };
        all.entry(row.get(0)?).or_default().push(FindingHistory {
            id: row.get(2)?,
            kind: codes::read_kind(row, 3)?,
            path: row.get(4)?,
            carried,
            states: Timeline::new(states.remove(&id).unwrap_or_default()),
        });
    }
    Ok(all)
}
