//! How often each object was looked at, and how often it began to drift.
//!
//! A difference that nobody resolves is seen by each run, so counting the runs that see it would count one event many times. What is counted
//! as one drift is a look that finds the object drifted after a look that found it in sync. Only such pairs of looks are chances to
//! drift. Both must have been made at the same sensitivity: else showing more would pass for drift.

use crate::drift::Sensitivity;
use crate::history::moment::Moment;
use crate::history::run::Outcome;
use crate::history::store::{ObjectHistory, PastLook, TargetHistory};

use super::recent;

/// What is counted of one object.
#[derive(Debug, Default)]
pub(super) struct Tries<'a> {
    pub(super) resource_type: &'a str,
    /// Indexes of the target and the object.
    pub(super) at: (usize, usize),
    /// Times it was looked at.
    pub(super) looks: u64,
    /// Times it was found drifted.
    pub(super) drifted_looks: u64,
    /// Pairs of looks of which the first found it in sync.
    pub(super) chances: u64,
    /// When it began to drift.
    pub(super) drifts: Vec<Moment>,
    /// When it was last looked at it was in sync, and the state still has it.
    pub(super) in_sync: bool,
}

/// Counts for each object, but deposed ones: nobody expects those to stay as they are.
pub(super) fn count(past: &[TargetHistory], since: Option<Moment>) -> Vec<Tries<'_>> {
    let mut all = Vec::new();
    for (t, target) in past.iter().enumerate() {
        for (o, object) in target.objects.iter().enumerate() {
            if object.deposed.is_none() {
                all.push(of_object(target, object, (t, o), since));
            }
        }
    }
    all
}

fn of_object<'a>(
    target: &TargetHistory,
    object: &'a ObjectHistory,
    at: (usize, usize),
    since: Option<Moment>,
) -> Tries<'a> {
    let mut tries = Tries {
        resource_type: &object.address.resource.resource_type,
        at,
        ..Tries::default()
    };
    let mut before: Option<Sensitivity> = None;
    let outcomes = object.outcomes.at_each(target.moments());
    for (look, outcome) in target.looks.iter().zip(outcomes) {
        if recent(look.run.ended, since) {
            before = tries.look(look, outcome, before);
        }
    }
    tries
}

impl Tries<'_> {
    /// Counts one look; `before` is the sensitivity of the last one, if that found the object in sync. Answers the same for the next.
    fn look(
        &mut self,
        look: &PastLook,
        outcome: Option<Outcome>,
        before: Option<Sensitivity>,
    ) -> Option<Sensitivity> {
        let Some(outcome) = outcome else {
            self.in_sync = false;
            return None;
        };
        if !outcome.looked_at() {
            return before;
        }
        let drifted = outcome.drifted();
        self.looks += 1;
        self.drifted_looks += u64::from(drifted);
        if before == Some(look.run.sensitivity) {
            self.chances += 1;
            if drifted {
                self.drifts.push(look.run.ended);
            }
        }
        self.in_sync = !drifted;
        (!drifted).then_some(look.run.sensitivity)
    }
}
