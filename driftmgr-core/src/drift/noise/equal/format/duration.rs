//! Lengths of time: Go's notation (`1h30m`), and ISO 8601 (`PT1H30M`). Months and years have no length.

use crate::value::Value;

const SECOND: i128 = 1_000_000_000;

/// In nanoseconds; without `days` only texts in hours and below are read.
pub(super) fn length(text: &str, days: bool) -> Option<Value> {
    let nanoseconds = match text.strip_prefix('P') {
        Some(rest) => iso(rest, days),
        None => go(text, days),
    };
    Some(Value::String(format!("{}ns", nanoseconds?)))
}

fn go(text: &str, days: bool) -> Option<i128> {
    let unit = |name: &str| {
        Some(match name {
            "ns" => 1,
            "us" | "µs" | "μs" => SECOND / 1_000_000,
            "ms" => SECOND / 1000,
            "s" => SECOND,
            "m" => 60 * SECOND,
            "h" => 3600 * SECOND,
            "d" if days => 24 * 3600 * SECOND,
            "w" if days => 7 * 24 * 3600 * SECOND,
            _ => return None,
        })
    };
    sum(text, unit)
}

/// What stands behind the `P`.
fn iso(text: &str, days: bool) -> Option<i128> {
    let (date, time) = match text.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (text, ""),
    };
    let date_unit = |name: &str| {
        Some(match name {
            "D" if days => 24 * 3600 * SECOND,
            "W" if days => 7 * 24 * 3600 * SECOND,
            _ => return None,
        })
    };
    let time_unit = |name: &str| {
        Some(match name {
            "H" => 3600 * SECOND,
            "M" => 60 * SECOND,
            "S" => SECOND,
            _ => return None,
        })
    };
    let part = |text: &str, unit: &dyn Fn(&str) -> Option<i128>| match text {
        "" => Some(0),
        text => sum(text, unit),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    part(date, &date_unit)?.checked_add(part(time, &time_unit)?)
}

/// Numbers with a unit each, one or more.
fn sum(text: &str, unit: impl Fn(&str) -> Option<i128>) -> Option<i128> {
    let mut rest = text;
    let mut total = 0i128;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (name, after) = after.split_at_checked(letters)?;
        total = total.checked_add(scaled(number, unit(name)?)?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

/// A decimal number of units, when that is a whole number of nanoseconds.
fn scaled(number: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.len() > 18 {
        return None;
    }
    let parts = fraction.parse::<i128>().ok()?.checked_mul(unit)?;
    let of = 10i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    if parts % of != 0 {
        return None;
    }
    let whole = whole.parse::<i128>().ok()?.checked_mul(unit)?;
    whole.checked_add(parts / of)
}
