//! Forgetting old runs, without forgetting what is still open.

use rusqlite::{Connection, params};

use super::codes;
use super::read;
use crate::history::answer::track;
use crate::history::moment::Moment;
use crate::history::store::{FindingHistory, ObjectHistory, PastLook, Pruned, TargetHistory};

pub(super) fn prune(db: &Connection, moment: Moment) -> rusqlite::Result<Pruned> {
    let before = count(db, "SELECT count(*) FROM run")?;
    let findings = count(db, "SELECT count(*) FROM finding")?;
    let targets: Vec<i64> = db
        .prepare("SELECT id FROM target")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for target in targets {
        let looks = read::looks(db, target)?;
        // The last look stays: it says what is open.
        let kept = looks.iter().position(|look| look.at >= moment);
        let kept = kept.unwrap_or(looks.len().saturating_sub(1));
        if kept > 0 {
            forget(db, target, looks, kept)?;
        }
    }
    db.execute("DELETE FROM run WHERE id NOT IN (SELECT run FROM look)", [])?;
    Ok(Pruned {
        runs: before - count(db, "SELECT count(*) FROM run")?,
        findings: findings - count(db, "SELECT count(*) FROM finding")?,
    })
}

fn count(db: &Connection, query: &str) -> rusqlite::Result<u64> {
    db.query_row(query, [], |row| codes::read_count(row, 0))
}

/// Forgets the looks at a state before the one at `kept`.
fn forget(
    db: &Connection,
    target: i64,
    mut looks: Vec<PastLook>,
    kept: usize,
) -> rusqlite::Result<()> {
    let Some(first_kept) = looks.get(kept).map(|look| look.at) else {
        return Ok(());
    };
    looks.truncate(kept);
    let past = TargetHistory {
        lineage: String::new(),
        looks,
        objects: read::objects(db, target)?,
    };
    for object in &past.objects {
        for finding in &object.findings {
            carry(db, &past, object, finding)?;
        }
    }
    let at = first_kept.millis();
    // What holds at the first look that is kept is written there; what was before goes.
    for (change, thing, state, things) in [
        (
            "object_change",
            "object",
            "outcome",
            "SELECT id FROM object WHERE target = ?1",
        ),
        (
            "finding_change",
            "finding",
            "state",
            "SELECT id FROM finding WHERE object IN (SELECT id FROM object WHERE target = ?1)",
        ),
    ] {
        db.execute(
            &format!(
                "INSERT OR IGNORE INTO {change} SELECT {thing}, ?2, {state} FROM (
                    SELECT {thing}, {state}, max(at) FROM {change} WHERE at <= ?2 AND {thing} IN ({things}) GROUP BY {thing})"
            ),
            params![target, at],
        )?;
        // Nothing is there before the first look, so a change to "not there" says nothing at it.
        db.execute(
            &format!(
                "DELETE FROM {change} WHERE (at < ?2 OR at = ?2 AND {state} = 0) AND {thing} IN ({things})"
            ),
            params![target, at],
        )?;
    }
    // A finding that was open may have no change left: when its object could not be looked at since, or left the state.
    db.execute(
        "DELETE FROM finding WHERE object IN (SELECT id FROM object WHERE target = ?1) AND open_since IS NULL
            AND NOT EXISTS (SELECT 1 FROM finding_change c WHERE c.finding = finding.id)",
        [target],
    )?;
    db.execute(
        "DELETE FROM object WHERE target = ?1
            AND NOT EXISTS (SELECT 1 FROM object_change c WHERE c.object = object.id)
            AND NOT EXISTS (SELECT 1 FROM finding f WHERE f.object = object.id)",
        [target],
    )?;
    db.execute(
        "DELETE FROM look WHERE target = ?1 AND at < ?2",
        params![target, at],
    )?;
    db.execute(
        "UPDATE target SET pruned_before = ?2 WHERE id = ?1",
        params![target, at],
    )?;
    Ok(())
}

/// Keeps with the finding what is known of it from the looks that are forgotten.
fn carry(
    db: &Connection,
    past: &TargetHistory,
    object: &ObjectHistory,
    finding: &FindingHistory,
) -> rusqlite::Result<()> {
    let Some(track) = track(&past.looks, object, finding) else {
        return Ok(());
    };
    let open_since = track.open_since.map(Moment::millis);
    db.prepare_cached(
        "UPDATE finding SET first_seen = ?2, last_seen = ?3, last_state = ?4, open_since = ?5, times = ?6
        WHERE name = ?1",
    )?
    .execute(params![
        finding.id,
        track.first_seen.millis(),
        track.last_seen.millis(),
        codes::state(track.state),
        open_since,
        codes::signed(track.times)
    ])?;
    Ok(())
}
