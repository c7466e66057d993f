//! Recording a run.
//!
//! A run may be recorded after one that ended later. Then it is put between its neighbours: each timeline gets a change at the run where it
//! differs from the run before, and at the run after where that one differs from it.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::codes;
use crate::error::{Error, ErrorKind};
use crate::history::moment::Moment;
use crate::history::run::{Look, Run, SeenFinding};
use crate::history::store::Recorded;

pub(super) fn record(db: &Connection, run: &Run) -> rusqlite::Result<Recorded> {
    let mut recorded = Recorded {
        id: run.id(),
        new: false,
        problems: Vec::new(),
    };
    let known = db
        .query_row("SELECT id FROM run WHERE name = ?1", [&recorded.id], |_| {
            Ok(())
        })
        .optional()?;
    if known.is_some() {
        return Ok(recorded);
    }
    let mut row = None;
    for look in &run.looks {
        let target = target(db, look)?;
        if let Some(horizon) = target.pruned_before.filter(|before| run.ended < *before) {
            recorded.problems.push(forgotten(look, run.ended, horizon));
            continue;
        }
        let run_row = match row {
            Some(row) => row,
            None => *row.insert(insert_run(db, run, &recorded.id)?),
        };
        insert_look(db, target.id, run_row, run.ended, look)?;
    }
    recorded.new = row.is_some();
    Ok(recorded)
}

fn forgotten(look: &Look, ended: Moment, horizon: Moment) -> Error {
    Error::new(
        ErrorKind::Conflict,
        "the run is not recorded: it ended before the time from which on runs of this state are kept",
    )
    .with("state", &look.location)
    .with("ended", ended)
    .with("kept from", horizon)
    .with_hint("record runs before older ones are pruned, or check the clock of the machine")
}

struct Target {
    id: i64,
    pruned_before: Option<Moment>,
}

fn target(db: &Connection, look: &Look) -> rusqlite::Result<Target> {
    db.prepare_cached("INSERT OR IGNORE INTO target (origin, lineage) VALUES (?1, ?2)")?
        .execute(params![look.origin(), look.lineage])?;
    db.prepare_cached("SELECT id, pruned_before FROM target WHERE origin = ?1")?
        .query_row([look.origin()], |row| {
            Ok(Target {
                id: row.get(0)?,
                pruned_before: codes::read_optional_moment(row, 1)?,
            })
        })
}

fn insert_run(db: &Connection, run: &Run, name: &str) -> rusqlite::Result<i64> {
    db.execute(
        "INSERT INTO run (name, started, ended, version, sensitivity, problems) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            name,
            run.started.millis(),
            run.ended.millis(),
            run.version,
            codes::sensitivity(run.sensitivity),
            codes::signed(run.problems),
        ],
    )?;
    Ok(db.last_insert_rowid())
}

fn insert_look(
    db: &Connection,
    target: i64,
    run: i64,
    ended: Moment,
    look: &Look,
) -> rusqlite::Result<()> {
    let between = Place::find(db, target, ended)?;
    let counts = look.counts();
    db.prepare_cached(
        "INSERT INTO look VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        target,
        between.at.millis(),
        run,
        look.location,
        codes::signed(look.serial),
        codes::signed(counts.same),
        codes::signed(counts.modified),
        codes::signed(counts.missing),
        codes::signed(counts.moved),
        codes::signed(counts.hidden),
        codes::signed(counts.unverifiable),
        codes::signed(counts.skipped),
    ])?;
    let objects = objects(db, target, &between, look)?;
    findings(db, target, &between, look, &objects)
}

/// A look's place among the others at the same state.
struct Place {
    at: Moment,
    /// The look after it.
    next: Option<Moment>,
}

impl Place {
    fn find(db: &Connection, target: i64, ended: Moment) -> rusqlite::Result<Self> {
        let mut at = ended;
        let mut taken = db.prepare_cached("SELECT 1 FROM look WHERE target = ?1 AND at = ?2")?;
        while taken.exists(params![target, at.millis()])? {
            at = at.next();
        }
        let next: Option<i64> = db
            .prepare_cached("SELECT min(at) FROM look WHERE target = ?1 AND at > ?2")?
            .query_row(params![target, at.millis()], |row| row.get(0))?;
        Ok(Self {
            at,
            next: next.map(Moment::from_millis),
        })
    }

    /// Until when the state at the next look can be changed: for a look without a next one there is none.
    fn next_millis(&self) -> Option<i64> {
        self.next.map(Moment::millis)
    }
}

/// The state of one timeline at the look before and at the look after; 0 where it was not there.
#[derive(Clone, Copy, Default)]
struct Neighbours {
    before: i64,
    after: i64,
}

/// Writes changes of one kind of timeline.
struct Changes<'a> {
    place: &'a Place,
    set: rusqlite::CachedStatement<'a>,
    unset: rusqlite::CachedStatement<'a>,
}

impl<'a> Changes<'a> {
    fn of_objects(db: &'a Connection, place: &'a Place) -> rusqlite::Result<Self> {
        Ok(Self {
            place,
            set: db.prepare_cached("INSERT OR REPLACE INTO object_change VALUES (?1, ?2, ?3)")?,
            unset: db.prepare_cached("DELETE FROM object_change WHERE object = ?1 AND at = ?2")?,
        })
    }

