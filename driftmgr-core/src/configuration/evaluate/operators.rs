//! Operators. Numbers are exact decimals while they fit 38 digits, and floats beyond; Terraform has 512 bits.

use std::cmp::Ordering;

use crate::configuration::syntax::BinaryOperator;
use crate::configuration::types::{to_bool, to_number};
use crate::value::{Number, Value};

/// `mantissa × 10^exponent`.
#[derive(Clone, Copy)]
struct Decimal {
    mantissa: i128,
    exponent: i32,
}

impl Decimal {
    fn of(number: &Number) -> Option<Self> {
        let text = number.to_string();
        if text.len() > 60 || text.contains('e') {
            return None;
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        Some(Self {
            mantissa: format!("{whole}{fraction}").parse().ok()?,
            exponent: -i32::try_from(fraction.len()).ok()?,
        })
    }

    fn number(self) -> Option<Number> {
        format!("{}e{}", self.mantissa, self.exponent).parse().ok()
    }

    /// Both with the smaller exponent.
    fn align(self, other: Self) -> Option<(i128, i128, i32)> {
        let exponent = self.exponent.min(other.exponent);
        let scale = |d: Self| {
            let by = u32::try_from(d.exponent - exponent).ok()?;
            d.mantissa.checked_mul(10i128.checked_pow(by)?)
        };
        Some((scale(self)?, scale(other)?, exponent))
    }
}

fn exact(operator: BinaryOperator, a: &Number, b: &Number) -> Option<Number> {
    let (a, b) = (Decimal::of(a)?, Decimal::of(b)?);
    let result = match operator {
        BinaryOperator::Add | BinaryOperator::Subtract | BinaryOperator::Modulo => {
            let (x, y, exponent) = a.align(b)?;
            let mantissa = match operator {
                BinaryOperator::Add => x.checked_add(y)?,
                BinaryOperator::Subtract => x.checked_sub(y)?,
                _ => x.checked_rem(y)?,
            };
            Decimal { mantissa, exponent }
        }
        BinaryOperator::Multiply => Decimal {
            mantissa: a.mantissa.checked_mul(b.mantissa)?,
            exponent: a.exponent.checked_add(b.exponent)?,
        },
        BinaryOperator::Divide => {
            let (mut x, y, _) = a.align(b)?;
            let mut exponent = 0;
            while x.checked_rem(y)? != 0 {
                x = x.checked_mul(10)?;
                exponent -= 1;
            }
            Decimal {
                mantissa: x / y,
                exponent,
            }
        }
        _ => return None,
    };
    result.number()
}

/// An arithmetic operation.
pub(crate) fn arithmetic(
    operator: BinaryOperator,
    a: &Number,
    b: &Number,
) -> Result<Number, String> {
    let divides = matches!(operator, BinaryOperator::Divide | BinaryOperator::Modulo);
    if divides && *b == Number::from(0i64) {
        return Err("division by zero".to_owned());
    }
    if let Some(result) = exact(operator, a, b) {
        return Ok(result);
    }
    let (a, b) = (a.to_f64_lossy(), b.to_f64_lossy());
    let result = match operator {
        BinaryOperator::Add => a + b,
        BinaryOperator::Subtract => a - b,
        BinaryOperator::Multiply => a * b,
        BinaryOperator::Divide => a / b,
        _ => a % b,
    };
    Number::from_f64(result).ok_or_else(|| "the number is out of range".to_owned())
}

/// A binary operation on known values. The logical operators are the evaluator's, which may skip their right side.
pub(super) fn binary(
    operator: BinaryOperator,
    left: &Value,
    right: &Value,
) -> Result<Value, String> {
    match operator {
        BinaryOperator::Equal => Ok(Value::Bool(equal(left, right))),
        BinaryOperator::NotEqual => Ok(Value::Bool(!equal(left, right))),
        _ => {
            let (a, b) = (number(left)?, number(right)?);
            let ordered = |wanted: fn(Ordering) -> bool| Ok(Value::Bool(wanted(a.cmp(&b))));
            match operator {
                BinaryOperator::Less => ordered(Ordering::is_lt),
                BinaryOperator::LessEqual => ordered(Ordering::is_le),
                BinaryOperator::Greater => ordered(Ordering::is_gt),
                BinaryOperator::GreaterEqual => ordered(Ordering::is_ge),
                _ => arithmetic(operator, &a, &b).map(Value::Number),
            }
        }
    }
}

/// Sets and lists are told apart by their origin only, so they are equal when their elements are.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Set(_), Value::List(items)) => *left == Value::set(items.iter().cloned()),
        (Value::List(items), Value::Set(_)) => Value::set(items.iter().cloned()) == *right,
        _ => left == right,
    }
}

pub(super) fn number(value: &Value) -> Result<Number, String> {
    match to_number(value).map_err(|e| e.to_string())? {
        Value::Number(number) => Ok(number),
        _ => Err("a number is needed".to_owned()),
    }
}

pub(super) fn boolean(value: &Value) -> Result<bool, String> {
    match to_bool(value).map_err(|e| e.to_string())? {
        Value::Bool(flag) => Ok(flag),
        _ => Err("a bool is needed".to_owned()),
    }
}
