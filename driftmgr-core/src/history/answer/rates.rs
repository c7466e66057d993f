//! How often objects of each type drift.

use std::collections::BTreeMap;

use serde::Serialize;

use super::tries::Tries;
use super::wilson::{Interval, rounded};

/// What runs say of one resource type.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TypeRate {
    /// The type.
    pub resource_type: String,
    /// Objects of it that were looked at.
    pub objects: u64,
    /// Times that one of them was looked at.
    pub looks: u64,
    /// Times that it was found drifted then. A difference that stays is counted each time.
    pub drifted_looks: u64,
    /// Looks at an object that had been in sync at the look before, at the same sensitivity.
    pub chances: u64,
    /// How many of those found it drifted: a difference that stays is counted once.
    pub drifts: u64,
    /// `drifts / chances`, the share of runs after which an object that was in sync had drifted; `None` without chances.
    pub rate: Option<f64>,
    /// Where the true share lies.
    pub interval: Interval,
}

pub(super) fn by_type(tries: &[Tries<'_>]) -> Vec<TypeRate> {
    let mut rates: BTreeMap<&str, TypeRate> = BTreeMap::new();
    for each in tries.iter().filter(|t| t.looks > 0) {
        let rate = rates.entry(each.resource_type).or_insert_with(|| TypeRate {
            resource_type: each.resource_type.to_owned(),
            objects: 0,
            looks: 0,
            drifted_looks: 0,
            chances: 0,
            drifts: 0,
            rate: None,
            interval: Interval::wilson(0.0, 0.0),
        });
        rate.objects += 1;
        rate.looks += each.looks;
        rate.drifted_looks += each.drifted_looks;
        rate.chances += each.chances;
        rate.drifts += each.drifts.len() as u64;
    }
    for rate in rates.values_mut() {
        let (drifts, chances) = (rate.drifts as f64, rate.chances as f64);
        rate.rate = (rate.chances > 0).then(|| rounded(drifts / chances));
        rate.interval = Interval::wilson(drifts, chances);
    }
    rates.into_values().collect()
}
