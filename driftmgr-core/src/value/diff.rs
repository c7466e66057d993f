//! What differs between two values, as the paths that are furthest down.
//!
//! Equality is Terraform's: numbers are exact, sets have no order, an attribute that is missing is null. One rule comes from the
//! oldest provider SDK, which cannot tell them apart: for nested blocks, none at all is the same as an empty collection.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::diff_rules::{Guide, canonical};
use super::{Path, Step, Type, Value};

/// What a schema says about an object, as far as a comparison needs it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shape {
    /// Types of the attributes.
    pub attributes: BTreeMap<String, Type>,
    /// Nested blocks.
    pub blocks: BTreeMap<String, NestedShape>,
}

/// Nested blocks of one name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NestedShape {
    /// The blocks are a map with keys; otherwise a list, a set or a single object.
    pub keyed: bool,
    /// The shape of each.
    pub shape: Shape,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where. A position in a list counts in the value that has the element: in both, when both sides are present.
    pub path: Path,
    /// The left side; `None` where it has nothing at that path.
    pub before: Option<Value>,
    /// The right side; `None` where it has nothing at that path.
    pub after: Option<Value>,
}

/// Compares two objects of a resource type, or without a schema two objects of states.
///
/// Without a schema, sets are the lists that JSON makes of them, and whether a step goes into a map (`tags["env"]`) or an object
/// (`root.size`) is guessed from names and contents.
pub fn diff(before: &Value, after: &Value, shape: Option<&Shape>) -> Vec<Difference> {
    let guide = match shape {
        Some(shape) => Guide::Object(shape),
        None => Guide::Root,
    };
    run(before, after, guide)
}

/// Compares two values of one type.
pub fn diff_typed(before: &Value, after: &Value, ty: &Type) -> Vec<Difference> {
    run(before, after, Guide::Type(Cow::Borrowed(ty)))
}

fn run(before: &Value, after: &Value, guide: Guide<'_>) -> Vec<Difference> {
    let mut walk = Walk::default();
    walk.compare(before, after, &guide);
    walk.found
}

#[derive(Default)]
struct Walk {
    path: Path,
    found: Vec<Difference>,
}

impl Walk {
    fn report(&mut self, before: Option<&Value>, after: Option<&Value>) {
        self.found.push(Difference {
            path: self.path.clone(),
            before: before.cloned(),
            after: after.cloned(),
        });
    }

    fn below(&mut self, step: Step, work: impl FnOnce(&mut Self)) {
        self.path.0.push(step);
        work(self);
        self.path.0.pop();
    }

    fn compare(&mut self, before: &Value, after: &Value, guide: &Guide<'_>) {
        if before == after || (guide.is_void(before) && guide.is_void(after)) {
            return;
        }
        match (before, after) {
            (Value::Dynamic(b), Value::Dynamic(a)) => {
                let found = self.found.len();
                let ty = Guide::Type(Cow::Owned(common(&b.0, &a.0)));
                self.compare(&b.1, &a.1, &ty);
                if self.found.len() == found && b.0 != a.0 {
                    self.report(Some(before), Some(after));
                }
            }
            (Value::Map(b), Value::Map(a)) => self.entries(b, a, guide),
            (Value::List(b), Value::List(a)) => self.sequence(b, a, guide),
            (Value::Set(b), Value::Set(a)) => self.members(b, a, guide),
            _ => self.report(Some(before), Some(after)),
        }
    }

    fn entries(
        &mut self,
        before: &BTreeMap<String, Value>,
        after: &BTreeMap<String, Value>,
        guide: &Guide<'_>,
    ) {
        let keyed = guide.is_keyed(before) || guide.is_keyed(after);
        let added = after.keys().filter(|key| !before.contains_key(*key));
        let mut keys: Vec<&String> = before.keys().chain(added).collect();
        keys.sort();
        for key in keys {
            let guide = guide.entry(key, keyed);
            let step = if keyed {
                Step::Key(key.clone())
            } else {
                Step::Attribute(key.clone())
            };
            let (before, after) = (before.get(key), after.get(key));
            self.below(step, |walk| match (before, after) {
                (Some(before), Some(after)) => walk.compare(before, after, &guide),
                (Some(one), None) | (None, Some(one)) if !keyed && guide.is_void(one) => {}
                _ => walk.report(before, after),
            });
        }
    }

    fn members(&mut self, before: &[Value], after: &[Value], guide: &Guide<'_>) {
        let known = |members: &[Value]| -> BTreeMap<Value, Value> {
            let member = |m: &Value| (canonical(m, &guide.element(0)), m.clone());
            members.iter().map(member).collect()
        };
        let (before, after) = (known(before), known(after));
        for (key, member) in &before {
            if !after.contains_key(key) {
                let step = Step::Element(Box::new(member.clone()));
                self.below(step, |walk| walk.report(Some(member), None));
            }
        }
        for (key, member) in &after {
            if !before.contains_key(key) {
                let step = Step::Element(Box::new(member.clone()));
                self.below(step, |walk| walk.report(None, Some(member)));
            }
        }
    }

