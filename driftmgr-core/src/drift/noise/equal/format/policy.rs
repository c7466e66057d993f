//! Policies in the language of AWS.
//!
//! What AWS documents to be the same, and no more ("IAM JSON policy elements reference", "Grammar of the IAM JSON policy language"):
//! - one statement for a list of one; order and repetition of statements;
//! - one text for a list of one, order and repetition, in `Action`, `NotAction`, `Resource`, `NotResource`, values of `Principal` and
//!   of conditions;
//! - case of service prefix and action name;
//! - an account id for the ARN of its root (`arn:aws:`; in other partitions the id alone does not say which);
//! - `"Principal": "*"` for `"Principal": {"AWS": "*"}` in policies of resources. Not under `NotPrincipal`;
//! - a `Version` that is missing for the oldest one, a `Sid` that is missing for an empty one;
//! - booleans and numbers of conditions with or without quotes.
//!
//! Everything else counts, also the order of what is not listed above, the case of resources, and a changed `Sid`.

use std::collections::BTreeMap;

use crate::value::Value;

/// What the policy belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A resource or an identity.
    Any,
    /// A role: who may assume it.
    Trust,
}

type Entries = BTreeMap<String, Value>;

/// The one form of all spellings; `None` for what is not a policy with statements. It is a policy again, and its own normal form.
pub(super) fn canonical(policy: Value, kind: Kind) -> Option<Value> {
    let Value::Map(mut policy) = policy else {
        return None;
    };
    let statements = match policy.remove("Statement")? {
        one @ Value::Map(_) => vec![one],
        Value::List(statements) => statements,
        _ => return None,
    };
    let statements: Option<Vec<Value>> =
        statements.into_iter().map(|s| statement(s, kind)).collect();
    policy.insert("Statement".to_owned(), unordered(statements?));
    if policy.get("Version").is_none_or(Value::is_null) {
        policy.insert("Version".to_owned(), "2008-10-17".into());
    }
    if policy.get("Id").is_some_and(Value::is_null) {
        policy.remove("Id");
    }
    Some(Value::Map(policy))
}

fn statement(statement: Value, kind: Kind) -> Option<Value> {
    let Value::Map(statement) = statement else {
        return None;
    };
    let mut out = Entries::new();
    for (name, value) in statement {
        let value = match name.as_str() {
            "Sid" if is_blank(&value) => continue,
            "Action" | "NotAction" => list(value, |action| action.to_ascii_lowercase()),
            "Resource" | "NotResource" => list(value, |resource| resource),
            "Principal" if kind == Kind::Any && value.as_str() == Some("*") => {
                principals(Value::from_iter([("AWS", "*")]))
            }
            "Principal" | "NotPrincipal" => principals(value),
            "Condition" => condition(value),
            _ => value,
        };
        out.insert(name, value);
    }
    Some(Value::Map(out))
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

fn principals(value: Value) -> Value {
    each_entry(value, |kind, value| match kind {
        "AWS" => list(value, account),
        _ => list(value, |principal| principal),
    })
}

/// The id of an account for the ARN of its root.
fn account(principal: String) -> String {
    let id = principal
        .strip_prefix("arn:aws:iam::")
        .and_then(|rest| rest.strip_suffix(":root"))
        .filter(|id| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()));
    id.map(str::to_owned).unwrap_or(principal)
}

fn condition(value: Value) -> Value {
    each_entry(value, |_, keys| {
        each_entry(keys, |_, values| {
            let values = match values {
                Value::List(values) => Value::List(values.into_iter().map(quoted).collect()),
                one => quoted(one),
            };
            list(values, |text| text)
        })
    })
}

fn quoted(value: Value) -> Value {
    match value {
        Value::Bool(truth) => truth.to_string().into(),
        Value::Number(number) => number.to_string().into(),
        other => other,
    }
}

fn each_entry(value: Value, mut change: impl FnMut(&str, Value) -> Value) -> Value {
    match value {
        Value::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let value = change(&key, value);
                    (key, value)
                })
                .collect(),
        ),
        other => other,
    }
}

/// One text or many, in one order. What is neither stays as it is: AWS would refuse it.
fn list(value: Value, change: impl Fn(String) -> String) -> Value {
    let items = match value {
        Value::List(items) if items.iter().all(|i| i.as_str().is_some()) => items,
        Value::String(text) => vec![Value::String(text)],
        other => return other,
    };
    unordered(items.into_iter().map(|item| match item {
        Value::String(text) => Value::String(change(text)),
        other => other,
    }))
}

fn unordered(items: impl IntoIterator<Item = Value>) -> Value {
    let mut items: Vec<Value> = items.into_iter().collect();
    items.sort();
    items.dedup();
    Value::List(items)
}
