//! What tends to drift next.
//!
//! The estimate for an object that is in sync is the share of its chances (see `tries`) at which it drifted, drawn towards the share of the
//! other objects of its type, which count as at most ten chances more:
//!
//! ```text
//! estimate = (drifts + weight * share of the others + 1/2) / (chances + weight + 1),  weight = min(10, chances of the others)
//! ```
//!
//! The half is Jeffreys' prior: nothing is certain after a few runs. The interval is Wilson's on the same counts. Nothing is said of
//! objects that were looked at fewer than ten times, that never drifted while being watched, or that are drifted now.

use std::collections::BTreeMap;

use serde::Serialize;

use super::recent;
use super::tries::Tries;
use super::wilson::{Interval, rounded};
use crate::address::InstanceAddress;
use crate::drift::Kind;
use crate::history::moment::Moment;
use crate::history::store::{ObjectHistory, TargetHistory};

/// Looks at an object before anything is said of it.
const MINIMUM_LOOKS: u64 = 10;

/// How many chances the rest of the type counts for, at most.
const WEIGHT: f64 = 10.0;

/// How many of the last drifts, and how many attributes, are named as evidence.
const EVIDENCE: usize = 5;

/// What tends to drift next, with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outlook {
    /// Looks that it takes before anything is said of an object.
    pub minimum_looks: u64,
    /// Looks that the most looked-at object had. Below the minimum there is no ranking.
    pub most_looks: u64,
    /// Objects that drifted and were looked at too few times to rank them.
    pub too_few_looks: u64,
    /// Objects that are in sync and drifted before, the likeliest first.
    pub ranking: Vec<Tendency>,
}

/// One object that drifted before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tendency {
    /// Where its state was found last.
    pub target: String,
    /// Its address in the state.
    pub address: InstanceAddress,
    /// How likely it is that the next run finds it drifted.
    pub estimate: f64,
    /// Where the true share lies.
    pub interval: Interval,
    /// Times it drifted.
    pub drifts: u64,
    /// Looks that had found it in sync at the look before.
    pub chances: u64,
    /// When it drifted last, the latest first; at most five.
    pub drifted_at: Vec<Moment>,
    /// What differed most often; at most five.
    pub attributes: Vec<AttributeTendency>,
    /// Drifts of the other objects of its type.
    pub others_drifts: u64,
    /// Chances of those.
    pub others_chances: u64,
}

/// An attribute that differed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttributeTendency {
    /// How reality differed.
    pub kind: Kind,
    /// The attribute; empty for the object as a whole.
    pub path: String,
    /// Times that the difference appeared.
    pub times: u64,
}

pub(super) fn of(past: &[TargetHistory], tries: &[Tries<'_>], since: Option<Moment>) -> Outlook {
    let mut types: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for each in tries {
        let (drifts, chances) = types.entry(each.resource_type).or_default();
        *drifts += each.drifts.len() as u64;
        *chances += each.chances;
    }
    let drifted = || tries.iter().filter(|t| !t.drifts.is_empty());
    let mut ranking: Vec<Tendency> = drifted()
        .filter(|t| t.in_sync && t.looks >= MINIMUM_LOOKS)
        .filter_map(|t| {
            let target = past.get(t.at.0)?;
            let object = target.objects.get(t.at.1)?;
            let whole_type = types.get(t.resource_type).copied().unwrap_or_default();
            Some(tendency(t, target, object, whole_type, since))
        })
        .collect();
    ranking.sort_by(|a, b| {
        b.estimate
            .total_cmp(&a.estimate)
            .then_with(|| b.drifts.cmp(&a.drifts))
            .then_with(|| (&a.target, &a.address).cmp(&(&b.target, &b.address)))
    });
    Outlook {
        minimum_looks: MINIMUM_LOOKS,
        most_looks: tries.iter().map(|t| t.looks).max().unwrap_or(0),
        too_few_looks: drifted().filter(|t| t.looks < MINIMUM_LOOKS).count() as u64,
        ranking,
    }
}

fn tendency(
    tries: &Tries<'_>,
    target: &TargetHistory,
    object: &ObjectHistory,
    (type_drifts, type_chances): (u64, u64),
    since: Option<Moment>,
) -> Tendency {
    let drifts = tries.drifts.len() as u64;
    let others_drifts = type_drifts.saturating_sub(drifts);
    let others_chances = type_chances.saturating_sub(tries.chances);
    let (estimate, interval) = estimate(drifts, tries.chances, others_drifts, others_chances);
    Tendency {
        target: target.location().to_owned(),
        address: object.address.clone(),
        estimate,
        interval,
        drifts,
        chances: tries.chances,
        drifted_at: tries.drifts.iter().rev().take(EVIDENCE).copied().collect(),
        attributes: attributes(object, since),
        others_drifts,
        others_chances,
    }
}

fn estimate(drifts: u64, chances: u64, others_drifts: u64, others_chances: u64) -> (f64, Interval) {
    let weight = (others_chances as f64).min(WEIGHT);
    let share = if others_chances == 0 {
        0.0
    } else {
        others_drifts as f64 / others_chances as f64
    };
    let hits = drifts as f64 + weight * share;
    let tries = chances as f64 + weight;
    (
        rounded((hits + 0.5) / (tries + 1.0)),
        Interval::wilson(hits, tries),
    )
}

/// What appeared most often, of what was shown.
fn attributes(object: &ObjectHistory, since: Option<Moment>) -> Vec<AttributeTendency> {
    let mut all: Vec<AttributeTendency> = object
        .findings
        .iter()
        .map(|finding| {
            let mut there = false;
            let mut times = 0;
            for (at, state) in finding.states.changes() {
                let was = std::mem::replace(&mut there, state.is_some_and(|s| !s.hidden));
                times += u64::from(there && !was && recent(*at, since));
            }
            AttributeTendency {
                kind: finding.kind,
                path: finding.path.clone(),
                times,
            }
        })
        .filter(|attribute| attribute.times > 0)
        .collect();
    all.sort_by(|a, b| (b.times, a.kind, &a.path).cmp(&(a.times, b.kind, &b.path)));
    all.truncate(EVIDENCE);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_runs_say_little_and_many_say_more() {
        let (one, wide) = estimate(1, 2, 0, 0);
        assert_eq!(one, 0.5);
        assert!(wide.high - wide.low > 0.7, "{wide:?}");
        let (many, narrow) = estimate(100, 200, 0, 0);
        assert_eq!(many, 0.5);
        assert!(narrow.high - narrow.low < 0.15, "{narrow:?}");
        // A quiet type makes a single drift less likely to come back, and a restless one more.
        assert!(estimate(1, 10, 0, 1000).0 < estimate(1, 10, 0, 0).0);
        assert!(estimate(1, 10, 500, 1000).0 > estimate(1, 10, 0, 0).0);
    }

    proptest::proptest! {
        #[test]
        fn an_estimate_is_never_certain_lies_in_its_interval_and_grows_with_drifts(
            chances in 1u64..500, drifts in 0u64..500, others in 0u64..5000, others_drifts in 0u64..5000,
        ) {
            let (drifts, others_drifts) = (drifts % chances, others_drifts.min(others));
            let (now, interval) = estimate(drifts, chances, others_drifts, others);
            proptest::prop_assert!(0.0 < now && now < 1.0);
            proptest::prop_assert!(interval.low <= now && now <= interval.high, "{now} {interval:?}");
            proptest::prop_assert!(estimate(drifts + 1, chances, others_drifts, others).0 > now);
        }
    }
}