    fn of_findings(db: &'a Connection, place: &'a Place) -> rusqlite::Result<Self> {
        Ok(Self {
            place,
            set: db.prepare_cached("INSERT OR REPLACE INTO finding_change VALUES (?1, ?2, ?3)")?,
            unset: db
                .prepare_cached("DELETE FROM finding_change WHERE finding = ?1 AND at = ?2")?,
        })
    }

    /// The timeline has `now` at the look, and beside it what it had.
    fn put(&mut self, id: i64, now: i64, beside: Neighbours) -> rusqlite::Result<()> {
        if now != beside.before {
            self.set.execute(params![id, self.place.at.millis(), now])?;
        }
        if let Some(next) = self.place.next_millis() {
            if now == beside.after {
                self.unset.execute(params![id, next])?;
            } else {
                self.set.execute(params![id, next, beside.after])?;
            }
        }
        Ok(())
    }
}

/// Address and deposed key: what tells the objects of a state apart.
type ObjectKey = (String, String);

fn objects(
    db: &Connection,
    target: i64,
    place: &Place,
    look: &Look,
) -> rusqlite::Result<HashMap<ObjectKey, i64>> {
    let mut known: HashMap<ObjectKey, (i64, Neighbours)> = db
        .prepare_cached(
            "SELECT address, deposed, id,
                (SELECT outcome FROM object_change c WHERE c.object = o.id AND c.at < ?2 ORDER BY c.at DESC LIMIT 1),
                (SELECT outcome FROM object_change c WHERE c.object = o.id AND c.at <= ?3 ORDER BY c.at DESC LIMIT 1)
            FROM object o WHERE target = ?1",
        )?
        .query_map(
            params![target, place.at.millis(), place.next_millis()],
            |row| Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, neighbours(row)?))),
        )?
        .collect::<rusqlite::Result<_>>()?;
    let mut insert =
        db.prepare_cached("INSERT INTO object (target, address, deposed) VALUES (?1, ?2, ?3)")?;
    let mut changes = Changes::of_objects(db, place)?;
    let mut ids = HashMap::with_capacity(look.objects.len());
    for object in &look.objects {
        let key = (
            object.address.to_string(),
            object.deposed.clone().unwrap_or_default(),
        );
        let (id, beside) = match known.remove(&key) {
            Some(known) => known,
            None => (
                insert.insert(params![target, key.0, key.1])?,
                Neighbours::default(),
            ),
        };
        changes.put(id, codes::outcome(object.outcome), beside)?;
        ids.insert(key, id);
    }
    // What this run's state does not have.
    for (id, beside) in known.into_values() {
        changes.put(id, 0, beside)?;
    }
    Ok(ids)
}

fn findings(
    db: &Connection,
    target: i64,
    place: &Place,
    look: &Look,
    objects: &HashMap<ObjectKey, i64>,
) -> rusqlite::Result<()> {
    let mut known: HashMap<String, (i64, Neighbours)> = db
        .prepare_cached(
            "SELECT f.name, NULL, f.id,
                (SELECT state FROM finding_change c WHERE c.finding = f.id AND c.at < ?2 ORDER BY c.at DESC LIMIT 1),
                (SELECT state FROM finding_change c WHERE c.finding = f.id AND c.at <= ?3 ORDER BY c.at DESC LIMIT 1)
            FROM finding f JOIN object o ON o.id = f.object WHERE o.target = ?1",
        )?
        .query_map(
            params![target, place.at.millis(), place.next_millis()],
            |row| Ok((row.get(0)?, (row.get(2)?, neighbours(row)?))),
        )?
        .collect::<rusqlite::Result<_>>()?;
    let mut changes = Changes::of_findings(db, place)?;
    for object in &look.objects {
        let key = (
            object.address.to_string(),
            object.deposed.clone().unwrap_or_default(),
        );
        let Some(object_id) = objects.get(&key) else {
            continue;
        };
        for finding in &object.findings {
            let (id, beside) = match known.remove(&finding.id) {
                Some(known) => known,
                None => (
                    insert_finding(db, *object_id, finding)?,
                    Neighbours::default(),
                ),
            };
            changes.put(id, codes::state(finding.state), beside)?;
        }
    }
    for (id, beside) in known.into_values() {
        changes.put(id, 0, beside)?;
    }
    Ok(())
}

fn insert_finding(db: &Connection, object: i64, finding: &SeenFinding) -> rusqlite::Result<i64> {
    db.prepare_cached("INSERT INTO finding (name, object, kind, path) VALUES (?1, ?2, ?3, ?4)")?
        .insert(params![
            finding.id,
            object,
            finding.kind.as_str(),
            finding.path
        ])
}

/// The fourth and fifth column: no row is "not there".
fn neighbours(row: &rusqlite::Row<'_>) -> rusqlite::Result<Neighbours> {
    let before: Option<i64> = row.get(3)?;
    let after: Option<i64> = row.get(4)?;
    Ok(Neighbours {
        before: before.unwrap_or(0),
        after: after.unwrap_or(0),
    })
}
