//! Telling what is found while a survey goes on, and nothing that may still turn out otherwise.
//!
//! Two things are only known at the end: whether everything of a provider configuration is gone, which is not believed (`valve`), and what
//! other resources declare (`related`). A finding that neither can touch is told at once, every other one when that is sure.

use std::collections::{BTreeMap, BTreeSet};

use super::engine::{Looked, reason};
use super::finding::Outcome;
use super::item::{DriftItem, LookedAt};
use super::model::{Finding, Kind, NotLookedAt, NotLookedAtKind};
use super::noise::{Filter, is_parent};
use super::valve::{Group, Tallies, group};

/// Who is told what is found while a survey goes on. It is called in the survey's own task, and must return quickly.
pub type Tell<'a> = &'a (dyn Fn(DriftItem) + Send + Sync);

/// What was told, and what waits.
pub(super) struct Aloud<'a> {
    tell: Option<Tell<'a>>,
    filter: &'a Filter,
    tallies: Tallies,
    /// Objects that are gone and not believed to be, as places in the order of reading.
    waiting: BTreeMap<Group, Vec<usize>>,
    /// Positions among all objects.
    told: BTreeSet<usize>,
}

impl<'a> Aloud<'a> {
    pub(super) fn new(tell: Option<Tell<'a>>, filter: &'a Filter) -> Self {
        Self {
            tell,
            filter,
            tallies: Tallies::default(),
            waiting: BTreeMap::new(),
            told: BTreeSet::new(),
        }
    }

    /// The last of `looked` was just looked at.
    pub(super) fn heard(&mut self, looked: &[Looked<'_>], total: u64) {
        let (Some(tell), Some(last)) = (self.tell, looked.last()) else {
            return;
        };
        tell(DriftItem::Looked(LookedAt {
            target: last.input.target.clone(),
            address: last.object.address.clone(),
            deposed: last.object.instance.deposed.clone(),
            outcome: last.outcome.word(),
            done: looked.len() as u64,
            total,
        }));
        let proves = self.tallies.add(last);
        match &last.outcome {
            Outcome::Same(_) => {}
            Outcome::Unverifiable(error) => {
                self.told.insert(last.position);
                tell(DriftItem::NotLookedAt(not_looked_at(last, reason(error))));
            }
            // Told at the end.
            Outcome::Differs(_) if may_be_related(last) => {}
            Outcome::Differs(_) if self.tallies.believe(last) => self.tell(last),
            Outcome::Differs(_) => {
                let waiting = self.waiting.entry(group(last)).or_default();
                waiting.push(looked.len() - 1);
            }
        }
        if proves {
            let waiting = self.waiting.remove(&group(last)).unwrap_or_default();
            let (believed, doubted): (Vec<usize>, Vec<usize>) =
                waiting.into_iter().partition(|at| {
                    looked
                        .get(*at)
                        .is_some_and(|each| self.tallies.believe(each))
                });
            for each in believed.into_iter().filter_map(|at| looked.get(at)) {
                self.tell(each);
            }
            self.waiting.insert(group(last), doubted);
        }
    }

    fn tell(&mut self, looked: &Looked<'_>) {
        if let (Some(tell), Some(finding)) = (self.tell, concluded(looked, self.filter)) {
            self.told.insert(looked.position);
            tell(DriftItem::Finding(Box::new(finding)));
        }
    }

    /// An object that nobody looks at.
    pub(super) fn left_out(&self, item: &NotLookedAt) {
        if let Some(tell) = self.tell {
            tell(DriftItem::NotLookedAt(item.clone()));
        }
    }

    /// What is in the report of the object at a position.
    pub(super) fn settled(&self, position: usize, item: impl FnOnce() -> DriftItem) {
        if let Some(tell) = self.tell
            && !self.told.contains(&position)
        {
            tell(item());
        }
    }
}

/// Other resources can declare what differs.
fn may_be_related(looked: &Looked<'_>) -> bool {
    match &looked.outcome {
        Outcome::Differs(draft) if draft.finding.kind == Kind::Modified => {
            is_parent(&looked.object.address.resource.resource_type)
        }
        _ => false,
    }
}

fn concluded(looked: &Looked<'_>, filter: &Filter) -> Option<Finding> {
    let Outcome::Differs(draft) = &looked.outcome else {
        return None;
    };
    let mut finding = draft.as_ref().clone().conclude();
    finding.target.clone_from(&looked.input.target);
    filter.apply(&mut finding);
    Some(finding)
}

pub(super) fn not_looked_at(looked: &Looked<'_>, reason: String) -> NotLookedAt {
    NotLookedAt {
        target: looked.input.target.clone(),
        address: looked.object.address.clone(),
        deposed: looked.object.instance.deposed.clone(),
        kind: NotLookedAtKind::Unverifiable,
        reason,
    }
}
