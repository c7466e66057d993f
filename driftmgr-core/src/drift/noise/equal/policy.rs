//! Class 3: policies of AWS that grant the same, written differently.
//!
//! What counts as the same is what AWS documents in the grammar of its policy language: one element stands for a list of one, the order of
//! statements and of list members means nothing, actions are matched without regard to case, and an account's number stands for its root.

use std::collections::{BTreeMap, BTreeSet};

use super::json::Document;
use super::noise;
use crate::drift::noise::compare::{Certainty, Comparator, Compared, Noise};

/// Policies that grant the same.
#[derive(Debug)]
pub(super) struct Policy;

impl Comparator for Policy {
    fn equal(&self, change: &Compared<'_>) -> Option<Noise> {
        let before = normal_form(change.before?.as_str()?)?;
        let after = normal_form(change.after?.as_str()?)?;
        (before == after).then(|| {
            noise(
                "equal-policy",
                Certainty::Proven,
                "both sides are the same policy, written differently",
            )
        })
    }
}

/// A policy with everything that means nothing taken out.
#[derive(Debug, PartialEq, Eq)]
struct Normal {
    /// `Version`, `Id` and what else stands at the top.
    top: BTreeMap<String, Document>,
    statements: BTreeSet<Statement>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Statement {
    sid: String,
    effect: String,
    /// `Principal` or `NotPrincipal`: kind and members, `*` being everybody.
    principals: Option<(String, BTreeSet<(String, String)>)>,
    /// `Action` or `NotAction`.
    actions: Option<(String, BTreeSet<String>)>,
    /// `Resource` or `NotResource`.
    resources: Option<(String, BTreeSet<String>)>,
    /// Operator, key and values.
    conditions: BTreeMap<(String, String), BTreeSet<String>>,
}

/// `None` for anything that is not a policy as the grammar has it: what is not understood is not called equal.
fn normal_form(text: &str) -> Option<Normal> {
    let Document::Object(mut top) = Document::read(text)? else {
        return None;
    };
    let statements = match top.remove("Statement")? {
        Document::List(statements) => statements,
        statement @ Document::Object(_) => vec![statement],
        _ => return None,
    };
    let statements = statements
        .into_iter()
        .map(statement)
        .collect::<Option<_>>()?;
    Some(Normal { top, statements })
}

fn statement(document: Document) -> Option<Statement> {
    let Document::Object(mut fields) = document else {
        return None;
    };
    let sid = match fields.remove("Sid") {
        None | Some(Document::Null) => String::new(),
        Some(Document::Text(sid)) => sid,
        Some(_) => return None,
    };
    let Some(Document::Text(effect)) = fields.remove("Effect") else {
        return None;
    };
    let principals = one_of(&mut fields, ["Principal", "NotPrincipal"], principals)?;
    let actions = one_of(&mut fields, ["Action", "NotAction"], |document| {
        let lower = strings(document)?
            .into_iter()
            .map(|a| a.to_ascii_lowercase());
        Some(lower.collect())
    })?;
    let resources = one_of(&mut fields, ["Resource", "NotResource"], strings)?;
    let conditions = match fields.remove("Condition") {
        None => BTreeMap::new(),
        Some(document) => conditions(document)?,
    };
    fields.is_empty().then_some(Statement {
        sid,
        effect,
        principals,
        actions,
        resources,
        conditions,
    })
}

/// The outer `None` is for what is not understood.
#[allow(clippy::option_option)]
fn one_of<T>(
    fields: &mut BTreeMap<String, Document>,
    names: [&str; 2],
    read: impl Fn(Document) -> Option<T>,
) -> Option<Option<(String, T)>> {
    let [plain, negated] = names.map(|name| fields.remove(name).map(|d| (name.to_owned(), d)));
    match (plain, negated) {
        (None, None) => Some(None),
        (Some((name, document)), None) | (None, Some((name, document))) => {
            Some(Some((name, read(document)?)))
        }
        (Some(_), Some(_)) => None,
    }
}

/// A string or a list of strings.
fn strings(document: Document) -> Option<BTreeSet<String>> {
    match document {
        Document::Text(text) => Some([text].into()),
        Document::List(items) => items
            .into_iter()
            .map(|item| match item {
                Document::Text(text) => Some(text),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

fn principals(document: Document) -> Option<BTreeSet<(String, String)>> {
    match document {
        // AWS documents `"*"` and `{"AWS": "*"}` as the same.
        Document::Text(text) if text == "*" => Some([("AWS".to_owned(), text)].into()),
        Document::Object(kinds) => {
            let mut found = BTreeSet::new();
            for (kind, members) in kinds {
                for member in strings(members)? {
                    found.insert((kind.clone(), account(&kind, member)));
                }
            }
            Some(found)
        }
        _ => None,
    }
}

/// `arn:aws:iam::123456789012:root` and `123456789012` are the same principal.
fn account(kind: &str, member: String) -> String {
    if kind != "AWS" {
        return member;
    }
    let parts: Vec<&str> = member.split(':').collect();
    match parts.as_slice() {
        ["arn", partition, "iam", "", number, "root"]
            if partition.starts_with("aws") && is_account(number) =>
        {
            (*number).to_owned()
        }
        _ => member,
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn conditions(document: Document) -> Option<BTreeMap<(String, String), BTreeSet<String>>> {
    let Document::Object(operators) = document else {
        return None;
    };
    let mut found = BTreeMap::new();
    for (operator, keys) in operators {
        let Document::Object(keys) = keys else {
            return None;
        };
        for (key, values) in keys {
            let values = match values {
                Document::List(values) => values.iter().map(Document::scalar).collect(),
                value => value.scalar().map(|text| BTreeSet::from([text])),
            };
            found.insert((operator.clone(), key), values?);
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests;
