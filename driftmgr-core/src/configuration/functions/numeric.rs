//! `abs`, `ceil`, `floor`, `log`, `max`, `min`, `parseint`, `pow`, `signum`, `sum`.

use std::cmp::Ordering;

use super::arguments::{Arguments, number_of};
use super::{Answer, Error, wrong};
use crate::configuration::evaluate::arithmetic;
use crate::configuration::syntax::BinaryOperator;
use crate::value::{Number, Value};

pub(super) fn call(name: &str, arguments: &Arguments<'_>) -> Option<Answer> {
    Some(match name {
        "abs" => one(arguments, |n| match n.cmp(&zero()) {
            Ordering::Less => apply(BinaryOperator::Subtract, &zero(), &n),
            _ => Ok(n),
        }),
        "ceil" => one(arguments, |n| whole(&n, 1)),
        "floor" => one(arguments, |n| whole(&n, -1)),
        "signum" => one(arguments, |n| Ok(Number::from(n.cmp(&zero()) as i64))),
        "log" => log(arguments),
        "pow" => pow(arguments),
        "max" => extreme(arguments, Ordering::Greater),
        "min" => extreme(arguments, Ordering::Less),
        "sum" => sum(arguments),
        "parseint" => parse_int(arguments),
        _ => return None,
    })
}

fn zero() -> Number {
    Number::from(0i64)
}

fn apply(operator: BinaryOperator, a: &Number, b: &Number) -> Result<Number, Error> {
    arithmetic(operator, a, b).map_err(wrong)
}

fn one(arguments: &Arguments<'_>, compute: impl FnOnce(Number) -> Result<Number, Error>) -> Answer {
    arguments.count(1..=1)?;
    compute(arguments.number(0)?).map(Value::Number)
}

/// The next whole number in a direction.
fn whole(number: &Number, direction: i64) -> Result<Number, Error> {
    if number.is_integer() {
        return Ok(number.clone());
    }
    let text = number.to_string();
    let cut: Number = text
        .split('.')
        .next()
        .filter(|_| !text.contains('e'))
        .and_then(|whole| whole.parse().ok())
        .unwrap_or_else(zero);
    let positive = *number > zero();
    if positive == (direction > 0) {
        apply(BinaryOperator::Add, &cut, &Number::from(direction))
    } else {
        Ok(cut)
    }
}

fn float(value: f64) -> Answer {
    Number::from_f64(value)
        .map(Value::Number)
        .ok_or_else(|| wrong("the result is not a finite number"))
}

fn log(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=2)?;
    let (number, base) = (arguments.number(0)?, arguments.number(1)?);
    float(number.to_f64_lossy().ln() / base.to_f64_lossy().ln())
}

fn pow(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=2)?;
    let (base, exponent) = (arguments.number(0)?, arguments.number(1)?);
    let exact = base
        .as_i64()
        .zip(exponent.as_u64().and_then(|e| u32::try_from(e).ok()))
        .and_then(|(base, exponent)| i128::from(base).checked_pow(exponent));
    match exact {
        Some(result) => result
            .to_string()
            .parse()
            .map(Value::Number)
            .map_err(|_| wrong("the result is out of range")),
        None => float(base.to_f64_lossy().powf(exponent.to_f64_lossy())),
    }
}

fn extreme(arguments: &Arguments<'_>, wanted: Ordering) -> Answer {
    let numbers = arguments
        .all()
        .iter()
        .map(number_of)
        .collect::<Result<Vec<_>, _>>()?;
    numbers
        .into_iter()
        .reduce(|best, next| {
            if next.cmp(&best) == wanted {
                next
            } else {
                best
            }
        })
        .map(Value::Number)
        .ok_or_else(|| wrong("at least one number is needed"))
}

fn sum(arguments: &Arguments<'_>) -> Answer {
    arguments.count(1..=1)?;
    let items = arguments.list(0)?;
    if items.is_empty() {
        return Err(wrong("the list is empty"));
    }
    items
        .iter()
        .try_fold(zero(), |total, item| {
            apply(BinaryOperator::Add, &total, &number_of(item)?)
        })
        .map(Value::Number)
}

fn parse_int(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=2)?;
    let (text, base) = (arguments.string(0)?, arguments.integer(1)?);
    if !(2..=62).contains(&base) {
        return Err(wrong("the base is between 2 and 62"));
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let digit = |c: char| -> Option<i128> {
        let value = match c {
            '0'..='9' => i128::from(u32::from(c) - u32::from('0')),
            'a'..='z' => i128::from(u32::from(c) - u32::from('a')) + 10,
            'A'..='Z' if base <= 36 => i128::from(u32::from(c) - u32::from('A')) + 10,
            'A'..='Z' => i128::from(u32::from(c) - u32::from('A')) + 36,
            _ => return None,
        };
        (value < i128::from(base)).then_some(value)
    };
    let value = digits
        .chars()
        .try_fold(0i128, |total, c| {
            total.checked_mul(i128::from(base))?.checked_add(digit(c)?)
        })
        .filter(|_| !digits.is_empty())
        .ok_or_else(|| wrong("the text is not a whole number in this base"))?;
    let value = if negative { -value } else { value };
    value
        .to_string()
        .parse()
        .map(Value::Number)
        .map_err(|_| wrong("the number is out of range"))
}
