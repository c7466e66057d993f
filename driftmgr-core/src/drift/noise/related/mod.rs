//! One thing, declared in two places: inline in an object, or by a resource of its own (class 10).
//!
//! A security group that was stored before its `aws_security_group_rule` was made shows that rule as an inline one that nobody declared.
//! Such a difference means nothing for exactly those members that another resource of the surveyed states declares, and only when that
//! resource was looked at and is as its state says. A member that nobody declares stays what it is.

mod relation;

use std::collections::{BTreeMap, BTreeSet};

use self::relation::{Relation, relations};
use super::compare::{Certainty, Noise};
use super::equal::{Spelling, at};
use crate::address::ProviderConfigAddress;
use crate::drift::engine::Looked;
use crate::drift::finding::Outcome;
use crate::drift::model::{AttributeChange, Finding, Kind};
use crate::value::{Step, Value};

/// Whether objects of this type declare parts of others.
pub(in crate::drift) fn is_child(resource_type: &str) -> bool {
    relations().iter().any(|r| r.child == resource_type)
}

/// Whether parts of objects of this type can be declared by others.
pub(in crate::drift) fn is_parent(resource_type: &str) -> bool {
    relations().iter().any(|r| r.parent.matches(resource_type))
}

/// Marks the changes that only show what other resources declare.
pub(in crate::drift) fn relate(looked: &mut [Looked<'_>]) {
    let spelling = Spelling::builtin();
    let mut found: Vec<(usize, usize, Noise)> = Vec::new();
    let siblings = Siblings::of(looked);
    for (position, each) in looked.iter().enumerate() {
        let Outcome::Differs(draft) = &each.outcome else {
            continue;
        };
        let place = Place {
            input: each.index,
            provider: &each.object.provider,
        };
        let resource_type = &each.object.address.resource.resource_type;
        let Some(parent) = Parent::of(resource_type, place, &draft.finding) else {
            continue;
        };
        for (at, change) in draft.finding.changes.iter().enumerate() {
            // What is only presumed to mean nothing can be known to.
            let open = change
                .noise
                .as_ref()
                .is_none_or(|n| n.certainty < Certainty::Known);
            if open && let Some(noise) = parent.declared(change, &siblings, &spelling) {
                found.push((position, at, noise));
            }
        }
    }
    for (position, at, noise) in found {
        if let Some(Outcome::Differs(draft)) = looked.get_mut(position).map(|l| &mut l.outcome)
            && let Some(change) = draft.finding.changes.get_mut(at)
        {
            change.noise = Some(noise);
        }
    }
}

/// Where an object belongs: ids that are not unique by themselves mean something there only.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place<'a> {
    input: usize,
    provider: &'a ProviderConfigAddress,
}

/// A resource that declares parts of others, and is as its state says.
struct Sibling<'a> {
    place: Place<'a>,
    object: &'a Value,
}

/// By relation, and by what they say whose part they are.
struct Siblings<'a>(BTreeMap<(usize, String), Vec<Sibling<'a>>>);

impl<'a> Siblings<'a> {
    fn of(looked: &'a [Looked<'_>]) -> Self {
        let mut found: BTreeMap<(usize, String), Vec<Sibling<'a>>> = BTreeMap::new();
        for each in looked {
            let Some(object) = as_stated(each) else {
                continue;
            };
            let resource_type = &each.object.address.resource.resource_type;
            let all = relations().iter().enumerate();
            for (number, relation) in all.filter(|(_, r)| r.child == *resource_type) {
                for key in relation.keys(object) {
                    found.entry((number, key)).or_default().push(Sibling {
                        place: Place {
                            input: each.index,
                            provider: &each.object.provider,
                        },
                        object,
                    });
                }
            }
        }
        Self(found)
    }
}

/// The object, when it was looked at and is as its state says.
fn as_stated<'a>(looked: &'a Looked<'_>) -> Option<&'a Value> {
    if looked.object.instance.deposed.is_some() {
        return None;
    }
    match &looked.outcome {
        Outcome::Same(object) => object.as_deref(),
        Outcome::Unverifiable(_) => None,
        Outcome::Differs(draft) => {
            let finding = &draft.finding;
            let means_nothing = |c: &AttributeChange| {
                c.noise
                    .as_ref()
                    .is_some_and(|n| n.certainty >= Certainty::Known)
            };
            let same = match finding.kind {
                Kind::Missing => false,
                Kind::Modified => finding.changes.iter().all(means_nothing),
                Kind::Moved => true,
            };
            same.then_some(&finding.before)
        }
    }
}

/// An object that shows parts which others can declare.
struct Parent<'a> {
    place: Place<'a>,
    resource_type: &'a str,
    stored: &'a Value,
    current: &'a Value,
}

impl<'a> Parent<'a> {
    fn of(resource_type: &'a str, place: Place<'a>, finding: &'a Finding) -> Option<Self> {
        let related = is_parent(resource_type);
        if finding.kind != Kind::Modified || !related {
            return None;
        }
        Some(Self {
            place,
            resource_type,
            stored: &finding.before,
            current: finding.after.as_ref()?,
        })
    }

