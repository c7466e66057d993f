//! Members of sets: a member that is gone and one that is new can be two spellings of the same.

use std::sync::Arc;

use crate::drift::noise::compare::{Comparator, Compared, Noise};
use crate::value::{Path, Step, Value, diff};

/// Looks for the other spelling of a set's member among those that changed as well.
#[derive(Debug)]
pub(super) struct Elements(Vec<Arc<dyn Comparator>>);

impl Elements {
    /// With what tells two members apart.
    pub(super) fn of(comparators: Vec<Arc<dyn Comparator>>) -> Self {
        Self(comparators)
    }

    /// Why two members mean the same: each part of them that differs does. The least certain part decides.
    fn same(&self, change: &Compared<'_>, before: &Value, after: &Value) -> Option<Noise> {
        let judge = |path: &Path, before: Option<&Value>, after: Option<&Value>| {
            let part = Compared {
                path,
                before,
                after,
                ..*change
            };
            self.0.iter().find_map(|each| each.equal(&part))
        };
        if before.as_map().is_none() {
            return judge(change.path, Some(before), Some(after));
        }
        let mut parts = Vec::new();
        for difference in diff(before, after, None) {
            let mut path = change.path.clone();
            path.0.extend(difference.path.0);
            parts.push(judge(
                &path,
                difference.before.as_ref(),
                difference.after.as_ref(),
            )?);
        }
        parts.into_iter().min_by_key(|noise| noise.certainty)
    }
}

impl Comparator for Elements {
    fn equal(&self, change: &Compared<'_>) -> Option<Noise> {
        let (Step::Element(_), set) = change.path.steps().split_last()? else {
            return None;
        };
        let [stored, current] =
            [change.stored, change.current].map(|object| at(object, set)?.as_elements());
        let (stored, current) = (stored?, current?);
        // A member that is in both cannot be the other spelling of one that is in one.
        let (own, others, gone) = match (change.before, change.after) {
            (Some(own), None) => (own, rest(current, stored), true),
            (None, Some(own)) => (own, rest(stored, current), false),
            _ => return None,
        };
        let candidates = others.into_iter().filter_map(|other| {
            if gone {
                self.same(change, own, other)
            } else {
                self.same(change, other, own)
            }
        });
        candidates.max_by_key(|noise: &Noise| noise.certainty)
    }
}

/// The members of the first that are not in the second.
fn rest<'a>(of: &'a [Value], without: &[Value]) -> Vec<&'a Value> {
    of.iter().filter(|each| !without.contains(each)).collect()
}

fn at<'a>(object: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    steps.iter().try_fold(object, |value, step| match step {
        Step::Attribute(name) | Step::Key(name) => value.attribute(name),
        Step::Index(index) => value.as_elements()?.get(*index),
        Step::Element(_) => None,
    })
}
