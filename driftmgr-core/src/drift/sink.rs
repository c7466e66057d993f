//! Results as they become final.

use std::fmt::Debug;

use super::engine::{Concluded, Looked};
use super::finding::Outcome;
use super::model::{Finding, Kind, NotLookedAt};
use super::noise::{Filter, is_parent};
use super::valve;

/// Hears of each result of a survey as soon as nothing can change it any more, so that a run that ends early has told what it knew.
///
/// # Behavior
/// - Each finding and each object that was not looked at is told once, as it stands in the report at the end.
/// - Of one state, what depends on nothing else comes first, in the order of the state, as far as all objects before it have been looked at. What
///   was left out from the start comes before that. After it comes what only the whole survey settles: deletions, which can mean the
///   wrong account, and objects parts of which other resources declare.
/// - The order of one state's results is the same in every run; results of several states come interleaved.
/// - Calls come from the task that surveys and must return quickly.
pub trait Sink: Debug + Send + Sync {
    /// A difference; hidden ones are told too.
    fn found(&self, finding: &Finding);

    /// An object that was not compared.
    fn left_out(&self, left_out: &NotLookedAt);
}

/// Tells what is final while the survey goes on.
pub(super) struct Telling<'a> {
    sink: Option<&'a dyn Sink>,
    filter: &'a Filter,
}

impl<'a> Telling<'a> {
    pub(super) fn new(sink: Option<&'a dyn Sink>, filter: &'a Filter) -> Self {
        Self { sink, filter }
    }

    /// What was left out from the start.
    pub(super) fn begin(&self, left_out: &[NotLookedAt]) {
        if let Some(sink) = self.sink {
            left_out.iter().for_each(|each| sink.left_out(each));
        }
    }

    /// Tells the objects of one state from `next` on, as far as they have been looked at, and moves `next` behind them.
    pub(super) fn advance(
        &self,
        looked: &mut [Option<Looked<'_>>],
        index: usize,
        next: &mut usize,
    ) {
        while let Some(Some(each)) = looked.get_mut(*next)
            && each.index == index
        {
            if let Some(sink) = self.sink.filter(|_| is_final(each)) {
                each.told = true;
                match each.clone().concluded(self.filter) {
                    Concluded::Same => {}
                    Concluded::Found(finding) => sink.found(&finding),
                    Concluded::LeftOut(left_out) => sink.left_out(&left_out),
                }
            }
            *next += 1;
        }
    }

    /// What only the whole survey settled, in the order of the report.
    pub(super) fn end(&self, findings: &[Finding], left_out: &[NotLookedAt]) {
        if let Some(sink) = self.sink {
            findings.iter().for_each(|each| sink.found(each));
            left_out.iter().for_each(|each| sink.left_out(each));
        }
    }
}

/// Whether nothing that is learnt of other objects changes what is said of this one. It follows from the object and its outcome alone, so that
/// the order does not depend on who answers first.
fn is_final(looked: &Looked<'_>) -> bool {
    match &looked.outcome {
        Outcome::Same(_) | Outcome::Unverifiable(_) => true,
        Outcome::Differs(draft) => match draft.finding.kind {
            Kind::Missing => !valve::has_place(looked),
            Kind::Modified => !is_parent(&looked.object.address.resource.resource_type),
            Kind::Moved => true,
        },
    }
}