    /// Elements that were inserted or removed do not make those after them look changed.
    fn sequence(&mut self, before: &[Value], after: &[Value], guide: &Guide<'_>) {
        let plain = |items: &[Value]| -> Vec<Value> {
            let each = items.iter().enumerate();
            each.map(|(i, item)| canonical(item, &guide.element(i)))
                .collect()
        };
        let (old, new) = unmatched(&plain(before), &plain(after));
        let mut indexes: Vec<usize> = old.iter().chain(&new).copied().collect();
        indexes.sort_unstable();
        indexes.dedup();
        for index in indexes {
            let item = |present: &[usize], items: &'_ [Value]| {
                present
                    .binary_search(&index)
                    .ok()
                    .and_then(|_| items.get(index).cloned())
            };
            let (before, after) = (item(&old, before), item(&new, after));
            self.below(Step::Index(index), |walk| match (&before, &after) {
                (Some(b), Some(a)) => walk.compare(b, a, &guide.element(index)),
                (b, a) => walk.report(b.as_ref(), a.as_ref()),
            });
        }
    }
}

/// Indexes of the elements that have no partner on the other side, in order.
fn unmatched(before: &[Value], after: &[Value]) -> (Vec<usize>, Vec<usize>) {
    /// Above this the search for partners costs more than its answer is worth.
    const CELLS: usize = 1_000_000;
    let start = before.iter().zip(after).take_while(|(b, a)| b == a).count();
    let (b, a) = (
        before.get(start..).unwrap_or_default(),
        after.get(start..).unwrap_or_default(),
    );
    let tail = b
        .iter()
        .rev()
        .zip(a.iter().rev())
        .take_while(|(b, a)| b == a)
        .count();
    let (b, _) = b.split_at(b.len() - tail);
    let (a, _) = a.split_at(a.len() - tail);
    let (old, new) = if b.len().saturating_mul(a.len()) <= CELLS {
        outside_longest_common(b, a)
    } else {
        ((0..b.len()).collect(), (0..a.len()).collect())
    };
    let shift = |indexes: Vec<usize>| indexes.into_iter().map(|i| i + start).collect();
    (shift(old), shift(new))
}

fn outside_longest_common(before: &[Value], after: &[Value]) -> (Vec<usize>, Vec<usize>) {
    // lengths[i][j]: the longest common subsequence of before[i..] and after[j..].
    let width = after.len() + 1;
    let mut lengths = vec![0u32; (before.len() + 1) * width];
    let at = |lengths: &[u32], i: usize, j: usize| lengths.get(i * width + j).copied().unwrap_or(0);
    for (i, b) in before.iter().enumerate().rev() {
        for (j, a) in after.iter().enumerate().rev() {
            let best = if b == a {
                at(&lengths, i + 1, j + 1) + 1
            } else {
                at(&lengths, i + 1, j).max(at(&lengths, i, j + 1))
            };
            if let Some(cell) = lengths.get_mut(i * width + j) {
                *cell = best;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    let (mut old, mut new) = (Vec::new(), Vec::new());
    while let (Some(b), Some(a)) = (before.get(i), after.get(j)) {
        if b == a {
            (i, j) = (i + 1, j + 1);
        } else if at(&lengths, i + 1, j) >= at(&lengths, i, j + 1) {
            old.push(i);
            i += 1;
        } else {
            new.push(j);
            j += 1;
        }
    }
    old.extend(i..before.len());
    new.extend(j..after.len());
    (old, new)
}

/// A type under which values of both types can be walked together.
fn common(a: &Type, b: &Type) -> Type {
    match (a, b) {
        (a, b) if a == b => a.clone(),
        (Type::List(a), Type::List(b)) => Type::list(common(a, b)),
        (Type::Set(a), Type::Set(b)) => Type::set(common(a, b)),
        (Type::Map(a), Type::Map(b)) => Type::map(common(a, b)),
        (Type::Tuple(a), Type::Tuple(b)) => {
            let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
            let shared = short.iter().zip(long).map(|(a, b)| common(a, b));
            Type::Tuple(
                shared
                    .chain(long.iter().skip(short.len()).cloned())
                    .collect(),
            )
        }
        (Type::Object(a), Type::Object(b)) => {
            let mut all = a.clone();
            for (name, ty) in b {
                let ty = match a.get(name) {
                    Some(other) => common(other, ty),
                    None => ty.clone(),
                };
                all.insert(name.clone(), ty);
            }
            Type::Object(all)
        }
        _ => Type::Dynamic,
    }
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
