//! Timestamps: RFC 3339 in, computed by the clock of their own offset.

use jiff::civil::{DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::arguments::Arguments;
use super::{Answer, Error, wrong};
use crate::value::Value;

pub(super) fn call(name: &str, arguments: &Arguments<'_>) -> Option<Answer> {
    Some(match name {
        "formatdate" => arguments.count(2..=2).and_then(|()| {
            let stamp = Stamp::parse(&arguments.string(1)?)?;
            format(&arguments.string(0)?, &stamp).map(Value::String)
        }),
        "timeadd" => arguments.count(2..=2).and_then(|()| {
            let stamp = Stamp::parse(&arguments.string(0)?)?;
            let duration = duration(&arguments.string(1)?)?;
            let instant = stamp
                .instant()?
                .checked_add(duration)
                .map_err(|_| wrong("the time is out of range"))?;
            let moved = Stamp {
                local: stamp.offset.to_datetime(instant),
                offset: stamp.offset,
            };
            format("YYYY-MM-DD'T'hh:mm:ssZ", &moved).map(Value::String)
        }),
        "timecmp" => arguments.count(2..=2).and_then(|()| {
            let a = Stamp::parse(&arguments.string(0)?)?.instant()?;
            let b = Stamp::parse(&arguments.string(1)?)?.instant()?;
            Ok(Value::from(a.cmp(&b) as i64))
        }),
        _ => return None,
    })
}

/// A time by the clock of its offset.
struct Stamp {
    local: DateTime,
    offset: Offset,
}

impl Stamp {
    fn parse(text: &str) -> Result<Self, Error> {
        let bad = || wrong("the time is not an RFC 3339 timestamp");
        // Of all that the parser takes, RFC 3339 is the part with `T`, colons and an offset.
        let strict =
            text.len() >= 20 && text.as_bytes().get(10) == Some(&b'T') && text.contains(':');
        let pieces = Pieces::parse(text).map_err(|_| bad())?;
        let time: Time = pieces.time().ok_or_else(bad)?;
        let offset = pieces.to_numeric_offset().ok_or_else(bad)?;
        if !strict || pieces.time_zone_annotation().is_some() {
            return Err(bad());
        }
        Ok(Self {
            local: DateTime::from_parts(pieces.date(), time),
            offset,
        })
    }

    fn instant(&self) -> Result<Timestamp, Error> {
        self.offset
            .to_timestamp(self.local)
            .map_err(|_| wrong("the time is out of range"))
    }

    /// `+01:00`, with the separator between hours and minutes given.
    fn offset_text(&self, separator: &str) -> String {
        let seconds = self.offset.seconds();
        let sign = if seconds < 0 { '-' } else { '+' };
        let minutes = seconds.abs() / 60;
        format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

fn name(names: &[&'static str], at: i8) -> &'static str {
    usize::try_from(at - 1)
        .ok()
        .and_then(|at| names.get(at))
        .copied()
        .unwrap_or_default()
}

/// `formatdate`: runs of one letter are verbs, text in single quotes and everything else stands for itself.
fn format(pattern: &str, stamp: &Stamp) -> Result<String, Error> {
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\'' {
            loop {
                match chars.next() {
                    // Two quotes are one.
                    Some('\'') if chars.next_if_eq(&'\'').is_some() => out.push('\''),
                    Some('\'') => break,
                    Some(c) => out.push(c),
                    None => return Err(wrong("the format has an open quote")),
                }
            }
            continue;
        }
        if !c.is_ascii_alphabetic() {
            out.push(c);
            continue;
        }
        let mut run = String::from(c);
        while let Some(same) = chars.next_if_eq(&c) {
            run.push(same);
        }
        out.push_str(&verb(&run, stamp)?);
    }
    Ok(out)
}

fn verb(run: &str, stamp: &Stamp) -> Result<String, Error> {
    let local = &stamp.local;
    let twelve = match local.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let short = |name: &str| name.chars().take(3).collect::<String>();
    let month = name(&MONTHS, local.month());
    let day = name(&DAYS, local.weekday().to_monday_one_offset());
    let half = if local.hour() < 12 { "am" } else { "pm" };
    Ok(match run {
        "YYYY" => format!("{:04}", local.year()),
        "YY" => format!("{:02}", local.year().rem_euclid(100)),
        "MMMM" => month.to_owned(),
        "MMM" => short(month),
        "MM" => format!("{:02}", local.month()),
        "M" => local.month().to_string(),
        "DD" => format!("{:02}", local.day()),
        "D" => local.day().to_string(),
        "EEEE" => day.to_owned(),
        "EEE" => short(day),
        "hh" => format!("{:02}", local.hour()),
        "h" => local.hour().to_string(),
        "HH" => format!("{twelve:02}"),
        "H" => twelve.to_string(),
        "AA" => half.to_uppercase(),
        "aa" => half.to_owned(),
        "mm" => format!("{:02}", local.minute()),
        "m" => local.minute().to_string(),
        "ss" => format!("{:02}", local.second()),
        "s" => local.second().to_string(),
        "ZZZZZ" => stamp.offset_text(":"),
        "ZZZZ" => stamp.offset_text(""),
        "ZZZ" if stamp.offset.seconds() == 0 => "UTC".to_owned(),
        "ZZZ" => stamp.offset_text(""),
        "Z" if stamp.offset.seconds() == 0 => "Z".to_owned(),
        "Z" => stamp.offset_text(":"),
        _ => return Err(wrong("the format has an unknown verb")),
    })
}

/// Go's durations: `1h30m`, `-1.5h`, `10ms`.
fn duration(text: &str) -> Result<SignedDuration, Error> {
    let bad = || wrong("the duration is not written as `1h30m`");
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(SignedDuration::ZERO);
    }
    if rest.is_empty() {
        return Err(bad());
    }
    let mut nanos = 0f64;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(bad)?;
        let (number, after) = rest.split_at(digits);
        let unit_end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let scale = match unit {
            "h" => 3600e9,
            "m" => 60e9,
            "s" => 1e9,
            "ms" => 1e6,
            "us" | "µs" | "μs" => 1e3,
            "ns" => 1.0,
            _ => return Err(bad()),
        };
        nanos += number.parse::<f64>().map_err(|_| bad())? * scale;
        rest = after;
    }
    // As far as Go's own durations reach.
    if nanos >= 9.2e18 {
        return Err(wrong("the duration is out of range"));
    }
    let nanos = nanos.round() as i64;
    Ok(SignedDuration::from_nanos(if negative {
        -nanos
    } else {
        nanos
    }))
}
