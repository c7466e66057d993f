//! Telling what is found while a survey goes on, and nothing that may still turn out otherwise.
//!
//! Two things are only known at the end: whether everything of a provider configuration is gone, which is not believed (`valve`), and what
//! other resources declare (`related`). A finding that neither can touch is told at once, every other one when that is sure.

use std::collections::{BTreeMap, BTreeSet};

use super::engine::{Concluded, Looked};
use super::finding::Outcome;
use super::item::{DriftItem, LookedAt};
use super::model::{Kind, NotLookedAt};
use super::noise::{Filter, is_parent};
use super::valve::{Group, Tallies, group};

/// Is told what is found while a survey goes on: what is not looked at, every object as it was looked at, and every finding once nothing that
/// is still to be read can change it. Each is told once, in the order in which it was settled, and the report has the same.
///
/// It is called in the survey's own task, and must return quickly.
pub trait Sink: std::fmt::Debug + Send + Sync {
    /// Takes what was found.
    fn tell(&self, item: DriftItem);
}

/// What was told, and what waits.
pub(super) struct Aloud<'a> {
    sink: Option<&'a dyn Sink>,
    filter: &'a Filter,
    tallies: Tallies,
    /// Objects that are gone and not believed to be, as places in the order of reading.
    waiting: BTreeMap<Group, Vec<usize>>,
    /// Positions among all objects.
    told: BTreeSet<usize>,
}

impl<'a> Aloud<'a> {
    pub(super) fn new(sink: Option<&'a dyn Sink>, filter: &'a Filter) -> Self {
        Self {
            sink,
            filter,
            tallies: Tallies::default(),
            waiting: BTreeMap::new(),
            told: BTreeSet::new(),
        }
    }

    /// The last of `looked` was just looked at.
    pub(super) fn heard(&mut self, looked: &[Looked<'_>], total: u64) {
        let (Some(sink), Some(last)) = (self.sink, looked.last()) else {
            return;
        };
        sink.tell(DriftItem::Looked(LookedAt {
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
            Outcome::Unverifiable(_) => self.tell(last),
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
        let Some(sink) = self.sink else { return };
        self.told.insert(looked.position);
        match looked.clone().concluded(self.filter) {
            Concluded::Same => {}
            Concluded::Found(finding) => sink.tell(DriftItem::Finding(finding)),
            Concluded::LeftOut(left_out) => sink.tell(DriftItem::NotLookedAt(left_out)),
        }
    }

    /// An object that nobody looks at.
    pub(super) fn left_out(&self, item: &NotLookedAt) {
        if let Some(sink) = self.sink {
            sink.tell(DriftItem::NotLookedAt(item.clone()));
        }
    }

    /// What is in the report of the object at a position.
    pub(super) fn settled(&self, position: usize, item: impl FnOnce() -> DriftItem) {
        if let Some(sink) = self.sink
            && !self.told.contains(&position)
        {
            sink.tell(item());
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
