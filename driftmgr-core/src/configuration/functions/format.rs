//! `format` and `formatlist`: verbs as in C's printf, with Go's `%v`, `%q` and `%#v`.

use super::arguments::{Arguments, boolean_of, number_of};
use super::encoding::to_json;
use super::{Answer, Error, wrong};
use crate::configuration::types::to_string;
use crate::value::{Number, Value};

/// Wider fields are a mistake or an attack.
const MAX_WIDTH: usize = 10_000;

pub(super) fn format(arguments: &Arguments<'_>) -> Answer {
    arguments.count(1..=usize::MAX)?;
    let rest = arguments.all().get(1..).unwrap_or_default();
    let rest: Vec<&Value> = rest.iter().collect();
    render(&arguments.string(0)?, &rest).map(Value::String)
}

pub(super) fn format_list(arguments: &Arguments<'_>) -> Answer {
    arguments.count(2..=usize::MAX)?;
    let pattern = arguments.string(0)?;
    let rest = arguments.all().get(1..).unwrap_or_default();
    let lengths: Vec<usize> = rest
        .iter()
        .filter_map(|a| a.as_elements().map(<[Value]>::len))
        .collect();
    let length = lengths.first().copied().unwrap_or(1);
    if lengths.iter().any(|l| *l != length) {
        return Err(wrong("the lists have different lengths"));
    }
    (0..length)
        .map(|at| {
            let row: Vec<&Value> = rest
                .iter()
                .map(|a| a.as_elements().map_or(Some(a), |items| items.get(at)))
                .collect::<Option<_>>()
                .unwrap_or_default();
            render(&pattern, &row).map(Value::String)
        })
        .collect::<Result<_, _>>()
        .map(Value::List)
}

#[derive(Default)]
struct Verb {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
    /// From 1; given in brackets.
    argument: Option<usize>,
}

fn render(pattern: &str, arguments: &[&Value]) -> Result<String, Error> {
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    let mut next = 0;
    let mut by_index = false;
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut verb = Verb::default();
        while let Some(flag) = chars.next_if(|c| "-+# 0".contains(*c)) {
            match flag {
                '-' => verb.minus = true,
                '+' => verb.plus = true,
                '#' => verb.sharp = true,
                ' ' => verb.space = true,
                _ => verb.zero = true,
            }
        }
        let mut digits = || {
            let mut found = None;
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                let value = found.unwrap_or(0usize) * 10 + digit.to_digit(10).unwrap_or(0) as usize;
                found = Some(value.min(MAX_WIDTH));
            }
            (
                found,
                chars.next_if(|c| *c == '.' || *c == '[' || *c == ']'),
            )
        };
        let (width, mut stop) = digits();
        verb.width = width.unwrap_or(0);
        if stop == Some('.') {
            let (precision, after) = digits();
            verb.precision = Some(precision.unwrap_or(0));
            stop = after;
        }
        if stop == Some('[') {
            let (argument, after) = digits();
            if after != Some(']') {
                return Err(wrong("an argument's number is not closed with `]`"));
            }
            verb.argument = argument;
        }
        let kind = chars
            .next()
            .ok_or_else(|| wrong("the format ends in a verb"))?;
        if kind == '%' {
            out.push('%');
            continue;
        }
        if let Some(at) = verb.argument {
            by_index = true;
            next = at
                .checked_sub(1)
                .ok_or_else(|| wrong("arguments count from 1"))?;
        }
        let value = arguments
            .get(next)
            .ok_or_else(|| wrong("the format has more verbs than there are arguments"))?;
        next += 1;
        out.push_str(&one(&verb, kind, value)?);
    }
    if !by_index && next < arguments.len() {
        return Err(wrong("the format has fewer verbs than there are arguments"));
    }
    Ok(out)
}

