//! One change that many instances of a type have in common.

use std::collections::BTreeMap;

use super::{Cause, Group, Member};
use crate::drift::model::{AttributeChange, Finding};
use crate::value::{Path, PathSet, Value, one_line};

/// Characters of a value that a reason shows.
const SHOWN: usize = 60;

/// A new value; `None` where there is none any more.
type New<'a> = (&'a Path, Option<&'a Value>);

pub(super) fn groups(findings: &[Finding]) -> Vec<Group> {
    let mut instances: BTreeMap<(&str, New<'_>), Vec<usize>> = BTreeMap::new();
    for (i, finding) in findings.iter().enumerate() {
        for change in finding.changes.iter().filter(|c| counts(c)) {
            let resource_type = finding.address.resource.resource_type.as_str();
            let new = (&change.path, change.after.as_ref());
            instances.entry((resource_type, new)).or_default().push(i);
        }
    }
    // Changes that the same instances share are one: an apply elsewhere, a policy.
    let mut shared: BTreeMap<(&str, Vec<usize>), Vec<New<'_>>> = BTreeMap::new();
    for ((resource_type, new), instances) in instances {
        if instances.len() > 1 {
            shared
                .entry((resource_type, instances))
                .or_default()
                .push(new);
        }
    }
    let group = |((resource_type, instances), changes): ((&str, Vec<usize>), Vec<New<'_>>)| Group {
        cause: Cause::SameChange,
        members: instances
            .iter()
            .filter_map(|i| findings.get(*i).map(Member::of))
            .collect(),
        paths: changes.iter().map(|(path, _)| (*path).clone()).collect(),
        reason: reason(resource_type, &changes),
    };
    shared.into_iter().map(group).collect()
}

fn counts(change: &AttributeChange) -> bool {
    change.noise.is_none() && !change.sensitive
}

fn reason(resource_type: &str, changes: &[New<'_>]) -> String {
    let say = |(path, after): &New<'_>| {
        let path = path.display_masked(&PathSet::default());
        match after {
            Some(value) => format!("{path} became {}", one_line(value, SHOWN)),
            None => format!("{path} is gone"),
        }
    };
    match changes {
        [one] => format!("{resource_type}: {}", say(one)),
        [first, rest @ ..] => format!(
            "{resource_type}: {}, and {} more alike",
            say(first),
            rest.len()
        ),
        [] => resource_type.to_owned(),
    }
}
