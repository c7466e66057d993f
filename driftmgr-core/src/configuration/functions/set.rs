//! Sets.

use super::arguments::Arguments;
use super::{Answer, wrong};
use crate::value::Value;

/// More combinations than any configuration has.
const MAX_PRODUCT: usize = 100_000;

pub(super) fn call(name: &str, arguments: &Arguments<'_>) -> Option<Answer> {
    Some(match name {
        "setintersection" => fold(arguments, |mine, others| {
            mine.retain(|item| others.contains(item));
        }),
        "setsubtract" => arguments.count(2..=2).and_then(|()| {
            fold(arguments, |mine, others| {
                mine.retain(|item| !others.contains(item));
            })
        }),
        "setunion" => fold(arguments, |mine, others| mine.extend_from_slice(others)),
        "setproduct" => product(arguments),
        _ => return None,
    })
}

fn fold(arguments: &Arguments<'_>, combine: impl Fn(&mut Vec<Value>, &[Value])) -> Answer {
    arguments.count(1..=usize::MAX)?;
    let mut mine = arguments.list(0)?.to_vec();
    for at in 1..arguments.all().len() {
        combine(&mut mine, arguments.list(at)?);
    }
    Ok(Value::set(mine))
}

/// Of lists a list, of sets a set; of both a list.
fn product(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=usize::MAX)?;
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for at in 0..arguments.all().len() {
        let items = arguments.list(at)?;
        if rows.len().saturating_mul(items.len()) > MAX_PRODUCT {
            return Err(wrong("there are too many combinations"));
        }
        rows = rows
            .iter()
            .flat_map(|row| {
                items.iter().map(move |item| {
                    let mut row = row.clone();
                    row.push(item.clone());
                    row
                })
            })
            .collect();
    }
    let rows = rows.into_iter().map(Value::List);
    let all_sets = arguments.all().iter().all(|a| matches!(a, Value::Set(_)));
    Ok(match all_sets {
        true => Value::set(rows),
        false => Value::List(rows.collect()),
    })
}