fn one(verb: &Verb, kind: char, value: &Value) -> Result<String, Error> {
    match kind {
        'v' => {
            let text = match value {
                _ if verb.sharp => to_json(value)?,
                Value::Null => "null".to_owned(),
                Value::List(_) | Value::Set(_) | Value::Map(_) => to_json(value)?,
                Value::Number(number) => shortest(number, 1e21),
                _ => to_string(value).map_err(|e| wrong(e.to_string()))?,
            };
            Ok(pad(verb, text, false))
        }
        _ if value.is_null() => Err(wrong("an argument is null")),
        's' | 'q' => {
            let mut text = to_string(value).map_err(|e| wrong(e.to_string()))?;
            if let Some(precision) = verb.precision {
                text = text.chars().take(precision).collect();
            }
            if kind == 'q' {
                text = to_json(&Value::String(text))?;
            }
            Ok(pad(verb, text, false))
        }
        // Booleans have no width, whatever the verb asks for.
        't' => Ok(boolean_of(value)?.to_string()),
        'd' | 'b' | 'o' | 'x' | 'X' => {
            let number = number_of(value)?;
            if !number.is_integer() {
                return Err(wrong("a whole number is needed"));
            }
            let whole: i128 = number
                .to_string()
                .parse()
                .map_err(|_| wrong("a number is out of range"))?;
            let size = whole.unsigned_abs();
            let digits = match kind {
                'b' => format!("{size:b}"),
                'o' => format!("{size:o}"),
                'x' => format!("{size:x}"),
                'X' => format!("{size:X}"),
                _ => size.to_string(),
            };
            Ok(pad(verb, signed(verb, whole < 0, &digits), true))
        }
        'f' | 'F' | 'e' | 'E' | 'g' | 'G' => {
            let number = number_of(value)?;
            if verb.precision.is_some() && matches!(kind, 'g' | 'G') {
                return Err(Error::Unknowable(
                    "`format` with a precision for `%g` is not supported here".to_owned(),
                ));
            }
            let float = number.to_f64_lossy();
            let text = float_text(verb, kind, &number, float.abs());
            Ok(pad(verb, signed(verb, float < 0.0, &text), true))
        }
        _ => Err(wrong("the format has an unknown verb")),
    }
}

fn float_text(verb: &Verb, kind: char, number: &Number, size: f64) -> String {
    match kind {
        'f' | 'F' => format!("{size:.*}", verb.precision.unwrap_or(6)),
        'e' | 'E' => {
            let text = format!("{size:.*e}", verb.precision.unwrap_or(6));
            let text = exponent(&text);
            if kind == 'E' {
                text.to_uppercase()
            } else {
                text
            }
        }
        _ => shortest(number, 1e6).trim_start_matches('-').to_owned(),
    }
}

/// As few digits as tell the number, with an exponent when it is small or not below the limit.
fn shortest(number: &Number, limit: f64) -> String {
    let float = number.to_f64_lossy();
    if float == 0.0 || (1e-4..limit).contains(&float.abs()) {
        number.to_string()
    } else {
        exponent(&format!("{float:e}"))
    }
}

/// Rust writes `1e5` where C and Go write `1e+05`.
fn exponent(text: &str) -> String {
    match text.split_once('e') {
        Some((mantissa, power)) => {
            let (sign, digits) = match power.strip_prefix('-') {
                Some(digits) => ('-', digits),
                None => ('+', power),
            };
            format!("{mantissa}e{sign}{digits:0>2}")
        }
        None => text.to_owned(),
    }
}

fn signed(verb: &Verb, negative: bool, digits: &str) -> String {
    let sign = match (negative, verb.plus, verb.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    };
    format!("{sign}{digits}")
}

fn pad(verb: &Verb, text: String, number: bool) -> String {
    let missing = verb.width.saturating_sub(text.chars().count());
    if missing == 0 {
        return text;
    }
    if verb.minus {
        return text + &" ".repeat(missing);
    }
    if verb.zero && number {
        let digits = text.trim_start_matches(['-', '+', ' ']);
        let sign = text.strip_suffix(digits).unwrap_or_default();
        return format!("{sign}{}{digits}", "0".repeat(missing));
    }
    let fill = if verb.zero { "0" } else { " " };
    fill.repeat(missing) + &text
}