    /// Why a change only shows what others declare.
    fn declared(
        &self,
        change: &AttributeChange,
        siblings: &Siblings<'_>,
        spelling: &Spelling,
    ) -> Option<Noise> {
        let steps = change.path.steps();
        let attribute = steps.first()?.name()?;
        let all = relations().iter().enumerate();
        let declared = all
            .filter(|(_, r)| r.attribute == attribute && r.parent.matches(self.resource_type))
            .flat_map(|(number, relation)| {
                let siblings = self.siblings(number, relation, siblings);
                siblings.into_iter().map(move |s| (relation, s))
            });
        let declared: Vec<(&Relation, &Value)> = declared.collect();
        let types: BTreeSet<&str> = declared.iter().map(|(r, _)| r.child.as_str()).collect();
        let (first, _) = declared.first()?;
        let same = if first.whole.is_some() {
            self.whole(change, &declared, spelling)
        } else {
            self.members(change, &declared, spelling)?
        };
        same.then(|| Noise {
            rule: "declared-elsewhere".to_owned(),
            reason: format!(
                "declared by a resource of its own ({}), which is as its state says",
                types.into_iter().collect::<Vec<_>>().join(", ")
            ),
            certainty: Certainty::Known,
        })
    }

    /// The objects that declare parts of this one.
    fn siblings<'s>(
        &self,
        number: usize,
        relation: &Relation,
        siblings: &'s Siblings<'_>,
    ) -> Vec<&'s Value> {
        let Some(key) = relation.key_of(self.current) else {
            return Vec::new();
        };
        let unique = relation.global || relation::is_unique(&key);
        let found = siblings.0.get(&(number, key)).into_iter().flatten();
        found
            .filter(|s| unique || s.place == self.place)
            .filter(|s| relation.belongs(s.object, self.current))
            .map(|s| s.object)
            .collect()
    }

    /// A text that one other resource declares as a whole: what is there is what it says, and nothing else was said here.
    fn whole(
        &self,
        change: &AttributeChange,
        declared: &[(&Relation, &Value)],
        spelling: &Spelling,
    ) -> bool {
        let (Some(after), [_]) = (change.after.as_ref(), change.path.steps()) else {
            return false;
        };
        let unsaid =
            change.before.as_ref().is_none_or(Value::is_blank) || change.configured == Some(false);
        let like = |value: &Value| {
            relation::scalar(spelling, self.resource_type, change.path.steps(), value)
        };
        let wanted = like(after);
        // Two that claim the whole of one text cannot both be right.
        unsaid
            && !after.is_blank()
            && declared.iter().all(|(relation, object)| {
                relation.whole_of(object).is_some_and(|v| like(v) == wanted)
            })
    }

    /// Members that came are declared by others, and members that went are still there among those that came.
    fn members(
        &self,
        change: &AttributeChange,
        declared: &[(&Relation, &Value)],
        spelling: &Spelling,
    ) -> Option<bool> {
        let steps = change.path.steps();
        let (first, _) = declared.first()?;
        let parts = |members: &[Value]| -> BTreeSet<Value> {
            let each = members.iter();
            each.flat_map(|m| first.parts(spelling, self.resource_type, self.current, m))
                .collect()
        };
        let all = |side: &Value| parts(elements(at(side, steps.get(..1).unwrap_or_default())));
        let (stored, current) = (all(self.stored), all(self.current));
        let mut others = BTreeSet::new();
        for (relation, object) in declared {
            let members = relation.members_of(object);
            let each = members.iter();
            others.extend(
                each.flat_map(|m| relation.parts(spelling, self.resource_type, self.current, m)),
            );
        }
        let [before, after] = match steps {
            [_] => [change.before.as_ref(), change.after.as_ref()].map(elements),
            [_, Step::Element(_) | Step::Index(_)] => {
                [change.before.as_ref(), change.after.as_ref()]
                    .map(|side| side.map(std::slice::from_ref).unwrap_or_default())
            }
            // A part of a block that is on both sides.
            [_, Step::Index(index), ..] => [self.stored, self.current].map(|side| {
                let all = elements(at(side, steps.get(..1).unwrap_or_default()));
                all.get(*index..=*index).unwrap_or_default()
            }),
            _ => return None,
        };
        // A member that went and said nothing is no loss.
        let (before, after) = (parts(before), parts_each(after, &parts)?);
        let explained = before.is_subset(&current)
            && after
                .iter()
                .all(|part| stored.contains(part) || others.contains(part));
        Some(
            explained
                && current
                    .iter()
                    .any(|p| others.contains(p) && !stored.contains(p)),
        )
    }
}

/// The parts of some members; `None` when one of them has none, since then nothing says what it is.
fn parts_each(
    members: &[Value],
    parts: &impl Fn(&[Value]) -> BTreeSet<Value>,
) -> Option<BTreeSet<Value>> {
    let mut all = BTreeSet::new();
    for member in members {
        let parts = parts(std::slice::from_ref(member));
        if parts.is_empty() {
            return None;
        }
        all.extend(parts);
    }
    Some(all)
}

fn elements(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_elements).unwrap_or_default()
}
