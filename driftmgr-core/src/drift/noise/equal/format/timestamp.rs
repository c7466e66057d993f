//! Points in time.

use std::sync::OnceLock;

use regex::Regex;

use crate::value::Value;

/// A date with a time and an offset from UTC, to the nanosecond. Leap seconds are left alone: calendars disagree about them.
pub(super) fn instant(text: &str) -> Option<Value> {
    static SHAPE: OnceLock<Option<Regex>> = OnceLock::new();
    let shape = SHAPE.get_or_init(|| {
        Regex::new(
            r"^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:[0-5]\d(?:\.\d{1,9})?)(?:[Zz]|([+-]\d\d):?(\d\d))$",
        )
        .ok()
    });
    let found = shape.as_ref()?.captures(text)?;
    let part = |at: usize| found.get(at).map(|m| m.as_str());
    let offset = match (part(3), part(4)) {
        (Some(hours), Some(minutes)) => format!("{hours}:{minutes}"),
        _ => "Z".to_owned(),
    };
    let text = format!("{}T{}{offset}", part(1)?, part(2)?);
    let instant: jiff::Timestamp = text.parse().ok()?;
    Some(instant.to_string().into())
}
