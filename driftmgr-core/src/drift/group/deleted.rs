//! One deleted object, and what referred to it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cause, Group, Member, Stored};
use crate::drift::model::{Finding, Kind};
use crate::state::Instance;
use crate::value::Value;

/// What others write down to refer to an object.
const NAMES_OF_AN_OBJECT: [&str; 2] = ["id", "arn"];

pub(super) fn groups(findings: &[Finding], stored: &Stored<'_>) -> Vec<Group> {
    let parents = parents(findings, stored);
    let mut children: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for child in parents.keys() {
        let root = root(*child, &parents);
        if root != *child {
            children.entry(root).or_default().push(*child);
        }
    }
    let named = |i: &usize| findings.get(*i).map(Member::of);
    let group = |(root, children): (usize, Vec<usize>)| {
        let parent = named(&root)?;
        let n = children.len();
        let others = if n == 1 { "another" } else { "others" };
        let reason = format!(
            "{} was deleted, and {n} {others} referred to it",
            parent.address
        );
        let mut members: Vec<Member> = children.iter().filter_map(named).collect();
        members.push(parent.clone());
        members.sort();
        Some(Group {
            cause: Cause::DeletedParent(parent),
            members,
            paths: Vec::new(),
            reason,
        })
    };
    children.into_iter().filter_map(group).collect()
}

/// The deleted object that each finding refers to; of several, the one that stands first.
fn parents(findings: &[Finding], stored: &Stored<'_>) -> BTreeMap<usize, usize> {
    let mut gone: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
    for (i, finding) in findings.iter().enumerate() {
        if finding.kind == Kind::Missing {
            let resource = finding.state_address().resource.to_string();
            gone.entry((&finding.target, resource)).or_default().push(i);
        }
    }
    let mut parents = BTreeMap::new();
    for (i, finding) in findings.iter().enumerate() {
        let Some(instance) = stored.get(finding) else {
            continue;
        };
        let held = texts(&finding.before);
        let candidates = dependencies(finding, instance)
            .into_iter()
            .filter_map(|resource| gone.get(&(finding.target.as_str(), resource)))
            .flatten();
        let parent = candidates
            .copied()
            .filter(|parent| *parent != i)
            .filter(|parent| findings.get(*parent).is_some_and(|p| is_named_in(p, &held)))
            .min();
        if let Some(parent) = parent {
            parents.insert(i, parent);
        }
    }
    parents
}

/// The first of a chain of deleted objects.
fn root(child: usize, parents: &BTreeMap<usize, usize>) -> usize {
    let mut seen = BTreeSet::new();
    let mut at = child;
    // A state can be wrong, and its dependencies a circle.
    while let Some(parent) = parents.get(&at).filter(|_| seen.insert(at)) {
        at = *parent;
    }
    at
}

/// Addresses of resources that the object depends on.
fn dependencies(finding: &Finding, instance: &Instance) -> Vec<String> {
    // Those of old states are relative to their module.
    let module = &finding.state_address().resource.module;
    let in_module = |name: &String| match module.is_root() {
        true => name.clone(),
        false => format!("{module}.{name}"),
    };
    let old = instance.depends_on.iter().map(in_module);
    let dependencies = instance.dependencies.iter().map(ToString::to_string);
    dependencies.chain(old).collect()
}

fn is_named_in(parent: &Finding, held: &BTreeSet<&str>) -> bool {
    NAMES_OF_AN_OBJECT
        .iter()
        .filter_map(|name| parent.before.attribute(name)?.as_str())
        .any(|name| !name.is_empty() && held.contains(name))
}

fn texts(value: &Value) -> BTreeSet<&str> {
    fn walk<'a>(value: &'a Value, into: &mut BTreeSet<&'a str>) {
        match value {
            Value::String(text) => drop(into.insert(text)),
            Value::List(items) | Value::Set(items) => items.iter().for_each(|i| walk(i, into)),
            Value::Map(entries) => entries.values().for_each(|v| walk(v, into)),
            Value::Dynamic(inner) => walk(&inner.1, into),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    walk(value, &mut found);
    found
}
