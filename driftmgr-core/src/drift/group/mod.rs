//! Findings that have one cause, so that many of them are read as one.

mod deleted;
mod same;
mod together;

use std::collections::HashMap;

use super::model::Finding;
use crate::address::InstanceAddress;
use crate::state::{Instance, State};
use crate::value::Path;

/// A finding, named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    /// The state it concerns.
    pub target: String,
    /// The instance, as in the finding.
    pub address: InstanceAddress,
    /// The key of a deposed object.
    pub deposed: Option<String>,
}

impl Member {
    pub(super) fn of(finding: &Finding) -> Self {
        Self {
            target: finding.target.clone(),
            address: finding.address.clone(),
            deposed: finding.deposed.clone(),
        }
    }

    /// Whether this is the finding's name.
    pub fn names(&self, finding: &Finding) -> bool {
        self.target == finding.target
            && self.address == finding.address
            && self.deposed == finding.deposed
    }
}

/// What makes findings, or changes of one finding, belong together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// An object is gone, and the others depend on it and hold its id.
    DeletedParent(Member),
    /// The same attributes have the same values now on several instances of one type, as after a change of a tag policy.
    SameChange,
    /// The cloud changes these attributes of one object together.
    MovesTogether,
}

/// Findings with one cause, or changes of one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The cause.
    pub cause: Cause,
    /// Its findings, sorted; a deleted parent is one of them.
    pub members: Vec<Member>,
    /// The changed attributes that it is about, sorted; none for a deleted parent. No part of them is a secret.
    pub paths: Vec<Path>,
    /// What happened, for people. It holds no secret.
    pub reason: String,
}

/// Groups findings. `states` are those that the findings concern, each with its target. A finding can be in several groups, or in none.
///
/// Changes that are noise or secret make no group: equal secrets are nobody's business.
pub fn group(findings: &[Finding], states: &[(&str, &State)]) -> Vec<Group> {
    let stored = Stored::of(findings, states);
    let mut groups = deleted::groups(findings, &stored);
    groups.extend(same::groups(findings));
    groups.extend(together::groups(findings));
    groups.sort_by(|a, b| {
        let place = |g: &'_ Group| (g.cause.clone(), g.members.clone(), g.paths.clone());
        place(a).cmp(&place(b))
    });
    groups
}

/// The stored objects of findings.
struct Stored<'a>(HashMap<Member, &'a Instance>);

impl<'a> Stored<'a> {
    fn of(findings: &[Finding], states: &[(&str, &'a State)]) -> Self {
        let mut of_state = HashMap::new();
        for finding in findings {
            let name = Member {
                address: finding.state_address().clone(),
                ..Member::of(finding)
            };
            of_state.insert(name, Member::of(finding));
        }
        let mut found = HashMap::new();
        for (target, state) in states {
            for (resource, instance) in state.instances() {
                let name = Member {
                    target: (*target).to_owned(),
                    address: resource.instance_address(instance),
                    deposed: instance.deposed.clone(),
                };
                if let Some(member) = of_state.get(&name) {
                    found.insert(member.clone(), instance);
                }
            }
        }
        Self(found)
    }

    fn get(&self, finding: &Finding) -> Option<&'a Instance> {
        self.0.get(&Member::of(finding)).copied()
    }
}

#[cfg(test)]
mod tests;
