//! Values of a change against each other, and against those of a condition.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::change::plain;
use crate::value::{Number, Value};

/// Whether a value is what a condition wants; `None` when it is not known. Texts are compared without regard to case, since clouds are
/// not consistent in it, and as booleans and numbers where the condition has one, since some providers write those as texts.
pub(super) fn equals(value: &Value, wanted: &serde_json::Value) -> Option<bool> {
    let value = plain(value);
    if value.has_unknown() {
        return None;
    }
    Some(match (value, wanted) {
        (Value::Bool(is), serde_json::Value::Bool(want)) => is == want,
        (Value::Bool(is), serde_json::Value::String(want)) => {
            want.eq_ignore_ascii_case(if *is { "true" } else { "false" })
        }
        (Value::Number(is), serde_json::Value::Number(want)) => {
            want.to_string().parse::<Number>().is_ok_and(|w| w == *is)
        }
        (Value::Number(is), serde_json::Value::String(want)) => is.to_string() == *want,
        (Value::String(is), serde_json::Value::String(want)) => is.eq_ignore_ascii_case(want),
        (Value::String(is), serde_json::Value::Bool(want)) => {
            is.eq_ignore_ascii_case(if *want { "true" } else { "false" })
        }
        (Value::String(is), serde_json::Value::Number(want)) => *is == want.to_string(),
        (Value::List(items) | Value::Set(items), _) => {
            items.iter().any(|i| equals(i, wanted) == Some(true))
        }
        _ => false,
    })
}

/// All texts and numbers in a value, as texts.
pub(super) fn texts(value: &Value) -> BTreeSet<String> {
    fn walk(value: &Value, into: &mut BTreeSet<String>) {
        match plain(value) {
            Value::String(text) => drop(into.insert(text.clone())),
            Value::Number(number) => drop(into.insert(number.to_string())),
            Value::Bool(flag) => drop(into.insert(flag.to_string())),
            Value::List(items) | Value::Set(items) => items.iter().for_each(|i| walk(i, into)),
            Value::Map(entries) => entries.values().for_each(|v| walk(v, into)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    walk(value, &mut found);
    found
}

/// Which of two numbers or versions is more. `None` where one is not there, or they are not of one kind: `TLS1_2` is more than `TLS1_0`,
/// but nothing is known of `modern` and `compatible`.
pub(super) fn order(a: Option<&Value>, b: Option<&Value>) -> Option<Ordering> {
    let text = |value: &Value| match plain(value) {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match (a.map(plain)?, b.map(plain)?) {
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (a, b) => {
            let (a, b) = (text(a)?, text(b)?);
            match (a.parse::<Number>(), b.parse::<Number>()) {
                // `1.10` comes after `1.9`: only whole numbers are numbers here.
                (Ok(x), Ok(y)) if x.is_integer() && y.is_integer() => Some(x.cmp(&y)),
                _ => by_version(&a, &b),
            }
        }
    }
}

fn by_version(a: &str, b: &str) -> Option<Ordering> {
    let (mut a, mut b) = (a, b);
    loop {
        match (a.is_empty(), b.is_empty()) {
            (true, true) => return Some(Ordering::Equal),
            // `TLSv1` comes before `TLSv1.2`.
            (true, false) => return Some(Ordering::Less),
            (false, true) => return Some(Ordering::Greater),
            (false, false) => {}
        }
        let ((head_a, rest_a), (head_b, rest_b)) = (run(a), run(b));
        (a, b) = (rest_a, rest_b);
        let number = |text: &str| text.parse::<u128>().ok();
        match (number(head_a), number(head_b)) {
            (Some(x), Some(y)) if x == y => {}
            (Some(x), Some(y)) => return Some(x.cmp(&y)),
            _ if head_a.eq_ignore_ascii_case(head_b) => {}
            _ => return None,
        }
    }
}

/// The digits, or the other characters, that a text starts with, and the rest.
fn run(text: &str) -> (&str, &str) {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text
        .find(|c: char| c.is_ascii_digit() != digits)
        .unwrap_or(text.len());
    text.split_at(end)
}
